import EnergyModels
import Foundation
import Torch

/// Contrastive divergence by one step of Langevin dynamics from the data, with the term of its gradient that is usually
/// dropped (Jin, equations 3 to 7 and 14). With x̃ = m(x) + εz, m(x) = x − (ε²/2)∇E(x), the objective
///
///     D = KL(p_data‖p_θ) − KL(p⁽¹⁾‖p_θ),   p⁽¹⁾ the law of x̃                                   (equation 4)
///
/// has the gradient
///
///     ∇D = mean ∇E(x) − mean ∇E(x̃) − (I),   (I) = ∇_θ E_{p⁽¹⁾}[E(x̃) + log p⁽¹⁾(x̃)] with E held fixed   (equation 5)
///
/// and this loss has mean ∇E(x) − mean ∇E(x̃) + w (I): w = 0 is contrastive divergence, w = −1 the gradient of D; Du et
/// al. (2020, released code) add the term, w = 1, which pulls x̃ to where the energy is low and spreads it.
///
/// For a batch p⁽¹⁾ is known, a mixture of n Gaussians N(m(xⱼ), ε²I) with equal weights, and so is log p⁽¹⁾. Where ε is
/// small against the distances between points these do not overlap, and the entropy says nothing of the data's law: the
/// term asks for large batches, and costs n² distances.
public struct OneStepContrastiveDivergence: DensityObjective, Hashable, Sendable {
    /// ε
    public let step: Double
    /// w
    public let droppedTermWeight: Double

    /// - Throws: `ObjectiveSettingError` unless ε is positive and finite, and w is finite.
    public init(step: Double, droppedTermWeight: Double = 0) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(positive: step, "Langevin step")
        guard droppedTermWeight.isFinite else {
            throw ObjectiveSettingError(
                setting: "weight of the dropped term", value: droppedTermWeight, rule: "it must be finite")
        }
        (self.step, self.droppedTermWeight) = (step, droppedTermWeight)
    }

    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        let x = x.detached()
        let noise = step * Tensor.normal(x.shape, dtype: x.dtype, using: generator)
        let slope = droppedTermWeight == 0 ? model.inputGradient(x) : model.recordedGradient(x)
        try NonFiniteQuantity.check(slope, "score")
        let centres = x - 0.5 * step * step * slope
        let moved = centres + noise
        let difference = try sampledLikelihood(model, x, against: moved)
        guard droppedTermWeight != 0 else { return difference }

        // E(x̃) with E fixed: its value is in the difference already, its slope is ∇E(x̃)·∂x̃/∂θ.
        let fixed = (model.inputGradient(moved) * (moved - moved.detached())).sumOfEachPoint()
        let logDensity = mixtureLogDensity(moved, centres)
        try NonFiniteQuantity.check(logDensity, "one-step density")
        return difference + droppedTermWeight * (fixed + logDensity).mean()
    }

    /// log n⁻¹ Σⱼ N(xᵢ; mⱼ, ε²I), shape [n].
    private func mixtureLogDensity(_ x: Tensor, _ centres: Tensor) -> Tensor {
        let n = x.size(0)
        let (points, means) = (x.reshaped([n, 1, -1]), centres.reshaped([1, n, -1]))
        let d = Double(means.size(2))
        let squares = (points - means).squared().sum(2)
        let logNormalizer: Double =
            d * Foundation.log(step) + 0.5 * d * Foundation.log(2 * Double.pi) + Foundation.log(Double(n))
        return (squares * (-0.5 / (step * step))).logSumExp(1) - logNormalizer
    }
}
