import Foundation
import Metrics
import Testing
import Torch

@Suite struct ConvergenceDiagnosticsTests {
    /// y_t = ρ y_{t−1} + √(1 − ρ²) z: ESS/N = (1 − ρ)/(1 + ρ).
    private func autoregressive(_ rho: Double, _ n: Int, _ generator: RandomGenerator) -> [Double] {
        let noise = Tensor.normal([n], dtype: .float64, using: generator).array(Double.self)
        var y = noise[0]
        return noise.map { z in
            defer { y = rho * y + (1 - rho * rho).squareRoot() * z }
            return y
        }
    }

    /// The sum of estimated correlations has a standard error of some √(2 · window/N), 5 % here for ρ = 0.9 at 20,000,
    /// averaged over 16 series; truncation at the first negative lag loses a little. 10 %.
    @Test(arguments: [0, 0.5, 0.9])
    func autoregressiveSeriesHaveTheirKnownSize(rho: Double) {
        let (n, count) = (20_000, 16)
        let generator = RandomGenerator(seed: 1)
        let series = Tensor((0..<count).flatMap { _ in autoregressive(rho, n, generator) }, shape: [count, n])
            .transposed()
        let sizes = effectiveSampleSizes(series)
        let expected = Double(n) * (1 - rho) / (1 + rho)
        #expect(sizes.count == count)
        #expect(abs(sizes.reduce(0, +) / Double(count) / expected - 1) < 0.1)
    }

    /// Written out for four numbers, mean 0: C₀ = 18/4, C₁ = 5/3, C₂ < 0; so ESS = 4 / (1 + 2 · ¾ · (5/3)/(18/4)).
    @Test func shortSeriesAreWrittenOut() {
        let size = effectiveSampleSize([-3.0, -1, 2, 2].map { $0 + 7 })
        #expect(abs(size - 4 / (1 + 1.5 * (5.0 / 3) / 4.5)) < 1e-12)
        // Lag one is negative at once: every number counts.
        #expect(effectiveSampleSize([1.0, -1, 1, -1, 1]) == 5)
        #expect(effectiveSampleSize([2.0, 2, 2]).isNaN)
        // C₀ = 28/6, C₁ = 7/5; lags 2 and 3 are negative, lag 4 positive again: what follows the first negative does
        // not count.
        let y = [2.0, 1, -3, -3, 1, 2]
        #expect(abs(effectiveSampleSize(y) - 6 / (1 + 2 * (5.0 / 6) * 1.4 / (28.0 / 6))) < 1e-12)
    }

    /// Halves {0, 2}, {1, 3}, {10, 12}, {11, 13} (odd N, the middle left out): W = 2, means 1, 2, 11, 12 with variance
    /// 101/3.
    @Test func splitRHatIsWrittenOut() {
        let series = Tensor([0, 10, 2, 12, 99, 99, 1, 11, 3, 13] as [Double], shape: [5, 2])
        #expect(abs(splitRHat(series) - ((0.5 * 2 + 101.0 / 3) / 2).squareRoot()) < 1e-12)
    }

    /// Chains of one law; one that drifts; one elsewhere.
    @Test func splitRHatTellsChainsThatDisagree() {
        let generator = RandomGenerator(seed: 2)
        let agreeing = Tensor.normal([2000, 4], dtype: .float64, using: generator)
        #expect(abs(splitRHat(agreeing) - 1) < 0.01)
        let drift = agreeing + Tensor((0..<2000).map { Double($0) / 1000 }, shape: [2000, 1])
        #expect(splitRHat(drift) > 1.1)
        let apart = agreeing + Tensor([0, 0, 0, 1.0], shape: [1, 4])
        #expect(splitRHat(apart) > 1.05)
        #expect(splitRHat(.ones([10, 2], dtype: .float64)).isNaN)
    }
}
