import EnergyModels
import Torch

/// Gibbs-with-gradients (Grathwohl et al. 2021, Algorithm 1) on any binary model through tensors. A step draws n sites
/// with replacement from
///
///     q(i | x) = softmax(Δ̃(x)/2)ᵢ,    Δ̃ᵢ = β (2xᵢ − 1) ∂E/∂xᵢ ≈ β (E(x) − E(x₋ᵢ)),
///
/// flips their union, and accepts the new point x′ with probability
///
///     min(1, exp(β(E(x) − E(x′))) Πₖ q(iₖ | x′) / q(iₖ | x)).
///
/// n = 1 is the paper's sampler, larger n the `gwg-n` of its released code. The first order need not be exact:
/// acceptance makes up for it. A step costs two input gradients and two energies. `IsingGradientChains` is the same for
/// Ising models, much faster.
public struct GibbsWithGradients<Model: BinaryEnergyModel>: MarkovKernel {
    public let model: Model
    /// n ≥ 1.
    public let flips: Int
    /// β in exp(−βE).
    public let inverseTemperature: Double

    /// - Throws: `SamplingError` for a β that is negative or not finite.
    public init(_ model: Model, flips: Int = 1, inverseTemperature: Double = 1) throws {
        require(flips >= 1, "\(flips) flips in a step")
        try SamplingError.validate(inverseTemperature: inverseTemperature)
        (self.model, self.flips, self.inverseTemperature) = (model, flips, inverseTemperature)
    }

    public func validate(_ x: Tensor) throws { try model.validateBits(x) }

    public func step(from x: Tensor, using generator: RandomGenerator) -> (x: Tensor, moves: Moves) {
        let logProposal = logProposal(x)
        let indices = generator.multinomial(logProposal.exp(), count: flips, replacement: true)
        let ones = Tensor.ones(indices.shape, dtype: x.dtype, device: x.device)
        let union = Tensor.zeros(like: x).scattered(1, indices, ones)
        let proposed = (x - union).abs()
        let forward = logProposal.gathered(1, indices).sum(1)
        let backward = self.logProposal(proposed).gathered(1, indices).sum(1)
        let gain = inverseTemperature * (model.evaluate(x) - model.evaluate(proposed))
        let moved = accepted(gain + backward - forward, using: generator)
        let next = Tensor.select(moved.unsqueezed(1), proposed, x)
        return (
            next,
            Moves(
                proposed: x.size(0), accepted: Int(moved.converted(to: .float64).sum().item()),
                distance: (next - x).abs().converted(to: .float64).sum().item())
        )
    }

    /// log q(· | x), shape [chains, d].
    private func logProposal(_ x: Tensor) -> Tensor {
        let logits = 0.5 * inverseTemperature * (2 * x - 1) * model.inputGradient(x)
        require(logits.isFinite().all(), "proposal weights that are no numbers: the model's gradient is not finite")
        return logits.logSoftmax(1)
    }
}
