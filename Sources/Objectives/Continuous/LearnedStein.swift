import EnergyModels
import Torch

/// A vector field f: ℝ^d → ℝ^d by a multilayer perceptron, with its exact divergence: the critic of the learned Stein
/// discrepancy.
public struct SteinCritic {
    public let dimension: Int
    public let layers: [Linear]

    /// SiLU between affine maps.
    ///
    /// - Parameter hidden: the widths of the hidden layers, at least one.
    public init(dimension: Int, hidden: [Int], dtype: DType = .float32, using generator: RandomGenerator) {
        require(dimension > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 }, "a critic of \(dimension), \(hidden)")
        self.dimension = dimension
        layers = [Linear](widths: [dimension] + hidden + [dimension], dtype: dtype, using: generator)
    }

    /// `layer1.weight`, …
    public var parameters: Parameters { layers.parameters }

    /// f(x), [batch, d], and ∇·f(x), [batch]; recorded for gradients in the parameters. The Jacobian goes forwards, row
    /// by row of ∂/∂xᵢ: J' = σ′ ⊙ WJ with the activation σ, from J = 1.
    public func valueAndDivergence(_ x: Tensor) -> (value: Tensor, divergence: Tensor) {
        let (x, n) = (x.detached(), x.size(0))
        func slope(_ z: Tensor) -> (value: Tensor, first: Tensor) {
            let s = z.sigmoid()
            let h = z * s
            return (h, s + h * (1 - s))
        }
        var (h, first) = slope(layers[0](x))
        var jacobian = first * layers[0].weight.transposed().unsqueezed(1)
        for layer in layers.dropFirst().dropLast() {
            (h, first) = slope(layer(h))
            jacobian =
                first * jacobian.reshaped([dimension * n, -1]).linear(layer.weight).reshaped([dimension, n, -1])
        }
        let top = layers.last!
        return (top(h), (jacobian * top.weight.unsqueezed(1)).sum(0, 2))
    }
}

/// The learned Stein discrepancy (Grathwohl et al. 2020; Jin, equation 25): with the model's score s = −∇E and a critic
/// f,
///
///     S(θ, ψ) = E_data[s(x)·f(x) + ∇·f(x)],   min_θ max_ψ S − λ E_data‖f‖²
///
/// Neither samples nor log Z of the model enter. Of all fields the best is f = (s − ∇ log p_data)/2λ, at which S −
/// λE‖f‖² is the Fisher divergence ½ E‖s − ∇ log p_data‖² over 2λ.
public struct LearnedStein: Hashable, Sendable {
    /// λ
    public let penalty: Double

    /// - Throws: `ObjectiveSettingError` unless λ is positive and finite.
    public init(penalty: Double) throws(ObjectiveSettingError) {
        try ObjectiveSettingError.validate(positive: penalty, "penalty of the critic")
        self.penalty = penalty
    }

    /// S and S − λ mean ‖f‖², recorded for gradients in θ and ψ.
    ///
    /// - Throws: `NonFiniteQuantity` for scores or critics that are not finite.
    public func values(
        _ model: some ContinuousEnergyModel, _ critic: SteinCritic, _ x: Tensor
    ) throws -> (discrepancy: Tensor, criticGain: Tensor) {
        let gradient = model.recordedGradient(x)
        try NonFiniteQuantity.check(gradient, "score")
        let (value, divergence) = critic.valueAndDivergence(x)
        try NonFiniteQuantity.check(divergence, "critic's divergence")
        let discrepancy = (divergence - (gradient * value).sum(1)).mean()
        return (discrepancy, discrepancy - penalty * value.squared().sum(1).mean())
    }

    /// S, ∂S/∂θ for the model, and −∂(S − λ mean ‖f‖²)/∂ψ for the critic: each descends along its own.
    ///
    /// - Throws: as `values`.
    public func lossAndGradients(
        _ model: some ContinuousEnergyModel, _ critic: SteinCritic, _ x: Tensor
    ) throws -> (loss: Tensor, model: [Tensor], critic: [Tensor]) {
        let (discrepancy, gain) = try values(model, critic, x)
        let learnt = model.parameters.tensors
        // A known density has nothing to learn: the critic alone measures it.
        let byModel = learnt.isEmpty ? [] : gradients(of: discrepancy, withRespectTo: learnt, keepingRecord: true)
        let byCritic = gradients(of: gain, withRespectTo: critic.parameters.tensors)
        return (discrepancy.detached(), byModel, byCritic.map { -$0 })
    }
}
