import EnergyModels
import Foundation
import Objectives
import Oracles
import Samplers
import Testing
import Torch

@Suite struct ContrastiveDivergenceTests {
    /// Leaves the chains where they are, or puts them where they are told to be.
    private struct To: BinaryTransition, @unchecked Sendable {
        let place: Tensor?
        func moved(_ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator) -> Tensor {
            place ?? x
        }
    }

    private let generator = RandomGenerator(seed: 5)

    /// With negative points that are all states in the proportions of the model the gradient is the likelihood's.
    @Test func withExactNegativePointsTheGradientIsTheLikelihoods() throws {
        let d = 4
        let model = SpinEnergy.random(d, scale: 0.4, using: generator)
        let x = Tensor.integers([10, d], 0..<2, dtype: .float64, using: generator)
        let p = boltzmannProbabilities(model.evaluate(allStates(d)).array(Double.self))
        // Counts of 200,000 points: within 1/200,000 of each probability.
        let numbers = stateNumbers(allStates(d))
        let rows = numbers.indices.flatMap { row in
            [Int](repeating: row, count: Int((p[numbers[row]] * 200_000).rounded()))
        }
        let samples = allStates(d).indexSelected(0, Tensor(rows))
        let truth = MaximumLikelihood().lossAndGradients(model, x, using: generator).gradients
        let found = try ContrastiveDivergence(To(place: samples)).lossAndGradients(model, x, using: generator).gradients
        for (a, b) in zip(truth, found) { #expect(deviation(a, b) < 2e-4) }
        let none = try ContrastiveDivergence(To(place: nil)).lossAndGradients(model, x, using: generator).gradients
        for gradient in none { #expect(gradient.abs().max().item() == 0) }
    }

    /// Exact samples stay exact under block Gibbs: what visible units do after a step, against enumeration of 2⁶
    /// states. Pearson's statistic is chi-square; 6 of its standard deviations bound it at any seed.
    @Test func blockGibbsLeavesAnRBMInvariant() {
        let d = 6
        let machine = RestrictedBoltzmannMachine(visible: d, hidden: 4, dtype: .float64, using: generator)
        withoutGradients { for tensor in machine.parameters.tensors { tensor.assign(3 * tensor + 0.2) } }
        let states = allStates(d)
        let p = boltzmannProbabilities(machine.evaluate(states).array(Double.self))
        let order = stateNumbers(states)
        let weights = Tensor(order.map { p[$0] }, shape: [1, 1 << d])
        let start = generator.multinomial(weights, count: 20_000, replacement: true).squeezed(0)
        let x = states.indexSelected(0, start)
        let end = BlockGibbs(steps: 2).moved(hidden: machine, from: x, using: generator)
        #expect(chiSquareDeviation(stateNumbers(end), p) < 6)
        let moved = (end .!= x).converted(to: .float64).mean().item()
        #expect(moved > 0.1)
        let uniform = [Double](repeating: 1 / 64, count: 64)
        #expect(chiSquareDeviation(stateNumbers(end), uniform) > 6)
    }

    /// A model without hidden units is an error that names it.
    @Test func blockGibbsNeedsHiddenUnits() {
        let model = SpinEnergy.random(4, scale: 0.4, using: generator)
        let objective = ContrastiveDivergence(BlockGibbs(steps: 1))
        #expect(throws: SamplingError.setting("block Gibbs sampling of a SpinEnergy, which has no hidden units")) {
            try objective.loss(model, .zeros([2, 4], dtype: .float64), using: generator)
        }
    }

    /// Persistent chains go on; those of contrastive divergence start at the data each time.
    @Test func persistentChainsGoOn() throws {
        let model = SpinEnergy.random(5, scale: 0.4, using: generator)
        let x = Tensor.integers([8, 5], 0..<2, dtype: .float64, using: generator)
        let start = Tensor.zeros([8, 5], dtype: .float64)
        let objective = PersistentContrastiveDivergence(GibbsSampler.Sweeps(1), from: start)
        let (first, second) = (RandomGenerator(seed: 1), RandomGenerator(seed: 1))
        for _ in 0..<3 { _ = try objective.lossAndGradients(model, x, using: first) }
        let truth = GibbsSampler().sample(model, from: start, sweeps: 3, using: second)
        #expect(objective.chains.array(Int.self) == truth.array(Int.self))
        let contrastive = try ContrastiveDivergence(GibbsSampler.Sweeps(2)).loss(
            model, x, using: RandomGenerator(seed: 2))
        let moved = GibbsSampler().sample(model, from: x, sweeps: 2, using: RandomGenerator(seed: 2))
        #expect(
            abs(contrastive.item() - (model.evaluate(x).mean().item() - model.evaluate(moved).mean().item())) < 1e-12)
    }
}
