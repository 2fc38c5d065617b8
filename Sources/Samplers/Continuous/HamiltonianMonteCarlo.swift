import EnergyModels
import Torch

/// Hamiltonian Monte Carlo (Neal 2011; Algorithm 2.2 of Xu 2022) over points of any shape: a momentum v ~ N(0, I) is
/// drawn, L leapfrog steps
///
///     v ← v − (ε/2)∇E(x),   x ← x + εv,   v ← v − (ε/2)∇E(x)
///
/// are taken, and the end is accepted with probability min(1, exp(H(x, v) − H(x′, v′))), H = E(x) + ½‖v‖².
///
///     let sampler = try HamiltonianMonteCarlo(stepSize: 0.2, leapfrogSteps: 10)
///     let chains = try sampler.chains(model, from: start, using: generator)
///     let moves = chains.step()
///
/// A proposal whose energy is not finite is rejected.
public struct HamiltonianMonteCarlo: Hashable, Sendable {
    /// ε
    public let stepSize: Double
    /// L
    public let leapfrogSteps: Int

    /// - Throws: `SamplingError` for a step that is not positive, or no leapfrog step.
    public init(stepSize: Double, leapfrogSteps: Int) throws {
        guard stepSize > 0, stepSize.isFinite else {
            throw SamplingError("a leapfrog step of \(stepSize): it is positive and finite")
        }
        guard leapfrogSteps > 0 else { throw SamplingError("\(leapfrogSteps) leapfrog steps: at least 1") }
        (self.stepSize, self.leapfrogSteps) = (stepSize, leapfrogSteps)
    }

    /// The Metropolis-adjusted Langevin algorithm, x′ = x − (τ/2)∇E(x) + √τ z (section 2.1.3.3 of Xu 2022). It is one
    /// leapfrog step of √τ: the logarithm of q(x|x′)/q(x′|x) is the difference of the kinetic energies.
    public static func metropolisAdjustedLangevin(timeStep: Double) throws -> HamiltonianMonteCarlo {
        guard timeStep > 0, timeStep.isFinite else {
            throw SamplingError("a time step of \(timeStep): it is positive and finite")
        }
        return try HamiltonianMonteCarlo(stepSize: timeStep.squareRoot(), leapfrogSteps: 1)
    }

    /// - Parameter start: points [chains, …] in the model's type.
    /// - Throws: `NonFiniteQuantity` where points or their energies are not finite.
    public func chains<Model: EnergyModel>(
        _ model: Model, from start: Tensor, using generator: RandomGenerator
    ) throws -> HamiltonianChains<Model> {
        try HamiltonianChains(self, model, from: start, using: generator)
    }
}

/// Chains under way by Hamiltonian Monte Carlo; energy and gradient of where they stand are kept from step to step.
public final class HamiltonianChains<Model: EnergyModel>: Chains {
    public let sampler: HamiltonianMonteCarlo
    public let model: Model
    private let generator: RandomGenerator
    private var x: Tensor
    private var energy: Tensor
    private var gradient: Tensor
    private var normSum = 0.0
    private var steps = 0

    init(_ sampler: HamiltonianMonteCarlo, _ model: Model, from start: Tensor, using generator: RandomGenerator) throws
    {
        (self.sampler, self.model, self.generator) = (sampler, model, generator)
        x = start.detached().copied()
        (energy, gradient) = try Self.validated(model, x)
    }

    private static func validated(_ model: Model, _ x: Tensor) throws -> (energy: Tensor, gradient: Tensor) {
        let (energy, gradient) = model.energyAndInputGradient(x)
        guard x.isFinite().all(), energy.isFinite().all(), gradient.isFinite().all() else {
            throw NonFiniteQuantity("energy of the chains")
        }
        return (energy, gradient)
    }

    public var count: Int { x.size(0) }
    public var points: Tensor { x.copied() }
    /// E of where the chains stand, shape [chains].
    public var energies: Tensor { energy.copied() }

    /// ν, the mean of ‖∇E(x)‖₂ over the chains before each step so far; NaN before the first.
    public var meanGradientNorm: Double { normSum / Double(steps) }

    public func step() -> Moves {
        withoutGradients {
            let rest = Array(1..<max(2, x.rank))
            normSum += gradient.norm(over: rest).mean().item()
            steps += 1

            let (ε, proposed) = (sampler.stepSize, x.copied())
            let v = Tensor.normal(x.shape, dtype: x.dtype, using: generator)
            let before = energy + 0.5 * v.squared().sum(over: rest)
            v.add(gradient, scale: -ε / 2)
            for _ in 1..<sampler.leapfrogSteps {
                proposed.add(v, scale: ε)
                v.add(model.inputGradient(proposed), scale: -ε)
            }
            proposed.add(v, scale: ε)
            let (newEnergy, newGradient) = model.energyAndInputGradient(proposed)
            v.add(newGradient, scale: -ε / 2)
            let after = newEnergy + 0.5 * v.squared().sum(over: rest)

            // H − H′ where that is a number; else nothing is accepted.
            let moved = accepted(before - after, using: generator) .& after.isFinite()
            let wide = moved.reshaped([count] + rest.map { _ in 1 })
            let next = Tensor.select(wide, proposed, x)
            let distance = (next - x).norm(over: rest).converted(to: .float64).sum().item()
            x = next
            energy = Tensor.select(moved, newEnergy, energy)
            gradient = Tensor.select(wide, newGradient, gradient)
            return Moves(proposed: count, accepted: Int(moved.converted(to: .int64).sum().item()), distance: distance)
        }
    }

    public var state: ChainState { ChainState(points: points, generator: generator.state) }

    public func restore(_ state: ChainState) throws {
        guard state.points.shape == x.shape else { throw SamplingError.shape(state.points.shape, expected: x.shape) }
        guard state.position == 0 else { throw SamplingError.position(state.position, sites: 1) }
        let points = state.points.converted(to: x.dtype).detached().copied()
        let found = try Self.validated(model, points)
        do { try generator.restore(state.generator) } catch { throw SamplingError.generator("\(error)") }
        x = points
        (energy, gradient) = found
    }
}
