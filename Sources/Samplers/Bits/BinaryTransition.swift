import EnergyModels
import Torch

/// Moves chains of a binary model on: what the negative points of contrastive divergence come from.
public protocol BinaryTransition: Sendable {
    /// The chains after a step of this transition.
    ///
    /// - Parameters:
    ///   - x: where they stand, bits [chains, d]; left as they are.
    /// - Returns: shape [chains, d], a constant.
    func moved(_ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator) -> Tensor
}

extension GibbsSampler {
    /// So many systematic sweeps.
    public struct Sweeps: BinaryTransition, Hashable {
        public var count: Int

        public init(_ count: Int) {
            require(count >= 1, "\(count) sweeps")
            self.count = count
        }

        public func moved(_ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator) -> Tensor {
            GibbsSampler().sample(model, from: x, sweeps: count, using: generator)
        }
    }
}

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
