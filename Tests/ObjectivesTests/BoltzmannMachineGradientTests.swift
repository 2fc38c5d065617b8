import EnergyModels
import Objectives
import Oracles
import Testing
import Torch

/// The closed form of a Boltzmann machine beside the recorded one, which sees the same machine through its energies
/// alone.
@Suite struct BoltzmannMachineGradientTests {
    @Test(arguments: Alphabet.allCases) func theClosedFormIsTheRecordedOne(_ alphabet: Alphabet) throws {
        let generator = RandomGenerator(seed: 21)
        let machine = BoltzmannMachine(dimension: 7, alphabet: alphabet, dtype: .float64)
        withoutGradients {
            // Asymmetric, with a diagonal: what is learnt need be neither.
            machine.couplings.assign(0.4 * Tensor.normal([7, 7], dtype: .float64, using: generator))
            machine.fields.assign(0.3 * Tensor.normal([7], dtype: .float64, using: generator))
        }
        let x = Tensor.integers([30, 7], 0..<2, dtype: .float64, using: generator)
        let estimators: [RatioMatching.Estimator] = [
            .exact, .exactInChunks(of: 3), .uniform(flips: 4), .gradientGuided(flips: 4),
            .gradientGuidedUnweighted(flips: 4),
            .optimal(flips: 4), .surrogate,
        ]
        for ratio in [RatioFunction.squared, .power(0.5), .bounded] {
            for estimator in estimators {
                let objective = RatioMatching(estimator, ratio: ratio)
                let closed = try objective.lossAndGradients(machine, x, using: RandomGenerator(seed: 5))
                let recorded = try objective.lossAndGradients(GenericFlips(machine), x, using: RandomGenerator(seed: 5))
                #expect(abs(closed.loss.item() / recorded.loss.item() - 1) < 1e-10, "\(objective)")
                for (a, b) in zip(closed.gradients, recorded.gradients) {
                    #expect(relativeDeviation(a, b) < 1e-10, "\(objective)")
                }
            }
        }
        let closed = PseudoLikelihood().lossAndGradients(machine, x, using: generator)
        let recorded = PseudoLikelihood().lossAndGradients(GenericFlips(machine), x, using: generator)
        #expect(abs(closed.loss.item() / recorded.loss.item() - 1) < 1e-12)
        for (a, b) in zip(closed.gradients, recorded.gradients) { #expect(relativeDeviation(a, b) < 1e-12) }
    }

    /// Central differences of log f.
    @Test func logarithmDerivativesAreDerivatives() {
        let differences = Tensor([-3.0, -0.5, 0, 0.7, 4])
        for ratio in [RatioFunction.squared, .power(0.5), .bounded] {
            let numeric = (ratio.logarithm(differences + 1e-6) - ratio.logarithm(differences - 1e-6)) / 2e-6
            let found = ratio.logarithmDerivative(differences) + Tensor.zeros(like: differences)
            #expect(deviation(found, numeric) < 1e-8, "\(ratio)")
        }
    }
}
