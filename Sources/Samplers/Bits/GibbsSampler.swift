import EnergyModels
import Torch

/// Systematic-scan Gibbs sampling: a sweep visits sites 0, 1, …, d − 1 in order and draws each from its conditional
/// distribution given the others,
///
///     p(xᵢ flips | x₋ᵢ) = σ(β (E(x) − E(x₋ᵢ))).
///
/// The chains of a batch run side by side; each site costs one evaluation of the energy, since E(x) is known from the
/// site before. p^β ∝ exp(−βE) is left invariant.
public struct GibbsSampler: Sendable {
    /// How a site's new value is drawn.
    public enum Draw: Sendable {
        /// One uniform number for each chain.
        case uniform
        /// One categorical draw over the values 0 and 1 for each chain, by `multinomial`, as released code does.
        case categorical
    }

    /// β in exp(−βE), not negative: 1 is the model's own distribution.
    public var inverseTemperature: Double
    public var draw: Draw

    public init(inverseTemperature: Double = 1, draw: Draw = .uniform) {
        self.inverseTemperature = inverseTemperature
        self.draw = draw
    }

    /// The chains after that many sweeps.
    ///
    /// - Parameters:
    ///   - x: where the chains start: bits as floating-point numbers [chains, d]; left as they are.
    /// - Returns: shape [chains, d].
    public func sample(
        _ model: some BinaryEnergyModel, from x: Tensor, sweeps: Int, using generator: RandomGenerator
    ) -> Tensor {
        withoutGradients {
            let state = model.flipState(x)
            for _ in 0..<sweeps {
                for site in 0..<model.dimension { draw(site, of: state, using: generator) }
            }
            return state.x
        }
    }

    /// Chains that go on sweep by sweep, and can be stopped and restored.
    ///
    /// - Parameter start: zeros and ones [chains, d], in the model's type; left as they are.
    /// - Throws: `SamplingError` for other points, or a β that is negative or not finite.
    public func chains<Model: BinaryEnergyModel>(
        _ model: Model, from start: Tensor, using generator: RandomGenerator
    ) throws -> GibbsChains<Model> {
        try GibbsChains(self, model, from: start, using: generator)
    }
}

/// Chains under way by systematic Gibbs sweeps of any binary model; a step is a sweep over all d sites.
public final class GibbsChains<Model: BinaryEnergyModel>: Chains {
    public let sampler: GibbsSampler
    public let model: Model
    private let generator: RandomGenerator
    private var flips: any FlipState

    init(_ sampler: GibbsSampler, _ model: Model, from start: Tensor, using generator: RandomGenerator) throws {
        try SamplingError.validate(inverseTemperature: sampler.inverseTemperature)
        try model.validateBits(start)
        (self.sampler, self.model, self.generator) = (sampler, model, generator)
        flips = withoutGradients { model.flipState(start.detached().copied()) }
    }

    public var count: Int { flips.x.size(0) }
    public var points: Tensor { flips.x.copied() }

    public func step() -> Moves {
        withoutGradients {
            let changed = Tensor.zeros([count], dtype: .float64, device: flips.x.device)
            for site in 0..<model.dimension {
                let before = flips.x.selected(1, site).copied()
                sampler.draw(site, of: flips, using: generator)
                changed.assign(changed + (flips.x.selected(1, site) .!= before).converted(to: .float64))
            }
            let proposed = count * model.dimension
            return Moves(proposed: proposed, accepted: proposed, distance: changed.sum().item())
        }
    }

    public var state: ChainState { ChainState(points: points, generator: generator.state) }

    public func restore(_ state: ChainState) throws {
        guard state.points.shape == flips.x.shape else {
            throw SamplingError.shape(state.points.shape, expected: flips.x.shape)
        }
        guard state.position == 0 else { throw SamplingError.position(state.position, sites: 1) }
        try model.validateBits(state.points)
        do { try generator.restore(state.generator) } catch { throw SamplingError.generator("\(error)") }
        let points = state.points.converted(to: flips.x.dtype).detached().copied()
        flips = withoutGradients { model.flipState(points) }
    }
}

extension GibbsSampler {
    /// Draws a site of every chain anew.
    fileprivate func draw(_ site: Int, of state: any FlipState, using generator: RandomGenerator) {
        switch draw {
        case .uniform:
            let logits = Self.logits(of: state, using: generator)
            state.flip(at: site, whereDifferenceExceeds: logits / inverseTemperature)
        case .categorical: drawCategorically(site, of: state, using: generator)
        }
    }

    /// log u − log(1 − u) for one uniform u a chain: a chain flips where its flip's log-odds exceed it.
    static func logits(of state: any FlipState, using generator: RandomGenerator) -> Tensor {
        let u = Tensor.uniform([state.x.size(0)], dtype: state.x.dtype, using: generator)
        return u.log() - (1 - u).log()
    }

    /// Draws a site of every chain anew by `multinomial` over its two values.
    private func drawCategorically(_ site: Int, of state: any FlipState, using generator: RandomGenerator) {
        let logit = inverseTemperature * state.flipDifference(at: site)
        let bits = state.x.selected(1, site)
        // log p(1) − log p(0): the logit of a flip, or its negative where the bit is 1.
        let logitOfOne = (1 - 2 * bits) * logit
        let probabilities = Tensor.stacked([.zeros(like: logit), logitOfOne], along: 1).softmax(1)
        let drawn = generator.multinomial(probabilities, count: 1, replacement: true).squeezed(1)
        state.flip(at: site, where: drawn.converted(to: bits.dtype) .!= bits)
    }
}
