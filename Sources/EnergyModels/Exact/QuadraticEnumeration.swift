import Foundation
import Torch

/// What enumeration finds of p^β ∝ exp(−βE).
public struct ExactMoments: Sendable, Hashable {
    /// β
    public let inverseTemperature: Double
    /// log Z(β) = log Σₓ exp(−βE(x)).
    public let logPartitionFunction: Double
    /// First and second moments, in the energy's alphabet.
    public let moments: BinaryMoments
    /// −Σ p log p = log Z(β) + β⟨E⟩, in nats.
    public let entropy: Double
}

/// An energy whose states cannot be enumerated.
public enum EnumerationError: Error, Hashable, CustomStringConvertible {
    case tooManyVariables(Int)
    /// β, and the bound on |E|.
    case energiesOverflow(inverseTemperature: Double, bound: Double)

    public var description: String {
        switch self {
        case .tooManyVariables(let d):
            "2^\(d) states are too many to enumerate, at most d = \(QuadraticEnergy.largestEnumeratedDimension): "
                + "estimate log Z by annealed importance sampling"
        case .energiesOverflow(let beta, let bound):
            "energies as large as \(bound) at inverse temperature \(beta) leave the range of doubles: scale couplings and fields down"
        }
    }
}

extension QuadraticEnergy {
    /// The largest d whose states are enumerated: 67 million states.
    public static let largestEnumeratedDimension = 26

    /// log Z, all first and second moments and the entropy of p^β, from all 2^d states in double precision: relative
    /// errors are some 10⁻¹³. Uses `Runtime.threads`; the result does not depend on their number.
    ///
    /// - Throws: `EnumerationError` for d > 26, and for energies beyond the range of doubles.
    public func exactMoments(inverseTemperature beta: Double = 1) throws(EnumerationError) -> ExactMoments {
        let spins = converted(to: .spins)
        let found = try spins.spinTables(beta).moments(dimension: dimension)
        let moments = BinaryMoments(first: found.first, second: found.second, alphabet: .spins)
        let logZ = found.logSum - beta * spins.offset
        return ExactMoments(
            inverseTemperature: beta, logPartitionFunction: logZ, moments: moments.converted(to: alphabet),
            entropy: logZ + beta * spins.meanEnergy(of: moments))
    }

    /// log p^β(x) of all states: 2^d numbers, state number Σᵢ xᵢ 2^i, the first bit lowest. At d = 26 they take 512 MiB
    /// as float64, half of it as float32; either way they are computed in double precision.
    ///
    /// - Parameter dtype: float64 or float32.
    /// - Throws: as `exactMoments`.
    public func exactLogProbabilities(
        inverseTemperature beta: Double = 1, dtype: DType = .float64
    ) throws(EnumerationError) -> Tensor {
        require(dtype == .float64 || dtype == .float32, "log probabilities as \(dtype)")
        let tables = try converted(to: .spins).spinTables(beta)
        let output = Tensor.empty([1 << dimension], dtype: dtype)
        let logSum = tables.moments(dimension: dimension).logSum
        let lowStates = min(1 << dimension, SpinTables.lowStates)
        if dtype == .float64 {
            let address = output.unsafeElements(Double.self)
            tables.forEachHighState { first, logWeight, low in
                for state in 0..<lowStates { address[first + state] = low[state] + (logWeight - logSum) }
            }
        } else {
            let address = output.unsafeElements(Float.self)
            tables.forEachHighState { first, logWeight, low in
                for state in 0..<lowStates { address[first + state] = Float(low[state] + (logWeight - logSum)) }
            }
        }
        return output
    }

    /// ⟨E⟩ under any distribution with these moments.
    public func meanEnergy(of moments: BinaryMoments) -> Double {
        let d = dimension
        require(moments.dimension == d, "moments of \(moments.dimension) variables for an energy of \(d)")
        let moments = moments.converted(to: alphabet)
        var sum = 0.0
        for i in 0..<d {
            sum += fields[i] * moments.first[i]
            for j in 0..<i { sum += couplings[i * d + j] * moments.second[i * d + j] }
        }
        return offset - sum
    }

    /// The tables of an energy over spins.
    private func spinTables(_ beta: Double) throws(EnumerationError) -> SpinTables {
        guard dimension <= Self.largestEnumeratedDimension else { throw .tooManyVariables(dimension) }
        // No partial sum of |E| is larger.
        let bound = fields.reduce(0) { $0 + abs($1) } + couplings.reduce(0) { $0 + abs($1) } + abs(offset)
        guard (4 * beta * bound).isFinite else { throw .energiesOverflow(inverseTemperature: beta, bound: bound) }
        return SpinTables(self, scale: beta)
    }
}

extension SpinTables {
    /// Calls body with each state of the high spins on libtorch's threads: the number of its first state, A, and log w
    /// − A of the low states.
    func forEachHighState(_ body: (_ first: Int, _ logWeight: Double, _ low: UnsafePointer<Double>) -> Void) {
        parallelFor(blocks) { _, range in
            withUnsafeTemporaryAllocation(of: Eight.self, capacity: Self.lowStates / 8) { buffer in
                let table = UnsafeRawPointer(buffer.baseAddress!).assumingMemoryBound(to: Double.self)
                for block in range {
                    walk(block: block) { state, _, logWeight, g in
                        logWeights(fields: g, into: buffer.baseAddress!)
                        body(state * Self.lowStates, logWeight, table)
                    }
                }
            }
        }
    }
}
