import Foundation
import Torch

/// An implicit distribution p_φ(x) = ∫ N(x; μ_φ(z), diag σ_φ²(z)) N(z; 0, I) dz: a network draws from it, and its
/// density is known only as a mean over z (Xu 2022, section 3.1, the variational sampler of adversarial contrastive
/// estimation).
public struct NoisyGenerator {
    public let dimension: Int
    public let latentDimension: Int
    /// The affine maps, the last with μ and log σ as outputs; SiLU between them.
    public let layers: [Linear]
    /// log σ lies within this of 0, by a tanh.
    public static let logDeviationLimit = 4.0

    /// - Parameters:
    ///   - dimension: of x.
    ///   - latent: of z.
    ///   - hidden: the widths of the hidden layers, at least one.
    public init(dimension: Int, latent: Int, hidden: [Int], dtype: DType = .float32, using generator: RandomGenerator) {
        require(
            dimension >= 1 && latent >= 1 && !hidden.isEmpty, "a generator from \(latent) by \(hidden) to \(dimension)")
        (self.dimension, latentDimension) = (dimension, latent)
        layers = [Linear](widths: [latent] + hidden + [2 * dimension], dtype: dtype, using: generator)
    }

    /// `layer1.weight`, …
    public var parameters: Parameters { layers.parameters }

    /// z, [count, latent].
    public func latents(_ count: Int, using generator: RandomGenerator) -> Tensor {
        .normal([count, latentDimension], dtype: layers[0].weight.dtype, using: generator)
    }

    /// μ(z) and log σ(z), each [count, d]; recorded.
    public func conditional(_ z: Tensor) -> (mean: Tensor, logDeviation: Tensor) {
        let out = layers.last!(layers.dropLast().reduce(z) { $1($0).silu() })
        let limit = Self.logDeviationLimit
        let raw = out.narrowed(1, start: dimension, length: dimension)
        return (out.narrowed(1, start: 0, length: dimension), (raw / limit).tanh() * limit)
    }

    /// log N(xᵢ; μ(zᵢ), σ²(zᵢ)), [count]; recorded.
    public func logConditional(_ x: Tensor, given z: Tensor) -> Tensor {
        let (mean, logDeviation) = conditional(z)
        let standard = (x - mean) * (-logDeviation).exp()
        return -0.5 * standard.squared().sum(1) - logDeviation.sum(1) - 0.5 * Double(dimension) * log(2 * Double.pi)
    }

    /// log M⁻¹ Σₘ N(x; μ(zₘ), σ²(zₘ)), [batch]: the density's estimate from M latents, low on average (Jensen);
    /// recorded.
    public func logDensityEstimate(_ x: Tensor, latents z: Tensor) -> Tensor {
        let (mean, logDeviation) = conditional(z)
        let standard = (x.unsqueezed(1) - mean) * (-logDeviation).exp()
        let logarithms = -0.5 * standard.squared().sum(2) - logDeviation.sum(1)
        return logarithms.logSumExp(1) - (log(Double(z.size(0))) + 0.5 * Double(dimension) * log(2 * Double.pi))
    }

    /// μ(z) + σ(z)ε, [count, d]: a draw given z, recorded for gradients in φ.
    public func recordedSample(given z: Tensor, using generator: RandomGenerator) -> Tensor {
        let (mean, logDeviation) = conditional(z)
        return mean + logDeviation.exp() * Tensor.normal(mean.shape, dtype: mean.dtype, using: generator)
    }
}
