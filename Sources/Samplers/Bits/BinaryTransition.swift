import EnergyModels
import Torch

/// Moves chains of a binary model on: what the negative points of contrastive divergence come from.
public protocol BinaryTransition: Sendable {
    /// The chains after a step of this transition.
    ///
    /// - Parameters:
    ///   - x: where they stand, bits [chains, d]; left as they are.
    /// - Returns: shape [chains, d], a constant.
    /// - Throws: `SamplingError` for a model that this transition cannot move.
    func moved(_ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator) throws -> Tensor
}

extension GibbsSampler {
    /// So many systematic sweeps.
    public struct Sweeps: BinaryTransition, Hashable {
        public var count: Int

        public init(_ count: Int) {
            require(count >= 1, "\(count) sweeps")
            self.count = count
        }

        public func moved(_ model: some BinaryEnergyModel, from x: Tensor, using generator: RandomGenerator) -> Tensor {
            GibbsSampler().sample(model, from: x, sweeps: count, using: generator)
        }
    }
}
