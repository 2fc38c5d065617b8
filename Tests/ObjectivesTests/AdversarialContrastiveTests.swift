import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct AdversarialContrastiveTests {
    private let generator = RandomGenerator(seed: 91)
    private let base: GaussianDensity
    private let noise: NoisyGenerator
    private let model: LearntNormalizer<ContinuousMLPEnergy>

    init() throws {
        base = try GaussianDensity(dimension: 2, standardDeviation: 1.5)
        noise = NoisyGenerator(dimension: 2, latent: 2, hidden: [6], dtype: .float64, using: generator)
        model = LearntNormalizer(
            ContinuousMLPEnergy(dimension: 2, hidden: [5], confinement: 0.5, dtype: .float64, using: generator))
    }

    /// M⁻¹ Σ N(x; μ, σ²) written out, and the conditional's logarithm with it; with many latents the estimate
    /// integrates to 1.
    @Test func theDensitysEstimateIsItsMean() throws {
        let (x, z) = (Tensor.normal([4, 2], dtype: .float64, using: generator), noise.latents(3, using: generator))
        let (mean, logDeviation) = noise.conditional(z)
        let (m, s) = (mean.detached().array(Double.self), logDeviation.detached().array(Double.self).map { exp($0) })
        func normal(_ x: Double, _ k: Int) -> Double {
            let standard: Double = (x - m[k]) / s[k]
            let scale: Double = s[k] * (2 * Double.pi).squareRoot()
            return exp(-standard * standard / 2) / scale
        }
        let points = x.array(Double.self)
        let found = noise.logDensityEstimate(x, latents: z).array(Double.self)
        for i in 0..<4 {
            let parts = (0..<3).map { normal(points[2 * i], 2 * $0) * normal(points[2 * i + 1], 2 * $0 + 1) }
            #expect(abs(found[i] - log(parts.reduce(0, +) / 3)) < 1e-12)
        }
        let single = noise.logConditional(x[0..<3], given: z).array(Double.self)
        for i in 0..<3 {
            #expect(abs(single[i] - log(normal(points[2 * i], 2 * i) * normal(points[2 * i + 1], 2 * i + 1))) < 1e-12)
        }
        let grid = try QuadratureGrid(x: -12...12, y: -12...12, columns: 120, rows: 120)
        let total = grid.logIntegral(grid.tabulate(dtype: .float64) { noise.logDensityEstimate($0, latents: z) })
        #expect(abs(total) < 1e-6)
    }

    /// Along the path, in θ and in φ, on the same draws; with the entropy term.
    @Test func pathwiseGradientsAreThoseOfFiniteDifferences() throws {
        let x = Tensor.normal([9, 2], dtype: .float64, using: generator)
        let objective = try AdversarialContrastive(
            base: base, baseShare: 0.4, dataToNoise: 0.5, entropyWeight: 0.3, latentDraws: 7)
        func values() -> (loss: Double, gain: Double) {
            guard let found = try? objective.values(model, noise, x, using: RandomGenerator(seed: 2)) else {
                return (.nan, .nan)
            }
            return (found.loss.item(), found.generatorGain.item())
        }
        let found = try objective.lossAndGradients(model, noise, x, using: RandomGenerator(seed: 2))
        for (parameter, gradient) in zip(model.parameters, found.model) {
            #expect(
                deviation(gradient.array(), centralDifferences(at: parameter.tensor) { values().loss }) < 1e-7,
                "\(parameter.name)")
        }
        for (parameter, gradient) in zip(noise.parameters, found.generator) {
            #expect(
                deviation((-gradient).array(), centralDifferences(at: parameter.tensor) { values().gain }) < 1e-7,
                "\(parameter.name)")
        }
    }

    /// J of the formula from its own parts: posteriors λp_base + (1 − λ)p_φ against νp_θ, on the draws made.
    @Test func theLossIsEquation33() throws {
        let (nu, lambda) = (0.5, 0.4)
        let x = Tensor.normal([3, 2], dtype: .float64, using: generator)
        let objective = try AdversarialContrastive(base: base, baseShare: lambda, dataToNoise: nu, latentDraws: 5)
        let draws = RandomGenerator(seed: 6)
        let z = noise.latents(6, using: draws)
        let latents = noise.latents(5, using: draws)
        let samples = noise.recordedSample(given: z, using: draws).detached()
        let baseSamples = base.sample(6, dtype: .float64, using: draws)
        func posterior(_ x: Tensor) -> [Double] {
            let p = model.evaluate(x).array(Double.self).map { nu * exp(-$0) }
            let b = base.logDensity(x).array(Double.self),
                g = noise.logDensityEstimate(x, latents: latents).array(Double.self)
            return p.indices.map { i -> Double in
                let n: Double = lambda * exp(b[i]) + (1 - lambda) * exp(g[i])
                return p[i] / (p[i] + n)
            }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        let (rho0, rho1) = (1 / (1 + nu), nu / (1 + nu))
        let data: Double = rho1 * mean(posterior(x).map { log($0) })
        let fixed: Double = rho0 * lambda * mean(posterior(baseSamples).map { log(1 - $0) })
        let generated: Double = rho0 * (1 - lambda) * mean(posterior(samples).map { log(1 - $0) })
        let found = try objective.lossAndGradients(model, noise, x, using: RandomGenerator(seed: 6)).loss.item()
        #expect(abs(found + data + fixed + generated) < 1e-12)
    }

    /// Both estimators have the same expectation: the mean difference over 600 draws lies within six standard errors,
    /// for each number of φ; the score function's varies more.
    @Test func bothEstimatorsAgreeOnAverage() throws {
        let x = Tensor.normal([8, 2], dtype: .float64, using: generator)
        func draws(_ estimator: AdversarialContrastive.Estimator) throws -> (mean: Tensor, error: Tensor) {
            let objective = try AdversarialContrastive(
                base: base, entropyWeight: 0.2, latentDraws: 4, estimator: estimator)
            let all = try (0..<600).map { _ -> Tensor in
                let found = try objective.lossAndGradients(model, noise, x, using: generator).generator
                return .concatenated(found.map { $0.reshaped([-1]) })
            }
            let table = Tensor.stacked(all)
            return (table.mean(0), (table.variance(0) / 600).squareRoot())
        }
        let (path, score) = (try draws(.pathwise), try draws(.reinforce))
        let z = (path.mean - score.mean).abs() / (path.error.squared() + score.error.squared()).squareRoot()
        #expect(z.max().item() < 6)
        #expect(score.error.norm().item() > 1.2 * path.error.norm().item())
        #expect((path.mean.abs() / path.error).max().item() > 12)
    }

    @Test func settingsWithoutMeaningAreNamed() {
        #expect(throws: ObjectiveSettingError.self) { try AdversarialContrastive(base: base, baseShare: 0) }
        #expect(throws: ObjectiveSettingError.self) { try AdversarialContrastive(base: base, baseShare: 1) }
        #expect(throws: ObjectiveSettingError.self) { try AdversarialContrastive(base: base, dataToNoise: 0) }
        #expect(throws: ObjectiveSettingError.self) { try AdversarialContrastive(base: base, entropyWeight: -1) }
        #expect(throws: ObjectiveSettingError.self) { try AdversarialContrastive(base: base, latentDraws: 0) }
        withoutGradients { model.logPartitionFunction.fill(.nan) }
        let x = Tensor.normal([4, 2], dtype: .float64, using: generator)
        #expect(throws: NonFiniteQuantity("energy")) {
            try AdversarialContrastive(base: base).lossAndGradients(model, noise, x, using: generator)
        }
    }
}
