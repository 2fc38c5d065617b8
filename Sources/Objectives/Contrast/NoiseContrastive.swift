import EnergyModels
import Foundation
import Torch

/// Noise-contrastive estimation by logistic regression between data and noise (Gutmann and Hyvärinen 2010; Xu 2022,
/// equation 2.13; Jin, equation 24). With ν = P(data)/P(noise), exp(−E) for p_θ, and the log-odds G(x) = log ν − E(x) −
/// log p_n(x),
///
///     J = −ρ₁ E_data[log σ(G)] − ρ₀ E_noise[log σ(−G)],   ρ₁ = ν/(1 + ν), ρ₀ = 1/(1 + ν)
///
/// The model is taken as normalised: at the optimum exp(−E) is. A model whose energy cannot shift by a constant needs a
/// `LearntNormalizer` about it.
public struct NoiseContrastive: DensityObjective {
    /// p_n
    public let noise: any Density
    /// ν
    public let dataToNoise: Double

    /// - Parameters:
    ///   - noise: of the data's dimension, positive wherever the data lie.
    ///   - dataToNoise: ν; a batch of n points is contrasted with n/ν of noise, rounded.
    /// - Throws: `ObjectiveSettingError` unless ν is positive and finite.
    public init(noise: any Density, dataToNoise: Double = 1) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(positive: dataToNoise, "ratio of data to noise")
        (self.noise, self.dataToNoise) = (noise, dataToNoise)
    }

    /// - Parameter x: data, [batch, d].
    /// - Throws: `ObjectiveSettingError` for batches below ν/2 points, which have no noise to be contrasted with;
    ///   `NonFiniteQuantity`.
    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        let count = Int((Double(x.size(0)) / dataToNoise).rounded())
        try ObjectiveSettingError.validate(count: count, "noise samples in a batch of \(x.size(0)):")
        return try loss(model, x, against: noise.sample(count, dtype: x.dtype, using: generator))
    }

    /// The loss against given draws from the noise, [any number, d].
    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, against samples: Tensor) throws -> Tensor {
        let (dataOdds, noiseOdds) = (try logOdds(model, x), try logOdds(model, samples))
        let (dataShare, noiseShare) = (dataToNoise / (1 + dataToNoise), 1 / (1 + dataToNoise))
        return -(dataShare * dataOdds.logSigmoid().mean() + noiseShare * (-noiseOdds).logSigmoid().mean())
    }

    /// G, shape [batch]: log P(data | x)/P(noise | x).
    public func logOdds(_ model: some ContinuousEnergyModel, _ x: Tensor) throws -> Tensor {
        log(dataToNoise) - (try logRatio(model, noise, x))
    }
}

/// Noise-contrastive estimation by softmax regression: one datum is to be found among K points of noise (Jozefowicz et
/// al. 2016; Ma and Collins 2018; Xu 2022, equation 2.16 with equal chances ρ of the places). With r(x) = −E(x) − log
/// p_n(x),
///
///     J = −E[r(x₀) − log Σᵢ₌₀..K e^{r(xᵢ)}],   x₀ from the data, x₁ … x_K from p_n
///
/// A constant in E cancels: the normaliser is not learnt. (Equation 2.15 as printed lacks the logarithm inside the
/// softmax.)
public struct RankingNoiseContrastive: DensityObjective {
    /// p_n
    public let noise: any Density
    /// K
    public let noiseSamples: Int

    /// - Throws: `ObjectiveSettingError` for K below 1.
    public init(noise: any Density, noiseSamples: Int) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(count: noiseSamples, "noise samples for each datum")
        (self.noise, self.noiseSamples) = (noise, noiseSamples)
    }

    /// - Parameter x: data, [batch, d].
    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        let samples = noise.sample(x.size(0) * noiseSamples, dtype: x.dtype, using: generator)
        let data = try logRatio(model, noise, x).unsqueezed(1)
        let others = try logRatio(model, noise, samples).reshaped([-1, noiseSamples])
        return -(-Tensor.concatenated([data, others], along: 1)).logSoftmax(1).selected(1, 0).mean()
    }
}

/// Conditional noise-contrastive estimation (Ceylan and Gutmann 2018; Xu 2022, equations 3.1 and 3.2 with ν = 1): each
/// datum is told from noise about itself, y = x + σz. The kernel is symmetric, so that it cancels, and so does log Z:
///
///     J = −E[log σ(E(y) − E(x))],   K draws of y for each x
///
/// The normaliser is not learnt. Its gradient vanishes as σ → 0 (y = x) and where σ is so large that no y is mistaken
/// for data.
public struct ConditionalNoiseContrastive: DensityObjective, Hashable, Sendable {
    /// σ
    public let standardDeviation: Double
    /// K
    public let noiseSamples: Int

    /// - Throws: `ObjectiveSettingError` for K below 1, and a σ that is not positive and finite.
    public init(standardDeviation: Double, noiseSamples: Int = 1) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(positive: standardDeviation, "noise standard deviation")
        try ObjectiveSettingError.validate(count: noiseSamples, "noise samples for each datum")
        (self.standardDeviation, self.noiseSamples) = (standardDeviation, noiseSamples)
    }

    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        try loss(
            model, x,
            along: Tensor.normal([x.size(0) * noiseSamples] + x.shape.dropFirst(), dtype: x.dtype, using: generator))
    }

    /// The loss with given z, [batch · K, …], those of a datum side by side.
    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, along z: Tensor) throws -> Tensor {
        let y = x.detached().repeated(noiseSamples, along: 0) + standardDeviation * z
        let energies = model.energy(.concatenated([x.detached(), y]))
        try NonFiniteQuantity.check(energies, "energy")
        let n = x.size(0)
        let (data, noise) = (energies[0..<n].unsqueezed(1), energies[n..<energies.count].reshaped([n, noiseSamples]))
        return -(noise - data).logSigmoid().mean()
    }
}

/// E(x) + log p_n(x), shape [batch]: the logarithm of noise over model.
///
/// - Throws: `NonFiniteQuantity` where the energy is not finite, or the noise has no density at a point.
private func logRatio(_ model: some ContinuousEnergyModel, _ noise: any Density, _ x: Tensor) throws -> Tensor {
    let energy = model.energy(x)
    try NonFiniteQuantity.check(energy, "energy")
    let logNoise = noise.logDensity(x)
    try NonFiniteQuantity.check(logNoise, "noise's log density at a point")
    return energy + logNoise
}
