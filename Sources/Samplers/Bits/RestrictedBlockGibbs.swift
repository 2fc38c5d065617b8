import EnergyModels
import Torch

/// Block Gibbs sampling of a restricted Boltzmann machine: all hidden units given the visible ones, then all visible
/// units given those,
///
///     h ~ p(h | v) = ∏ σ(c + Wv),   v ~ p(v | h) = ∏ σ(b + Wᵀh),
///
/// so many times (Hinton 2002; lecture 10's section on the RBM).
public struct RestrictedBlockGibbs: BinaryTransition, Hashable {
    public var steps: Int

    public init(steps: Int) {
        require(steps >= 1, "\(steps) steps")
        self.steps = steps
    }

    /// - Precondition: the model is a `RestrictedBoltzmannMachine`.
    public func moved(_ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator) -> Tensor {
        guard let machine = model as? RestrictedBoltzmannMachine else {
            fatalError("block Gibbs sampling of a \(type(of: model)), which is no RestrictedBoltzmannMachine")
        }
        return withoutGradients {
            var v = x
            for _ in 0..<steps {
                let h = generator.bernoulli(machine.hiddenProbabilities(v))
                v = generator.bernoulli(machine.visibleProbabilities(h))
            }
            return v
        }
    }
}
