import EnergyModels
import Torch

/// Block Gibbs sampling of a model with hidden units: all hidden units given the visible ones, then all visible units
/// given those, each independent of the others of its kind,
///
///     h ~ p(h | v),   v ~ p(v | h),
///
/// so many times; of a restricted Boltzmann machine p(h | v) = ∏ σ(c + Wv), p(v | h) = ∏ σ(b + Wᵀh) (Hinton 2002;
/// lecture 10's section on the RBM).
public struct BlockGibbs: BinaryTransition, Hashable {
    public var steps: Int

    public init(steps: Int) {
        require(steps >= 1, "\(steps) steps")
        self.steps = steps
    }

    /// - Throws: `SamplingError` for a model that is no `HiddenUnitModel`.
    public func moved(
        _ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator
    ) throws -> Tensor {
        guard let model = model as? any HiddenUnitModel else {
            throw SamplingError("block Gibbs sampling of a \(type(of: model)), which has no hidden units")
        }
        return moved(hidden: model, from: x, using: generator)
    }

    /// The same of a model that is known to have hidden units.
    public func moved(hidden model: some HiddenUnitModel, from x: Tensor, using generator: RandomGenerator) -> Tensor {
        withoutGradients {
            var v = x
            for _ in 0..<steps {
                let h = generator.bernoulli(model.hiddenProbabilities(v))
                v = generator.bernoulli(model.visibleProbabilities(h))
            }
            return v
        }
    }
}
