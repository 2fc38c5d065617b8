import EnergyModels
import Oracles
import Samplers
import Testing
import Torch

/// Samplers over the pairs of graphs of 4 nodes against the exact law over their 64 labelled graphs. Pearson's statistic of
/// independent chains lies within six of its standard deviations for a correct sampler.
@Suite struct GraphSamplingTests {
    /// A model whose read-out is 40 times what it is initialised with, so that its law is far from uniform.
    private let model: RelationalGraphEnergy = {
        let network = RelationalGraphNetwork(
            layers: 3, width: 16, normalization: .root, using: RandomGenerator(seed: 3))
        let weight = network.readOut.weight.detached()
        weight.assign(40 * weight)
        return network.energy(nodes: 4)
    }()

    private func check(_ x: Tensor, at beta: Double) {
        let energies = model.evaluate(allStates(6, dtype: .float32)).array(Double.self)
        let probabilities = boltzmannProbabilities(energies, inverseTemperature: beta)
        #expect(probabilities.max()! > 10 * probabilities.min()!)
        #expect(abs(chiSquareDeviation(stateNumbers(x), probabilities)) < 6)
    }

    @Test(arguments: [1.0, 2.0]) func gibbsSweepsReachTheExactLaw(beta: Double) {
        let x = GibbsSampler(inverseTemperature: beta).sample(
            model, from: .zeros([10_000, 6]), sweeps: 20, using: RandomGenerator(seed: 4))
        check(x, at: beta)
    }

    /// β rises to the sampler's own over the first half.
    @Test func rampedSweepsReachTheExactLaw() {
        let x = GibbsSampler(inverseTemperature: 2).rampedSample(
            model, from: .ones([10_000, 6]), sweeps: 30, using: RandomGenerator(seed: 6))
        check(x, at: 2)
    }

    @Test func gibbsWithGradientsReachesTheExactLaw() throws {
        let (sampler, generator) = (try GibbsWithGradients(model), RandomGenerator(seed: 5))
        let coins = generator.bernoulli(.full([5_000, 6], 0.5))
        let chains = try KernelChains(sampler, from: coins, using: generator)
        for _ in 0..<60 { _ = chains.step() }
        check(chains.points, at: 1)
    }
}
