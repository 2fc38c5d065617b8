import EnergyModels
import Torch

/// Markov chains that advance together, each on its own: where they stand, and the source of randomness that moves
/// them.
///
/// What they do next depends on `state` alone: chains restored from it go on bit for bit.
///
/// The samplers of chains all keep this contract. `GridSampler`, whose draws are independent, moves none.
public protocol Chains {
    /// What a step throws: `ChainDivergence` where chains can leave the finite numbers; for others `Never`.
    associatedtype Failure: Error = Never

    /// How many chains there are.
    var count: Int { get }

    /// Where they stand, shape [chains, d], or [chains, …] of a model of images; a copy.
    var points: Tensor { get }

    /// One step of every chain, whatever a step of this sampler is.
    mutating func step() throws(Failure) -> Moves

    /// So many steps of every chain, the same as one by one; what they did, added up.
    @discardableResult
    mutating func advance(_ steps: Int) throws(Failure) -> Moves

    var state: ChainState { get }

    /// Goes on from a saved state of the same sampler on the same model.
    ///
    /// - Throws: `SamplingError` where the state cannot be one of these chains; they are then as they were.
    mutating func restore(_ state: ChainState) throws
}

extension Chains {
    @discardableResult
    public mutating func advance(_ steps: Int) throws(Failure) -> Moves {
        require(steps >= 0, "\(steps) steps")
        var moves = Moves()
        for _ in 0..<steps { moves += try step() }
        return moves
    }
}

/// Everything that decides how chains go on.
public struct ChainState {
    /// Where they stand, shape [chains, d] or [chains, …].
    public var points: Tensor
    /// The generators, as bytes.
    public var generator: [UInt8]
    /// How far a systematic scan has come: the next place in its order; 0 for samplers without one.
    public var position: Int
    /// The last move of chains with momentum, of the points' shape; nil for samplers without.
    public var velocity: Tensor?

    public init(points: Tensor, generator: [UInt8], position: Int = 0, velocity: Tensor? = nil) {
        (self.points, self.generator, self.position, self.velocity) = (points, generator, position, velocity)
    }
}

/// What chains did in some steps, added up over steps and chains.
public struct Moves: Equatable, Sendable {
    /// Moves that were proposed.
    public var proposed = 0
    /// Moves that were accepted, be it to stay.
    public var accepted = 0
    /// How far the chains moved: flipped bits (one that flips back counts twice), or Euclidean distance; NaN for chains
    /// that do not measure it.
    public var distance = 0.0

    public init(proposed: Int = 0, accepted: Int = 0, distance: Double = 0) {
        (self.proposed, self.accepted, self.distance) = (proposed, accepted, distance)
    }

    /// accepted / proposed: 1 for heat baths, which reject nothing; NaN where nothing was proposed.
    public var acceptanceRate: Double { Double(accepted) / Double(proposed) }

    public static func += (a: inout Moves, b: Moves) {
        a.proposed += b.proposed
        a.accepted += b.accepted
        a.distance += b.distance
    }
}

extension SamplingError {
    /// - Throws: unless β is finite and at least 0.
    static func validate(inverseTemperature beta: Double) throws {
        guard beta.isFinite, beta >= 0 else { throw SamplingError.inverseTemperature(beta) }
    }

    /// Zeros and ones [chains, d] of any type as bytes.
    ///
    /// - Throws: where the shape is another (nil leaves the number of chains open), or a number is no bit.
    static func bits(_ points: Tensor, chains: Int?, dimension: Int) throws -> [UInt8] {
        let expected = [chains ?? points.shape.first ?? 0, dimension]
        guard points.shape == expected else { throw SamplingError.shape(points.shape, expected: expected) }
        let values = points.array(Double.self)
        if let index = values.firstIndex(where: { $0 != 0 && $0 != 1 }) {
            throw SamplingError.notABit(values[index], chain: index / dimension, site: index % dimension)
        }
        return values.map { UInt8($0) }
    }

    /// Words of generator state from little-endian bytes; each group of four is one generator.
    static func words(_ bytes: [UInt8], count: Int, zeroGroups isZero: ([UInt64]) -> Bool) throws -> [UInt64] {
        guard bytes.count == 8 * count else { throw SamplingError.generatorBytes(bytes.count, expected: 8 * count) }
        let words = (0..<count).map { n in
            (0..<8).reduce(UInt64(0)) { $0 | UInt64(bytes[8 * n + $1]) << UInt64(8 * $1) }
        }
        if isZero(words) { throw SamplingError.generatorZero }
        return words
    }

    static func bytes(_ words: [UInt64]) -> [UInt8] {
        words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
    }
}
