import Torch

/// What is wrong with a sampler's settings or a saved state, in one line that also says what would be right.
public struct SamplingError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Chains that left the finite numbers.
public struct ChainDivergence: LeftFiniteNumbers, Equatable, CustomStringConvertible {
    /// What is infinite or NaN: `gradient` or `points`.
    public let quantity: String
    /// The step of the chains at which it was seen, from 0.
    public let step: Int
    /// In how many of how many chains.
    public let chains: Int
    public let total: Int

    public init(_ quantity: String, step: Int, chains: Int, of total: Int) {
        (self.quantity, self.step, self.chains, self.total) = (quantity, step, chains, total)
    }

    public var description: String {
        "divergence: the \(quantity) of \(chains) of \(total) chains is not finite at step \(step)"
    }
}
