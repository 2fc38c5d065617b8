import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

/// The noise-contrastive losses against their formulas written out with densities, point by point, on the draws they
/// made.
@Suite struct NoiseContrastiveTests {
    private let noise: GaussianDensity
    private let model: ContinuousMLPEnergy
    private let x: Tensor

    init() throws {
        noise = try GaussianDensity(
            mean: Tensor([0.3, -0.2]), covariance: Tensor([2, 0.4, 0.4, 1.5] as [Double], shape: [2, 2]))
        model = ContinuousMLPEnergy(
            dimension: 2, hidden: [6], confinement: 0.7, dtype: .float64, using: RandomGenerator(seed: 8))
        x = Tensor.normal([6, 2], dtype: .float64, using: RandomGenerator(seed: 9))
    }

    /// exp(−E) and p_n.
    private func densities(_ x: Tensor) -> (model: [Double], noise: [Double]) {
        (model.evaluate(x).array(Double.self).map { exp(-$0) }, noise.logDensity(x).array(Double.self).map { exp($0) })
    }

    /// −ρ₀ E_n log p_n/(p_n + νp_θ) − ρ₁ E_data log νp_θ/(p_n + νp_θ), equation 2.13.
    @Test(arguments: [1, 0.5, 3.0]) func binaryIsEquation213(nu: Double) throws {
        let objective = try NoiseContrastive(noise: noise, dataToNoise: nu)
        let samples = noise.sample(Int((6 / nu).rounded()), dtype: .float64, using: RandomGenerator(seed: 1))
        let (data, other) = (densities(x), densities(samples))
        var (dataSum, noiseSum) = (0.0, 0.0)
        for (p, n) in zip(data.model, data.noise) { dataSum += log(nu * p / (n + nu * p)) }
        for (p, n) in zip(other.model, other.noise) { noiseSum += log(n / (n + nu * p)) }
        let (first, second): (Double, Double) = (
            nu / (1 + nu) * dataSum / 6, noiseSum / (1 + nu) / Double(other.model.count)
        )
        let found = try objective.loss(model, x, using: RandomGenerator(seed: 1)).item()
        #expect(abs(found + first + second) < 1e-12)
    }

    /// At p_θ = p_data in a big sample the log-odds are those of the densities: the loss is its least value, ρ₁ and ρ₀
    /// weighted, and a shifted normaliser costs more on either side.
    @Test func theNormaliserIsLearnt() throws {
        let data = try GaussianDensity(dimension: 2, standardDeviation: 0.8)
        let gaussian = GaussianEnergy(dimension: 2, dtype: .float64)
        withoutGradients { gaussian.factor.assign(Tensor.identity(2, dtype: .float64) / 0.8) }
        let objective = try NoiseContrastive(noise: noise, dataToNoise: 0.5)
        let (x, samples) = (
            data.sample(20_000, dtype: .float64, using: .init(seed: 2)),
            noise.sample(40_000, dtype: .float64, using: .init(seed: 3))
        )
        let truth = gaussian.logPartitionFunction.item()
        let slope = try [-0.1, 0, 0.1].map { shift -> Double in
            let model = LearntNormalizer(gaussian, initially: truth + shift)
            let loss = try objective.loss(model, x, against: samples)
            return gradients(of: loss, withRespectTo: [model.logPartitionFunction])[0].item()
        }
        // The slope's standard error at the truth is below ½/√20,000 · ρ₁ + ½/√40,000 · ρ₀ < 0.003.
        #expect(slope[0] < -0.005 && abs(slope[1]) < 0.015 && slope[2] > 0.005)
        #expect(abs(slope[2] - slope[0]) > 5 * abs(slope[1]))
    }

    /// The share of p_θ/p_n that the datum has among its K + 1 points, equation 2.16 with equal chances.
    @Test func rankingIsEquation216() throws {
        let found = try RankingNoiseContrastive(noise: noise, noiseSamples: 3).loss(
            model, x, using: RandomGenerator(seed: 4)
        ).item()
        let samples = noise.sample(18, dtype: .float64, using: RandomGenerator(seed: 4))
        let (data, other) = (densities(x), densities(samples))
        let odds = zip(other.model, other.noise).map { $0 / $1 }
        var sum = 0.0
        for i in 0..<6 {
            let own = data.model[i] / data.noise[i]
            sum -= log(own / (own + odds[3 * i] + odds[3 * i + 1] + odds[3 * i + 2]))
        }
        #expect(abs(found - sum / 6) < 1e-12)
    }

    /// −E log 1/(1 + p_θ(y)p_n(x|y) / p_θ(x)p_n(y|x)), equation 3.2.
    @Test func conditionalIsEquation32() throws {
        let sigma = 0.6
        let objective = try ConditionalNoiseContrastive(standardDeviation: sigma, noiseSamples: 2)
        let found = try objective.loss(model, x, using: RandomGenerator(seed: 5)).item()
        let copies = x.repeated(2, along: 0)
        let y = copies + sigma * Tensor.normal([12, 2], dtype: .float64, using: RandomGenerator(seed: 5))
        let (data, other) = (densities(copies).model, densities(y).model)
        let sum = zip(data, other).reduce(0.0) { $0 - log(1 / (1 + $1.1 / $1.0)) }
        #expect(abs(found - sum / 12) < 1e-12)
    }

    /// A constant in E leaves ranking and conditional forms as they are, and moves the binary one.
    @Test func constantsCancelWhereTheNormaliserIsNotLearnt() throws {
        let shifted = LearntNormalizer(model, initially: 2)
        func gap(_ objective: some DensityObjective) throws -> Double {
            let draws = { RandomGenerator(seed: 7) }
            return try abs(
                objective.loss(model, x, using: draws()).item() - objective.loss(shifted, x, using: draws()).item())
        }
        #expect(try gap(RankingNoiseContrastive(noise: noise, noiseSamples: 3)) < 1e-12)
        #expect(try gap(ConditionalNoiseContrastive(standardDeviation: 1)) < 1e-12)
        #expect(try gap(NoiseContrastive(noise: noise)) > 0.01)
    }

    /// Far beyond the range of exponentials the losses stay finite.
    @Test func oddsOfAnySizeAreFinite() throws {
        let far = LearntNormalizer(model, initially: 5000)
        let loss = try NoiseContrastive(noise: noise).loss(far, x, using: RandomGenerator(seed: 7)).item()
        #expect(loss.isFinite && loss > 1000)
    }
}
