import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

@Suite struct GibbsWithGradientsTests {
    private static func model(_ d: Int) throws -> IsingModel {
        let generator = RandomGenerator(seed: 1)
        let graph = try Graph.erdosRenyi(siteCount: d, meanDegree: 3, using: generator)
        return try IsingModel(
            graph, couplings: graph.edges.map { _ in Float(1.4 * generator.uniform() - 0.6) },
            fields: (0..<d).map { _ in Float(generator.uniform() - 0.5) })
    }

    /// The law after one step from one state, by its definition: over all n-tuples of draws, proposals from the
    /// conditional q and accepted shares; what is rejected stays. Enumerated for d = 5. The native kernel and the
    /// tensors follow it.
    @Test(arguments: [1, 2, 3], [1, 0.6])
    func aStepFollowsItsDefinition(flips: Int, beta: Double) throws {
        let d = 5, chains = 40_000
        let model = try Self.model(d)
        let energies = model.evaluate(allStates(d, dtype: .float32)).array(Double.self)
        func proposal(_ n: Int) -> [Double] {
            let weights = (0..<d).map { exp(0.5 * beta * (energies[n] - energies[n ^ 1 << $0])) }
            return weights.map { $0 / weights.reduce(0, +) }
        }
        let start = 0b10110
        var law = [Double](repeating: 0, count: 1 << d)
        let forward = proposal(start)
        for tuple in 0..<Int(pow(Double(d), Double(flips))) {
            let draws = (0..<flips).map { tuple / Int(pow(Double(d), Double($0))) % d }
            let end = start ^ Set(draws).reduce(0) { $0 | 1 << $1 }
            let backward = proposal(end)
            let chance = draws.reduce(1) { $0 * forward[$1] }
            let ratio = exp(beta * (energies[start] - energies[end])) * draws.reduce(1) { $0 * backward[$1] } / chance
            law[end] += chance * min(1, ratio)
            law[start] += chance * (1 - min(1, ratio))
        }
        let x = allStates(d, dtype: .float32).indexSelected(0, Tensor([Int](repeating: start, count: chains)))
        var native = try IsingGradientChains(
            model, count: chains, from: x, flips: flips, inverseTemperature: beta, using: RandomGenerator(seed: 2))
        let tensors = try KernelChains(
            GibbsWithGradients(model, flips: flips, inverseTemperature: beta), from: x, using: RandomGenerator(seed: 3))
        let moves = [native.step(), tensors.step()]
        for (points, moves) in zip([native.points, tensors.points], moves) {
            let states = stateNumbers(points)
            #expect(chiSquareDeviation(states, law) < 6)
            let distance = states.reduce(0) { $0 + ($1 ^ start).nonzeroBitCount }
            #expect(moves.proposed == chains && moves.distance == Double(distance))
            #expect(moves.accepted == states.count { $0 != start })
        }
    }

    /// Many steps on more sites than one group of 16 groups holds: weights and sums kept step by step decide as weights
    /// made anew from the same spins do.
    @Test(arguments: [1, 4])
    func weightsDoNotDrift(flips: Int) throws {
        let model = try Self.model(300)
        var kept = try IsingGradientChains(model, count: 20, flips: flips, using: RandomGenerator(seed: 4))
        var renewed = kept
        for _ in 0..<20 {
            kept.advance(100)
            renewed.advance(100)
            try renewed.restore(renewed.state)
        }
        #expect(kept.points.array(Int.self) == renewed.points.array(Int.self))
        #expect(kept.state.generator == renewed.state.generator)
    }

    /// At d = 300 single-flip chains from the exact conditionals' weights: the mean energy agrees with the heat bath's;
    /// 5 standard errors.
    @Test func manySitesAgreeWithTheHeatBath() throws {
        let model = try Self.model(300)
        var chains = try IsingGradientChains(
            model, count: 2048, inverseTemperature: 0.6, using: RandomGenerator(seed: 5))
        chains.advance(3000)
        var gibbs = try IsingGibbsChains(model, count: 4096, inverseTemperature: 0.6, using: RandomGenerator(seed: 6))
        gibbs.sweep(300)
        let values = [chains.points, gibbs.points].map { model.evaluate($0).converted(to: .float64) }
        let error = values.map { $0.variance().item() / Double($0.count) }.reduce(0, +).squareRoot()
        #expect(abs(values[0].mean().item() - values[1].mean().item()) < 5 * error)
        #expect(error < 0.005 * abs(values[1].mean().item()))
    }

    @Test func whatIsTooLargeIsNamed() throws {
        let model = try IsingModel.uniform(.squareTorus(side: 3), coupling: 9, field: 5)
        #expect(throws: SamplingError.field(41, limit: 40)) {
            try IsingGradientChains(model, count: 1, using: RandomGenerator(seed: 1))
        }
        #expect(throws: Never.self) {
            try IsingGradientChains(model, count: 1, inverseTemperature: 0.9, using: RandomGenerator(seed: 1))
        }
        #expect(throws: SamplingError.inverseTemperature(-0.5)) {
            try GibbsWithGradients(model, inverseTemperature: -0.5)
        }
    }
}

/// Random-walk Metropolis on a correlated normal.
@Suite struct RandomWalkTests {
    private struct Normal: EnergyModel {
        /// E = ½ xᵀ Σ⁻¹ x, Σ = [[1, ρ], [ρ, 1]], ρ = 0.6.
        let precision = Tensor([1 / 0.64, -0.6 / 0.64, -0.6 / 0.64, 1 / 0.64], shape: [2, 2])
        var parameters: Parameters { Parameters([]) }
        func energy(_ x: Tensor) -> Tensor { 0.5 * (x.matmul(precision) * x).sum(1) }
    }

    /// From exact samples, after 10 steps, at β = 1 and 4: means, variances and the correlation within 5 standard
    /// errors of 20,000 chains.
    @Test(arguments: [1.0, 4])
    func theNormalIsLeftInvariant(beta: Double) throws {
        let (n, generator) = (20_000, RandomGenerator(seed: 1))
        let z = Tensor.normal([n, 2], dtype: .float64, using: generator)
        let mixing = Tensor([1, 0.6, 0, 0.8], shape: [2, 2])
        let start = z.matmul(mixing) / beta.squareRoot()
        let chains = try KernelChains(
            RandomWalk(Normal(), scale: 1, inverseTemperature: beta), from: start, using: generator)
        var moves = Moves()
        for _ in 0..<10 { moves += chains.step() }
        let x = chains.points
        let scale = 1 / beta
        let (a, b) = (x.selected(1, 0), x.selected(1, 1))
        let errors = 5 / Double(n).squareRoot()
        for column in [a, b] {
            #expect(abs(column.mean().item()) < errors * scale.squareRoot())
            #expect(abs(column.squared().mean().item() - scale) < errors * 2.0.squareRoot() * scale)
        }
        #expect(abs((a * b).mean().item() - 0.6 * scale) < errors * 1.36.squareRoot() * scale)
        #expect(moves.proposed == 10 * n && (0.2...0.8).contains(moves.acceptanceRate))
        #expect(moves.distance > 0.3 * Double(n))
    }

    /// A narrow start spreads to the target's variance.
    @Test func theNormalIsReached() throws {
        let chains = try KernelChains(
            RandomWalk(Normal(), scale: 1), from: .zeros([4000, 2], dtype: .float64), using: RandomGenerator(seed: 2))
        for _ in 0..<150 { _ = chains.step() }
        let error = 5 * (2.0 / 4000).squareRoot()
        #expect(abs(chains.points.selected(1, 0).squared().mean().item() - 1) < error)
    }

    @Test func whatIsNoWalkIsNamed() throws {
        for scale in [0, -1, .nan, .infinity] {
            #expect(throws: SamplingError.self) { try RandomWalk(Normal(), scale: scale) }
        }
        #expect(throws: NonFiniteQuantity.self) {
            try KernelChains(
                RandomWalk(Normal(), scale: 1), from: .full([2, 2], .nan), using: RandomGenerator(seed: 1))
        }
    }
}
