import EnergyModels
import Foundation
import NCEFamily
import Testing
import Torch

@Suite struct NumericalPiecesTests {
    /// Between N(0, I) and N(s e₁, I) the true logit is ½s² − s x₁: mean ½s² and variance s² under p. With that logit
    /// the loss is log 2 − JS and no error is left; with 0 it is log 2, and the errors are (s² + ¼s⁴)^½ under either.
    /// JS is s²/8 for small s, below it for larger, and log 2 for densities that do not meet.
    @Test func aDiscriminatorsLossAndErrorsAreThoseOfGaussians() throws {
        let grid = try QuadratureGrid(x: -9...21, y: -9...9, columns: 300, rows: 180)
        let points = grid.points(dtype: .float64)
        func log(_ shift: Double) throws -> Tensor {
            try GaussianDensity(mean: Tensor([shift, 0]), covariance: .identity(2, dtype: .float64)).logDensity(points)
        }
        for s in [0, 0.5, 1.5] {
            let (p, q) = (try log(0), try log(s))
            let blind = DiscriminatorComparison(
                logits: .zeros(like: p), logData: p, logNoise: q, cellArea: grid.cellArea)
            let error = (s * s + 0.25 * s * s * s * s).squareRoot()
            #expect(abs(blind.loss - M_LN2) < 1e-10)
            #expect(abs(blind.errorOnData - error) < 1e-9 && abs(blind.errorOnNoise - error) < 1e-9, "\(blind)")
            let best = DiscriminatorComparison(
                logits: 0.5 * s * s - s * points.selected(1, 0), logData: p, logNoise: q, cellArea: grid.cellArea)
            #expect(abs(best.loss - (M_LN2 - best.divergence)) < 1e-10, "\(best)")
            #expect(best.errorOnData < 1e-9 && best.errorOnNoise < 1e-9)
            #expect(s == 0 ? abs(best.divergence) < 1e-10 : best.divergence > 0 && best.divergence < s * s / 8)
        }
        let (p, q) = (try log(0), try log(12))
        let apart = DiscriminatorComparison(logits: p - q, logData: p, logNoise: q, cellArea: grid.cellArea)
        #expect(abs(apart.divergence - M_LN2) < 1e-7, "\(apart)")
    }

    /// Between N(0, I) and N(0, r²I) the true logit is 2 log r − a‖x‖² with a = ½(1 − 1/r²); ‖x‖² has the moments 2, 8
    /// under p and 2r², 8r⁴ under q.
    @Test func theErrorsAreThoseUnderDataAndUnderNoise() throws {
        let grid = try QuadratureGrid(x: -16...16, y: -16...16, columns: 200, rows: 200)
        let points = grid.points(dtype: .float64)
        func log(_ deviation: Double) throws -> Tensor {
            try GaussianDensity(dimension: 2, standardDeviation: deviation).logDensity(points)
        }
        let r = 2.0
        let (a, l) = (0.5 * (1 - 1 / (r * r)), M_LN2)
        let found = try DiscriminatorComparison(
            logits: .zeros([grid.count], dtype: .float64), logData: log(1), logNoise: log(r), cellArea: grid.cellArea)
        #expect(abs(found.errorOnData - (4 * l * l - 8 * a * l + 8 * a * a).squareRoot()) < 1e-9, "\(found)")
        #expect(
            abs(found.errorOnNoise - (4 * l * l - 8 * a * r * r * l + 8 * a * a * r * r * r * r).squareRoot()) < 1e-9,
            "\(found)")
    }

    /// Of the four estimates (1, 2), (3, 2), (1, 4), (3, 0): mean (2, 2), variances 4/3 and 8/3.
    @Test func momentsOfAGradientAreUnbiased() {
        var moments = GradientMoments()
        for (a, b) in [(1.0, 2.0), (3, 2), (1, 4), (3, 0)] { moments.add([Tensor([a]), Tensor([b], shape: [1, 1])]) }
        #expect(moments.mean.array(Double.self) == [2, 2])
        #expect(abs(moments.variance - 4) < 1e-12)
        #expect(abs(moments.squaredMean - (8 - 1)) < 1e-12)
        #expect(abs(moments.squaredDistance(to: Tensor([2.0, 5.0])) - (9 - 1)) < 1e-12)
    }

    /// The last updates before a renewal, within the training.
    @Test func gradientsAreMeasuredAtTheEndOfIntervals() {
        #expect(NCEFamily.SelfAdaptedSampling.probes(interval: 1, iterations: 2000) == [500, 1000, 1500])
        #expect(NCEFamily.SelfAdaptedSampling.probes(interval: 30, iterations: 2000) == [480, 990, 1500])
        #expect(NCEFamily.SelfAdaptedSampling.probes(interval: 600, iterations: 2000) == [600, 1200])
        #expect(NCEFamily.SelfAdaptedSampling.probes(interval: 5000, iterations: 2000).isEmpty)
    }
}
