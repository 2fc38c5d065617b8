import EnergyModels
import Oracles
import Testing
import Torch

/// Visits random sites, flips random chains, and compares each difference and, by the bits, each point.
func follow(_ model: some BinaryEnergyModel, dtype: DType, steps: Int, tolerance: Double) {
    let d = model.dimension
    let start = coinFlips([6, d], dtype: dtype)
    let state = model.flipState(start)
    var bits = start.array(Int.self)
    let generator = RandomGenerator(seed: 8)
    for _ in 0..<steps {
        let site = Int(generator.next() % UInt64(d))
        let difference = state.flipDifference(at: site)
        let flipped = bits.enumerated().map { $0 % d == site ? 1 - $1 : $1 }
        func energies(_ bits: [Int]) -> Tensor {
            model.evaluate(Tensor(bits, shape: [6, d]).converted(to: dtype))
        }
        #expect(deviation(difference, energies(bits) - energies(flipped)) < tolerance)
        #expect(state.x.array(Int.self) == bits)
        let accepted = Tensor.integers([6], 0..<2, dtype: .bool, using: generator)
        state.flip(at: site, where: accepted)
        let mask = accepted.array(Int.self)
        for n in bits.indices where n % d == site && mask[n / d] == 1 { bits[n] = flipped[n] }
    }
    #expect(state.x.array(Int.self) == bits)
    #expect(start.array(Int.self) == coinFlips([6, d]).array(Int.self))
    #expect(!state.x.requiresGradient && !state.flipDifference(at: 0).requiresGradient)
}

/// Chains that flip bits one after the other, against fresh evaluations of the points they stand at.
@Suite struct FlipStateTests {
    /// Each accepted flip adds one rounding to the first layer's pre-activations: 300 of them, of 10⁻⁷ each at most.
    @Test(arguments: [[16], [32, 16], [16, 16, 16]])
    func theKernelsChainsStayTrue(hidden: [Int]) {
        follow(mlp(7, hidden), dtype: .float32, steps: 300, tolerance: 1e-5)
    }

    @Test func evaluatedChainsStayTrue() {
        follow(GenericFlips(mlp(7, [16, 16])), dtype: .float32, steps: 100, tolerance: 1e-6)
        follow(mlp(7, [9], dtype: .float64), dtype: .float64, steps: 100, tolerance: 1e-14)
        let spins = SpinEnergy.random(7, scale: 0.5, using: RandomGenerator(seed: 1))
        follow(spins, dtype: .float64, steps: 100, tolerance: 1e-13)
    }

    @Test func severalSitesMayBeVisitedWithoutFlipping() {
        let model = mlp(6, [16])
        let x = coinFlips([3, 6])
        let state = model.flipState(x)
        let differences = Tensor.stacked((0..<6).map { state.flipDifference(at: $0) }, along: 1)
        #expect(deviation(differences, withoutGradients { model.flipDifferences(x, at: nil) }) < 1e-6)
    }

    @Test func viewsAndConstantsStart() {
        let model = mlp(4, [16])
        let view = coinFlips([4, 5]).transposed()
        let state = model.flipState(view)
        let difference = state.flipDifference(at: 2)
        #expect(deviation(difference, withoutGradients { model.flipDifferences(view, at: nil) }.selected(1, 2)) < 1e-6)
        state.flip(at: 2, where: Tensor.ones([5], dtype: .bool))
        #expect(view.array(Int.self) == coinFlips([4, 5]).transposed().array(Int.self))
    }
}
