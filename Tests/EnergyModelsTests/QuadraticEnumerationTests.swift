import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

@Suite struct QuadraticEnumerationTests {
    /// log Z, moments and log p from plain sums over `energy(ofState:)`.
    private func bruteForce(
        _ energy: QuadraticEnergy, beta: Double
    ) -> (logZ: Double, first: [Double], second: [Double], logs: [Double]) {
        let d = energy.dimension
        let energies = (0..<1 << d).map { energy.energy(ofState: $0) }
        let p = boltzmannProbabilities(energies, inverseTemperature: beta)
        let least = energies.map { beta * $0 }.min()!
        let logZ = log(energies.reduce(0) { $0 + exp(least - beta * $1) }) - least
        var (first, second) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d * d))
        for (state, p) in p.enumerated() {
            let values = (0..<d).map {
                energy.alphabet == .bits ? Double(state >> $0 & 1) : state >> $0 & 1 == 1 ? 1 : -1
            }
            for i in 0..<d {
                first[i] += p * values[i]
                for j in 0..<d { second[i * d + j] += p * values[i] * values[j] }
            }
        }
        return (logZ, first, second, energies.map { -beta * $0 - logZ })
    }

    /// Fewer variables than the low spins of the walk, as many, more; all to some hundred roundings.
    @Test(arguments: [1, 2, 3, 5, 7, 8, 9, 10, 12], Alphabet.allCases)
    func agreesWithPlainSums(d: Int, alphabet: Alphabet) throws {
        let energy = randomQuadratic(d, scale: 0.8, alphabet: alphabet, offset: -0.4, seed: UInt64(d))
        for beta in [1, 0.3, -0.7] {
            let expected = bruteForce(energy, beta: beta)
            let found = try energy.exactMoments(inverseTemperature: beta)
            #expect(abs(found.logPartitionFunction - expected.logZ) < 1e-12)
            #expect(deviation(found.moments.first, expected.first) < 1e-13)
            #expect(deviation(found.moments.second, expected.second) < 1e-13)
            #expect(found.moments.alphabet == alphabet && found.inverseTemperature == beta)
            #expect(abs(found.entropy - entropy(of: expected.logs.map { exp($0) })) < 1e-12)
            let logs = try energy.exactLogProbabilities(inverseTemperature: beta)
            #expect(deviation(logs.array(), expected.logs) < 1e-13)
            let singles = try energy.exactLogProbabilities(inverseTemperature: beta, dtype: .float32)
            #expect(singles.dtype == .float32 && deviation(singles.array(), expected.logs) < 1e-7)
        }
    }

    /// Couplings so strong that one weight of 2⁸ is all: where factors would vanish, exponentials of sums stand in.
    @Test(arguments: [4.0, 40, 4000], [3, 9, 12])
    func strongCouplingsNeitherOverflowNorVanish(scale: Double, d: Int) throws {
        let energy = randomQuadratic(d, scale: scale, alphabet: .spins, seed: 4)
        let expected = bruteForce(energy, beta: 1)
        let found = try energy.exactMoments()
        #expect(abs(found.logPartitionFunction - expected.logZ) < 1e-13 * abs(expected.logZ))
        #expect(deviation(found.moments.first, expected.first) < 1e-11)
        #expect(deviation(found.moments.second, expected.second) < 1e-11)
    }

    /// The likeliest state is the one that the low table likes least, by 32x: couplings of −x among the low spins
    /// against a high one that insists. Factors serve to a range of 300; at 960 they would vanish.
    @Test(arguments: [2, 9.3, 9.4, 30])
    func theLikeliestStateMayBeTheLowTablesLeast(x: Double) throws {
        let d = 9
        var couplings = [Double](repeating: 0, count: d * d)
        for i in 0..<8 {
            for j in 0..<8 where i != j { couplings[i * d + j] = -x }
            (couplings[i * d + 8], couplings[8 * d + i]) = (20 * x, 20 * x)
        }
        let fields = [Double](repeating: 0, count: 8) + [0.1]
        let energy = try QuadraticEnergy(couplings: couplings, fields: fields, alphabet: .spins)
        let expected = bruteForce(energy, beta: 1)
        let found = try energy.exactMoments()
        #expect(abs(found.logPartitionFunction - expected.logZ) < 1e-13 * abs(expected.logZ))
        #expect(deviation(found.moments.first, expected.first) < 1e-12)
        #expect(deviation(found.moments.second, expected.second) < 1e-12)
    }

    /// Eight low spins as good as locked together, where exponentials of sums stand in, and four that are free in
    /// fields of 6: their states weigh e⁻¹², e⁻²⁴ … of the likeliest, and count.
    @Test func rareStatesCountBesideStrongCouplings() throws {
        let d = 12
        let couplings = (0..<d * d).map { $0 / d < 8 && $0 % d < 8 && $0 / d != $0 % d ? 20.0 : 0 }
        let fields = [Double](repeating: 0.01, count: 8) + [6, 6, -6, 6]
        let found = try QuadraticEnergy(couplings: couplings, fields: fields, alphabet: .spins).exactMoments()
        // 28 pairs of 20, the locked spins as one in a field of 0.08, four free ones.
        let logZ = 560 + log(2 * cosh(0.08)) + 4 * log(2 * cosh(6))
        #expect(abs(found.logPartitionFunction - logZ) < 1e-12)
        let first = [Double](repeating: tanh(0.08), count: 8) + [tanh(6), tanh(6), -tanh(6), tanh(6)]
        #expect(deviation(found.moments.first, first) < 1e-13)
        #expect(
            deviation(
                found.moments.second,
                (0..<d * d).map {
                    let (i, j) = ($0 / d, $0 % d)
                    return i == j || i < 8 && j < 8 ? 1 : first[i] * first[j]
                }) < 1e-13)
    }

    /// The generic enumeration of any model's energies, d = 16: an independent path through tensors.
    @Test(arguments: Alphabet.allCases)
    func agreesWithTheGenericEnumeration(alphabet: Alphabet) throws {
        let energy = randomQuadratic(16, scale: 0.5, alphabet: alphabet, offset: 0.2, seed: 16)
        let generic = BoltzmannMachine(energy, dtype: .float64).exactDistributions(
            inverseTemperatures: [0.5], keepingLogProbabilities: true)[0]
        let found = try energy.exactMoments(inverseTemperature: 0.5)
        #expect(abs(found.logPartitionFunction - generic.logPartitionFunction) < 1e-11)
        let logs = try #require(generic.logProbabilities)
        #expect(deviation(try energy.exactLogProbabilities(inverseTemperature: 0.5).array(), logs) < 1e-13)
        let expected = BinaryMoments(probabilities: logs.map { exp($0) }, alphabet: alphabet)
        #expect(deviation(found.moments.first, expected.first) < 1e-12)
        #expect(deviation(found.moments.second, expected.second) < 1e-12)
        #expect(abs(found.entropy - entropy(of: logs.map { exp($0) })) < 1e-11)
    }

    /// d = 26, independent spins: log Z = Σ log 2 cosh hᵢ, ⟨sᵢ⟩ = tanh hᵢ, ⟨sᵢsⱼ⟩ = tanh hᵢ tanh hⱼ. Sums of
    /// 67 million doubles: 10⁻¹¹.
    @Test func independentSpinsAtTheLimitHaveTheirClosedForm() throws {
        let d = 26
        let h = (0..<d).map { 0.9 * sin(Double($0 + 1)) }
        let energy = try QuadraticEnergy(
            couplings: [Double](repeating: 0, count: d * d), fields: h, alphabet: .spins)
        let found = try energy.exactMoments()
        #expect(abs(found.logPartitionFunction - h.reduce(0) { $0 + log(2 * cosh($1)) }) < 1e-11)
        #expect(deviation(found.moments.first, h.map { tanh($0) }) < 1e-11)
        let second = (0..<d * d).map { $0 / d == $0 % d ? 1 : tanh(h[$0 / d]) * tanh(h[$0 % d]) }
        #expect(deviation(found.moments.second, second) < 1e-11)
    }

    /// d = 26, a ring of coupling K in a field B by its transfer matrix: with λ± = e^K cosh B ± √(e^{2K} sinh² B +
    /// e^{−2K}), Z = λ₊ⁿ + λ₋ⁿ. Without field ⟨sᵢsⱼ⟩ = (tʳ + tⁿ⁻ʳ) / (1 + tⁿ), t = tanh K, r = |i − j|.
    @Test func theIsingRingAtTheLimitHasItsTransferMatrix() throws {
        let (n, k) = (26, 0.6)
        var couplings = [Double](repeating: 0, count: n * n)
        for i in 0..<n {
            let j = (i + 1) % n
            (couplings[i * n + j], couplings[j * n + i]) = (k, k)
        }
        func ring(_ b: Double) throws -> ExactMoments {
            try QuadraticEnergy(couplings: couplings, fields: [Double](repeating: b, count: n), alphabet: .spins)
                .exactMoments()
        }
        let b = 0.2
        let root = (exp(2 * k) * sinh(b) * sinh(b) + exp(-2 * k)).squareRoot()
        let (plus, minus) = (exp(k) * cosh(b) + root, exp(k) * cosh(b) - root)
        let logZ = Double(n) * log(plus) + log1p(pow(minus / plus, Double(n)))
        #expect(abs(try ring(b).logPartitionFunction - logZ) < 1e-11)
        let free = try ring(0).moments
        let t = tanh(k)
        let second = (0..<n * n).map { index in
            let r = Double(abs(index / n - index % n))
            return (pow(t, r) + pow(t, Double(n) - r)) / (1 + pow(t, Double(n)))
        }
        #expect(deviation(free.second, second) < 1e-11)
        #expect(deviation(free.first, [Double](repeating: 0, count: n)) < 1e-11)
    }

    /// Couplings are multiples of 2⁻⁴⁰ and fields near 2¹⁷, so whole numbers give every energy exactly, and doubles
    /// lose some bits in each sum, 10⁻¹⁰ or so, that add up along a walk. Walks that start afresh after 2¹⁰ flips are
    /// off by 2.7·10⁻⁹ in the root mean square, one of 2¹⁴ flips by 4·10⁻⁸; the bound lies between.
    @Test func roundingDoesNotDriftAlongTheWalk() throws {
        let d = 22
        let unit = 0x1p40
        let base = randomQuadratic(d, scale: 1, alphabet: .spins, seed: 20)
        let couplings = base.couplings.map { ($0 * unit).rounded() / unit }
        let fields = base.fields.map { 0x1p17 + ($0 * unit).rounded() / unit }
        let energy = try QuadraticEnergy(couplings: couplings, fields: fields, alphabet: .spins)
        let (wholeCouplings, wholeFields) = (couplings.map { Int($0 * unit) }, energy.fields.map { Int($0 * unit) })
        func logWeight(_ state: Int) -> Int {
            var sum = 0
            for i in 0..<d {
                var field = wholeFields[i]
                for j in 0..<i { field += state >> j & 1 == 1 ? wholeCouplings[i * d + j] : -wholeCouplings[i * d + j] }
                sum += state >> i & 1 == 1 ? field : -field
            }
            return sum
        }
        // All spins up, by far the likeliest, has log p = 0 to 10⁻¹⁰.
        let logs = try energy.exactLogProbabilities()
        let values = logs.unsafeElements(Double.self)
        let top = logWeight(1 << d - 1)
        var (squares, count) = (0.0, 0)
        for state in stride(from: 0, to: 1 << d, by: 61) {
            let error = values[state] - Double(logWeight(state) - top) / unit
            squares += error * error
            count += 1
        }
        #expect((squares / Double(count)).squareRoot() < 8e-9)
        withExtendedLifetime(logs) {}
    }

    @Test func theResultDoesNotDependOnThreads() throws {
        let energy = randomQuadratic(20, scale: 0.3, alphabet: .spins, seed: 2)
        let one = try withThreads(1) { try energy.exactMoments() }
        let two = try withThreads(2) { try energy.exactMoments() }
        #expect(one == two)
        let logs = try withThreads(1) { try energy.exactLogProbabilities(dtype: .float32).array(Float.self) }
        #expect(try withThreads(2) { try energy.exactLogProbabilities(dtype: .float32).array(Float.self) } == logs)
    }

    /// Of a truth among the same machines and of any distribution; derivatives by central differences in each pair and
    /// field.
    @Test(arguments: Alphabet.allCases)
    func divergenceAndItsGradients(alphabet: Alphabet) throws {
        let d = 5
        let model = randomQuadratic(d, scale: 0.6, alphabet: alphabet, offset: 0.4, seed: 6)
        let weights = (0..<1 << d).map { 1 + Double($0 * 37 % 17) }
        let q = weights.map { $0 / weights.reduce(0, +) }
        let moments = BinaryMoments(probabilities: q, alphabet: .bits)
        func divergence(_ model: QuadraticEnergy) -> Double {
            let logs = bruteForce(model, beta: 1).logs
            return zip(q, logs).reduce(0) { $0 + $1.0 * (log($1.0) - $1.1) }
        }
        let found = try model.exactDivergence(from: moments, entropy: entropy(of: q))
        #expect(abs(found.value - divergence(model)) < 1e-13)
        #expect(
            abs(try model.exactNegativeLogLikelihood(of: moments).value - divergence(model) - entropy(of: q)) < 1e-12)
        let step = 1e-5
        func moved(_ i: Int, _ j: Int?, by change: Double) throws -> Double {
            var (couplings, fields) = (model.couplings, model.fields)
            if let j {
                couplings[i * d + j] += change
                couplings[j * d + i] = couplings[i * d + j]
            } else {
                fields[i] += change
            }
            return divergence(
                try QuadraticEnergy(couplings: couplings, fields: fields, offset: 0.4, alphabet: alphabet))
        }
        for i in 0..<d {
            let expected = (try moved(i, nil, by: step) - moved(i, nil, by: -step)) / (2 * step)
            #expect(abs(found.fields[i] - expected) < 1e-8)
            #expect(found.couplings[i * d + i] == 0)
            for j in 0..<d where j != i {
                let expected = (try moved(i, j, by: step) - moved(i, j, by: -step)) / (2 * step)
                #expect(abs(found.couplings[i * d + j] - expected) < 1e-8)
            }
        }
        let truth = try model.exactMoments()
        #expect(abs(try model.exactDivergence(from: truth.moments, entropy: truth.entropy).value) < 1e-13)
    }

    /// Of points: plain averages. Of probabilities: plain sums. Both alphabets, and from one to the other.
    @Test func momentsOfPointsAndOfProbabilities() {
        let x = coinFlips([7, 4], dtype: .float32, seed: 4)
        let bits = x.array(Double.self)
        let spins = bits.map { 2 * $0 - 1 }
        var counts = [Double](repeating: 0, count: 16)
        for state in stateNumbers(x) { counts[state] += 1.0 / 7 }
        for (alphabet, values) in [(Alphabet.bits, bits), (.spins, spins)] {
            var (first, second) = ([Double](repeating: 0, count: 4), [Double](repeating: 0, count: 16))
            for row in 0..<7 {
                let own = Array(values[row * 4..<row * 4 + 4])
                for i in 0..<4 {
                    first[i] += own[i] / 7
                    for j in 0..<4 { second[i * 4 + j] += own[i] * own[j] / 7 }
                }
            }
            for moments in [
                BinaryMoments(of: x, alphabet: alphabet), BinaryMoments(probabilities: counts, alphabet: alphabet),
                BinaryMoments(of: x, alphabet: .bits).converted(to: .spins).converted(to: alphabet),
            ] {
                #expect(moments.alphabet == alphabet && moments.dimension == 4)
                #expect(deviation(moments.first, first) < 1e-15 && deviation(moments.second, second) < 2e-15)
            }
        }
    }

    @Test func whatCannotBeEnumeratedIsNamed() throws {
        let large = randomQuadratic(27, scale: 0.1, alphabet: .bits)
        #expect(throws: EnumerationError.tooManyVariables(27)) { try large.exactMoments() }
        #expect(throws: EnumerationError.tooManyVariables(27)) { try large.exactLogProbabilities() }
        #expect(
            EnumerationError.tooManyVariables(27).description.contains(
                "2^27 states are too many to enumerate, at most d = 26"))
        let steep = try QuadraticEnergy(couplings: [0, 1e308, 1e308, 0], fields: [0, 0], alphabet: .spins)
        #expect(throws: EnumerationError.self) { try steep.exactMoments() }
        let small = randomQuadratic(3, scale: 1, alphabet: .bits)
        #expect(throws: EnumerationError.self) { try small.exactMoments(inverseTemperature: .nan) }
    }
}
