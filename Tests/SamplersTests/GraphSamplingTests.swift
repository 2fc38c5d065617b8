import EnergyModels
import Oracles
import Samplers
import Testing
import Torch

/// Samplers over the pairs of graphs of 4 nodes against the exact law over their 64 labelled graphs. Pearson's statistic of
/// independent chains lies within six of its standard deviations for a correct sampler.
@Suite struct GraphSamplingTests {
    private let model = RelationalGraphNetwork(
        layers: 3, width: 16, normalization: .root, using: RandomGenerator(seed: 3)
    ).energy(nodes: 4)

    private func check(_ x: Tensor, at beta: Double) {
        let energies = model.evaluate(allStates(6, dtype: .float32)).array(Double.self)
        let probabilities = boltzmannProbabilities(energies, inverseTemperature: beta)
        #expect(probabilities.max()! > 2 * probabilities.min()!)
        #expect(abs(chiSquareDeviation(stateNumbers(x), probabilities)) < 6)
    }

    @Test(arguments: [1.0, 6.0]) func gibbsSweepsReachTheExactLaw(beta: Double) {
        let x = GibbsSampler(inverseTemperature: beta).sample(
            model, from: .zeros([20_000, 6]), sweeps: 30, using: RandomGenerator(seed: 4))
        check(x, at: beta)
    }

    @Test func gibbsWithGradientsReachesTheExactLaw() throws {
        let sampler = try GibbsWithGradients(model, inverseTemperature: 4)
        let chains = try KernelChains(sampler, from: .zeros([20_000, 6]), using: RandomGenerator(seed: 5))
        for _ in 0..<100 { _ = chains.step() }
        check(chains.points, at: 4)
    }
}
