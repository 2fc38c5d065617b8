import EnergyModels
import Torch

/// Ratio matching by squared ratios, exact or estimated from a few flips.
///
/// With rᵢ(x) = p(x₋ᵢ)/p(x) = exp(E(x) − E(x₋ᵢ)) the objective is, for each point x,
///
///     J(x) = Σᵢ rᵢ²
///
/// and its estimates from s flips i₁ … iₛ are
///
///     uniform:                   (d/s) Σₜ rᵢₜ²,             iₜ uniform
///     gradient-guided, basic:    (1/s) Σₜ rᵢₜ² / ñ(iₜ),      iₜ ~ ñ ∝ exp(2 (2x − 1) ⊙ ∇ₓE(x)),  ñ a constant
///     gradient-guided, advanced: Σₜ rᵢₜ²,                   iₜ ~ ñ (biased)
///
/// (Liu et al. 2023, "Gradient-Guided Importance Sampling for Learning Binary Energy-Based Models"; Ou 2021 derives the
/// same proposal.) ñ is the optimal proposal ∝ rᵢ² with E(x) − E(x₋ᵢ) to first order in the flip. All forms but the last
/// estimate J without bias; J itself learns p_data^{1/4}, not p_data: each pair of neighbours contributes
/// p e^{2Δ} + p' e^{−2Δ}, least at Δ = −¼ log(p/p').
public struct RatioMatching: BinaryObjective, Hashable, Sendable {
    /// Which flips enter, and with which weights.
    public enum Estimator: Hashable, Sendable {
        /// All d flips.
        case exact
        /// `flips` flips drawn uniformly, weighted to be unbiased.
        case uniform(flips: Int)
        /// `flips` flips drawn from ñ, weighted to be unbiased.
        case gradientGuided(flips: Int)
        /// `flips` flips drawn from ñ, their squared ratios added up as they are.
        case gradientGuidedUnweighted(flips: Int)
    }

    /// How the energies of flipped copies are matched with their points.
    public enum Pairing: Hashable, Sendable {
        /// Each point with its own flips.
        case own
        /// Energies computed flip by flip ([s, batch]) but read as if point by point ([batch, s]), so that most points
        /// are compared with other points' flips: a defect of released code, kept so that its results can be repeated.
        case misread
    }

    public var estimator: Estimator
    public var pairing: Pairing
    /// Whether a point's flips are independent draws, as the estimates assume, or distinct.
    public var replacement: Bool
    /// Whether ñ is a constant to the gradient, as the estimates assume.
    public var proposalIsConstant: Bool

    public init(
        _ estimator: Estimator, pairing: Pairing = .own, replacement: Bool = true, proposalIsConstant: Bool = true
    ) {
        self.estimator = estimator
        self.pairing = pairing
        self.replacement = replacement
        self.proposalIsConstant = proposalIsConstant
    }

    public func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws -> Tensor {
        let proposal = logProposal(model, x)
        return loss(model, x, at: try drawFlips(x, from: proposal, using: generator), proposal: proposal)
    }

    /// log ñ, normalised, shape [batch, d]; nil where nothing or nothing but chance guides the flips.
    ///
    /// It is formed in log space: e^{2(2x−1)⊙∇E} overflows where a run goes astray.
    public func logProposal(_ model: some BinaryEnergyModel, _ x: Tensor) -> Tensor? {
        switch estimator {
        case .exact, .uniform: return nil
        case .gradientGuided, .gradientGuidedUnweighted: break
        }
        let gradient: Tensor
        if proposalIsConstant {
            gradient = model.inputGradient(x)
        } else {
            let variable = x.detached().copied().requiringGradient()
            gradient = gradients(
                of: model.energy(variable).sum(), withRespectTo: [variable], differentiable: true)[0]
        }
        return (2 * (2 * x - 1) * gradient).logSoftmax(1)
    }

    /// The flips that enter: int64 [batch, s], or nil for all.
    ///
    /// - Throws: `NonFiniteQuantity` where the proposal is not finite.
    public func drawFlips(_ x: Tensor, from logProposal: Tensor?, using generator: RandomGenerator) throws -> Tensor? {
        let weights: Tensor
        let flips: Int
        switch estimator {
        case .exact: return nil
        case .uniform(let count): (weights, flips) = (.ones(x.shape, dtype: x.dtype, device: x.device), count)
        case .gradientGuided(let count), .gradientGuidedUnweighted(let count):
            (weights, flips) = (logProposal!.detached().exp(), count)
            // e^{log ñ} is at most 1, so a sum is finite where every entry is no NaN.
            guard weights.sum().item().isFinite else { throw NonFiniteQuantity("proposal") }
        }
        return generator.multinomial(weights, count: flips, replacement: replacement)
    }

    /// The loss at given flips: the mean over the batch of the estimate above.
    ///
    /// - Parameters:
    ///   - indices: int64 [batch, s]; nil for all flips.
    ///   - logProposal: of `logProposal(_:_:)`; needed by the estimators that it guides.
    public func loss(
        _ model: some BinaryEnergyModel, _ x: Tensor, at indices: Tensor?, proposal logProposal: Tensor?
    ) -> Tensor {
        let differences = energyDifferences(model, x, at: indices)
        let flips = Double(differences.size(1))
        switch estimator {
        case .exact, .gradientGuidedUnweighted: return (2 * differences).exp().sum(1).mean()
        case .uniform: return (2 * differences).exp().sum(1).mean() * (Double(x.size(1)) / flips)
        case .gradientGuided:
            let logWeights = logProposal!.gathered(1, indices!)
            return (2 * differences - logWeights).exp().sum(1).mean() / flips
        }
    }

    /// E(x) − E(x₋ᵢ), shape [batch, s], in the chosen pairing.
    private func energyDifferences(_ model: some BinaryEnergyModel, _ x: Tensor, at indices: Tensor?) -> Tensor {
        switch pairing {
        case .own: return model.flipDifferences(x, at: indices)
        case .misread:
            let indices = indices ?? type(of: model).allIndices(x)
            let (batch, flips) = (x.size(0), indices.size(1))
            let copies = type(of: model).flippedCopies(x, at: indices).transposed(0, 1)
            let energies = model.energy(copies.reshaped([flips * batch, x.size(1)]))
            return model.energy(x).unsqueezed(1) - energies.reshaped([batch, flips])
        }
    }
}
