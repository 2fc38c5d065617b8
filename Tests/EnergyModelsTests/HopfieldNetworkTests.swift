import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

@Suite struct HopfieldNetworkTests {
    private let patterns = coinFlips([3, 100], dtype: .float32, seed: 21)

    /// Jᵢⱼ = (1/d) Σ ξᵢξⱼ, by hand for two patterns of three spins: (+ + −) and (− + +).
    @Test func couplingsAreHebbs() throws {
        let network = HopfieldNetwork(storing: Tensor([1, 1, 0, 0, 1, 1], shape: [2, 3]), dtype: .float64)
        let energy = try network.machine.quadraticEnergy()
        #expect(energy.alphabet == .spins && energy.fields == [0, 0, 0])
        #expect(deviation(energy.couplings, [0, 0, -2, 0, 0, 0, -2, 0, 0].map { $0 / 3 }) < 1e-15)
        // One pattern of d spins has −½ (d − 1): d (d − 1) / 2 pairs at 1/d.
        let single = HopfieldNetwork(storing: patterns[0..<1], dtype: .float64)
        #expect(abs(single.evaluate(patterns[0..<1].converted(to: .float64)).item() + 49.5) < 1e-12)
    }

    /// Three patterns of 100 spins, far below the capacity of 0.138 d, with 15 spins wrong in each.
    @Test(arguments: [false, true])
    func noisyPatternsAreRecalled(random: Bool) throws {
        let network = HopfieldNetwork(storing: patterns)
        let flips = Tensor((0..<3).flatMap { row in (0..<15).map { ($0 * 7 + row) % 100 } }, shape: [3, 15])
        let noisy = patterns.scattered(1, flips, 1 - patterns.gathered(1, flips))
        #expect((noisy - patterns).abs().sum().item() == 45)
        let order: HopfieldNetwork.Order = random ? .random(RandomGenerator(seed: 5)) : .ascending
        let recall = try network.recall(noisy, order: order)
        #expect(recall.x.array(Int.self) == patterns.array() && recall.x.dtype == .float32)
        #expect(recall.converged == [true, true, true] && recall.sweeps.allSatisfy { 2...5 ~= $0 })
        let again = try network.recall(patterns)
        #expect(again.x.array(Int.self) == patterns.array() && again.sweeps == [1, 1, 1])
    }

    /// The first 60 sites are given and stay; the other 40 start as coin flips.
    @Test func halfAPatternIsCompleted() throws {
        let network = HopfieldNetwork(storing: patterns)
        let coins = coinFlips([3, 100], seed: 77)
        let known = (0..<100).map { $0 < 60 }
        let mask = Tensor(known.map { Float($0 ? 1 : 0) })
        let start = mask * patterns + (1 - mask) * coins
        let recall = try network.recall(start, clamped: known)
        #expect(recall.x.array(Int.self) == patterns.array() && recall.converged == [true, true, true])
        // Clamped sites stay even where they are wrong; the others are recalled in spite of them.
        let few = (0..<100).map { $0 < 5 }
        let wrong = Tensor(few.map { Float($0 ? 1 : 0) })
        let forced = wrong * (1 - patterns) + (1 - wrong) * patterns
        let kept = try network.recall(wrong * (1 - patterns) + (1 - wrong) * coins, clamped: few)
        #expect(
            kept.x.narrowed(1, start: 0, length: 5).array(Int.self) == forced.narrowed(1, start: 0, length: 5).array())
        #expect(try network.recall(forced, clamped: few).x.array(Int.self) == forced.array())
        #expect(try network.recall(forced).x.array(Int.self) == patterns.array())
    }

    /// A glassy network: energies after 0, 1, 2 … sweeps never rise; where a row converged no single flip lowers its
    /// energy.
    @Test(arguments: [false, true])
    func theEnergyNeverRises(random: Bool) throws {
        let network = HopfieldNetwork(randomQuadratic(30, scale: 1, alphabet: .spins, seed: 2), dtype: .float64)
        let start = coinFlips([20, 30], dtype: .float64)
        var energies = network.evaluate(start).array(Double.self)
        for sweeps in 1...12 {
            let order: HopfieldNetwork.Order = random ? .random(RandomGenerator(seed: 5)) : .ascending
            let recall = try network.recall(start, order: order, maximumSweeps: sweeps)
            let next = network.evaluate(recall.x).array(Double.self)
            if !random { for (before, after) in zip(energies, next) { #expect(after <= before + 1e-12) } }
            for (before, after) in zip(network.evaluate(start).array(Double.self), next) {
                #expect(after <= before + 1e-12)
            }
            let differences = withoutGradients { network.flipDifferences(recall.x, at: nil) }.max(1).array(Double.self)
            for row in 0..<20 where recall.converged[row] { #expect(differences[row] <= 1e-12) }
            for row in 0..<20 where !recall.converged[row] { #expect(recall.sweeps[row] == sweeps) }
            if sweeps == 1 { #expect(recall.converged.contains(false)) }
            if sweeps == 12 { #expect(!recall.converged.contains(false)) }
            energies = next
        }
    }

    /// Two equal and opposite couplings: a field of 0 moves nothing, and the row has converged.
    @Test func aFieldOfZeroMovesNothing() throws {
        let energy = try QuadraticEnergy(
            couplings: [0, 0.3, 0.3, 0.3, 0, 0, 0.3, 0, 0], fields: [0, 1, -1], alphabet: .spins)
        for start in [[1, 1, 0], [0, 1, 0]] {
            let recall = try HopfieldNetwork(energy, dtype: .float64).recall(
                Tensor(start, shape: [1, 3]).converted(to: .float64))
            #expect(recall.x.array(Int.self) == start && recall.converged == [true] && recall.sweeps == [1])
        }
    }

    @Test func itIsABinaryModel() throws {
        let network = HopfieldNetwork(
            randomQuadratic(6, scale: 1, alphabet: .bits, offset: 0.5, seed: 2), dtype: .float64)
        let expected = (0..<64).map {
            randomQuadratic(6, scale: 1, alphabet: .bits, offset: 0.5, seed: 2).energy(ofState: $0)
        }
        #expect(deviation(network.evaluate(allStates(6)).array(), expected) < 1e-14)
        let x = coinFlips([5, 6], dtype: .float64)
        #expect(deviation(network.flipDifferences(x, at: nil), network.genericFlipDifferences(x, at: nil)) < 1e-13)
        #expect(deviation(network.inputGradient(x), network.recordedInputGradient(x)) < 1e-13)
        withoutGradients { network.machine.fields.fill(.infinity) }
        #expect(throws: CouplingError.nonFiniteField(0, .infinity)) { try network.recall(x) }
    }
}
