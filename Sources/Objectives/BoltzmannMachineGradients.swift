import EnergyModels
import Torch

// Objectives that see a Boltzmann machine through the energy differences of single flips alone have a gradient in closed form. With
// values v, the change eᵢ of a value when its bit flips, and local fields f = vJ + h,
//
//     Δᵢ = E(x) − E(x₋ᵢ) = eᵢ fᵢ
//     L  = (1/n) Σₓ Σᵢ ℓᵢ(Δᵢ)
//     aᵢ = (1/n) ∂ℓᵢ/∂Δᵢ eᵢ
//     ∂L/∂h = Σₓ a    ∂L/∂J = Σₓ (v aᵀ + a vᵀ)/2 off the diagonal, 0 on it
//
// (in the entries of the matrix that is learnt, two for each pair). Two products of matrices take the place of a recorded graph.
extension BoltzmannMachine {
    /// e and Δ, shape [batch, d]; constants.
    fileprivate func allFlips(_ x: Tensor) -> (changes: Tensor, differences: Tensor) {
        let changes = alphabet.flipChanges(of: x)
        return (changes, changes * localFields(x))
    }

    /// ∂L/∂J and ∂L/∂h, in the parameters' order, from a [batch, d].
    fileprivate func gradients(_ x: Tensor, ofFields a: Tensor) -> [Tensor] {
        let products = alphabet.values(of: x).transposed().matmul(a)
        let upper = ((products + products.transposed()) * 0.5).upperTriangle(1)
        return [upper + upper.transposed(), a.sum(0)]
    }
}

extension RatioMatching {
    /// `lossAndGradients` of a Boltzmann machine: with wᵢ what the estimator multiplies f(Δᵢ) by — 1 for all flips, otherwise the
    /// number of times that flip i was drawn, over s n(i) where the estimate is weighted —
    ///
    ///     ℓᵢ(Δ) = wᵢ f(Δ)    ∂ℓᵢ/∂Δ = wᵢ f (log f)′
    ///
    /// The first-order flip of a Boltzmann machine is exact, so all d differences come with the proposal, and the surrogate is the exact
    /// objective. It draws what the recorded form draws.
    func closedForm(
        _ machine: BoltzmannMachine, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        try withoutGradients {
            let (changes, differences) = machine.allFlips(x)
            let logarithms = ratio.logarithm(differences)
            let logProposal: Tensor? =
                switch estimator {
                case .gradientGuided, .gradientGuidedUnweighted, .optimal: logarithms.logSoftmax(1)
                case .exact, .exactInChunks, .surrogate, .uniform: nil
                }
            let (batch, d) = (x.size(0), x.size(1))
            var weighted = logarithms
            var counts: Tensor?
            if let indices = try drawFlips(x, from: logProposal, using: generator) {
                counts = Tensor.zeros([batch, d], dtype: x.dtype, device: x.device)
                    .scatterAdded(1, indices, .ones(indices.shape, dtype: x.dtype, device: x.device))
            }
            switch estimator {
            case .exact, .exactInChunks, .surrogate, .gradientGuidedUnweighted: weighted = logarithms.exp()
            case .uniform(let flips): weighted = logarithms.exp() * (Double(d) / Double(flips))
            case .gradientGuided(let flips), .optimal(let flips):
                weighted = (logarithms - logProposal!).exp() / Double(flips)
            }
            if let counts { weighted = weighted * counts }
            let a = weighted * ratio.logarithmDerivative(differences) * changes / Double(batch)
            return (weighted.sum() / Double(batch), machine.gradients(x, ofFields: a))
        }
    }
}

extension PseudoLikelihood {
    /// ℓᵢ = softplus(Δᵢ), ∂ℓᵢ/∂Δᵢ = σ(Δᵢ).
    public func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) -> (loss: Tensor, gradients: [Tensor]) {
        guard let machine = model as? BoltzmannMachine else {
            let loss = loss(model, x, using: generator)
            return (loss.detached(), Torch.gradients(of: loss, withRespectTo: model.parameters.tensors))
        }
        return withoutGradients {
            let (changes, differences) = machine.allFlips(x)
            let batch = Double(x.size(0))
            let a = differences.sigmoid() * changes / batch
            return (differences.softplus().sum() / batch, machine.gradients(x, ofFields: a))
        }
    }
}
