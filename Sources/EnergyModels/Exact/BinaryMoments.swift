import Foundation
import Torch

/// First and second moments of a distribution over {0, 1}^d, or of points: what an energy with pair couplings can see
/// of it.
public struct BinaryMoments: Sendable, Hashable {
    /// The values that the moments are of.
    public let alphabet: Alphabet
    /// ⟨sᵢ⟩ (or ⟨xᵢ⟩), d numbers.
    public let first: [Double]
    /// ⟨sᵢsⱼ⟩ (or ⟨xᵢxⱼ⟩), row-major, d · d numbers. On the diagonal 1 for spins, ⟨xᵢ⟩ for bits.
    public let second: [Double]

    /// d
    public var dimension: Int { first.count }

    init(first: [Double], second: [Double], alphabet: Alphabet) {
        (self.first, self.second, self.alphabet) = (first, second, alphabet)
    }

    /// The moments of points, each with weight 1/n.
    ///
    /// - Parameter x: bits, shape [n, d], n ≥ 1.
    public init(of x: Tensor, alphabet: Alphabet) {
        require(x.rank == 2 && x.size(0) > 0, "moments of points of shape \(x.shape)")
        (first, second) = withoutGradients {
            let values = alphabet.values(of: x.converted(to: .float64))
            let n = Double(x.size(0))
            return ((values.sum(0) / n).array(), (values.transposed().matmul(values) / n).array())
        }
        self.alphabet = alphabet
    }

    /// The moments of a distribution that is given state by state.
    ///
    /// - Parameter probabilities: 2^d numbers that sum to 1; state number Σᵢ xᵢ 2^i, the first bit lowest.
    public init(probabilities: [Double], alphabet: Alphabet) {
        let d = probabilities.count.trailingZeroBitCount
        require(
            probabilities.count == 1 << d && d > 0, "\(probabilities.count) probabilities are not those of 2^d states")
        // Sums over sub-cubes: folding the highest bit away leaves the distribution of the others.
        var (first, second) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d * d))
        var rest = probabilities
        for i in (0..<d).reversed() {
            var upper = Array(rest[1 << i..<2 << i])
            for state in 0..<1 << i { rest[state] += upper[state] }
            // The part where xᵢ = 1 has a weight, and a part of it has xⱼ = 1 for each lower j.
            for j in (0..<i).reversed() {
                var both = 0.0
                for state in 0..<1 << j {
                    both += upper[state + (1 << j)]
                    upper[state] += upper[state + (1 << j)]
                }
                second[i * d + j] = both
                second[j * d + i] = both
            }
            first[i] = upper[0]
            second[i * d + i] = upper[0]
        }
        self = BinaryMoments(first: first, second: second, alphabet: .bits).converted(to: alphabet)
    }

    /// The moments of the same distribution in the other alphabet: ⟨s⟩ = 2⟨x⟩ − 1, ⟨ss'⟩ = 4⟨xx'⟩ − 2⟨x⟩ − 2⟨x'⟩ + 1.
    public func converted(to alphabet: Alphabet) -> BinaryMoments {
        let d = dimension
        switch (self.alphabet, alphabet) {
        case (.bits, .bits), (.spins, .spins): return self
        case (.bits, .spins):
            return BinaryMoments(
                first: first.map { 2 * $0 - 1 },
                second: second.indices.map {
                    $0 / d == $0 % d ? 1 : 4 * second[$0] - 2 * first[$0 / d] - 2 * first[$0 % d] + 1
                },
                alphabet: .spins)
        case (.spins, .bits):
            return BinaryMoments(
                first: first.map { (1 + $0) / 2 },
                second: second.indices.map {
                    $0 / d == $0 % d ? (1 + first[$0 / d]) / 2 : (1 + first[$0 / d] + first[$0 % d] + second[$0]) / 4
                }, alphabet: .bits)
        }
    }
}

/// −Σ p log p in nats.
public func entropy(of probabilities: [Double]) -> Double {
    -probabilities.reduce(0) { $1 > 0 ? $0 + $1 * log($1) : $0 }
}
