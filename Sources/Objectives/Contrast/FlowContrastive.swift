import EnergyModels
import Torch

/// Flow contrastive estimation (Gao et al. 2020; Xu 2022, equation 3.4): noise-contrastive estimation whose noise is a
/// flow that is trained to be taken for data,
///
///     min_θ max_φ J(θ, φ),   J = −ρ₁ E_data[log σ(G)] − ρ₀ E_{z}[log σ(−G(f_φ(z)))],   G = log ν − E_θ − log p_φ
///
/// The model is taken as normalised, as by `NoiseContrastive`; gradients in φ pass through the draws f_φ(z) and through
/// log p_φ.
public struct FlowContrastive: Hashable, Sendable {
    /// ν
    public let dataToNoise: Double

    /// - Throws: `ObjectiveSettingError` unless ν is positive and finite.
    public init(dataToNoise: Double = 1) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(positive: dataToNoise, "ratio of data to noise")
        self.dataToNoise = dataToNoise
    }

    /// J, recorded for gradients in the parameters of both.
    ///
    /// - Parameter x: data, [batch, d], contrasted with n/ν draws of the flow.
    /// - Throws: `FlowInversionError` where the flow has lost its inverse at data or draws; otherwise as
    ///   `NoiseContrastive`.
    public func loss(
        _ model: some ContinuousEnergyModel, _ flow: CouplingFlow, _ x: Tensor, using generator: RandomGenerator
    ) throws -> Tensor {
        let count = Int((Double(x.size(0)) / dataToNoise).rounded())
        try ObjectiveSettingError.validate(count: count, "noise samples in a batch of \(x.size(0)):")
        let samples = flow.recordedSample(count, using: generator)
        try flow.validateInverse(at: .concatenated([x, samples.detached()]))
        return try NoiseContrastive(noise: flow, dataToNoise: dataToNoise).loss(model, x, against: samples)
    }

    /// J, ∂J/∂θ for the model, and −∂J/∂φ for the flow: each descends along its own.
    ///
    /// - Throws: as `loss`.
    public func lossAndGradients(
        _ model: some ContinuousEnergyModel, _ flow: CouplingFlow, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, model: [Tensor], flow: [Tensor]) {
        let loss = try loss(model, flow, x, using: generator)
        let learnt = model.parameters.tensors
        let found = gradients(of: loss, withRespectTo: learnt + flow.parameters.tensors)
        return (loss.detached(), Array(found.prefix(learnt.count)), found.dropFirst(learnt.count).map { -$0 })
    }
}
