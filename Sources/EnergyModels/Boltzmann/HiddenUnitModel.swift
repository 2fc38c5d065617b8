import Torch

/// A model p(v) = Σ_h p(v, h) of visible bits with hidden ones, whose units of either kind are independent given the
/// other kind: what block Gibbs sampling needs.
public protocol HiddenUnitModel: BinaryEnergyModel {
    /// p(h = 1 | v), shape [batch, hidden], of v [batch, d].
    func hiddenProbabilities(_ v: Tensor) -> Tensor
    /// p(v = 1 | h), shape [batch, d], of h [batch, hidden].
    func visibleProbabilities(_ h: Tensor) -> Tensor
}

extension RestrictedBoltzmannMachine: HiddenUnitModel {}
