import Torch

/// Mean and variance of a gradient over independent estimates of it.
package struct GradientMoments {
    private var sum: Tensor?
    private var squares = 0.0
    private var count = 0.0

    package init() {}

    /// One estimate, a list of tensors whose shapes are always the same.
    package mutating func add(_ gradient: [Tensor]) {
        let flat = Self.flattened(gradient)
        sum = sum.map { $0 + flat } ?? flat
        squares += flat.squared().sum().item()
        count += 1
    }

    /// All numbers of a gradient, float64.
    package static func flattened(_ gradient: [Tensor]) -> Tensor {
        .concatenated(gradient.map { $0.detached().converted(to: .float64).reshaped([-1]) })
    }

    /// ḡ
    package var mean: Tensor { sum! / count }

    /// The trace of the covariance of one estimate, by n − 1; NaN for less than two.
    package var variance: Double { (squares - count * mean.squared().sum().item()) / (count - 1) }

    /// ‖E g − t‖² without the part that is ḡ's own noise: unbiased, so that it can be negative.
    package func squaredDistance(to t: Tensor) -> Double { (mean - t).squared().sum().item() - variance / count }

    /// ‖E g‖², in the same way.
    package var squaredMean: Double { mean.squared().sum().item() - variance / count }
}
