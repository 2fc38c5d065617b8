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
        let dual = try MaximumEntropyDual(dimension: dimension, features: features, moments: moments)
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
