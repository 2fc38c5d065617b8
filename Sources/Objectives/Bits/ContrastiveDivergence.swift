import EnergyModels
import Samplers
import Torch

/// Contrastive divergence (Hinton 2002): the gradient of the log-likelihood with the model's expectation replaced by
/// points that a few steps of a Markov chain reach from the data,
///
///     ∇L ≈ mean ∇E(x) − mean ∇E(x̃),   x̃ = `transition` from x, a constant.
///
/// The loss is the difference of the mean energies: it is no objective, and 0 says nothing. How x̃ depends on the
/// parameters is left out, as in the original.
public struct ContrastiveDivergence<Transition: BinaryTransition>: BinaryObjective {
    public var transition: Transition

    public init(_ transition: Transition) { self.transition = transition }

    public func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws -> Tensor {
        let negatives = try transition.moved(model, from: x, using: generator)
        return model.energy(x).mean() - model.energy(negatives).mean()
    }
}

/// Persistent contrastive divergence (Younes 1989; Tieleman 2008): as contrastive divergence, but the chains go on from
/// where the last update left them.
public final class PersistentContrastiveDivergence<Transition: BinaryTransition>: BinaryObjective {
    public let transition: Transition
    /// Where the chains stand, [chains, d]: with the generator's, the state that a resumed run needs.
    public var chains: Tensor

    /// - Parameters:
    ///   - chains: where they start, bits [chains, d].
    public init(_ transition: Transition, from chains: Tensor) {
        self.transition = transition
        self.chains = chains.detached().copied()
    }

    public func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws -> Tensor {
        chains = try transition.moved(model, from: chains, using: generator)
        return model.energy(x).mean() - model.energy(chains).mean()
    }
}
