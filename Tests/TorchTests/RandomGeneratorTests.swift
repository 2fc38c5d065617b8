import Oracles
import Testing
import Torch

/// The expected numbers are PyTorch 2.13's on the processor, each drawn right after `torch.manual_seed(1023)` by the
/// call in the comment. Uniform and whole numbers are exact; normal and exponential ones pass through logarithms and
/// cosines that differ in the last place between vector units, so 10⁻⁶ in float32 and 10⁻¹⁴ in float64.
@Suite struct RandomGeneratorTests {
    private var seeded: RandomGenerator { RandomGenerator(seed: 1023) }

    @Test func uniformNumbersArePyTorchs() {
        // torch.rand(5)
        #expect(
            Tensor.uniform([5], using: seeded).array(Float.self)
                == [
                    0.0018658041954040527, 0.43936365842819214, 0.2982308268547058, 0.3727529048919678,
                    0.2869047522544861,
                ])
        // torch.rand(5, dtype=torch.float64)
        #expect(
            Tensor.uniform([5], dtype: .float64, using: seeded).array(Double.self)
                == [
                    0.01492684416354384, 0.3858470700173693, 0.2952383293401125, 0.33365378755177477,
                    0.8967401860302913,
                ])
        // torch.empty(4).uniform_(-2, 3), which is rounded once or twice by whether the processor's multiplication and
        // addition are fused: 6e-8 apart.
        #expect(
            deviation(
                Tensor.uniform([4], low: -2, high: 3, using: seeded).converted(to: .float64).array(),
                [-1.990670919418335, 0.1968182921409607, -0.508845865726471, -0.13623547554016113]) < 3e-7)
    }

    @Test func fewNormalNumbersArePyTorchs() {
        // torch.randn(5): below 16 numbers one by one, in pairs of which the second is kept for the next call.
        #expect(
            deviation(
                Tensor.normal([5], using: seeded).array(),
                [0.9830926656723022, 0.09247372299432755, -0.2526804804801941, 0.8648955821990967, 1.5918391942977905])
                < 1e-6)
        // torch.randn(3, dtype=torch.float64)
        #expect(
            deviation(
                Tensor.normal([3], dtype: .float64, using: seeded).array(),
                [0.9830926870293868, 0.0924737213472587, -0.25268048140998506]) < 1e-14)
    }

    @Test func manyNormalNumbersArePyTorchs() {
        // torch.randn(16): from 16 numbers on a vectorised method with an order of its own.
        #expect(
            deviation(
                Tensor.normal([16], using: seeded).array(),
                [
                    0.004951039794832468, -1.0757821798324585, -0.08968572318553925, 0.12740784883499146,
                    -0.7056052684783936, 0.29828816652297974, 0.33445870876312256, -0.4567272365093231,
                    0.0609145388007164, -0.007652753032743931, -0.8368141651153564, -0.9573906064033508,
                    -0.4223763942718506, 0.4358532726764679, -1.2035900354385376, 0.5253481864929199,
                ]) < 1e-6)
        // torch.randn(19): the last 16 are drawn once more.
        #expect(
            deviation(
                Tensor.normal([19], using: seeded).array(),
                [
                    0.004951039794832468, -1.0757821798324585, -0.08968572318553925, -0.43196600675582886,
                    -1.8467570543289185, 0.48720797896385193, -0.5331264734268188, 0.7735704779624939,
                    1.7361249923706055, -1.510141372680664, -2.355684518814087, 0.9026916027069092,
                    1.8236116170883179, -0.4041602909564972, 0.09679242968559265, 1.837159276008606,
                    -0.2471688985824585, -0.16199590265750885, 1.04205322265625,
                ]) < 1e-6)
        // torch.randn(17, dtype=torch.float64)
        #expect(
            deviation(
                Tensor.normal([17], dtype: .float64, using: seeded).array(),
                [
                    -0.07448162937171389, 0.9641104493670157, -0.6824897115811275, -1.3292697958599065,
                    -0.6370174706414815, 1.0291405759623593, 1.110793902445365, -0.07132168712055031,
                    0.4386011460438856, -0.5824059866973653, 0.5420862769030258, -0.5989023912347342,
                    -0.519195388581209, -0.6496892139879736, -0.254661799709699, 0.0013315145579453002,
                    -0.8232913139076437,
                ]) < 1e-14)
    }

    @Test func exponentialNumbersArePyTorchs() {
        // torch.empty(4).exponential_()
        let x = Tensor.empty([4])
        seeded.fillExponential(x)
        #expect(
            deviation(x.array(), [0.015039370395243168, 0.4875113070011139, 0.3498955965042114, 0.40594589710235596])
                < 1e-6)
    }

    @Test func wholeNumbersArePyTorchs() {
        // torch.randint(2, (4, 8))
        #expect(
            Tensor.integers([4, 8], 0..<2, using: seeded).array(Int.self)
                == [1, 1, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0])
        // torch.randint(-5, 1000, (8,))
        #expect(
            Tensor.integers([8], -5..<1000, using: seeded).array(Int.self) == [2, 19, 899, 975, 658, 23, 828, 338])
    }

    @Test func categoricalDrawsArePyTorchs() {
        let weights = Tensor([1, 2, 3, 4, 0, 1, 0, 1, 5, 0, 0, 1] as [Float], shape: [3, 4])
        // torch.multinomial(weights, 6, replacement=True)
        #expect(
            seeded.multinomial(weights, count: 6, replacement: true).array(Int.self)
                == [0, 2, 1, 2, 3, 3, 3, 1, 3, 3, 3, 1, 0, 0, 0, 0, 0, 0])
        // torch.multinomial(weights, 1): one draw is the same with and without replacement.
        #expect(seeded.multinomial(weights, count: 1, replacement: true).array(Int.self) == [0, 3, 3])
        #expect(seeded.multinomial(weights, count: 1, replacement: false).array(Int.self) == [0, 3, 3])
        // torch.multinomial(others, 3)
        let others = Tensor([1, 2, 3, 4, 5, 3, 1, 1, 1, 1] as [Float], shape: [2, 5])
        #expect(seeded.multinomial(others, count: 3, replacement: false).array(Int.self) == [0, 3, 2, 2, 0, 3])
    }

    @Test func coinsAndPermutationsArePyTorchs() {
        // torch.bernoulli(torch.full((12,), 0.3))
        #expect(
            seeded.bernoulli(.full([12], 0.3)).array(Int.self) == [1, 0, 1, 0, 1, 1, 0, 1, 1, 0, 0, 0])
        // The third probability is NaN: it takes its place in the stream and gives 0.
        let damaged = Tensor((0..<12).map { $0 == 2 ? Float.nan : 0.3 })
        #expect(seeded.bernoulli(damaged).array(Int.self) == [1, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0])
        // torch.bernoulli(torch.linspace(0, 1, 12, dtype=torch.float64))
        let p = Tensor.range(12, dtype: .float64) / 11
        #expect(seeded.bernoulli(p).array(Int.self) == [0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1])
        // torch.randperm(12)
        #expect(seeded.permutation(12).array(Int.self) == [7, 2, 11, 1, 3, 0, 8, 10, 6, 5, 4, 9])
    }

    @Test func drawsOfDifferentKindsFollowEachOtherAsInPyTorch() {
        // torch.rand(3), torch.randn(3), torch.randn(2), torch.randint(10, (3,)), torch.multinomial(w, 2),
        // torch.rand(2)
        let generator = seeded
        #expect(
            Tensor.uniform([3], using: generator).array(Float.self)
                == [0.0018658041954040527, 0.43936365842819214, 0.2982308268547058])
        #expect(
            deviation(
                Tensor.normal([3], using: generator).array(),
                [0.2891595661640167, -0.03280011564493179, -0.024106886237859726]) < 1e-6)
        #expect(
            deviation(Tensor.normal([2], using: generator).array(), [-0.13272596895694733, 0.3595914840698242]) < 1e-6)
        #expect(Tensor.integers([3], 0..<10, using: generator).array(Int.self) == [8, 7, 1])
        let weights = Tensor([1, 2, 3, 4, 5, 3, 1, 1, 1, 1] as [Float], shape: [2, 5])
        #expect(generator.multinomial(weights, count: 2, replacement: false).array(Int.self) == [2, 3, 0, 4])
        #expect(Tensor.uniform([2], using: generator).array(Float.self) == [0.5818150043487549, 0.025416076183319092])
    }

    // MARK: - State

    /// Draws of every kind, the odd normal number leaving its partner for the next call.
    private func draws(_ generator: RandomGenerator) -> [Double] {
        let weights = Tensor.ones([2, 5])
        return Tensor.normal([3], using: generator).array(Double.self)
            + Tensor.normal([3], dtype: .float64, using: generator).array(Double.self)
            + Tensor.uniform([7], using: generator).array(Double.self)
            + Tensor.normal([20], using: generator).array(Double.self)
            + generator.multinomial(weights, count: 2, replacement: false).array(Double.self)
            + generator.permutation(9).array(Double.self) + [generator.uniform()]
    }

    @Test func aRestoredGeneratorGoesOnWhereItWas() throws {
        let generator = RandomGenerator(seed: 11)
        for _ in 0..<200 {
            _ = draws(generator)  // 200 rounds pass the twister's renewal, every 624 words, many times
            let state = generator.state
            let expected = draws(generator)
            try generator.restore(state)
            #expect(draws(generator) == expected)
            let other = RandomGenerator(seed: 99)
            try other.restore(state)
            #expect(draws(other) == expected)
        }
    }

    @Test func bytesThatAreNoStateAreRefusedAndChangeNothing() throws {
        let generator = RandomGenerator(seed: 11)
        let state = generator.state
        #expect(throws: RandomStateError.self) { try generator.restore([]) }
        #expect(throws: RandomStateError.self) { try generator.restore([1, 2, 3]) }
        #expect(throws: RandomStateError.self) { try generator.restore(Array(state.dropLast())) }
        #expect(throws: RandomStateError.self) {
            try generator.restore([UInt8](repeating: 0xff, count: state.count))
        }
        #expect(generator.state == state)
        let error = #expect(throws: RandomStateError.self) { try generator.restore([1]) }
        #expect(error?.description.hasPrefix("not a saved random generator state: ") == true)
    }

    @Test func equalSeedsGiveEqualDrawsAndDifferentSeedsDifferentOnes() {
        #expect(draws(RandomGenerator(seed: 1)) == draws(RandomGenerator(seed: 1)))
        #expect(draws(RandomGenerator(seed: 1)) != draws(RandomGenerator(seed: 2)))
    }

    /// Streams differ in name or seed: the words a twister starts from (its seed's lower 32 bits) are all distinct, and
    /// uniform numbers of two streams are uncorrelated: n = 10⁵ products of centred numbers have a mean of standard
    /// deviation 1/(12√n), and 6 of these bound it.
    @Test func streamsAreIndependent() {
        let names = ["data", "model", "flips", "chains", "flips2", ""]
        let words = (0..<100).flatMap { seed in
            names.map { UInt32(truncatingIfNeeded: RandomGenerator.seed(seed, stream: $0)) }
        }
        #expect(Set(words).count == words.count)
        let n = 100_000
        func numbers(_ seed: UInt64, _ stream: String) -> Tensor {
            .uniform([n], dtype: .float64, using: RandomGenerator(seed: seed, stream: stream)) - 0.5
        }
        let bound = 6.0 / 12 / Double(n).squareRoot()
        #expect(abs((numbers(1, "data") * numbers(1, "flips")).mean().item()) < bound)
        #expect(abs((numbers(1, "data") * numbers(2, "data")).mean().item()) < bound)
        #expect(abs((numbers(1, "data") * numbers(1, "data")).mean().item()) > bound)
    }

    @Test func aStreamsSeedIsPinned() {
        // Reference runs depend on it. FNV-1a of "data" is 0x855b556730a34a05; then splitmix64's finalizer.
        var z: UInt64 = 0x855b_5567_30a3_4a05 &+ 7 &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        #expect(RandomGenerator.seed(7, stream: "data") == z ^ (z >> 31))
    }

    /// A bound of 6 standard deviations each: 1/√(12n) for the mean of uniform numbers.
    @Test func doublesAreUniformOnTheUnitInterval() {
        let generator = RandomGenerator(seed: 4)
        let n = 10_000
        let numbers = (0..<n).map { _ in generator.uniform() }
        #expect(numbers.allSatisfy { 0..<1 ~= $0 })
        #expect(abs(numbers.reduce(0, +) / Double(n) - 0.5) < 6 / (12 * Double(n)).squareRoot())
        #expect(Set(numbers).count == n)  // 53 bits: two equal ones in 10⁴ come once in 10⁸ seeds
    }
}
