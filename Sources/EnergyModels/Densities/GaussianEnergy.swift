import Foundation
import Torch

/// E(x) = ½ (x − μ)ᵀ P (x − μ) with the precision matrix P = LLᵀ, L lower triangular: a Gaussian whose mean and
/// precision are learnt.
///
/// It is the model that objectives are tried on: many have a known optimum in it, and log Z = ½ d log 2π − Σ log |Lᵢᵢ|
/// is known.
public struct GaussianEnergy: ContinuousEnergyModel {
    /// μ, shape [d].
    public let mean: Tensor
    /// L, shape [d, d]; what stands above its diagonal counts for nothing.
    public let factor: Tensor

    /// The standard Gaussian to begin with.
    public init(dimension: Int, dtype: DType = .float32, device: Device = .cpu) {
        require(dimension > 0, "a Gaussian of dimension \(dimension)")
        mean = Tensor.zeros([dimension], dtype: dtype, device: device).requiringGradient()
        factor = Tensor.identity(dimension, dtype: dtype, device: device).requiringGradient()
    }

    /// `mean`, `factor`.
    public var parameters: Parameters { Parameters([("mean", mean), ("factor", factor)]) }

    /// P, shape [d, d].
    public var precision: Tensor {
        let lower = factor.lowerTriangle()
        return lower.matmul(lower.transposed())
    }

    /// log Z, a tensor of one element.
    public var logPartitionFunction: Tensor {
        0.5 * Double(mean.count) * log(2 * .pi) - factor.diagonal().abs().log().sum()
    }

    public func energy(_ x: Tensor) -> Tensor { 0.5 * (x - mean).matmul(factor.lowerTriangle()).squared().sum(1) }
}
