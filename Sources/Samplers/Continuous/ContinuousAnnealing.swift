import EnergyModels
import Torch

/// Annealed importance sampling (Neal 2001) of a continuous model: log Z = log ∫ exp(−E), from a density that is known
/// with its normalisation.
///
///     let annealing = try ContinuousAnnealing(temperatures: 200, chains: 256, transition: .init(stepSize: 0.2, leapfrogSteps: 3))
///     let estimate = try annealing.logPartitionFunction(of: model, from: density, using: generator)
///     print(estimate.logPartitionFunction, "±", estimate.standardError)
///
/// The path is geometric, from the density p₀ to the model:
///
///     fₜ(x) = p₀(x)^{1−t} exp(−E(x))^t,   tₖ = k/K, k = 0 … K.
///
/// A chain starts at x₀ ~ p₀ and makes one move of Hamiltonian Monte Carlo on f at each of t₁ … t_{K−1}; its weight is
///
///     log w = Σ_{k=1}^{K} log f_{tₖ}(x_{k−1}) − log f_{tₖ₋₁}(x_{k−1}) = (1/K) Σ_{k=0}^{K−1} −E(xₖ) − log p₀(xₖ),
///
/// and E[w] = Z for every K wherever p₀ is positive; K = 1 is plain importance sampling. What the chains never meet,
/// they do not count.
public struct ContinuousAnnealing: Hashable, Sendable {
    /// K
    public let temperatures: Int
    /// How many independent chains, each of which gives one weight.
    public let chains: Int
    /// The move at each temperature.
    public let transition: HamiltonianMonteCarlo

    /// - Throws: `SamplingError` for no temperature, or less than two chains.
    public init(temperatures: Int, chains: Int, transition: HamiltonianMonteCarlo) throws {
        guard temperatures >= 1 else { throw SamplingError("annealing over \(temperatures) temperatures: at least 1") }
        guard chains >= 2 else { throw SamplingError("annealing by \(chains) chains: at least 2") }
        (self.temperatures, self.chains, self.transition) = (temperatures, chains, transition)
    }

    /// - Throws: `NonFiniteQuantity` where points or energies are not finite.
    public func logPartitionFunction(
        of model: some EnergyModel, from base: any Density, using generator: RandomGenerator
    ) throws -> AnnealedImportanceSampling.Estimate {
        try withoutGradients {
            var x = base.sample(chains, dtype: model.dtype, using: generator)
            let logWeights = Tensor.zeros([chains], dtype: .float64)
            for k in 0..<temperatures {
                if k > 0 {
                    let path = GeometricPath(base: base, model: model, t: Double(k) / Double(temperatures))
                    let moving = try transition.chains(path, from: x, using: generator)
                    _ = moving.step()
                    x = moving.points
                }
                let difference = base.energy(x).converted(to: .float64) - model.evaluate(x).converted(to: .float64)
                guard difference.isFinite().all() else { throw NonFiniteQuantity("energy of the chains") }
                logWeights.assign(logWeights + difference / Double(temperatures))
            }
            return AnnealedImportanceSampling.Estimate(logWeights: logWeights.array())
        }
    }
}

/// −log fₜ
private struct GeometricPath<Model: EnergyModel>: EnergyModel {
    let base: any Density
    let model: Model
    let t: Double

    var parameters: Parameters { model.parameters }

    func energy(_ x: Tensor) -> Tensor { (1 - t) * base.energy(x) + t * model.energy(x) }

    func inputGradient(_ x: Tensor) -> Tensor { (1 - t) * base.inputGradient(x) + t * model.inputGradient(x) }

    func energyAndInputGradient(_ x: Tensor) -> (energy: Tensor, gradient: Tensor) {
        let (first, second) = (base.energyAndInputGradient(x), model.energyAndInputGradient(x))
        return ((1 - t) * first.energy + t * second.energy, (1 - t) * first.gradient + t * second.gradient)
    }
}
