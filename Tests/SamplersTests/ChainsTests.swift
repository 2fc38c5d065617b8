import EnergyModels
import Samplers
import Testing
import Torch

@Suite struct ChainsTests {
    /// The contract of every sampler: many steps at once are the same steps one by one, to the last bit of the state.
    @Test func stepsAtOnceAreStepsOneByOne() throws {
        let graph = try Graph.squareTorus(side: 4)
        let model = try IsingModel(graph, couplings: graph.edges.map { _ in 0.3 })
        var gibbs = try IsingGibbsChains(model, count: 70, using: RandomGenerator(seed: 1))
        gibbs.updatesPerStep = 5
        let samplers: [any Chains] = [
            gibbs, try IsingGradientChains(model, count: 9, flips: 2, using: RandomGenerator(seed: 2)),
            try IsingClusterChains(model, count: 9, using: RandomGenerator(seed: 3)),
        ]
        for sampler in samplers {
            var (single, whole) = (sampler, sampler)
            let moves = (0..<7).reduce(into: Moves()) { moves, _ in moves += single.step() }
            #expect(whole.advance(7) == moves && moves.distance > 0, "\(type(of: sampler))")
            #expect((whole.points .== single.points).all() && whole.state.generator == single.state.generator)
            #expect(whole.state.position == single.state.position)
        }
    }
}
