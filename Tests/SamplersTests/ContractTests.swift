import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

/// What every sampler owes: it leaves an enumerated target invariant, repeats from its state, and resumes at any step
/// of a schedule.
@Suite struct ContractTests {
    private static let d = 9
    private static let chains = 30_000

    /// A frustrated graph with fields, degrees 1 to 6; or, for the cluster update, a torus without.
    private static func model(_ sampler: Sampler) throws -> IsingModel {
        if sampler == .cluster {
            let torus = try Graph.squareTorus(side: 3)
            return try IsingModel(torus, couplings: torus.edges.indices.map { Float(0.2 + 0.02 * Double($0)) })
        }
        let graph = try Graph(
            siteCount: d,
            edges: [
                (0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (1, 4), (4, 7), (1, 7), (1, 5), (1, 6),
            ])
        return try IsingModel(
            graph, couplings: graph.edges.indices.map { Float(0.6 * sin(Double(2 * $0 + 1))) },
            fields: (0..<d).map { Float(0.5 * cos(Double(3 * $0))) })
    }

    /// A first-order proposal that is not exact.
    private static func mlp() -> MLPEnergy {
        let mlp = MLPEnergy(dimension: d, hidden: [16, 16], using: RandomGenerator(seed: 1))
        withoutGradients { for parameter in mlp.parameters.tensors { parameter.assign(2.5 * parameter) } }
        return mlp
    }

    enum Sampler: String, CaseIterable, Sendable {
        case gibbs, colouredGibbs, randomGibbs, cluster, gradient, gradientSeveral
        case denseGibbs, denseGradient
        case metropolis, heatBath, gradientTensor, gradientTensorSeveral, gradientMLP, gradientMLPSeveral
    }

    private static func target(_ sampler: Sampler) throws -> any BinaryEnergyModel {
        switch sampler {
        case .gradientMLP, .gradientMLPSeveral: mlp()
        default: try model(sampler)
        }
    }

    private static func chains(
        _ sampler: Sampler, from x: Tensor, beta: Double = 1, seed: UInt64
    ) throws -> any Chains {
        let generator = RandomGenerator(seed: seed)
        let (model, count) = (try model(sampler), x.size(0))
        switch sampler {
        case .gibbs, .colouredGibbs, .randomGibbs:
            let scan: IsingGibbsChains.Scan =
                sampler == .gibbs ? .systematic : sampler == .colouredGibbs ? .coloured : .random
            var chains = try IsingGibbsChains(
                model, count: count, from: x, scan: scan, inverseTemperature: beta, using: generator)
            chains.updatesPerStep = 4
            return chains
        case .cluster:
            return try IsingClusterChains(model, count: count, from: x, inverseTemperature: beta, using: generator)
        case .gradient, .gradientSeveral:
            return try IsingGradientChains(
                model, count: count, from: x, flips: sampler == .gradient ? 1 : 3, inverseTemperature: beta,
                using: generator)
        case .denseGibbs, .denseGradient:
            let energy = try QuadraticEnergy(
                couplings: (beta * model.couplingMatrix).array(), fields: (beta * model.fields).detached().array(),
                alphabet: .spins)
            return try DenseSpinChains(
                BoltzmannMachine(energy), sampler == .denseGibbs ? .gibbs : .gradients, count: count, from: x,
                using: generator)
        case .metropolis, .heatBath:
            let kernel = try SingleFlip(
                model, rule: sampler == .metropolis ? .metropolis : .heatBath, inverseTemperature: beta)
            return try KernelChains(kernel, from: x, using: generator)
        case .gradientTensor, .gradientTensorSeveral:
            let kernel = try GibbsWithGradients(
                model, flips: sampler == .gradientTensor ? 1 : 3, inverseTemperature: beta)
            return try KernelChains(kernel, from: x, using: generator)
        case .gradientMLP, .gradientMLPSeveral:
            let kernel = try GibbsWithGradients(
                mlp(), flips: sampler == .gradientMLP ? 1 : 3, inverseTemperature: beta)
            return try KernelChains(kernel, from: x, using: generator)
        }
    }

    /// Exact samples by inversion of the cumulated probabilities.
    private func exactSamples(_ probabilities: [Double], seed: UInt64) -> Tensor {
        let generator = RandomGenerator(seed: seed)
        let cumulated = probabilities.reduce(into: [0.0]) { $0.append($0.last! + $1) }.dropFirst()
        let states = (0..<Self.chains).map { _ -> Int in
            let u = generator.uniform()
            return min(
                cumulated.firstIndex { u < $0 }.map { $0 - 1 } ?? probabilities.count - 1, probabilities.count - 1)
        }
        return allStates(Self.d, dtype: .float32).indexSelected(0, Tensor(states))
    }

    /// Chains that start exactly at the target stay there, at two temperatures; and they do move. Chains are
    /// independent given the sites of a shared scan, so Pearson's statistic is chi-square: 6 standard deviations. The
    /// other temperature's law differs.
    @Test(arguments: Sampler.allCases, [1, 0.5])
    func theTargetIsLeftInvariant(sampler: Sampler, beta: Double) throws {
        let energies = try Self.target(sampler).evaluate(allStates(Self.d, dtype: .float32)).array(Double.self)
        let target = boltzmannProbabilities(energies, inverseTemperature: beta)
        let start = exactSamples(target, seed: 31)
        var chains = try Self.chains(sampler, from: start, beta: beta, seed: 32)
        var moves = Moves()
        for _ in 0..<10 { moves += try chains.step() }
        let states = stateNumbers(chains.points)
        #expect(chiSquareDeviation(states, target) < 6)
        #expect(chiSquareDeviation(states, boltzmannProbabilities(energies, inverseTemperature: 1.5 - beta)) > 6)
        let stayed = zip(states, stateNumbers(start)).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
        #expect(stayed < Self.chains / 2 && moves.distance > Double(Self.chains))
        #expect(moves.accepted <= moves.proposed && moves.proposed > 0)
    }

    /// From one state to the target: it is reached, not merely kept, in 120 steps over 512 states at β = ½.
    @Test(arguments: Sampler.allCases)
    func theTargetIsReached(sampler: Sampler) throws {
        let energies = try Self.target(sampler).evaluate(allStates(Self.d, dtype: .float32)).array(Double.self)
        let start = Tensor.zeros([3000, Self.d])
        var chains = try Self.chains(sampler, from: start, beta: 0.5, seed: 33)
        for _ in 0..<120 { _ = try chains.step() }
        let target = boltzmannProbabilities(energies, inverseTemperature: 0.5)
        #expect(chiSquareDeviation(stateNumbers(chains.points), target) < 6)
    }

    /// Saved in the middle of a schedule, restored into chains that stood elsewhere and drew otherwise: the same
    /// samples and moves.
    @Test(arguments: Sampler.allCases)
    func aScheduleResumesInTheMiddle(sampler: Sampler) throws {
        let start = Tensor.integers([100, Self.d], 0..<2, dtype: .float32, using: RandomGenerator(seed: 34))
        let schedule = try Schedule(burnIn: 7, thinning: 3, samples: 6)
        func check(_ chains: some Chains) throws {
            var whole = ScheduledChains(chains, schedule)
            var samples: [[Int]] = []
            var saved: (state: ChainState, steps: Int, moves: Moves, samples: Int)?
            while !whole.isFinished {
                if let sample = try whole.step() { samples.append(sample.array()) }
                if whole.stepsTaken == 14 {
                    saved = (whole.chains.state, whole.stepsTaken, whole.moves, samples.count)
                }
            }
            let before = try #require(saved)
            func resumed(_ other: some Chains) throws -> ([[Int]], Moves) {
                var other = other
                _ = try other.step()
                try other.restore(before.state)
                var rest = ScheduledChains(other, schedule, stepsTaken: before.steps, moves: before.moves)
                var samples: [[Int]] = []
                while let sample = try rest.nextSample() { samples.append(sample.array()) }
                return (samples, rest.moves)
            }
            let (rest, moves) = try resumed(try Self.chains(sampler, from: 1 - start, seed: 36))
            #expect(samples.count == 6 && Set(samples).count == 6)
            #expect(rest == Array(samples[before.samples...]) && moves == whole.moves)
            #expect(whole.hopDistance == whole.moves.distance / 18 / 100)
        }
        try check(try Self.chains(sampler, from: start, seed: 35))
    }

    /// The same seed, the same chains; another, others. Points are copies.
    @Test(arguments: Sampler.allCases)
    func chainsRepeatFromTheirSeed(sampler: Sampler) throws {
        let start = Tensor.integers([100, Self.d], 0..<2, dtype: .float32, using: RandomGenerator(seed: 34))
        func end(_ seed: UInt64) throws -> [Int] {
            var chains = try Self.chains(sampler, from: start, seed: seed)
            for _ in 0..<20 { _ = try chains.step() }
            chains.points.fill(0.5)
            return chains.points.array()
        }
        let (first, again, other) = (try end(1), try end(1), try end(2))
        #expect(first == again && first != other)
        #expect(first.allSatisfy { $0 == 0 || $0 == 1 })
    }

    /// A damaged state is refused, and the chains stay as they were.
    @Test(arguments: Sampler.allCases)
    func damagedStatesAreRefused(sampler: Sampler) throws {
        let start = Tensor.zeros([3, Self.d])
        var chains = try Self.chains(sampler, from: start, seed: 1)
        let state = chains.state
        var damaged = [state, state, state, state, state]
        damaged[0].points = Tensor.zeros([3, Self.d + 1])
        damaged[1].points = Tensor.full([3, Self.d], 0.5)
        damaged[2].generator.removeLast()
        damaged[3].position = -1
        damaged[4].generator = [UInt8](repeating: 0, count: state.generator.count)
        for (index, bad) in damaged.enumerated() {
            var refused = false
            do { try chains.restore(bad) } catch is SamplingError { refused = true }
            #expect(refused, "\(index)")
        }
        #expect(chains.state.generator == state.generator && chains.points.array(Int.self) == start.array(Int.self))
    }
}
