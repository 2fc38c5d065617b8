import EnergyModels
import Foundation
import Torch

/// A kernel k(x, y) = φ(‖x − y‖²) for Stein discrepancies.
public enum SteinKernel: Hashable, Sendable {
    /// exp(−r²/2h²)
    case gaussian(bandwidth: Double)
    /// (1 + r²/h²)^−½, whose slower decay still sees points far apart (Gorham and Mackey 2017)
    case inverseMultiquadric(bandwidth: Double)

    var bandwidth: Double {
        switch self {
        case .gaussian(let h), .inverseMultiquadric(let h): h
        }
    }

    /// φ, φ′ and φ″ at squared distances t.
    func derivatives(_ t: Tensor) -> (value: Tensor, first: Tensor, second: Tensor) {
        let precision = 1 / (bandwidth * bandwidth)
        switch self {
        case .gaussian:
            let value = (-0.5 * precision * t).exp()
            return (value, (-0.5 * precision) * value, (0.25 * precision * precision) * value)
        case .inverseMultiquadric:
            let base = 1 + precision * t
            let value = base.raised(to: -0.5)
            let first = (-0.5 * precision) * value / base
            return (value, first, (-1.5 * precision) * first / base)
        }
    }

    /// The median of ‖x − y‖ over pairs of points [n, d], n ≥ 2: a common bandwidth.
    ///
    /// - Throws: `ObjectiveSettingError` where it is 0 or not finite: more than half of the pairs are equal, or points
    ///   are not finite.
    public static func medianDistance(_ x: Tensor) throws(ObjectiveSettingError) -> Double {
        let n = x.size(0)
        require(n >= 2, "the distances between \(n) points")
        let wide = x.detached().converted(to: .float64).reshaped([n, -1])
        let distances = squaredDistances(wide).array(Double.self)
        var upper: [Double] = []
        upper.reserveCapacity(n * (n - 1) / 2)
        for i in 0..<n { upper.append(contentsOf: distances[i * n + i + 1..<(i + 1) * n]) }
        upper.sort()
        let median = upper[upper.count / 2].squareRoot()
        try ObjectiveSettingError.validate(positive: median, "median distance as kernel bandwidth")
        return median
    }
}

/// ‖xᵢ − xⱼ‖², shape [n, n], from points about their mean, so that little cancels.
private func squaredDistances(_ x: Tensor) -> Tensor {
    let centred = x - x.mean(0)
    let squares = centred.squared().sum(1)
    return (squares.unsqueezed(1) + squares - 2 * centred.matmul(centred.transposed())).maximum(0)
}

/// The kernelised Stein discrepancy between data and a model of which the score is all that is needed (Liu, Lee and
/// Jordan 2016; Chwialkowski et al. 2016): Jin's equation 25 with f in the unit ball of the kernel's space. With s =
/// −∇E,
///
///     S² = E_{x,y} u(x, y),
///     u(x, y) = k s(x)·s(y) + s(x)·∇_y k + s(y)·∇ₓk + tr ∇ₓ∇_y k
///             = φ s(x)·s(y) − 2φ′ (s(x) − s(y))·(x − y) − 2dφ′ − 4φ″‖x − y‖²
///
/// and the loss is its estimate over pairs of different points, unbiased, so that it can be negative. Cost and memory
/// grow with the square of the batch.
public struct KernelSteinDiscrepancy: DensityObjective, Hashable, Sendable {
    public let kernel: SteinKernel

    /// - Throws: `ObjectiveSettingError` unless the bandwidth is positive and finite.
    public init(_ kernel: SteinKernel) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(positive: kernel.bandwidth, "kernel bandwidth")
        self.kernel = kernel
    }

    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        let n = x.size(0)
        try ObjectiveSettingError.validate(count: n - 1, "points besides the first:")
        let score = -model.recordedGradient(x)
        try NonFiniteQuantity.check(score, "score")
        let matrix = steinMatrix(x.detached(), score: score)
        return (matrix.sum() - matrix.diagonal().sum()) / Double(n * (n - 1))
    }

    /// u(xᵢ, xⱼ), shape [n, n]; recorded as far as the score is.
    ///
    /// - Parameters:
    ///   - x: points [n, …].
    ///   - score: ∇ log p of the model there, of x's shape.
    public func steinMatrix(_ x: Tensor, score: Tensor) -> Tensor {
        require(score.shape == x.shape, "a score of shape \(score.shape) at points of shape \(x.shape)")
        let (flat, s) = (x.reshaped([x.size(0), -1]), score.reshaped([x.size(0), -1]))
        // Differences alone enter; about the mean less cancels.
        let centred = flat - flat.mean(0)
        let distances = squaredDistances(flat)
        let (value, first, second) = kernel.derivatives(distances)
        // (s(x) − s(y))·(x − y)
        let cross = s.matmul(centred.transposed())
        let own = (s * centred).sum(1)
        let products = own.unsqueezed(1) + own - cross - cross.transposed()
        let d = Double(flat.size(1))
        return value * s.matmul(s.transposed()) - 2 * first * (products + d) - 4 * second * distances
    }

    /// Whether points come from a model: the test of Liu, Lee and Jordan (2016, algorithm 1). Under the hypothesis that
    /// they do, n S² has the law that is imitated by
    ///
    ///     S*² = Σ_{i≠j} (wᵢ − 1/n)(wⱼ − 1/n) u(xᵢ, xⱼ),   n w multinomial of n draws with equal chances
    ///
    /// - Parameters:
    ///   - x: independent points, [n, …], n ≥ 2. Points of one chain are not independent: thin them first.
    ///   - score: ∇ log p of the model there, of x's shape; of a known density, `density.score(x)`.
    ///   - replicates: how many S*² are drawn.
    /// - Throws: `ObjectiveSettingError` for no replicates or fewer than two points; `NonFiniteQuantity` for scores or
    ///   points that are not finite.
    public func test(
        _ x: Tensor, score: Tensor, replicates: Int = 1000, using generator: RandomGenerator
    ) throws -> SteinTest {
        let n = x.size(0)
        try ObjectiveSettingError.validate(count: replicates, "bootstrap replicates")
        try ObjectiveSettingError.validate(count: n - 1, "points besides the first:")
        try NonFiniteQuantity.check(score, "score")
        try NonFiniteQuantity.check(x, "sample")
        return withoutGradients {
            let wide = steinMatrix(x.converted(to: .float64), score: score.converted(to: .float64))
            let matrix = wide - wide.diagonal().diagonal()
            let statistic = matrix.sum().item() / Double(n * (n - 1))
            let draws = Tensor.integers([replicates, n], 0..<n, using: generator)
            let ones = Tensor.ones([replicates, n], dtype: .float64)
            let counts = Tensor.zeros([replicates, n], dtype: .float64).scatterAdded(1, draws, ones)
            let weights = (counts - 1) / Double(n)
            let imitated = (weights.matmul(matrix) * weights).sum(1)
            // The imitation is of (n − 1)/n S², the sum over n² pairs.
            let atLeast = (imitated .>= statistic * Double(n - 1) / Double(n)).converted(to: .float64).sum().item()
            return SteinTest(statistic: statistic, pValue: (1 + atLeast) / Double(1 + replicates))
        }
    }
}

/// The outcome of a goodness-of-fit test.
public struct SteinTest: Hashable, Sendable {
    /// S², unbiased.
    public let statistic: Double
    /// The share of the imitated statistics (this one counted in) that are at least as large.
    public let pValue: Double
}
