import Torch

/// p^β ∝ exp(−βE) over {0, 1}^d, exactly: from the energies of all 2^d states.
public struct ExactDistribution: Sendable {
    /// The largest d whose states are enumerated: a million states. Whoever takes d from a user checks it against this.
    public static let largestDimension = 20

    /// β.
    public let inverseTemperature: Double
    /// log Z(β) = log Σₓ exp(−βE(x)).
    public let logPartitionFunction: Double
    /// log p(x) = −βE(x) − log Z(β), 2^d numbers: state number Σᵢ xᵢ 2^i, the first bit lowest. Nil where not asked
    /// for.
    public let logProbabilities: [Double]?
}

extension BinaryEnergyModel {
    /// The distributions at several inverse temperatures from one pass over all 2^d energies.
    ///
    /// Energies come as the model computes them, sums are in double precision and shifted by the largest term of each
    /// batch. A batch is 8,192 states, so memory does not grow with d but for what is asked to be kept: 8 bytes a state
    /// for the energies and as many for each β. A NaN among the energies makes log Z NaN; a state of infinite energy
    /// has probability 0 where β > 0.
    ///
    /// - Parameters:
    ///   - inverseTemperatures: the values of β.
    ///   - keepingLogProbabilities: whether log p of every state is wanted too.
    /// - Precondition: d ≤ `ExactDistribution.largestDimension`.
    public func exactDistributions(
        inverseTemperatures: [Double] = [1], keepingLogProbabilities: Bool = false
    ) -> [ExactDistribution] {
        require(
            dimension <= ExactDistribution.largestDimension,
            "2^\(dimension) states are too many to enumerate, at most d = \(ExactDistribution.largestDimension): "
                + "estimate log Z by annealed importance sampling")
        let (states, batch) = (1 << dimension, 8192)
        var kept: [Tensor] = []
        var partialSums = [[Double]](repeating: [], count: inverseTemperatures.count)
        for first in stride(from: 0, to: states, by: batch) {
            let x = stateTensor(first..<min(first + batch, states))
            let energies = evaluate(x).converted(to: .float64)
            for (index, beta) in inverseTemperatures.enumerated() {
                partialSums[index].append((energies * -beta).logSumExp(0).item())
            }
            if keepingLogProbabilities { kept.append(energies) }
        }
        let energies = kept.isEmpty ? nil : Tensor.concatenated(kept)
        return zip(inverseTemperatures, partialSums).map { beta, sums in
            let logPartitionFunction = Tensor(sums).logSumExp(0).item()
            return ExactDistribution(
                inverseTemperature: beta, logPartitionFunction: logPartitionFunction,
                logProbabilities: energies.map { ($0 * -beta - logPartitionFunction).array() })
        }
    }

    /// −(1/n) Σ log p^β(x), in nats, with log Z(β) by enumeration.
    ///
    /// - Parameters:
    ///   - x: bits, shape [n, d], n ≥ 1.
    /// - Returns: one number for each β.
    /// - Precondition: d ≤ `ExactDistribution.largestDimension`.
    public func exactNegativeLogLikelihood(of x: Tensor, inverseTemperatures: [Double] = [1]) -> [Double] {
        exactDistributions(inverseTemperatures: inverseTemperatures).map {
            negativeLogLikelihood(
                of: x, inverseTemperature: $0.inverseTemperature, logPartitionFunction: $0.logPartitionFunction)
        }
    }

    /// −(1/n) Σ log p^β(x) = β mean E(x) + log Z(β), in nats, log Z(β) being known or estimated.
    ///
    /// - Parameters:
    ///   - x: bits, shape [n, d], n ≥ 1.
    public func negativeLogLikelihood(
        of x: Tensor, inverseTemperature beta: Double = 1, logPartitionFunction: Double
    ) -> Double {
        beta * evaluate(x).converted(to: .float64).mean().item() + logPartitionFunction
    }

    /// The states of these numbers, shape [count, d].
    package func stateTensor(_ numbers: Range<Int>) -> Tensor {
        var bits: [UInt8] = []
        bits.reserveCapacity(numbers.count * dimension)
        for number in numbers { for i in 0..<dimension { bits.append(UInt8(truncatingIfNeeded: number >> i & 1)) } }
        return Tensor(bits, shape: [numbers.count, dimension], device: device).converted(to: dtype)
    }
}
