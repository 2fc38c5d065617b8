import EnergyModels
import Foundation
import Samplers
import Testing
import Torch

@Suite struct ContinuousAnnealingTests {
    /// ½ (x − μ)ᵀP(x − μ) in three dimensions, whose log Z is known, away from the origin and narrower than the base.
    private func target() -> EnergyModels.GaussianEnergy {
        let model = EnergyModels.GaussianEnergy(dimension: 3, dtype: .float64)
        withoutGradients {
            model.mean.assign(Tensor([1, -0.5, 0.3]))
            model.factor.assign(Tensor([1.6, 0, 0, 0.7, 1.3, 0, -0.4, 0.2, 2.0], shape: [3, 3]))
        }
        return model
    }

    /// Against ½ d log 2π − Σ log |Lᵢᵢ|: five standard errors, which are to be small (4,000 chains of 60 temperatures).
    @Test func aGaussiansNormaliserIsFound() throws {
        let base = try GaussianDensity(dimension: 3, standardDeviation: 1.5)
        let annealing = try ContinuousAnnealing(
            temperatures: 60, chains: 4000, transition: HamiltonianMonteCarlo(stepSize: 0.4, leapfrogSteps: 3))
        let model = target()
        let found = try annealing.logPartitionFunction(of: model, from: base, using: RandomGenerator(seed: 1))
        let truth = model.logPartitionFunction.item()
        #expect(found.standardError < 0.01, "\(found.standardError)")
        #expect(
            abs(found.logPartitionFunction - truth) < 5 * found.standardError, "\(found.logPartitionFunction), \(truth)"
        )
        #expect(found.effectiveSampleSize > 2000, "\(found.effectiveSampleSize)")
    }

    /// log w = −E(x) − log p₀(x) of the base's own draws.
    @Test func oneTemperatureIsImportanceSampling() throws {
        let base = try GaussianDensity(dimension: 3, standardDeviation: 1.5)
        let annealing = try ContinuousAnnealing(
            temperatures: 1, chains: 50, transition: HamiltonianMonteCarlo(stepSize: 0.4, leapfrogSteps: 3))
        let model = target()
        let found = try annealing.logPartitionFunction(of: model, from: base, using: RandomGenerator(seed: 2))
        let x = base.sample(50, dtype: .float64, using: RandomGenerator(seed: 2))
        let weights = (-model.evaluate(x) - base.logDensity(x)).array(Double.self)
        #expect(zip(found.logWeights, weights).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(abs(found.logPartitionFunction - log(weights.reduce(0) { $0 + exp($1) } / 50)) < 1e-12)
    }

    @Test func whatCannotBeIsNamed() throws {
        let move = try HamiltonianMonteCarlo(stepSize: 0.4, leapfrogSteps: 3)
        #expect(throws: SamplingError.setting("annealing over 0 temperatures: at least 1")) {
            try ContinuousAnnealing(temperatures: 0, chains: 2, transition: move)
        }
        #expect(throws: SamplingError.setting("annealing by 1 chains: at least 2")) {
            try ContinuousAnnealing(temperatures: 1, chains: 1, transition: move)
        }
        let model = target()
        withoutGradients { model.mean.fill(.nan) }
        let base = try GaussianDensity(dimension: 3, standardDeviation: 1.5)
        #expect(throws: NonFiniteQuantity.self) {
            try ContinuousAnnealing(temperatures: 1, chains: 2, transition: move).logPartitionFunction(
                of: model, from: base, using: RandomGenerator(seed: 3))
        }
    }
}
