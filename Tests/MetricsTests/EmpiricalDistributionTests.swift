import Foundation
import Metrics
import Testing
import Torch

@Suite struct EmpiricalDistributionTests {
    /// Draws from a distribution over 2^d states, as bits.
    private func draws(_ n: Int, _ p: [Double], _ d: Int, seed: UInt64) -> Tensor {
        let states = RandomGenerator(seed: seed).multinomial(
            Tensor(p, shape: [1, p.count]), count: n, replacement: true)
        return Tensor(states.array(Int.self).flatMap { state in (0..<d).map { state >> $0 & 1 } }, shape: [n, d])
    }

    @Test func statesAreCountedWithTheFirstBitLowest() {
        let x = Tensor([1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0], shape: [4, 3])
        var found = EmpiricalDistribution(x)
        #expect(found.counts == [1, 2, 0, 0, 0, 0, 1, 0])
        #expect(found.total == 4 && found.observedStates == 3)
        #expect(found.probabilities == [0.25, 0.5, 0, 0, 0, 0, 0.25, 0])
        for dtype in DType.allCases { #expect(EmpiricalDistribution(x.converted(to: dtype)) == found) }
        found.add(.ones([3, 3]))
        #expect(found.counts == [1, 2, 0, 0, 0, 0, 1, 3] && found.total == 7)
    }

    /// Frequencies ½, ¼, ¼: 3/2 log 2, and (3 − 1)/(2·4) more; equal frequencies of 2^d states: d log 2; one state: 0.
    /// To rounding.
    @Test func entropyHasItsClosedForms() {
        let three = EmpiricalDistribution(Tensor([1, 0, 1, 0, 0, 1, 0, 0], shape: [4, 2]))
        #expect(abs(three.entropy() - 1.5 * log(2)) < 1e-15)
        #expect(abs(three.entropy(.millerMadow) - (1.5 * log(2) + 0.25)) < 1e-15)
        var all = EmpiricalDistribution(dimension: 20)
        for first in stride(from: 0, to: 1 << 20, by: 1 << 17) {
            let bits = (first..<first + 1 << 17).flatMap { n in (0..<20).map { UInt8(n >> $0 & 1) } }
            all.add(Tensor(bits, shape: [1 << 17, 20]))
        }
        #expect(all.counts == [Int](repeating: 1, count: 1 << 20))
        #expect(abs(all.entropy() - 20 * log(2)) < 1e-13)
        let one = EmpiricalDistribution(.ones([5, 4]))
        #expect(abs(one.entropy()) < 1e-15 && one.entropy() == one.entropy(.millerMadow))
    }

    /// Frequencies ½, ¼, ¼, 0 against 1/8, 1/8, ¼, ½: ½ log 4 + ¼ log 2 + ¼ log 1 = 5/4 log 2.
    @Test func divergenceHasItsClosedForms() {
        let p = EmpiricalDistribution(Tensor([0, 0, 0, 0, 1, 0, 0, 1], shape: [4, 2]))
        let q = [0.125, 0.125, 0.25, 0.5].map { log($0) }
        #expect(abs(p.crossEntropy(q) - (0.75 * log(8) + 0.25 * log(4))) < 1e-15)
        #expect(abs(p.klDivergence(from: q) - 1.25 * log(2)) < 1e-15)
        #expect(abs(p.klDivergence(from: q, entropy: .millerMadow) - (1.25 * log(2) - 0.25)) < 1e-15)
        #expect(abs(p.klDivergence(from: p.probabilities.map { log($0) })) < 1e-15)
        // A state never seen may have probability 0 under q, one that was seen may not.
        #expect(p.klDivergence(from: [0.5, 0.25, 0.25, 0].map { log($0) }).isFinite)
        #expect(p.klDivergence(from: [0.5, 0.5, 0, 0].map { log($0) }) == .infinity)
    }

    /// KL(p̂‖p) of 200 draws from 8 states has mean (K − 1)/2n = 0.0175, and 0 after the correction. 2n KL is about
    /// chi-square with 7 degrees of freedom, so the mean over 2,000 sets has a standard deviation of √(14/2000)/2n =
    /// 2·10⁻⁴: within 6 of them and the next order, (Σ 1/p − 1)/12n² = 2·10⁻⁴.
    @Test func theBiasIsAsDocumented() {
        let p = [0.05, 0.3, 0.1, 0.1, 0.2, 0.05, 0.15, 0.05]
        let logs = p.map { log($0) }
        let sets = (0..<2000).map { EmpiricalDistribution(draws(200, p, 3, seed: $0)) }
        let plugIn = sets.map { $0.klDivergence(from: logs) }.reduce(0, +) / 2000
        let corrected = sets.map { $0.klDivergence(from: logs, entropy: .millerMadow) }.reduce(0, +) / 2000
        let bias = 7 / 400.0
        let tolerance = 6 * (14.0 / 2000).squareRoot() / 400 + 2e-4
        #expect(abs(plugIn - bias) < tolerance)
        #expect(abs(corrected) < tolerance)
        #expect(bias > 5 * tolerance)
    }

    @Test func whatIsNoSetOfBitsTraps() async {
        await #expect(processExitsWith: .failure) { _ = EmpiricalDistribution(dimension: 21) }
        await #expect(processExitsWith: .failure) { _ = EmpiricalDistribution(.zeros([3, 0])) }
        await #expect(processExitsWith: .failure) { _ = EmpiricalDistribution(.full([3, 2], 2)) }
        await #expect(processExitsWith: .failure) { _ = EmpiricalDistribution(dimension: 2).entropy() }
        await #expect(processExitsWith: .failure) { _ = EmpiricalDistribution(.zeros([3, 2])).crossEntropy([0]) }
    }
}
