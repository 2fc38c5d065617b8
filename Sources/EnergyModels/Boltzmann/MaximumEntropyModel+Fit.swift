import Foundation
import Torch

// The dual of the problem is to minimise
//
//     D(η) = log Σₓ e^{η·f(x)} − η·μ        ∇D = ⟨f⟩ − μ        ∇²D = Cov(f)
//
// which is convex; its minimum is the entropy sought, so it is at least 0, and D(η) < 0 proves that no distribution has
// the moments μ. Newton's steps are taken in features that are centred and whitened under the uniform distribution,
// where features that depend on each other drop out. Moments on the boundary of what is possible, where some state must
// have probability 0, are approached as η goes to infinity, one unit of log p a step: a variance then goes to 0.

extension MaximumEntropyModel {
    /// The largest d whose states are enumerated.
    public static let largestDimension = ExactDistribution.largestDimension

    /// What a fit found.
    public struct Fit {
        public let model: MaximumEntropyModel
        /// The entropy of the model, in nats.
        public let entropy: Double
        /// max |⟨fᵢ⟩ − μᵢ|
        public let largestError: Double
        /// Newton's steps.
        public let iterations: Int
    }

    /// The model whose features have the means `moments`, to `tolerance` times each feature's range, by Newton's method
    /// on the dual over all 2^d states, in double precision. Features that depend linearly on the others, or are
    /// constant, get a share of the multipliers such that those have the least norm in whitened features.
    ///
    /// A pass over the states takes time in proportion to 2^d k² and memory for 8,192 states.
    ///
    /// - Parameters:
    ///   - moments: μ, k numbers.
    /// - Throws: `MaximumEntropyError` where no distribution has these moments, or only one that gives some states no
    ///   probability; for d outside 1 … 20, and for moments or features that are not finite.
    public static func fit(
        dimension: Int, features: Features, moments: [Double], tolerance: Double = 1e-10, maximumIterations: Int = 200
    ) throws(MaximumEntropyError) -> Fit {
        guard 1...largestDimension ~= dimension else { throw .dimension(dimension) }
        guard moments.count == features.count else { throw .momentCount(moments.count, features: features.count) }
        for (i, moment) in moments.enumerated() where !moment.isFinite { throw .nonFiniteMoment(i, moment) }
        let dual = try Dual(dimension: dimension, features: features, moments: moments)
        guard dual.rank > 0 else {
            // Features that never vary ask for nothing.
            return Fit(model: dual.model, entropy: Double(dimension) * log(2), largestError: 0, iterations: 0)
        }
        var theta = Tensor.zeros([dual.rank], dtype: .float64)
        var here = dual.evaluate(theta)
        for iteration in 0...maximumIterations {
            let error = dual.momentErrors(here)
            let (variances, axes) = here.covariance.symmetricEigen()
            if here.value < -1e-9 || variances.min().item() < 1e-12 { throw dual.reason(theta, error: error.largest) }
            let step = axes.matmul(axes.transposed().matmul(-here.gradient) / variances)
            if error.relative <= tolerance, step.norm().item() < 1e-4 {
                let model = MaximumEntropyModel(
                    dimension: dimension, features: features, multipliers: dual.multipliers(theta))
                return Fit(model: model, entropy: here.value, largestError: error.largest, iterations: iteration)
            }
            let slope = (step * here.gradient).sum().item()
            var length = 1.0
            var next = dual.evaluate(theta + step)
            // The smallest descents are lost in rounding, which is let pass.
            while !(next.value <= here.value + 1e-4 * length * slope + 1e-13 * (1 + abs(here.value))) {
                length /= 2
                guard length > 1e-10 else { throw .notConverged(iterations: iteration, error: error.largest) }
                next = dual.evaluate(theta + length * step)
            }
            theta = theta + length * step
            here = next
        }
        throw .notConverged(iterations: maximumIterations, error: dual.momentErrors(here).largest)
    }
}

/// D in whitened features g = T(f − m): m, and T from the covariance, under the uniform distribution.
private struct Dual {
    /// D(θ), its gradient [r] and its matrix of second derivatives [r, r].
    struct Point {
        let value: Double
        let gradient, covariance: Tensor
    }

    /// Of these features, with multipliers 0.
    let model: MaximumEntropyModel
    /// m, shape [k].
    let center: Tensor
    /// T, shape [r, k].
    let whitening: Tensor
    /// Whitened μ, shape [r].
    let target: Tensor
    /// f − m = T⁺g on every state, shape [k, r].
    let unwhitening: Tensor
    /// The largest minus the smallest value of each feature.
    let ranges: [Double]

    /// r: how many features do not depend on the others.
    var rank: Int { target.count }

    init(dimension: Int, features: MaximumEntropyModel.Features, moments: [Double]) throws(MaximumEntropyError) {
        let k = features.count
        let model = MaximumEntropyModel(
            dimension: dimension, features: features, multipliers: [Double](repeating: 0, count: k))
        self.model = model
        // Centre on the first state's features: a constant one then has a variance of exactly 0.
        let first = Self.evaluate(model, 0..<1)[0]
        var (sum, products) = (Tensor.zeros([k], dtype: .float64), Tensor.zeros([k, k], dtype: .float64))
        var (least, most) = (first, first)
        for range in Self.chunks(model.dimension) {
            let f = Self.evaluate(model, range)
            guard f.isFinite().all() else { throw .nonFiniteFeature }
            (least, most) = (least.minimum(f.min(0)), most.maximum(f.max(0)))
            sum = sum + (f - first).sum(0)
            products.add(matmul: (f - first).transposed(), f - first)
        }
        let n = Double(1 << dimension)
        let mean = sum / n
        center = first + mean
        let spread = (most - least).array(Double.self)
        ranges = spread
        let (low, high) = (least.array(Double.self), most.array(Double.self))
        for i in 0..<k where moments[i] < low[i] - 1e-12 * spread[i] || moments[i] > high[i] + 1e-12 * spread[i] {
            throw .outOfRange(i, moments[i], least: low[i], most: high[i])
        }

        let covariance = products / n - mean.unsqueezed(1) * mean.unsqueezed(0)
        let deviations = spread.indices.map { spread[$0] > 0 ? covariance[$0][$0].item().squareRoot() : 0 }
        let inverse = Tensor(deviations.map { $0 > 0 ? 1 / $0 : 0 })
        let (eigenvalues, axes) = (covariance * inverse.unsqueezed(1) * inverse.unsqueezed(0)).symmetricEigen()
        let values = eigenvalues.array(Double.self)
        let kept = values.indices.filter { values[$0] > 1e-10 }
        let rows = (axes.transposed() * inverse)
        let offTarget = Tensor(moments) - center
        // A direction in which features never vary admits one mean alone.
        for i in values.indices where values[i] <= 1e-10 {
            let away = (rows[i] * offTarget).sum().item()
            if abs(away) > 1e-8 { throw .dependent((axes.transposed()[i] * inverse).array(), away) }
        }
        let scale = Tensor(kept.map { 1 / values[$0].squareRoot() })
        whitening = rows.indexSelected(0, Tensor(kept)) * scale.unsqueezed(1)
        let columns = axes.indexSelected(1, Tensor(kept)) / scale
        unwhitening = Tensor(deviations).unsqueezed(1) * columns
        target = whitening.matmul(offTarget)
    }

    /// η = Tᵀθ
    func multipliers(_ theta: Tensor) -> [Double] { whitening.transposed().matmul(theta).array() }

    func evaluate(_ theta: Tensor) -> Point {
        let r = rank
        var (shift, weight) = (-Double.infinity, 0.0)
        var (sum, products) = (Tensor.zeros([r], dtype: .float64), Tensor.zeros([r, r], dtype: .float64))
        for range in Self.chunks(model.dimension) {
            let g = whitened(range)
            let logarithms = g.matmul(theta)
            let largest = logarithms.max().item()
            if largest > shift {
                let factor = exp(shift - largest)
                (shift, weight) = (largest, weight * factor)
                sum *= factor
                products *= factor
            }
            let w = (logarithms - shift).exp()
            weight += w.sum().item()
            sum += w.matmul(g)
            products.add(matmul: (g * w.unsqueezed(1)).transposed(), g)
        }
        let mean = sum / weight
        return Point(
            value: shift + log(weight) - (theta * target).sum().item(), gradient: mean - target,
            covariance: products / weight - mean.unsqueezed(1) * mean.unsqueezed(0))
    }

    /// max |⟨fᵢ⟩ − μᵢ|, and the same relative to each feature's range.
    func momentErrors(_ point: Point) -> (largest: Double, relative: Double) {
        let errors = unwhitening.matmul(point.gradient).array(Double.self)
        let relative = zip(errors, ranges).map { $1 > 0 ? abs($0) / $1 : 0 }
        return (errors.map { abs($0) }.max() ?? 0, relative.max() ?? 0)
    }

    /// Why the search cannot end: a direction that separates the moments from all states, or the boundary.
    func reason(_ theta: Tensor, error: Double) -> MaximumEntropyError {
        var most = -Double.infinity
        for range in Self.chunks(model.dimension) { most = max(most, whitened(range).matmul(theta).max().item()) }
        let wanted = (theta * target).sum().item()
        guard wanted > most + 1e-9 * (1 + abs(most)) else { return .boundary(error: error) }
        let eta = multipliers(theta)
        let scale = eta.map { abs($0) }.max()!
        let center = zip(eta, self.center.array(Double.self)).reduce(0) { $0 + $1.0 * $1.1 }
        return .infeasible(eta.map { $0 / scale }, wanted: (wanted + center) / scale, most: (most + center) / scale)
    }

    private func whitened(_ range: Range<Int>) -> Tensor {
        (Self.evaluate(model, range) - center).matmul(whitening.transposed())
    }

    /// f of the states of these numbers, shape [count, k], float64.
    private static func evaluate(_ model: MaximumEntropyModel, _ states: Range<Int>) -> Tensor {
        let f = withoutGradients { model.features.function(model.stateTensor(states)) }
        require(
            f.shape == [states.count, model.features.count],
            "features of shape \(f.shape) where [\(states.count), \(model.features.count)] was announced")
        return f.converted(to: .float64)
    }

    private static func chunks(_ d: Int) -> [Range<Int>] {
        stride(from: 0, to: 1 << d, by: 8192).map { $0..<min($0 + 8192, 1 << d) }
    }
}

/// Moments that no maximum-entropy model has. Features are counted from 0.
public enum MaximumEntropyError: Error, Hashable, CustomStringConvertible {
    case dimension(Int)
    case momentCount(Int, features: Int)
    case nonFiniteMoment(Int, Double)
    case nonFiniteFeature
    case outOfRange(Int, Double, least: Double, most: Double)
    /// A combination of features that is the same for all states, and how far the moments are from it.
    case dependent([Double], Double)
    /// A combination of features whose mean would have to exceed its largest value.
    case infeasible([Double], wanted: Double, most: Double)
    /// How far the moments still were from those given.
    case boundary(error: Double)
    case notConverged(iterations: Int, error: Double)

    public var description: String {
        switch self {
        case .dimension(let d):
            "2^\(d) states cannot be enumerated: d must be 1 to \(MaximumEntropyModel.largestDimension)"
        case .momentCount(let count, let features): "\(count) moments for \(features) features: give one for each"
        case .nonFiniteMoment(let i, let value): "moment [\(i)] is \(value): moments must be finite"
        case .nonFiniteFeature: "a feature is not finite for some state"
        case .outOfRange(let i, let value, let least, let most):
            "moment [\(i)] is \(value), but feature [\(i)] lies in \(least) … \(most)"
        case .dependent(let direction, let away):
            "no distribution has these moments: the combination \(Self.text(direction)) of the features is the same for all "
                + "states, and the moments' is off by \(away)"
        case .infeasible(let direction, let wanted, let most):
            "no distribution has these moments: the combination \(Self.text(direction)) of the features is at most \(most), and "
                + "would have to average \(wanted)"
        case .boundary(let error):
            "the moments lie on the boundary of what is possible, or too near: some states would have to have probability 0 and "
                + "the multipliers diverge (largest error then: \(error)); move the moments inwards"
        case .notConverged(let iterations, let error):
            "the multipliers did not converge in \(iterations) steps: the largest error of a moment is \(error)"
        }
    }

    /// The largest terms, at most six.
    private static func text(_ direction: [Double]) -> String {
        let terms = direction.enumerated().filter { $0.element != 0 }.sorted { abs($0.element) > abs($1.element) }
        let listed = terms.prefix(6).map { String(format: "%.4g", $0.element) + "·f[\($0.offset)]" }.joined(
            separator: " + ")
        return terms.count > 6 ? listed + " + …" : listed
    }
}
