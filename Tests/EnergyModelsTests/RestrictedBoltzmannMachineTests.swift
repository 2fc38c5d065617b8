import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// Five visible and three hidden bits, float64: all sums over hidden bits are written out. 10⁻¹³ is some hundred
/// roundings.
@Suite struct RestrictedBoltzmannMachineTests {
    private func machine(visible: Int = 5, hidden: Int = 3, dtype: DType = .float64) -> RestrictedBoltzmannMachine {
        let generator = RandomGenerator(seed: 7)
        let machine = RestrictedBoltzmannMachine(visible: visible, hidden: hidden, dtype: dtype, using: generator)
        withoutGradients { for parameter in machine.parameters.tensors { generator.fillNormal(parameter) } }
        return machine
    }

    /// e^{−E(v, h)}, row v and column h.
    private func jointWeights(_ machine: RestrictedBoltzmannMachine) -> [[Double]] {
        let w = machine.weight.array(Double.self)
        let (b, c) = (machine.visibleBias.array(Double.self), machine.hiddenBias.array(Double.self))
        return (0..<32).map { v in
            (0..<8).map { h in
                var sum = 0.0
                for i in 0..<5 where v >> i & 1 == 1 { sum += b[i] }
                for k in 0..<3 where h >> k & 1 == 1 {
                    sum += c[k]
                    for i in 0..<5 where v >> i & 1 == 1 { sum += w[k * 5 + i] }
                }
                return exp(sum)
            }
        }
    }

    @Test func theFreeEnergySumsTheHiddenBitsOut() {
        let machine = machine()
        let weights = jointWeights(machine)
        let expected = weights.map { -log($0.reduce(0, +)) }
        #expect(deviation(machine.evaluate(allStates(5)).array(), expected) < 1e-14)
        #expect(machine.dimension == 5 && machine.hiddenCount == 3)
        let (v, h) = (allStates(8).narrowed(1, start: 0, length: 5), allStates(8).narrowed(1, start: 5, length: 3))
        let joint = (0..<256).map { -log(weights[$0 % 32][$0 / 32]) }
        #expect(deviation(machine.jointEnergy(v, h).detached().array(), joint) < 1e-14)
    }

    /// p(hₖ = 1 | v) and p(vᵢ = 1 | h) are ratios of sums over the joint weights.
    @Test func conditionalsAreThoseOfTheJointDistribution() {
        let machine = machine()
        let weights = jointWeights(machine)
        let hidden = machine.hiddenProbabilities(allStates(5)).detached().array(Double.self)
        for v in 0..<32 {
            for k in 0..<3 {
                let on = (0..<8).filter { $0 >> k & 1 == 1 }.reduce(0) { $0 + weights[v][$1] }
                #expect(abs(hidden[v * 3 + k] - on / weights[v].reduce(0, +)) < 1e-14)
            }
        }
        let visible = machine.visibleProbabilities(allStates(3)).detached().array(Double.self)
        for h in 0..<8 {
            let column = weights.map { $0[h] }
            for i in 0..<5 {
                let on = (0..<32).filter { $0 >> i & 1 == 1 }.reduce(0) { $0 + column[$1] }
                #expect(abs(visible[h * 5 + i] - on / column.reduce(0, +)) < 1e-14)
            }
        }
    }

    @Test func flipDifferencesAreThoseOfFlippedCopies() {
        let (machine, x) = (machine(), coinFlips([10, 5], dtype: .float64))
        let indices = Tensor((0..<40).map { $0 * 7 % 5 }, shape: [10, 4])
        for indices in [nil, indices] {
            let (found, expected) = (
                machine.flipDifferences(x, at: indices), machine.genericFlipDifferences(x, at: indices)
            )
            #expect(deviation(found, expected) < 1e-13)
            let weights = Tensor.normal(found.shape, dtype: .float64, using: RandomGenerator(seed: 3))
            let parameters = machine.parameters.tensors
            let a = gradients(of: (weights * found.squared()).sum(), withRespectTo: parameters)
            let b = gradients(of: (weights * expected.squared()).sum(), withRespectTo: parameters)
            for (a, b) in zip(a, b) { #expect(deviation(a, b) < 1e-12) }
        }
    }

    @Test func gradientsAreThoseOfDifferences() {
        let (machine, x) = (machine(), coinFlips([10, 5], dtype: .float64))
        #expect(deviation(machine.inputGradient(x), machine.recordedInputGradient(x)) < 1e-14)
        #expect(!machine.inputGradient(x).requiresGradient)
        let loss = { machine.flipDifferences(x, at: nil).squared().sum() }
        let found = gradients(of: loss(), withRespectTo: machine.parameters.tensors)
        for (parameter, gradient) in zip(machine.parameters.tensors, found) {
            let expected = centralDifferences(at: parameter) { withoutGradients { loss().item() } }
            #expect(deviation(gradient.array(), expected) < 1e-8)
        }
    }

    @Test(arguments: [1, 2, 4])
    func aPowerOfAMachineIsAMachine(power: Int) {
        let machine = machine()
        let raised = machine.raised(toPower: power)
        let expected = machine.evaluate(allStates(5)).array(Double.self).map { Double(power) * $0 }
        #expect(deviation(raised.evaluate(allStates(5)).array(), expected) < 1e-13)
        #expect(raised.hiddenCount == 3 * power && !raised.weight.requiresGradient)
    }

    /// All flips by the kernel in float32 against float64, which takes the plain path. Weights up to 0.3 as learnt ones
    /// have, weights of ±35, of which a product holds two factors, and of ±60, beyond the kernel's range; hidden units
    /// that fill no vector, more points than a block. 10⁻⁶ of the largest number is some ten roundings, of sums over up
    /// to 83 units.
    @Test(arguments: [0.3, 35, 60], [3, 16, 83])
    func allFlipsAtOnceInFloat32(largest: Double, hidden: Int) {
        let truth = machine(visible: 21, hidden: hidden)
        withoutGradients {
            let weight = truth.weight
            let signs = 2 * (weight .> 0).converted(to: .float64) - 1
            weight.assign(largest > 1 ? largest * signs : weight * (largest / weight.abs().max().item()))
        }
        let single = machine(visible: 21, hidden: hidden, dtype: .float32)
        withoutGradients {
            for (mine, exact) in zip(single.parameters.tensors, truth.parameters.tensors) {
                mine.assign(exact.converted(to: .float32))
                exact.assign(mine.converted(to: .float64))
            }
        }
        let x = coinFlips([19, 21], dtype: .float64)
        let weights = Tensor.normal([19, 21], dtype: .float64, using: RandomGenerator(seed: 3))
        let expected = truth.flipDifferences(x, at: nil)
        let found = single.flipDifferences(x.converted(to: .float32), at: nil)
        let size = expected.abs().max().item()
        #expect(deviation(found.converted(to: .float64), expected) < 1e-6 * max(1, size))
        let a = gradients(of: (weights.converted(to: .float32) * found).sum(), withRespectTo: single.parameters.tensors)
        let b = gradients(of: (weights * expected).sum(), withRespectTo: truth.parameters.tensors)
        // Each sums up to 19 · 21 terms that are weights times probabilities.
        for (a, b) in zip(a, b) { #expect(deviation(a.converted(to: .float64), b) < 1e-6 * weights.abs().sum().item()) }
    }

    /// Pre-activations are carried over 1,023 flips and then computed afresh: 10⁻⁷ · √1,023 of numbers up to ten in
    /// float32. The second kind of chain goes past a fresh start and on.
    @Test func chainsStayTrue() {
        follow(machine(), dtype: .float64, steps: 100, tolerance: 1e-13)
        follow(machine(dtype: .float32), dtype: .float32, steps: 1200, tolerance: 2e-5)
    }

    /// The weight of a PyTorch `Linear`, no hidden bias, and a visible bias of which W = 0 has the data's marginals,
    /// shrunk by 1 %.
    @Test func initialisation() {
        let plain = RestrictedBoltzmannMachine(visible: 4, hidden: 6, using: RandomGenerator(seed: 3))
        let linear = Linear(inputs: 4, outputs: 6, using: RandomGenerator(seed: 3))
        #expect(plain.weight.array(Float.self) == linear.weight.array())
        #expect(plain.hiddenBias.array(Float.self) == [Float](repeating: 0, count: 6))
        #expect(plain.visibleBias.array(Float.self) == [0, 0, 0, 0])
        #expect(plain.parameters.allSatisfy { $0.tensor.requiresGradient })
        let informed = RestrictedBoltzmannMachine(
            visible: 4, hidden: 6, dataMean: Tensor([0, 0.25, 0.5, 1]), using: RandomGenerator(seed: 3))
        withoutGradients { informed.weight.fill(0) }
        #expect(deviation(informed.visibleProbabilities(.zeros([1, 6])).array(), [0.01, 0.255, 0.5, 0.99]) < 1e-6)
    }
}

@Suite struct UnrestrictedBoltzmannMachineTests {
    private func machine(_ alphabet: Alphabet, visible: Int = 5, hidden: Int = 3) throws -> UnrestrictedBoltzmannMachine
    {
        let energy = randomQuadratic(visible + hidden, scale: 0.7, alphabet: alphabet, offset: 0.3, seed: 12)
        return try UnrestrictedBoltzmannMachine(energy, hidden: hidden, dtype: .float64)
    }

    /// −log of plain sums over the hidden bits, which are the last.
    @Test(arguments: Alphabet.allCases, [0, 1, 3])
    func theFreeEnergySumsTheHiddenBitsOut(alphabet: Alphabet, hidden: Int) throws {
        let joint = randomQuadratic(5 + hidden, scale: 0.7, alphabet: alphabet, offset: 0.3, seed: 12)
        let machine = try machine(alphabet, hidden: hidden)
        let expected = (0..<32).map { v in
            -log((0..<1 << hidden).reduce(0) { $0 + exp(-joint.energy(ofState: v | $1 << 5)) })
        }
        #expect(deviation(machine.evaluate(allStates(5)).array(), expected) < 1e-14)
        #expect(machine.dimension == 5 && machine.hiddenCount == hidden)
        let all = allStates(5 + hidden)
        let energies = machine.jointEnergy(
            all.narrowed(1, start: 0, length: 5), all.narrowed(1, start: 5, length: hidden)
        ).detached()
        #expect(deviation(energies.array(), (0..<32 << hidden).map { joint.energy(ofState: $0) }) < 1e-14)
    }

    @Test(arguments: Alphabet.allCases)
    func flipDifferencesAreThoseOfFlippedCopies(alphabet: Alphabet) throws {
        let (machine, x) = (try machine(alphabet), coinFlips([10, 5], dtype: .float64))
        let indices = Tensor((0..<40).map { $0 * 7 % 5 }, shape: [10, 4])
        for indices in [nil, indices] {
            let (found, expected) = (
                machine.flipDifferences(x, at: indices), machine.genericFlipDifferences(x, at: indices)
            )
            #expect(deviation(found, expected) < 1e-13)
            let a = gradients(of: found.squared().sum(), withRespectTo: machine.parameters.tensors)
            let b = gradients(of: expected.squared().sum(), withRespectTo: machine.parameters.tensors)
            for (a, b) in zip(a, b) { #expect(deviation(a, b) < 1e-12) }
        }
        follow(machine, dtype: .float64, steps: 30, tolerance: 1e-13)
    }

    /// Without couplings inside a layer it is an RBM.
    @Test func withoutCouplingsInALayerItIsRestricted() throws {
        let rbm = RestrictedBoltzmannMachine(visible: 4, hidden: 3, dtype: .float64, using: RandomGenerator(seed: 1))
        withoutGradients { for parameter in rbm.parameters.tensors { RandomGenerator(seed: 2).fillNormal(parameter) } }
        let w = rbm.weight.array(Double.self)
        var couplings = [Double](repeating: 0, count: 49)
        for k in 0..<3 {
            for i in 0..<4 { (couplings[i * 7 + 4 + k], couplings[(4 + k) * 7 + i]) = (w[k * 4 + i], w[k * 4 + i]) }
        }
        let energy = try QuadraticEnergy(
            couplings: couplings, fields: rbm.visibleBias.array() + rbm.hiddenBias.array(), alphabet: .bits)
        let machine = try UnrestrictedBoltzmannMachine(energy, hidden: 3, dtype: .float64)
        #expect(deviation(machine.evaluate(allStates(4)), rbm.evaluate(allStates(4))) < 1e-14)
        #expect(deviation(machine.inputGradient(allStates(4)), rbm.inputGradient(allStates(4))) < 1e-13)
    }

    @Test func hiddenUnitsThatCannotBeSummedOutAreNamed() {
        let energy = randomQuadratic(14, scale: 1, alphabet: .bits)
        #expect(throws: HiddenUnitError.tooManyHiddenUnits(13)) { try UnrestrictedBoltzmannMachine(energy, hidden: 13) }
        for hidden in [14, -1] {
            #expect(throws: HiddenUnitError.noVisibleUnits(hidden: hidden, units: 14)) {
                try UnrestrictedBoltzmannMachine(energy, hidden: hidden)
            }
        }
        #expect(HiddenUnitError.tooManyHiddenUnits(13).description.contains("at most 12 hidden units"))
    }
}
