import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

/// The objectives of continuous models: their gradients in the parameters against central differences, float64, and
/// what they refuse.
@Suite struct DensityObjectiveTests {
    private static var noise: GaussianDensity {
        try! GaussianDensity(
            mean: Tensor([0.3, -0.2]), covariance: Tensor([2, 0.4, 0.4, 1.5] as [Double], shape: [2, 2]))
    }

    static func objectives() throws -> [(name: String, objective: any DensityObjective)] {
        let projections = Projection.allCases.flatMap { projection -> [ScoreMatching.Estimator] in
            [
                .hutchinson(projection, projections: 3), .sliced(projection, projections: 2), .sliced(projection),
                .finiteDifference(projection, projections: 2, step: 0.1),
            ]
        }
        return try ([.exact, .denoising(standardDeviation: 0.4)] + projections).map { ("\($0)", try ScoreMatching($0)) }
            + [
                ("likelihood", QuadratureLikelihood(try QuadratureGrid(x: -9...9, y: -9...9, columns: 90, rows: 90))),
                ("NCE", try NoiseContrastive(noise: noise)),
                ("NCE, ν = ½", try NoiseContrastive(noise: noise, dataToNoise: 0.5)),
                ("ranking", try RankingNoiseContrastive(noise: noise, noiseSamples: 4)),
                ("conditional", try ConditionalNoiseContrastive(standardDeviation: 0.7, noiseSamples: 3)),
                (
                    "one-step CD with its dropped term",
                    try OneStepContrastiveDivergence(step: 0.5, droppedTermWeight: -1)
                ),
                ("KSD, Gaussian", try KernelSteinDiscrepancy(.gaussian(bandwidth: 1.1))),
                ("KSD, IMQ", try KernelSteinDiscrepancy(.inverseMultiquadric(bandwidth: 0.8))),
            ]
    }

    private let generator = RandomGenerator(seed: 17)

    /// The same draws at each evaluation. A model with closed forms, and one without.
    @Test func gradientsAreThoseOfFiniteDifferences() throws {
        let perceptron = ContinuousMLPEnergy(
            dimension: 2, hidden: [5, 4], confinement: 0.5, dtype: .float64, using: generator)
        let gaussian = LearntNormalizer(GaussianEnergy(dimension: 2, dtype: .float64), initially: 1.5)
        withoutGradients { gaussian.model.factor.assign(Tensor([1.2, 0, 0.4, 0.8], shape: [2, 2])) }
        let x = Tensor.normal([12, 2], dtype: .float64, using: generator)
        for (name, objective) in try Self.objectives() {
            try check(name, objective, perceptron, x)
            try check(name, objective, gaussian, x)
        }
    }

    private func check(
        _ name: String, _ objective: some DensityObjective, _ model: some ContinuousEnergyModel, _ x: Tensor
    ) throws {
        func loss() throws -> Tensor { try objective.loss(model, x, using: RandomGenerator(seed: 3)) }
        let (value, found) = try objective.lossAndGradients(model, x, using: RandomGenerator(seed: 3))
        #expect(try abs(value.item() - loss().item()) < 1e-10, "\(name)")
        for (parameter, gradient) in zip(model.parameters, found) {
            let differences = centralDifferences(at: parameter.tensor) { (try? loss().item()) ?? .nan }
            #expect(deviation(gradient.array(Double.self), differences) < 1e-7, "\(name), \(parameter.name)")
        }
    }

    /// Float32 gives the same to its rounding, the finite differences to more of it.
    @Test func singlePrecisionFollowsDouble() throws {
        let double = ContinuousMLPEnergy(
            dimension: 2, hidden: [8, 8], confinement: 0.5, dtype: .float64, using: generator)
        let single = ContinuousMLPEnergy(dimension: 2, hidden: [8, 8], confinement: 0.5, using: generator)
        withoutGradients {
            for (to, from) in zip(single.parameters, double.parameters) { to.tensor.assign(from.tensor) }
        }
        let x = Tensor.normal([12, 2], dtype: .float64, using: generator)
        for objective in [
            try ScoreMatching(.exact), try ScoreMatching(.sliced(.rademacher)),
            try ScoreMatching(.hutchinson(.rademacher)),
            try ScoreMatching(.finiteDifference(.rademacher, step: 0.1)),
        ] {
            let truth = try objective.lossAndGradients(double, x, using: RandomGenerator(seed: 3))
            let found = try objective.lossAndGradients(
                single, x.converted(to: .float32), using: RandomGenerator(seed: 3))
            for (a, b) in zip(found.gradients, truth.gradients) {
                #expect(a.dtype == .float32 && deviation(a, b) < 1e-3, "\(objective)")
            }
        }
    }

    @Test func settingsWithoutMeaningAreNamed() throws {
        let noise = Self.noise
        for bad in [0, -1, .nan, .infinity] {
            #expect(throws: ObjectiveSettingError.self) { try KernelSteinDiscrepancy(.gaussian(bandwidth: bad)) }
            #expect(throws: ObjectiveSettingError.self) { try ScoreMatching(.denoising(standardDeviation: bad)) }
            #expect(throws: ObjectiveSettingError.self) { try ScoreMatching(.finiteDifference(.sphere, step: bad)) }
            #expect(throws: ObjectiveSettingError.self) { try ConditionalNoiseContrastive(standardDeviation: bad) }
            #expect(throws: ObjectiveSettingError.self) { try NoiseContrastive(noise: noise, dataToNoise: bad) }
        }
        #expect(throws: ObjectiveSettingError.self) { try ScoreMatching(.sliced(.gaussian, projections: 0)) }
        #expect(throws: ObjectiveSettingError.self) { try RankingNoiseContrastive(noise: noise, noiseSamples: 0) }
        #expect(throws: ObjectiveSettingError.self) {
            try ConditionalNoiseContrastive(standardDeviation: 1, noiseSamples: 0)
        }
        do {
            _ = try KernelSteinDiscrepancy(.gaussian(bandwidth: 0))
        } catch {
            #expect("\(error)" == "kernel bandwidth 0.0: it must be positive and finite")
        }
        // A batch too small for any noise; equal points have no median distance.
        let (model, x) = (GaussianEnergy(dimension: 2), Tensor.zeros([4, 2]))
        #expect(throws: ObjectiveSettingError.self) {
            try NoiseContrastive(noise: noise, dataToNoise: 10).loss(model, x, using: generator)
        }
        #expect(throws: ObjectiveSettingError.self) { try SteinKernel.medianDistance(x) }
        #expect(throws: ObjectiveSettingError.self) {
            try KernelSteinDiscrepancy(.gaussian(bandwidth: 1)).loss(model, x[0..<1], using: generator)
        }
    }

    /// A parameter that is NaN, and one that overflows the score: each objective throws and says what it met.
    @Test(arguments: [Double.nan, .infinity]) func whatIsNotFiniteIsNamed(value: Double) throws {
        let model = GaussianEnergy(dimension: 2, dtype: .float64)
        withoutGradients { model.factor.fill(value) }
        let x = Tensor.normal([6, 2], dtype: .float64, using: generator)
        for (name, objective) in try Self.objectives() {
            #expect(throws: NonFiniteQuantity.self, "\(name)") {
                try objective.lossAndGradients(model, x, using: generator)
            }
        }
        #expect(throws: NonFiniteQuantity("score")) { try ScoreMatching(.exact).loss(model, x, using: generator) }
        #expect(throws: NonFiniteQuantity.self) { try sampledLikelihood(model, x, against: x) }
        // Data outside the noise's support.
        let board = try NoiseContrastive(noise: CheckerboardDensity(side: 1))
        #expect(throws: NonFiniteQuantity("noise's log density at a point")) {
            try board.loss(
                GaussianEnergy(dimension: 2, dtype: .float64), Tensor.full([3, 2], 7, dtype: .float64), using: generator
            )
        }
    }
}
