import Foundation
import Metrics
import Testing
import Torch

@Suite struct HammingKernelMMDTests {
    private func bits(_ n: Int, _ d: Int, p: Double, seed: UInt64) -> Tensor {
        RandomGenerator(seed: seed).bernoulli(.full([n, d], p))
    }

    private func rows(_ x: Tensor) -> [[Int]] { (0..<x.size(0)).map { x[$0].array(Int.self) } }

    private func distance(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).filter { $0 != $1 }.count }

    /// Bits by a rule of whole numbers, for numbers computed elsewhere.
    private func bitsByRule(_ n: Int, _ d: Int, _ s: Int) -> Tensor {
        let bits = (0..<n).flatMap { i in
            (0..<d).map { k in (i * i * s + (k + 1) * (i + 3) * (k + 2) / 2 + i * k * k / 3) % 7 < 3 ? 1 : 0 }
        }
        return Tensor(bits, shape: [n, d])
    }

    /// Whole numbers, so equal: rows of one word and of several, distances of a byte and wider, odd and even numbers of
    /// rows.
    @Test(arguments: [1, 32, 63, 64, 65, 254, 255, 256, 700], [(1, 1), (9, 16), (70, 67)])
    func theHistogramEqualsTheLoopOverPairs(d: Int, sizes: (Int, Int)) {
        // Rows of all ones and all zeros bring in the largest distance.
        let x = Tensor.concatenated([bits(sizes.0, d, p: 0.5, seed: 1), .ones([1, d])])
        let y = Tensor.concatenated([bits(sizes.1, d, p: 0.3, seed: 2), .zeros([1, d])])
        for (a, b) in [(x, y), (x, x)] {
            var expected = [Int](repeating: 0, count: d + 1)
            for first in rows(a) { for second in rows(b) { expected[distance(first, second)] += 1 } }
            #expect(hammingHistogram(a, b) == expected)
        }
    }

    @Test func everyElementTypeAndNumberOfThreadsCountsTheSame() {
        let (x, y) = (bits(301, 33, p: 0.5, seed: 1), bits(200, 33, p: 0.3, seed: 2))
        let expected = hammingHistogram(x, y)
        for dtype in DType.allCases { #expect(hammingHistogram(x.converted(to: dtype), y) == expected) }
        let threads = Runtime.threads
        defer { Runtime.threads = threads }
        for count in 1...4 {
            Runtime.threads = count
            #expect(hammingHistogram(x, y) == expected)
        }
    }

    /// PyTorch, float64, over all pairs: sums of numbers up to 1, to rounding.
    @Test func anIndependentImplementationAgrees() {
        let cases: [(n: Int, m: Int, d: Int, ones: (Int, Int), unbiased: Double, biased: Double)] = [
            (40, 55, 32, (599, 729), 0.040171205675265054, 0.07258335169760138),
            (33, 20, 100, (1594, 833), 0.005992192237057999, 0.08412739786162451),
            (21, 30, 300, (2988, 3807), 0.004260239997494714, 0.08450975406652957),
        ]
        for (n, m, d, ones, unbiased, biased) in cases {
            let (x, y) = (bitsByRule(n, d, 1), bitsByRule(m, d, 2))
            #expect(x.sum().item() == Double(ones.0) && y.sum().item() == Double(ones.1))
            #expect(abs(exponentialKernelMMD(x, y, decay: 0.1) - unbiased) < 1e-13)
            #expect(abs(exponentialKernelMMD(x, y, decay: 0.1, estimator: .biased) - biased) < 1e-13)
        }
    }

    /// The kernel d − h over the histogram is the kernel that `linearKernelMMD` evaluates by counting columns: 10⁻¹² of
    /// numbers up to d.
    @Test(arguments: [(2, 2, 1), (20, 33, 7), (41, 17, 32), (30, 30, 300)])
    func theLinearKernelFollowsFromTheSameHistogram(n: Int, m: Int, d: Int) {
        let (x, y) = (bits(n, d, p: 0.5, seed: 1), bits(m, d, p: 0.3, seed: 2))
        let found = hammingKernelMMD(x, y) { Double(d - $0) }
        #expect(abs(found - linearKernelMMD(x, y)) < 1e-12)
    }

    /// Two bits, equal in x and independent in y, the same means: ¼(1 − e^−λ)² under the exponential kernel, 0 under
    /// the linear.
    @Test(arguments: [0.1, 1, 3])
    func itSeesAJointMomentThatTheLinearKernelDoesNot(decay: Double) {
        let x = Tensor([0, 0, 1, 1], shape: [2, 2])
        let y = Tensor([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
        let expected = 0.25 * (1 - exp(-decay)) * (1 - exp(-decay))
        #expect(abs(exponentialKernelMMD(x, y, decay: decay, estimator: .biased) - expected) < 1e-15)
        let linear = hammingKernelMMD(x, y, estimator: .biased) { Double(2 - $0) }
        #expect(linear == 0)
    }

    /// Over 300 pairs of sets of coin flips: the unbiased estimate has mean 0, the biased one (1 − κ)(1/n + 1/m) with
    /// κ = ((1 + e^−λ)/2)^d the kernel's mean over pairs, each within 6 of its standard deviations.
    @Test func theEstimatorsHaveTheirMeans() {
        let (n, m, d, decay) = (20, 30, 8, 0.3)
        let sets = (0..<300).map { (bits(n, d, p: 0.5, seed: $0), bits(m, d, p: 0.5, seed: 1000 + $0)) }
        let kernelMean = pow((1 + exp(-decay)) / 2, Double(d))
        let excess = (1 - kernelMean) * (1 / Double(n) + 1 / Double(m))
        for (estimator, expected) in [(MMDEstimator.unbiased, 0), (.biased, excess)] {
            let values = sets.map { exponentialKernelMMD($0, $1, decay: decay, estimator: estimator) }
            let mean = values.reduce(0, +) / 300
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 299
            #expect(abs(mean - expected) < 6 * (variance / 300).squareRoot())
            #expect(values.contains { $0 < 0 } == (estimator == .unbiased))
        }
        // Equal sets in another order.
        let x = sets[0].0
        let same = exponentialKernelMMD(x, x.reversed(0), decay: decay, estimator: .biased)
        #expect(same == 0)
    }

    /// The fastest of five runs: 20 ms on one core here, and a second is promised.
    @Test func fourThousandPointsASideTakeWellUnderASecond() {
        let (x, y) = (bits(4000, 32, p: 0.5, seed: 1), bits(4000, 32, p: 0.3, seed: 2))
        let clock = ContinuousClock()
        let times = (0..<5).map { _ in clock.measure { _ = exponentialKernelMMD(x, y, decay: 0.1) } }
        #expect(times.min()! < .milliseconds(500))
    }

    @Test func whatAreNoSetsOfBitsTraps() async {
        await #expect(processExitsWith: .failure) { _ = hammingHistogram(.zeros([3, 4]), .zeros([3, 5])) }
        await #expect(processExitsWith: .failure) { _ = hammingHistogram(.full([3, 4], 0.5), .zeros([3, 4])) }
        await #expect(processExitsWith: .failure) { _ = hammingHistogram(.full([3, 4], -1), .zeros([3, 4])) }
        await #expect(processExitsWith: .failure) {
            _ = exponentialKernelMMD(.zeros([1, 4]), .zeros([3, 4]), decay: 0.1)
        }
    }
}
