import EnergyModels
import Torch

/// What is wrong with a sampler's settings, or with where chains are to start or go on, in one line that also says what
/// would be right.
public enum SamplingError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A setting that cannot be.
    case setting(String)
    case shape([Int], expected: [Int])
    case notABit(Double, chain: Int, site: Int)
    case generatorBytes(Int, expected: Int)
    case generatorZero
    case generator(String)
    case position(Int, sites: Int)
    case inverseTemperature(Double)
    case field(Double, limit: Double)
    case schedule(String)
    case scale(Double)
    case negativeCoupling(Float, Graph.Edge)
    case clusterField(Float, site: Int)

    init(_ fault: String) { self = .setting(fault) }

    public var description: String {
        switch self {
        case .setting(let fault): fault
        case .shape(let shape, let expected): "chains at points of shape \(shape): these take \(expected)"
        case .notABit(let value, let chain, let site): "bit \(site) of chain \(chain) is \(value): bits are 0 or 1"
        case .generatorBytes(let count, let expected):
            "a generator state of \(count) bytes: these chains save \(expected)"
        case .generatorZero: "a generator state of zeros, which a generator never leaves: it was damaged"
        case .generator(let fault): fault
        case .position(let position, let sites): "position \(position) of a scan: it runs from 0 to \(sites - 1)"
        case .inverseTemperature(let beta): "inverse temperature \(beta): it must be finite and not negative"
        case .field(let field, let limit):
            "a local field of \(field) can occur: this sampler takes up to \(limit); lower the inverse temperature"
        case .schedule(let fault): fault
        case .scale(let scale): "a random walk of scale \(scale): it must be finite and positive"
        case .negativeCoupling(let value, let edge):
            "the coupling of \(edge.first) and \(edge.second) is \(value): cluster updates take couplings from 0"
        case .clusterField(let value, let site): "the field of site \(site) is \(value): cluster updates take no fields"
        }
    }
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
