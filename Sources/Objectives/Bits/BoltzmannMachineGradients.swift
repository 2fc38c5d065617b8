import EnergyModels
import Torch

// Objectives over the flips of a Boltzmann machine, without a record of operations. With values v, the change cᵢ of a
// value when its bit flips, and local fields f = vJ + h,
//
//     Δᵢ = E(x) − E(x₋ᵢ) = cᵢ fᵢ
//     gᵢ = cᵢ ∂L/∂Δᵢ
//     ∂L/∂C = ½ (M + Mᵀ) without its diagonal, M = Σₓ v gᵀ,    ∂L/∂h = Σₓ g
//
// where C is the matrix that is learnt: one matrix product gives all flips of a batch, another the gradients. The
// first-order flip is exact, so the proposal comes from the first product too, and the surrogate is the exact
// objective.

/// Points and all their flips: what the closed forms of one batch share.
private struct AllFlips {
    private let values: Tensor
    private let changes: Tensor
    /// Δ, shape [batch, d].
    let differences: Tensor

    init(_ machine: BoltzmannMachine, _ x: Tensor) {
        values = machine.alphabet.values(of: x)
        changes = machine.alphabet.flipChanges(of: x)
        differences = changes * (values.matmul(machine.symmetricCouplings) + machine.fields)
    }

    /// ∂L/∂C and ∂L/∂h, in the parameters' order, from ∂L/∂Δ.
    func gradients(_ byDifference: Tensor) -> [Tensor] {
        let g = byDifference * changes
        return [values.transposed().matmul(g).symmetricPartWithoutDiagonal(), g.sum(0)]
    }
}

extension RatioMatching {
    /// `lossAndGradients` of a Boltzmann machine. It draws what the recorded form draws; flips that are not drawn enter
    /// nowhere, however large their ratios.
    func closedForm(
        _ machine: BoltzmannMachine, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        try withoutGradients {
            let (batch, d) = (Double(x.size(0)), Double(x.size(1)))
            let all = AllFlips(machine, x)
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
    /// The same as `loss` and its gradients; those of a Boltzmann machine in closed form, ∂L/∂Δᵢ = σ(Δᵢ).
    public func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) -> (loss: Tensor, gradients: [Tensor]) {
        guard let machine = model as? BoltzmannMachine else {
            let loss = loss(model, x, using: generator)
            return (loss.detached(), Torch.gradients(of: loss, withRespectTo: model.parameters.tensors))
        }
        return withoutGradients {
            let (all, scale) = (AllFlips(machine, x), 1 / Double(x.size(0)))
            return (all.differences.softplus().sum() * scale, all.gradients(all.differences.sigmoid() * scale))
        }
    }
}
