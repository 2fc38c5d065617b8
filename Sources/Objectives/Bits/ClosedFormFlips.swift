import EnergyModels
import Torch

// Objectives over the flips of a model that has them in closed form, without a record of operations. The first-order flip
// is exact there, so the proposal comes from the flips themselves, and the surrogate is the exact objective.

extension RatioMatching {
    /// `lossAndGradients` in closed form. It draws what the recorded form draws; flips that are not drawn enter nowhere,
    /// however large their ratios.
    func closedForm(
        _ model: any ClosedFormFlipModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        try withoutGradients {
            let (batch, d) = (Double(x.size(0)), Double(x.size(1)))
            let all = model.closedFormFlips(x)
            let logarithms = ratio.logarithm(all.differences)
            let proposal: Tensor? =
                switch estimator {
                case .gradientGuided, .gradientGuidedUnweighted, .optimal: logarithms.logSoftmax(1)
                case .exact, .exactInChunks, .surrogate, .uniform: nil
                }
            guard let indices = try drawFlips(x, from: proposal, using: generator) else {
                let terms = logarithms.exp() * (1 / batch)
                return (terms.sum(), all.gradients(terms * ratio.logarithmDerivative(all.differences)))
            }
            let (drawn, flips) = (logarithms.gathered(1, indices), Double(indices.size(1)))
            let terms: Tensor
            switch estimator {
            case .uniform: terms = drawn.exp() * (d / (flips * batch))
            case .gradientGuidedUnweighted: terms = drawn.exp() * (1 / batch)
            default: terms = (drawn - proposal!.gathered(1, indices)).exp() * (1 / (flips * batch))
            }
            let slopes = terms * ratio.logarithmDerivative(all.differences.gathered(1, indices))
            return (terms.sum(), all.gradients(Tensor.zeros(like: x).scatterAdded(1, indices, slopes)))
        }
    }
}

extension PseudoLikelihood {
    /// The same as `loss` and its gradients; of a model that has its flips so in closed form, ∂L/∂Δᵢ = σ(Δᵢ).
    public func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) -> (loss: Tensor, gradients: [Tensor]) {
        guard let model = model as? any ClosedFormFlipModel else {
            let loss = loss(model, x, using: generator)
            return (loss.detached(), Torch.gradients(of: loss, withRespectTo: model.parameters.tensors))
        }
        return withoutGradients {
            let (all, scale) = (model.closedFormFlips(x), 1 / Double(x.size(0)))
            return (all.differences.softplus().sum() * scale, all.gradients(all.differences.sigmoid() * scale))
        }
    }
}
