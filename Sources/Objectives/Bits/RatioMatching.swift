import EnergyModels
import Torch

/// Ratio matching, exact or estimated from a few flips.
///
/// With rᵢ(x) = p(x₋ᵢ)/p(x) = e^{Δᵢ}, Δᵢ = E(x) − E(x₋ᵢ), and a ratio function f (squares, where nothing else is said)
/// the objective is, for each point x,
///
///     J(x) = Σᵢ f(Δᵢ)
///
/// and its estimates from s flips i₁ … iₛ are
///
///     uniform:                   (d/s) Σₜ f(Δ_{iₜ}),             iₜ uniform
///     gradient-guided, basic:    (1/s) Σₜ f(Δ_{iₜ}) / ñ(iₜ),      iₜ ~ ñ ∝ f((2x − 1) ⊙ ∇ₓE(x)),  ñ a constant
///     gradient-guided, advanced: Σₜ f(Δ_{iₜ}),                   iₜ ~ ñ (biased)
///     optimal:                   (1/s) Σₜ f(Δ_{iₜ}) / n*(iₜ),     iₜ ~ n* ∝ f(Δᵢ): for analysis, it needs all d flips
///     surrogate:                 Σᵢ f((2xᵢ − 1) ∂E/∂xᵢ): no flip at all, but a second derivative
///
/// (Liu et al. 2023, "Gradient-Guided Importance Sampling for Learning Binary Energy-Based Models"; Ou 2021, "Gradient
/// Guided Ratio Matching", whose equation 6 is the optimal proposal and whose equation 12 the surrogate.) ñ is n* with
/// Δ to first order in the flip. What J learns is a power of p_data: see `RatioFunction`.
public struct RatioMatching: BinaryObjective, Hashable, Sendable {
    /// Which flips enter, and with which weights.
    public enum Estimator: Hashable, Sendable {
        /// All d flips.
        case exact
        /// All d flips, so many at a time: the same loss and gradients to rounding, in memory that does not grow with
        /// d.
        case exactInChunks(of: Int)
        /// `flips` flips drawn uniformly, weighted to be unbiased.
        case uniform(flips: Int)
        /// `flips` flips drawn from ñ, weighted to be unbiased.
        case gradientGuided(flips: Int)
        /// `flips` flips drawn from ñ, their contributions added up as they are.
        case gradientGuidedUnweighted(flips: Int)
        /// `flips` flips drawn from n*, weighted to be unbiased: the loss estimate then has no variance.
        case optimal(flips: Int)
        /// The first-order form without flips.
        case surrogate
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
    public var ratio: RatioFunction
    public var pairing: Pairing
    /// Whether a point's flips are independent draws, as the estimates assume, or distinct.
    public var replacement: Bool
    /// Whether ñ is a constant to the gradient, as the estimates assume.
    public var proposalIsConstant: Bool

    public init(
        _ estimator: Estimator, ratio: RatioFunction = .squared, pairing: Pairing = .own, replacement: Bool = true,
        proposalIsConstant: Bool = true
    ) {
        self.estimator = estimator
        self.ratio = ratio
        self.pairing = pairing
        self.replacement = replacement
        self.proposalIsConstant = proposalIsConstant
    }

    public func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws -> Tensor {
        if estimator == .surrogate { return surrogateLoss(model, x) }
        let proposal = logProposal(model, x)
        return loss(model, x, at: try drawFlips(x, from: proposal, using: generator), proposal: proposal)
    }

    public func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        if let model = model as? any ClosedFormFlipModel, pairing == .own, proposalIsConstant {
            return try closedForm(model, x, using: generator)
        }
        let parameters = model.parameters.tensors
        guard case .exactInChunks(let size) = estimator else {
            let loss = try loss(model, x, using: generator)
            return (loss.detached(), gradients(of: loss, withRespectTo: parameters))
        }
        require(size > 0, "chunks of \(size) flips")
        let all = type(of: model).allIndices(x)
        var total = Tensor.zeros([], dtype: x.dtype, device: x.device)
        var sums = parameters.map { Tensor.zeros(like: $0) }
        for first in stride(from: 0, to: x.size(1), by: size) {
            let indices = all.narrowed(1, start: first, length: min(size, x.size(1) - first)).contiguous()
            let part = loss(model, x, at: indices, proposal: nil)
            let found = gradients(of: part, withRespectTo: parameters)
            total += part.detached()
            for index in sums.indices { sums[index] += found[index] }
        }
        return (total, sums)
    }

    /// log ñ (or log n*), normalised, shape [batch, d]; nil where nothing or nothing but chance guides the flips.
    ///
    /// It is formed in log space: e^{2Δ̃} overflows where a run goes astray.
    public func logProposal(_ model: some BinaryEnergyModel, _ x: Tensor) -> Tensor? {
        switch estimator {
        case .exact, .exactInChunks, .uniform, .surrogate: nil
        case .gradientGuided, .gradientGuidedUnweighted:
            ratio.logarithm(firstOrderDifferences(model, x, recorded: !proposalIsConstant)).logSoftmax(1)
        case .optimal: withoutGradients { ratio.logarithm(model.flipDifferences(x, at: nil)).logSoftmax(1) }
        }
    }

    /// The flips that enter: int64 [batch, s], or nil for all.
    ///
    /// - Throws: `NonFiniteQuantity` where the proposal is not finite, `TooManyFlips` where more different flips are asked
    ///   for than a point has bits.
    public func drawFlips(_ x: Tensor, from logProposal: Tensor?, using generator: RandomGenerator) throws -> Tensor? {
        let weights: Tensor
        let flips: Int
        switch estimator {
        case .exact, .exactInChunks, .surrogate: return nil
        case .uniform(let count): (weights, flips) = (.ones(x.shape, dtype: x.dtype, device: x.device), count)
        case .gradientGuided(let count), .gradientGuidedUnweighted(let count), .optimal(let count):
            (weights, flips) = (logProposal!.detached().exp(), count)
            // e^{log ñ} is at most 1, so a sum is finite where no entry is NaN.
            guard weights.sum().item().isFinite else { throw NonFiniteQuantity("proposal") }
        }
        guard replacement || flips <= x.size(1) else { throw TooManyFlips(flips: flips, bits: x.size(1)) }
        return generator.multinomial(weights, count: flips, replacement: replacement)
    }

    /// The loss at given flips: the mean over the batch of the estimate above.
    ///
    /// - Parameters:
    ///   - indices: int64 [batch, s]; nil for all flips.
    ///   - logProposal: of `logProposal(_:_:)`; needed by the estimators that it guides and weights.
    public func loss(
        _ model: some BinaryEnergyModel, _ x: Tensor, at indices: Tensor?, proposal logProposal: Tensor?
    ) -> Tensor {
        let logarithms = ratio.logarithm(energyDifferences(model, x, at: indices))
        let (batch, flips) = (Double(logarithms.size(0)), Double(logarithms.size(1)))
        switch estimator {
        case .exact, .exactInChunks, .gradientGuidedUnweighted: return logarithms.exp().sum() / batch
        case .uniform: return logarithms.exp().sum() * (Double(x.size(1)) / (batch * flips))
        case .gradientGuided, .optimal:
            return (logarithms - logProposal!.gathered(1, indices!)).exp().sum() / (batch * flips)
        case .surrogate: fatalError("the surrogate has no flips")
        }
    }

    /// Σᵢ f(Δ̃ᵢ), the mean over the batch, recorded through the input gradient.
    private func surrogateLoss(_ model: some BinaryEnergyModel, _ x: Tensor) -> Tensor {
        ratio.logarithm(firstOrderDifferences(model, x, recorded: true)).exp().sum(1).mean()
    }

    /// Δ̃ = (2x − 1) ⊙ ∇ₓE(x), to which Δᵢ is equal to first order, shape [batch, d].
    private func firstOrderDifferences(_ model: some BinaryEnergyModel, _ x: Tensor, recorded: Bool) -> Tensor {
        guard recorded else { return (2 * x - 1) * model.inputGradient(x) }
        let variable = x.detached().copied().requiringGradient()
        let energy = model.energy(variable).sum()
        return (2 * x - 1) * gradients(of: energy, withRespectTo: [variable], differentiable: true)[0]
    }

    /// E(x) − E(x₋ᵢ), shape [batch, s], in the chosen pairing.
    private func energyDifferences(_ model: some BinaryEnergyModel, _ x: Tensor, at indices: Tensor?) -> Tensor {
        switch pairing {
        case .own: return model.flipDifferences(x, at: indices)
        case .misread:
            // The flipped copies' energies E(x₋ᵢ) = E(x) − Δᵢ, flip by flip [s, batch], read as if they stood point by
            // point.
            let energies = model.energy(x).unsqueezed(1)
            let differences = model.flipDifferences(x, at: indices)
            let copies = (energies - differences).transposed(0, 1)
            return energies - copies.reshaped(differences.shape)
        }
    }
}

/// More different flips of a point than it has bits, as of a small graph.
public struct TooManyFlips: Error, Equatable, Sendable, CustomStringConvertible {
    public let flips: Int
    public let bits: Int

    public var description: String {
        "\(flips) different flips of \(bits) bits: draw them with replacement, or at most \(bits)"
    }
}
