import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct LikelihoodTests {
    private let generator = RandomGenerator(seed: 11)

    /// Against probabilities of all states; beyond one chunk of states, d = 15, too.
    @Test(arguments: [6, 15]) func theLossIsTheNegativeLogLikelihood(_ d: Int) throws {
        let model = SpinEnergy.random(d, scale: 0.3, using: generator)
        let x = Tensor.integers([9, d], 0..<2, dtype: .float64, using: generator)
        let probabilities = boltzmannProbabilities(model.evaluate(allStates(d)).array(Double.self))
        let truth = -stateNumbers(x).reduce(0) { $0 + log(probabilities[$1]) } / 9
        let objective = MaximumLikelihood()
        #expect(abs(objective.loss(model, x, using: generator).item() - truth) < 1e-10)
        let (loss, found) = objective.lossAndGradients(model, x, using: generator)
        #expect(abs(loss.item() - truth) < 1e-10)
        let recorded = gradients(
            of: objective.loss(model, x, using: generator), withRespectTo: model.parameters.tensors)
        for (a, b) in zip(found, recorded) { #expect(deviation(a, b) < 1e-10) }
    }

    @Test func gradientsAreThoseOfFiniteDifferences() throws {
        let model = SpinEnergy.random(5, scale: 0.3, using: generator)
        let x = Tensor.integers([7, 5], 0..<2, dtype: .float64, using: generator)
        func check(_ objective: some BinaryObjective) throws {
            let found = try objective.lossAndGradients(model, x, using: generator).gradients
            for (parameter, gradient) in zip(model.parameters.tensors, found) {
                let differences = centralDifferences(at: parameter) {
                    (try? objective.loss(model, x, using: generator).item()) ?? .nan
                }
                #expect(deviation(gradient.array(Double.self), differences) < 1e-7, "\(objective)")
            }
        }
        try check(MaximumLikelihood())
        try check(PseudoLikelihood())
    }

    /// Σᵢ −log p(xᵢ | x₋ᵢ) from joint probabilities.
    @Test func thePseudoLikelihoodIsTheProductOfTheConditionals() {
        let d = 6
        let model = SpinEnergy.random(d, scale: 0.5, using: generator)
        let p = boltzmannProbabilities(model.evaluate(allStates(d)).array(Double.self))
        let x = Tensor.integers([8, d], 0..<2, dtype: .float64, using: generator)
        let truth =
            stateNumbers(x).reduce(0.0) { sum, n in
                sum - (0..<d).reduce(0.0) { $0 + log(p[n] / (p[n] + p[n ^ (1 << $1)])) }
            } / 8
        #expect(abs(PseudoLikelihood().loss(model, x, using: generator).item() - truth) < 1e-10)
    }
}
