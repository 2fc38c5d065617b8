import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// Couplings and fields of that standard deviation, from the generator.
func randomQuadratic(
    _ d: Int, scale: Double, alphabet: Alphabet, offset: Double = 0, seed: UInt64 = 1
) -> QuadraticEnergy {
    let generator = RandomGenerator(seed: seed)
    let upper = Tensor.normal([d, d], dtype: .float64, using: generator).upperTriangle(1) * scale
    let fields = Tensor.normal([d], dtype: .float64, using: generator) * scale
    return try! QuadraticEnergy(
        couplings: (upper + upper.transposed()).array(), fields: fields.array(), offset: offset, alphabet: alphabet)
}

@Suite struct QuadraticEnergyTests {
    /// Three variables by hand: J₀₁ = 2, J₀₂ = −3, J₁₂ = 5, h = (7, 11, −13), state 0b101.
    @Test func eachPairCountsOnce() throws {
        let couplings: [Double] = [0, 2, -3, 2, 0, 5, -3, 5, 0]
        let spins = try QuadraticEnergy(couplings: couplings, fields: [7, 11, -13], offset: 0.5, alphabet: .spins)
        // s = (1, −1, 1): −Σ Js s = 2 + 3 + 5, −h·s = −7 + 11 + 13.
        #expect(spins.energy(ofState: 0b101) == 27.5)
        let bits = try QuadraticEnergy(couplings: couplings, fields: [7, 11, -13], offset: 0.5, alphabet: .bits)
        // x = (1, 0, 1): 3 − 7 + 13.
        #expect(bits.energy(ofState: 0b101) == 9.5)
    }

    /// All 64 energies stay what they are, to rounding, and there and back again the numbers do.
    @Test(arguments: Alphabet.allCases)
    func convertingKeepsEveryEnergy(alphabet: Alphabet) {
        let energy = randomQuadratic(6, scale: 1, alphabet: alphabet, offset: 0.7)
        let other = energy.converted(to: alphabet == .bits ? .spins : .bits)
        #expect(other.alphabet != alphabet)
        let states = 0..<64
        #expect(deviation(states.map { other.energy(ofState: $0) }, states.map { energy.energy(ofState: $0) }) < 1e-14)
        let back = other.converted(to: alphabet)
        #expect(deviation(back.couplings, energy.couplings) < 1e-15 && deviation(back.fields, energy.fields) < 1e-14)
        #expect(abs(back.offset - 0.7) < 1e-14)
        #expect(energy.converted(to: alphabet) == energy)
    }

    /// log p̃ = sᵀJs + b·s, written out over all ordered pairs, differs from −E by nothing.
    @Test func theDoublyCountedConventionHasHalfTheCouplings() throws {
        let j = randomQuadratic(5, scale: 1, alphabet: .spins, seed: 3)
        let energy = try QuadraticEnergy(doublyCountedCouplings: j.couplings, fields: j.fields)
        for state in 0..<32 {
            let s = (0..<5).map { state >> $0 & 1 == 1 ? 1.0 : -1 }
            var logDensity = 0.0
            for a in 0..<5 {
                logDensity += j.fields[a] * s[a]
                for b in 0..<5 { logDensity += s[a] * j.couplings[a * 5 + b] * s[b] }
            }
            #expect(abs(-energy.energy(ofState: state) - logDensity) < 1e-13)
        }
        #expect(energy.doublyCountedCouplings == j.couplings)
        #expect(coupling(fromDoublyCounted: 0.25) == 0.5 && doublyCountedCoupling(from: 0.5) == 0.25)
    }

    @Test func couplingsThatMakeNoEnergyAreNamed() {
        func message(_ couplings: [Double], _ fields: [Double], offset: Double = 0) -> String {
            do {
                _ = try QuadraticEnergy(couplings: couplings, fields: fields, offset: offset, alphabet: .spins)
                return "accepted"
            } catch { return error.description }
        }
        #expect(message([0, 1, 1, 0], [0, 0]) == "accepted")
        #expect(message([], []).contains("no variables"))
        #expect(message([0, 1, 1, 0], [0, 0, 0]) == "4 couplings do not fit 3 fields: a matrix of 3 × 3 has 9")
        #expect(message([0, 1, 2, 0], [0, 0]).contains("coupling [1, 0] is 2.0 but [0, 1] is 1.0"))
        #expect(message([0, .nan, 1, 0], [0, 0]).contains("coupling [0, 1] is nan"))
        #expect(message([0, 1, .infinity, 0], [0, 0]).contains("coupling [1, 0] is inf"))
        #expect(message([0, 1, 1, 0.5], [0, 0]).contains("coupling [1, 1] is 0.5"))
        #expect(message([0, 1, 1, 0], [0, -.infinity]).contains("field [1] is -inf"))
        #expect(message([0, 1, 1, 0], [0, 0], offset: .nan).contains("offset is nan"))
        #expect(throws: CouplingError.asymmetric(row: 1, column: 0, 2, transposed: 1)) {
            try QuadraticEnergy(doublyCountedCouplings: [0, 1, 2, 0], fields: [0, 0])
        }
    }
}
