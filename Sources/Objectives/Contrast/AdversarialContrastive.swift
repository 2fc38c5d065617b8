import EnergyModels
import Foundation
import Torch

/// Adversarial contrastive estimation (Bose et al. 2018; Xu 2022, equation 3.3): noise-contrastive estimation whose
/// noise is a mixture of a fixed density and a generator that is trained to be taken for data,
///
///     min_θ max_φ J,   p_n = λ p_base + (1 − λ) p_φ,   G = log ν − E_θ − log p_n,
///     J = −ρ₁ E_data[log σ(G)] − ρ₀ λ E_base[log σ(−G)] − ρ₀ (1 − λ) E_φ[log σ(−G)]
///
/// (Equation 3.3 as printed has 1 − h, h the logarithm of the noise's posterior, where the data's log σ(G) belongs.)
/// p_φ has no density in closed form: in G it is the mean over M latents, so that J is biased, the more the higher the
/// dimension. The generator ascends J + α H(p_φ), the entropy being estimated by the same mean; what passes through its
/// draws is estimated by the path or by the score function.
public struct AdversarialContrastive {
    /// How ∂/∂φ E_φ[f(x)] is estimated, x = μ(z) + σ(z)ε.
    public enum Estimator: String, Hashable, Sendable, CaseIterable {
        /// ∂f/∂x · ∂x/∂φ
        case pathwise
        /// (f(x) − b) ∂ log p_φ(x | z)/∂φ (Williams 1992), b the mean over the other draws.
        case reinforce
    }

    public let base: any Density
    /// λ
    public let baseShare: Double
    /// ν
    public let dataToNoise: Double
    /// α
    public let entropyWeight: Double
    /// M
    public let latentDraws: Int
    public let estimator: Estimator

    /// - Throws: `ObjectiveSettingError` unless 0 < λ < 1, ν is positive, α at least 0, M at least 1.
    public init(
        base: any Density, baseShare: Double = 0.5, dataToNoise: Double = 1, entropyWeight: Double = 0,
        latentDraws: Int = 256,
        estimator: Estimator = .pathwise
    ) throws(ObjectiveSettingError) {
        guard baseShare > 0, baseShare < 1 else {
            throw ObjectiveSettingError(
                setting: "share of the base in the noise", value: baseShare, rule: "it lies between 0 and 1")
        }
        try ObjectiveSettingError.validate(positive: dataToNoise, "ratio of data to noise")
        guard entropyWeight >= 0, entropyWeight.isFinite else {
            throw ObjectiveSettingError(
                setting: "entropy weight", value: entropyWeight, rule: "it must be finite and at least 0")
        }
        try ObjectiveSettingError.validate(count: latentDraws, "latents in a density's estimate:")
        (self.base, self.baseShare, self.dataToNoise) = (base, baseShare, dataToNoise)
        (self.entropyWeight, self.latentDraws, self.estimator) = (entropyWeight, latentDraws, estimator)
    }

    /// J and J + αH, whose gradients in φ need the recorded sample and, by the score function, one more term.
    public struct Values {
        /// J, recorded for gradients in θ.
        public let loss: Tensor
        /// What the generator ascends: its gradient in φ is the estimate; its value is J + αH.
        public let generatorGain: Tensor
    }

    /// - Parameter x: data, [batch, d], contrasted with n/ν draws of the base and as many of the generator, weighted by
    ///   λ and 1 − λ.
    /// - Throws: `NonFiniteQuantity` for energies or densities that are not finite; `ObjectiveSettingError` for too
    ///   small a batch.
    public func values(
        _ model: some ContinuousEnergyModel, _ noise: NoisyGenerator, _ x: Tensor, using generator: RandomGenerator
    ) throws -> Values {
        let count = Int((Double(x.size(0)) / dataToNoise).rounded())
        try ObjectiveSettingError.validate(
            count: estimator == .reinforce ? count - 1 : count, "noise samples in a batch of \(x.size(0)):")
        let z = noise.latents(count, using: generator)
        let latents = noise.latents(latentDraws, using: generator)
        let recorded = noise.recordedSample(given: z, using: generator)
        let samples = estimator == .pathwise ? recorded : recorded.detached()
        let baseSamples = base.sample(count, dtype: x.dtype, using: generator)

        let (dataShare, noiseShare) = (dataToNoise / (1 + dataToNoise), 1 / (1 + dataToNoise))
        let (dataOdds, baseOdds) = (
            try logOdds(model, noise, x, latents), try logOdds(model, noise, baseSamples, latents)
        )
        let generatedOdds = try logOdds(model, noise, samples, latents)
        let generated = -(-generatedOdds).logSigmoid() * (noiseShare * (1 - baseShare))
        let loss =
            generated.mean() - dataShare * dataOdds.logSigmoid().mean() - noiseShare * baseShare
            * (-baseOdds).logSigmoid().mean()

        let surprise = -noise.logDensityEstimate(samples, latents: latents)
        var gain = loss + entropyWeight * surprise.mean()
        if estimator == .reinforce {
            let value = (generated + entropyWeight * surprise).detached()
            // (f − b) with b the mean of the others, n/(n − 1) times the distance from the mean of all.
            let advantage = (value - value.mean()) * (Double(count) / Double(count - 1))
            let score = noise.logConditional(samples, given: z)
            // Its value is 0.
            gain = gain + (advantage * (score - score.detached())).mean()
        }
        return Values(loss: loss, generatorGain: gain)
    }

    /// J, ∂J/∂θ for the model, and −∂(J + αH)/∂φ for the generator: each descends along its own.
    ///
    /// - Throws: as `values`.
    public func lossAndGradients(
        _ model: some ContinuousEnergyModel, _ noise: NoisyGenerator, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, model: [Tensor], generator: [Tensor]) {
        let values = try values(model, noise, x, using: generator)
        let byModel = gradients(of: values.loss, withRespectTo: model.parameters.tensors, keepingRecord: true)
        let byGenerator = gradients(of: values.generatorGain, withRespectTo: noise.parameters.tensors)
        return (values.loss.detached(), byModel, byGenerator.map { -$0 })
    }

    /// G, [batch].
    private func logOdds(
        _ model: some ContinuousEnergyModel, _ noise: NoisyGenerator, _ x: Tensor, _ latents: Tensor
    ) throws -> Tensor {
        let energy = model.energy(x)
        try NonFiniteQuantity.check(energy, "energy")
        let parts = [
            log(baseShare) + base.logDensity(x), log(1 - baseShare) + noise.logDensityEstimate(x, latents: latents),
        ]
        let logNoise = Tensor.stacked(parts).logSumExp(0)
        try NonFiniteQuantity.check(logNoise, "noise's log density at a point")
        return log(dataToNoise) - energy - logNoise
    }
}
