import EnergyModels
import Foundation
import Torch

/// All 2^d points of {0, 1}^d, shape [2^d, d]; row n holds the bits of n, the lowest first.
public func allStates(_ d: Int, dtype: DType = .float64) -> Tensor {
    let bits = (0..<1 << d).flatMap { n in (0..<d).map { Double(n >> $0 & 1) } }
    return Tensor(bits, shape: [1 << d, d]).converted(to: dtype)
}

/// The row of `allStates` that each row of x equals.
public func stateNumbers(_ x: Tensor) -> [Int] {
    let d = x.size(1)
    let bits = x.array(Int.self)
    return (0..<x.size(0)).map { row in (0..<d).reduce(0) { $0 | bits[row * d + $1] << $1 } }
}

/// p(x) ∝ exp(−βE(x)) for all points in the order of `allStates`.
public func boltzmannProbabilities(_ energies: [Double], inverseTemperature beta: Double = 1) -> [Double] {
    let least = energies.min() ?? 0
    let weights = energies.map { exp(-beta * ($0 - least)) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
}

/// Pearson's statistic Σ (observed − expected)² / expected in standard deviations from its mean, √(2k) from k, the
/// number of free cells; states that are expected less than five times form one cell together.
public func chiSquareDeviation(_ states: [Int], _ probabilities: [Double]) -> Double {
    var observed = [Int](repeating: 0, count: probabilities.count)
    for state in states { observed[state] += 1 }
    var statistic = 0.0
    var cells = 0
    var rest = (observed: 0.0, expected: 0.0)
    for (count, probability) in zip(observed, probabilities) {
        let expected = probability * Double(states.count)
        if expected < 5 {
            rest.observed += Double(count)
            rest.expected += expected
        } else {
            statistic += (Double(count) - expected) * (Double(count) - expected) / expected
            cells += 1
        }
    }
    if rest.expected > 0 {
        statistic += (rest.observed - rest.expected) * (rest.observed - rest.expected) / rest.expected
        cells += 1
    }
    let freedom = Double(cells - 1)
    return (statistic - freedom) / (2 * freedom).squareRoot()
}
