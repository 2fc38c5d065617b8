import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

/// Mean and precision of a Gaussian from its samples, by each objective minimised to the end on fixed draws.
@Suite struct GaussianRecoveryTests {
    private static let mean = [0.7, -0.4]
    private static let covariance = [1.0, 0.5, 0.5, 0.8]

    private static func density(blur: Double = 0) -> GaussianDensity {
        let matrix = Tensor(covariance, shape: [2, 2]) + blur * blur * Tensor.identity(2, dtype: .float64)
        return try! GaussianDensity(mean: Tensor(mean), covariance: matrix)
    }

    /// μ₁, μ₂, P₁₁, P₁₂, P₂₂ and, where it is learnt, log Z.
    private static func numbers(mean: Tensor, precision: Tensor, logZ: Double?) -> [Double] {
        let p = precision.array(Double.self)
        return mean.array(Double.self) + [p[0], p[1], p[3]] + (logZ.map { [$0] } ?? [])
    }

    private static func truth(blur: Double = 0, logZ: Bool = false) -> [Double] {
        let density = density(blur: blur)
        let precision = density.covariance.solve(.identity(2, dtype: .float64))
        let logDeterminant = density.covariance.signAndLogDeterminant().logarithm.item()
        return numbers(
            mean: density.mean, precision: precision, logZ: logZ ? log(2 * Double.pi) + 0.5 * logDeterminant : nil)
    }

    private static func estimate(
        _ objective: some DensityObjective, _ x: Tensor, learnsLogZ: Bool = false, seed: UInt64 = 1
    ) throws -> [Double] {
        let gaussian = GaussianEnergy(dimension: 2, dtype: .float64)
        let model = LearntNormalizer(gaussian, initially: 1)
        let learnt = learnsLogZ ? model.parameters.tensors : gaussian.parameters.tensors
        _ = try LBFGS(maximumIterations: 100, gradientTolerance: 1e-9).minimize(learnt) {
            let (loss, found) = try objective.lossAndGradients(
                model, x, using: RandomGenerator(seed: seed, stream: "objective"))
            return (loss.item(), Array(found.prefix(learnt.count)))
        }
        let logZ = learnsLogZ ? model.logPartitionFunction.item() : nil
        return numbers(mean: gaussian.mean, precision: gaussian.precision.detached(), logZ: logZ)
    }

    private static func samples(_ count: Int, seed: UInt64) -> Tensor {
        density().sample(count, dtype: .float64, using: RandomGenerator(seed: seed, stream: "data"))
    }

    /// In a Gaussian, maximum likelihood and exact score matching give the sample's mean and the inverse of its
    /// covariance (by n): Hyvärinen 2005, section 3.1.
    @Test func likelihoodAndScoreMatchingGiveTheSamplesMoments() throws {
        let x = Self.samples(300, seed: 1)
        let centred = x - x.mean(0)
        let covariance = centred.transposed().matmul(centred) / 300.0
        let truth = Self.numbers(mean: x.mean(0), precision: covariance.solve(.identity(2, dtype: .float64)), logZ: nil)
        let grid = try QuadratureGrid(x: -8...8, y: -8...8, columns: 80, rows: 80)
        #expect(try deviation(Self.estimate(QuadratureLikelihood(grid), x), truth) < 1e-6)
        #expect(try deviation(Self.estimate(ScoreMatching(.exact), x), truth) < 1e-6)
    }

    /// The others are estimates: `errors` are the standard deviations of their numbers over 24 seeds at this size,
    /// measured (their means over those seeds were the truth within two standard errors), and 6 of them bound the error
    /// at any seed.
    @Test func estimatesFindTheTruth() throws {
        let noise = try GaussianDensity(dimension: 2, standardDeviation: 1.6)
        let blur = 0.5
        let cases: [(objective: any DensityObjective, count: Int, blur: Double, logZ: Bool, errors: [Double])] = [
            (
                try ScoreMatching(.denoising(standardDeviation: blur)), 20_000, blur, false,
                [0.022, 0.0155, 0.011, 0.0095, 0.0115]
            ),
            (try ScoreMatching(.hutchinson(.rademacher)), 20_000, 0, false, [0.006, 0.007, 0.0145, 0.016, 0.024]),
            (try ScoreMatching(.hutchinson(.gaussian)), 20_000, 0, false, [0.006, 0.007, 0.020, 0.021, 0.026]),
            (try ScoreMatching(.sliced(.rademacher)), 20_000, 0, false, [0.012, 0.010, 0.017, 0.0195, 0.0245]),
            (
                try ScoreMatching(.sliced(.sphere, projections: 2)), 20_000, 0, false,
                [0.0075, 0.007, 0.014, 0.0135, 0.0265]
            ),
            (
                try ScoreMatching(.finiteDifference(.gaussian, step: 0.1)), 20_000, 0, false,
                [0.023, 0.017, 0.0245, 0.020, 0.0375]
            ),
            (try NoiseContrastive(noise: noise), 20_000, 0, true, [0.011, 0.009, 0.0175, 0.019, 0.028, 0.017]),
            (
                try NoiseContrastive(noise: noise, dataToNoise: 0.25), 20_000, 0, true,
                [0.009, 0.008, 0.016, 0.015, 0.025, 0.0115]
            ),
            (
                try RankingNoiseContrastive(noise: noise, noiseSamples: 4), 20_000, 0, false,
                [0.0095, 0.0085, 0.017, 0.016, 0.027]
            ),
            (
                try ConditionalNoiseContrastive(standardDeviation: 1, noiseSamples: 2), 20_000, 0, false,
                [0.018, 0.013, 0.026, 0.0195, 0.027]
            ),
            (try KernelSteinDiscrepancy(.gaussian(bandwidth: 1)), 800, 0, false, [0.036, 0.042, 0.076, 0.067, 0.090]),
            (
                try KernelSteinDiscrepancy(.inverseMultiquadric(bandwidth: 1)), 800, 0, false,
                [0.032, 0.037, 0.074, 0.067, 0.088]
            ),
        ]
        for (objective, count, blur, logZ, errors) in cases {
            let truth = Self.truth(blur: blur, logZ: logZ)
            let found = try Self.estimate(objective, Self.samples(count, seed: 5), learnsLogZ: logZ)
            for (index, error) in errors.enumerated() {
                #expect(abs(found[index] - truth[index]) < 6 * error, "\(objective): \(found), not \(truth)")
            }
        }
    }
}
