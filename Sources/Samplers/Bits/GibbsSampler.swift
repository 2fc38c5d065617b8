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
                for site in 0..<model.dimension {
                    switch draw {
                    case .uniform:
                        let logits = Self.logits(of: state, using: generator)
                        state.flip(at: site, whereDifferenceExceeds: logits / inverseTemperature)
                    case .categorical: drawCategorically(site, of: state, using: generator)
                    }
                }
            }
            return state.x
        }
    }
}

extension GibbsSampler {
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
