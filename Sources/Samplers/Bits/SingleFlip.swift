import EnergyModels
import Torch

/// Single flips at random sites of any binary model: each chain proposes to flip a bit i drawn uniformly, and does so
/// with a probability that depends on Δ = β (E(x) − E(x₋ᵢ)), leaving exp(−βE) invariant. A step costs one
/// `flipDifferences` at one site of each chain.
///
/// (The block Gibbs sampler of restricted Boltzmann machines is not among these: it belongs to that model.)
public struct SingleFlip<Model: BinaryEnergyModel>: MarkovKernel {
    public enum Rule: Sendable {
        /// min(1, e^Δ): Metropolis et al. 1953.
        case metropolis
        /// σ(Δ): random-scan Gibbs, which draws the bit from its conditional distribution. Accepted counts the bits
        /// that changed.
        case heatBath
    }

    public let model: Model
    public let rule: Rule
    /// β in exp(−βE).
    public let inverseTemperature: Double

    /// - Throws: `SamplingError` for a β that is negative or not finite.
    public init(_ model: Model, rule: Rule, inverseTemperature: Double = 1) throws {
        try SamplingError.validate(inverseTemperature: inverseTemperature)
        (self.model, self.rule, self.inverseTemperature) = (model, rule, inverseTemperature)
    }

    public func validate(_ x: Tensor) throws { try model.validateBits(x) }

    public func step(from x: Tensor, using generator: RandomGenerator) -> (x: Tensor, moves: Moves) {
        let chains = x.size(0)
        let sites = Tensor.integers([chains, 1], 0..<model.dimension, using: generator)
        let logRatio = inverseTemperature * model.flipDifferences(x, at: sites)
        let flips: Tensor =
            switch rule {
            case .metropolis: accepted(logRatio, using: generator)
            case .heatBath: accepted(logRatio.logSigmoid(), using: generator)
            }
        let flipped = 1 - x.gathered(1, sites)
        let next = x.scattered(1, sites, Tensor.select(flips, flipped, 1 - flipped))
        let count = flips.converted(to: .float64).sum().item()
        return (next, Moves(proposed: chains, accepted: Int(count), distance: count))
    }
}
