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
            var moves = Moves()
            for _ in 0..<7 { moves += try single.step() }
            #expect(try whole.advance(7) == moves && moves.distance > 0, "\(type(of: sampler))")
            #expect((whole.points .== single.points).all() && whole.state.generator == single.state.generator)
            #expect(whole.state.position == single.state.position)
        }
    }

    /// Langevin chains keep the contract too, velocity included: saved, moved elsewhere and restored, they end where
    /// the undisturbed ones do.
    @Test(arguments: [0.0, 0.8]) func langevinChainsGoOnFromTheirState(momentum: Double) throws {
        let dynamics = try LangevinDynamics(stepSize: 0.1, noise: 0.3, momentum: momentum)
        let start = Tensor.normal([20, 2], dtype: .float64, using: RandomGenerator(seed: 1))
        let model = try GaussianDensity(dimension: 2, standardDeviation: 1)
        let whole = LangevinChains(dynamics, model, from: start, using: RandomGenerator(seed: 5))
        var parts = LangevinChains(dynamics, model, from: start, using: RandomGenerator(seed: 5))
        let moves = try whole.advance(7)
        #expect(moves.proposed == 140 && moves.acceptanceRate == 1 && moves.distance.isNaN)
        #expect(whole.gradientNorms.count == 7)
        for _ in 0..<3 { _ = try parts.step() }
        let saved = parts.state
        parts = LangevinChains(dynamics, model, from: start + 1, using: RandomGenerator(seed: 6))
        try parts.restore(saved)
        try parts.advance(4)
        #expect(parts.points.array(Double.self) == whole.points.array(Double.self))
        #expect(throws: SamplingError.self) { try parts.restore(ChainState(points: start[0], generator: [])) }
        if momentum > 0 {
            let resting = ChainState(points: start, generator: saved.generator)
            #expect(throws: SamplingError.setting("chains with momentum need a finite velocity of shape [20, 2]")) {
                try parts.restore(resting)
            }
        }
    }

    /// Sweeps of any model as chains are the sampler's sweeps, and count what they flip.
    @Test(arguments: [GibbsSampler.Draw.uniform, .categorical])
    func sweepsOfAnyModelAreChains(draw: GibbsSampler.Draw) throws {
        let model = MLPEnergy(dimension: 6, hidden: [8], using: RandomGenerator(seed: 2))
        let start = Tensor.integers([50, 6], 0..<2, dtype: .float32, using: RandomGenerator(seed: 3))
        let sampler = GibbsSampler(inverseTemperature: 0.7, draw: draw)
        let truth = sampler.sample(model, from: start, sweeps: 5, using: RandomGenerator(seed: 4))
        var chains = try sampler.chains(model, from: start, using: RandomGenerator(seed: 4))
        let first = chains.step()
        let once = sampler.sample(model, from: start, sweeps: 1, using: RandomGenerator(seed: 4))
        #expect(first.distance == (once - start).abs().sum().item() && first.proposed == 300)
        _ = chains.advance(4)
        #expect(chains.points.array(Int.self) == truth.array(Int.self))
        #expect(throws: SamplingError.notABit(0.5, chain: 0, site: 0)) {
            try sampler.chains(model, from: start * 0 + 0.5, using: RandomGenerator(seed: 4))
        }
    }
}
