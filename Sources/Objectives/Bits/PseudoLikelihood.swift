import EnergyModels
import Torch

/// Maximum pseudo-likelihood (Besag 1975): each bit given all others,
///
///     L(x) = −Σᵢ log p(xᵢ | x₋ᵢ) = Σᵢ softplus(Δᵢ),   Δᵢ = E(x) − E(x₋ᵢ),
///
/// since p(xᵢ | x₋ᵢ) = 1 / (1 + p(x₋ᵢ)/p(x)). It is consistent: a model free to take any form learns p_data. The cost
/// is that of all d flips.
public struct PseudoLikelihood: BinaryObjective, Hashable, Sendable {
    public init() {}

    public func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) -> Tensor {
        model.flipDifferences(x, at: nil).softplus().sum(1).mean()
    }
}
