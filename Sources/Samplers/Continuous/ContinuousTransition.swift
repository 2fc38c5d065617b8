import EnergyModels
import Torch

/// Moves chains of a continuous model on: what the negative points of likelihood training come from.
public protocol ContinuousTransition: Sendable {
    /// The chains after a run of this transition.
    ///
    /// - Parameter x: where they stand, [chains, …]; left as they are.
    /// - Returns: x's shape, constants.
    /// - Throws: `ChainDivergence` or `SamplingError` where chains, energies or gradients are not finite.
    func moved(_ model: some EnergyModel, from x: Tensor, using generator: RandomGenerator) throws -> Tensor
}

extension LangevinDynamics {
    /// So many steps, from rest.
    public struct Run: ContinuousTransition, Hashable {
        public let dynamics: LangevinDynamics
        public let steps: Int

        /// - Throws: `SamplingError` for less than one step.
        public init(_ dynamics: LangevinDynamics, steps: Int) throws {
            guard steps >= 1 else { throw SamplingError("a run of \(steps) Langevin steps: at least 1") }
            (self.dynamics, self.steps) = (dynamics, steps)
        }

        public func moved(_ model: some EnergyModel, from x: Tensor, using generator: RandomGenerator) throws -> Tensor
        {
            try dynamics.run(model, from: x, steps: steps, using: generator).points
        }
    }
}

extension HamiltonianMonteCarlo {
    /// So many proposals.
    public struct Run: ContinuousTransition, Hashable {
        public let sampler: HamiltonianMonteCarlo
        public let steps: Int

        /// - Throws: `SamplingError` for less than one proposal.
        public init(_ sampler: HamiltonianMonteCarlo, steps: Int) throws {
            guard steps >= 1 else { throw SamplingError("a run of \(steps) proposals: at least 1") }
            (self.sampler, self.steps) = (sampler, steps)
        }

        public func moved(_ model: some EnergyModel, from x: Tensor, using generator: RandomGenerator) throws -> Tensor
        {
            let chains = try sampler.chains(model, from: x, using: generator)
            for _ in 0..<steps { _ = chains.step() }
            return chains.points
        }
    }
}
