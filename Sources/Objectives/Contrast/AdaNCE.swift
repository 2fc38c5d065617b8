import Torch

/// Energies of noise, which was drawn from a frozen copy of the model, and of data, under the model and under that
/// copy; each [batch].
public struct ContrastedEnergies {
    /// E, recorded where gradients are wanted.
    public var noise: Tensor
    public var data: Tensor
    /// Eₘ, constants.
    public var frozenNoise: Tensor
    public var frozenData: Tensor

    public init(noise: Tensor, data: Tensor, frozenNoise: Tensor, frozenData: Tensor) {
        (self.noise, self.data, self.frozenNoise, self.frozenData) = (noise, data, frozenNoise, frozenData)
    }
}

/// What a model minimises against samples of a frozen copy of itself.
public protocol SelfAdaptingObjective {
    /// The name that records carry.
    var name: String { get }

    /// Whether `frozenNoise` and `frozenData` count.
    var usesFrozenEnergies: Bool { get }

    /// A tensor of one element, recorded.
    ///
    /// - Throws: `NonFiniteQuantity` where the loss is not finite.
    func loss(_ energies: ContrastedEnergies) throws -> Tensor
}

/// Self-adapting noise-contrastive estimation (equation 3.5 of Xu 2022, with unnormalised densities):
///
///     L = mean softplus(Eₘ(x⁻) − E(x⁻)) + mean softplus(E(x⁺) − Eₘ(x⁺)),
///
/// noise x⁻ ~ pₘ, data x⁺. Finite for every finite energy. Where E = Eₘ its gradient is half of maximum likelihood's.
public struct AdaNCE: SelfAdaptingObjective, Sendable {
    public init() {}

    public var name: String { "adance" }
    public var usesFrozenEnergies: Bool { true }

    public func loss(_ energies: ContrastedEnergies) throws -> Tensor { try AdaBRM(.noiseContrastive).loss(energies) }
}

/// Self-adapting Bregman ratio matching (equation 4.10 of Xu 2022), with the density ratio g = e^{Eₘ − E}:
///
///     L = mean S₀(g(x⁻)) − mean S₁(g(x⁺)).
///
/// Where E = Eₘ its gradient is S₀′(1) times maximum likelihood's. All but the noise-contrastive pair grow
/// exponentially with the gap Eₘ − E: in float32 a mean is finite to gaps of ±80 (least squares, which squares the
/// ratio, ±40), and where it is not, that is an error; nothing is clamped.
public struct AdaBRM: SelfAdaptingObjective, Sendable {
    public let generator: BregmanGenerator

    public init(_ generator: BregmanGenerator) { self.generator = generator }

    public var name: String { "adabrm \(generator.name)" }
    public var usesFrozenEnergies: Bool { true }

    public func loss(_ energies: ContrastedEnergies) throws -> Tensor {
        let noiseGap = energies.frozenNoise - energies.noise
        let dataGap = energies.frozenData - energies.data
        let loss = generator.s0(noiseGap).mean() - generator.s1(dataGap).mean()
        guard loss.item().isFinite else {
            let largest = withoutGradients { Swift.max(noiseGap.abs().max().item(), dataGap.abs().max().item()) }
            throw NonFiniteQuantity("\(name) loss, at energy gaps up to \(largest),")
        }
        return loss
    }
}

/// Maximum likelihood with the model's expectation over samples: mean E(x⁺) − mean E(x⁻). The difference of the means
/// is no objective, and 0 says nothing.
public struct SampledMaximumLikelihood: SelfAdaptingObjective, Sendable {
    public init() {}

    public var name: String { "maximum-likelihood" }
    public var usesFrozenEnergies: Bool { false }

    public func loss(_ energies: ContrastedEnergies) throws -> Tensor {
        let loss = energies.data.mean() - energies.noise.mean()
        guard loss.item().isFinite else { throw NonFiniteQuantity("difference of mean energies") }
        return loss
    }
}
