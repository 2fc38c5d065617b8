import EnergyModels
import Foundation
import Torch

/// Independent draws from a distribution over {0, 1}^d that is given state by state, by inverting its cumulative sums.
///
/// - Parameters:
///   - logProbabilities: 2^d numbers, up to a constant; state number Σᵢ xᵢ 2^i, the first bit lowest.
/// - Returns: bits as float64, shape [count, d].
package func exactDraws(logProbabilities: [Double], count: Int, using generator: RandomGenerator) -> Tensor {
    let d = logProbabilities.count.trailingZeroBitCount
    let largest = logProbabilities.max()!
    var total = 0.0
    let cumulative = logProbabilities.map { logarithm -> Double in
        total += exp(logarithm - largest)
        return total
    }
    var bits: [Double] = []
    bits.reserveCapacity(count * d)
    for _ in 0..<count {
        let u = generator.uniform() * total
        // The first state whose cumulative sum exceeds u: one of probability 0 never is.
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > u { high = middle } else { low = middle + 1 }
        }
        for i in 0..<d { bits.append(Double(low >> i & 1)) }
    }
    return Tensor(bits, shape: [count, d])
}

/// d(d − 1)/2 independent normal couplings as a symmetric matrix, row-major, and d normal fields; both by their
/// standard deviations.
package func randomMachine(
    _ d: Int, couplings couplingScale: Double, fields fieldScale: Double, using generator: RandomGenerator
) throws -> QuadraticEnergy {
    let normals = Tensor.normal([d * (d - 1) / 2 + d], dtype: .float64, using: generator).array(Double.self)
    var couplings = [Double](repeating: 0, count: d * d)
    var next = 0
    for i in 0..<d {
        for j in 0..<i {
            couplings[i * d + j] = couplingScale * normals[next]
            couplings[j * d + i] = couplings[i * d + j]
            next += 1
        }
    }
    return try QuadraticEnergy(couplings: couplings, fields: normals[next...].map { fieldScale * $0 }, alphabet: .spins)
}
