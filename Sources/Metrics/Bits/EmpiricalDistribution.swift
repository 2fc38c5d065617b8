import Foundation
import Torch

/// How the entropy of a distribution is estimated from n draws of it.
public enum EntropyEstimator: Sendable, CaseIterable {
    /// −Σ p̂ log p̂ of the relative frequencies. Too low on average: by (K − 1)/2n to first order in 1/n, K the number
    /// of states of positive probability.
    case plugIn
    /// Plug-in + (K̂ − 1)/2n with the number K̂ of states seen (Miller 1955; Paninski 2003, section 4). The first-order
    /// bias goes where every state has been seen, n ≫ K. Where most draws are of states seen once it stays far too low:
    /// at most log n + ½.
    case millerMadow
}

/// How often each of the 2^d states occurs among bit vectors: the histogram of a data set or of samples.
///
///     var data = EmpiricalDistribution(x)
///     data.add(more)
///     let kl = data.klDivergence(from: model.exactDistributions(keepingLogProbabilities: true)[0].logProbabilities!)
///
/// State number Σᵢ xᵢ 2^i, the first bit lowest. Logarithms are natural.
public struct EmpiricalDistribution: Sendable, Equatable {
    /// The largest d: a million counts.
    public static let largestDimension = 20

    public let dimension: Int
    /// How often each state has been seen, 2^d numbers.
    public private(set) var counts: [Int]
    /// n, the sum of the counts.
    public private(set) var total = 0

    /// No points yet.
    ///
    /// - Precondition: d ≤ `largestDimension`.
    public init(dimension: Int) {
        require(
            1...Self.largestDimension ~= dimension,
            "a histogram over 2^\(dimension) states: d is at least 1 and at most \(Self.largestDimension)")
        self.dimension = dimension
        counts = [Int](repeating: 0, count: 1 << dimension)
    }

    /// - Parameter x: bits, any type, shape [n, d].
    public init(_ x: Tensor) {
        self.init(dimension: x.size(1))
        add(x)
    }

    /// Counts more points.
    ///
    /// - Parameter x: bits, any type, shape [n, d]; traps where an element is neither 0 nor 1.
    public mutating func add(_ x: Tensor) {
        require(x.rank == 2 && x.size(1) == dimension, "points of shape \(x.shape) for \(dimension) bits")
        require(((x .== 0) .| (x .== 1)).all(), "bits are 0 or 1")
        let bits = x.array(UInt8.self)
        for first in stride(from: 0, to: bits.count, by: dimension) {
            var state = 0
            for i in 0..<dimension { state |= Int(bits[first + i]) << i }
            counts[state] += 1
        }
        total += x.size(0)
    }

    /// K̂, how many states have been seen.
    public var observedStates: Int { counts.count { $0 > 0 } }

    /// The relative frequencies p̂, 2^d numbers.
    public var probabilities: [Double] { counts.map { Double($0) / Double(total) } }

    /// H in nats, estimated from n ≥ 1 points: log n − (1/n) Σ c log c over the counts c, and Miller and Madow's term.
    public func entropy(_ estimator: EntropyEstimator = .plugIn) -> Double {
        require(total > 0, "the entropy of no points")
        let n = Double(total)
        let plugIn = log(n) - counts.reduce(0) { $1 > 1 ? $0 + Double($1) * log(Double($1)) : $0 } / n
        return estimator == .plugIn ? plugIn : plugIn + Double(observedStates - 1) / (2 * n)
    }

    /// −Σ p̂ log q, in nats: without bias for the cross-entropy of what the points were drawn from. Infinite where a
    /// point has probability 0 under q.
    ///
    /// - Parameter logProbabilities: log q, 2^d numbers.
    public func crossEntropy(_ logProbabilities: [Double]) -> Double {
        require(
            total > 0 && logProbabilities.count == counts.count,
            "the cross-entropy of \(total) points with \(logProbabilities.count) log-probabilities of 2^\(dimension) states"
        )
        let sum = zip(counts, logProbabilities).reduce(0) { $1.0 > 0 ? $0 + Double($1.0) * $1.1 : $0 }
        return -sum / Double(total)
    }

    /// KL(p‖q) = −H(p) + cross-entropy, in nats, p what the points were drawn from.
    ///
    /// Its bias is the entropy's with the other sign: plug-in, which is KL(p̂‖q) ≥ 0, is too high by (K − 1)/2n to
    /// first order, also where p = q. Corrected it can be negative. Two models are compared on the same points without
    /// this bias, which cancels.
    ///
    /// - Parameter logProbabilities: log q, 2^d numbers.
    public func klDivergence(from logProbabilities: [Double], entropy estimator: EntropyEstimator = .plugIn) -> Double {
        crossEntropy(logProbabilities) - entropy(estimator)
    }
}
