import EnergyModels
import Samplers
import Torch

/// Maximum likelihood with the model's expectation taken over where Markov chains arrive (Jin, equations 2 and 3; Dai
/// 2023, equation 10.19):
///
///     ∇L ≈ mean ∇E(x) − mean ∇E(x̃),   x̃ = `transition` from the start, a constant
///
///     let dynamics = try LangevinDynamics.eulerMaruyama(timeStep: 0.01)
///     let objective = ChainLikelihood(try LangevinDynamics.Run(dynamics, steps: 20), from: .persistent(start))
///
/// The loss is the difference of the mean energies: it is no objective, and 0 says nothing.
public final class ChainLikelihood<Transition: ContinuousTransition>: DensityObjective {
    public enum Start {
        /// Afresh from a density each time, as many chains as the batch has points.
        case noise(any Density)
        /// The data: contrastive divergence (Hinton 2002).
        case data
        /// Where the last update left them, at first these, [chains, …]: persistent contrastive divergence (Younes
        /// 1989; Tieleman 2008).
        case persistent(Tensor)
    }

    public let transition: Transition
    private let start: Start
    /// Where persistent chains stand, [chains, …]: with the generator's, the state that a resumed run needs; nil where
    /// chains start anew.
    public var chains: Tensor?

    public init(_ transition: Transition, from start: Start) {
        (self.transition, self.start) = (transition, start)
        if case .persistent(let points) = start { chains = points.detached().copied() }
    }

    /// - Throws: as the transition; persistent chains then stand where they stood.
    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        let from =
            switch start {
            case .noise(let density): density.sample(x.size(0), dtype: x.dtype, using: generator)
            case .data: x
            case .persistent: chains!
            }
        let arrived = try transition.moved(model, from: from, using: generator)
        let loss = try sampledLikelihood(model, x, against: arrived)
        if chains != nil { chains = arrived }
        return loss
    }
}
