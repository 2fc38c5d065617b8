import Foundation
import Torch

/// A mixture of isotropic Gaussians on ℝ^d, p(x) = Σₖ wₖ N(x; μₖ, σₖ²I).
public struct GaussianMixture: Density {
    /// wₖ, normalised.
    public let weights: [Double]
    /// μₖ
    public let means: [[Double]]
    /// σₖ
    public let deviations: [Double]

    private let centres: Tensor
    private let logScales: Tensor
    private let precisions: Tensor

    /// - Parameters:
    ///   - weights: positive; divided by their sum.
    ///   - means: as many points of one dimension.
    ///   - deviations: as many, positive.
    /// - Throws: `DensityError` where that does not hold.
    public init(weights: [Double], means: [[Double]], deviations: [Double]) throws(DensityError) {
        guard !weights.isEmpty, means.count == weights.count, deviations.count == weights.count else {
            throw .components(weights: weights.count, means: means.count, deviations: deviations.count)
        }
        if let weight = weights.first(where: { !($0 > 0 && $0.isFinite) }) { throw .weight(weight) }
        for deviation in deviations { try DensityError.validate(deviation: deviation) }
        if let value = means.joined().first(where: { !$0.isFinite }) { throw .parameter("a mean's coordinate", value) }
        let d = means[0].count
        require(d > 0 && means.allSatisfy { $0.count == d }, "means of dimensions \(means.map(\.count))")
        let total = weights.reduce(0, +)
        self.weights = weights.map { $0 / total }
        (self.means, self.deviations) = (means, deviations)
        centres = Tensor(Array(means.joined()), shape: [means.count, d])
        precisions = Tensor(deviations.map { 1 / ($0 * $0) })
        // log wₖ − d log σₖ − ½ d log 2π
        logScales = Tensor(zip(self.weights, deviations).map { log($0) - Double(d) * (log($1) + 0.5 * log(2 * .pi)) })
    }

    /// Equal weights and one standard deviation for all.
    public init(means: [[Double]], standardDeviation: Double) throws(DensityError) {
        try self.init(
            weights: means.map { _ in 1 }, means: means, deviations: means.map { _ in standardDeviation })
    }

    public var dimension: Int { centres.size(1) }

    /// log wₖ N(x; μₖ, σₖ²I), [batch, k], and x − μₖ, [batch, k, d].
    private func components(_ x: Tensor) -> (logarithms: Tensor, offsets: Tensor) {
        let offsets = x.unsqueezed(1) - centres.converted(to: x.dtype)
        let distances = offsets.squared().sum(2) * precisions.converted(to: x.dtype)
        return (logScales.converted(to: x.dtype) - 0.5 * distances, offsets)
    }

    public func logDensity(_ x: Tensor) -> Tensor { components(x).logarithms.logSumExp(1) }

    /// Σₖ p(k | x) (x − μₖ)/σₖ²
    public func inputGradient(_ x: Tensor) -> Tensor {
        withoutGradients {
            let (logarithms, offsets) = components(x)
            let shares = logarithms.softmax(1) * precisions.converted(to: x.dtype)
            return (shares.unsqueezed(2) * offsets).sum(1)
        }
    }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let chosen = generator.multinomial(Tensor(weights, shape: [1, weights.count]), count: count, replacement: true)
            .squeezed(0)
        let z = Tensor.normal([count, dimension], dtype: .float64, using: generator)
        let deviation = Tensor(deviations).indexSelected(0, chosen).unsqueezed(1)
        return (centres.indexSelected(0, chosen) + deviation * z).converted(to: dtype)
    }
}
