import Torch

/// The division of a layer's weight by its largest singular value (Miyato et al. 2018, arXiv:1802.05957; Algorithm 3.2
/// of Xu 2022), which is followed by power iteration:
///
///     v ← Wᵀu / ‖Wᵀu‖,   u ← Wv / ‖Wv‖,   σ = uᵀWv,   W̄ = W / σ
///
/// with W the weight reshaped to [outputs, rest]. For a fully connected layer that is the layer's own norm; a
/// convolution of k × k at stride s remains a map of norm up to ⌈k/s⌉, since a pixel lies in up to ⌈k/s⌉² patches. u
/// and v stay from one training update to the next: `advance` is called once for each, never by sampling or evaluation.
/// The gradient flows through σ with u and v constant.
public struct SpectralNormalization {
    /// Shape [outputs].
    public let u: Tensor
    /// Shape [rest].
    public let v: Tensor

    /// A random u, brought near the singular vectors by so many iterations: with random u and v, σ would be near 0.
    public init(of weight: Tensor, iterations: Int = 15, using generator: RandomGenerator) {
        require(iterations > 0, "\(iterations) power iterations: the vector v comes from the first")
        let matrix = Self.matrix(weight)
        u = .normal([matrix.size(0)], dtype: weight.dtype, using: generator)
        v = .zeros([matrix.size(1)], dtype: weight.dtype, device: weight.device)
        u.assign(Self.unit(u))
        for _ in 0..<iterations { advance(weight) }
    }

    /// One power iteration, in place.
    public func advance(_ weight: Tensor) {
        withoutGradients {
            let matrix = Self.matrix(weight.detached())
            v.assign(Self.unit(u.matmul(matrix)))
            u.assign(Self.unit(matrix.matmul(v)))
        }
    }

    /// σ = uᵀWv, a tensor without dimensions, recorded for gradients of the weight.
    public func norm(_ weight: Tensor) -> Tensor { u.matmul(Self.matrix(weight).matmul(v)) }

    /// W / σ, of the weight's shape, recorded.
    public func normalized(_ weight: Tensor) -> Tensor { weight / norm(weight) }

    private static func matrix(_ weight: Tensor) -> Tensor { weight.reshaped([weight.size(0), -1]) }

    /// As PyTorch: a norm below 10⁻¹² is taken for 10⁻¹², so that zeros stay zeros.
    private static func unit(_ x: Tensor) -> Tensor { x / x.norm().maximum(1e-12) }
}

/// Which layers of a network are normalised.
public enum SpectrallyNormalizedLayers: Hashable, Sendable {
    case all
    case none
    /// All but those of these names, such as `fc2`.
    case allBut(Set<String>)
}
