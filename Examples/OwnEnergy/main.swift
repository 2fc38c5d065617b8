import Foundation
import Torch

// The energy of BoltzmannMachine.swift, learnt from draws of a machine of three bits whose probabilities are known.
// Prints them beside the frequencies of 4,000 samples of what was learnt, and exits with 1 where one is off by more
// than 0.05: a frequency has a standard deviation of at most 0.008, and so have the data, so this leaves room for the
// learning.

// W₀₁ = 2, W₁₂ = −1, b = (−0.5, 0.5, 0)
let weights = (0..<8).map { state -> Double in
    let x = (0..<3).map { Double(state >> $0 & 1) }
    return exp(2 * x[0] * x[1] - x[1] * x[2] - 0.5 * x[0] + 0.5 * x[1])
}
let probabilities = weights.map { $0 / weights.reduce(0, +) }

let count = 4000
let states = RandomGenerator(seed: 3).multinomial(
    Tensor(probabilities, shape: [1, 8]), count: count, replacement: true)
let bits = states.array(Int.self).flatMap { state in (0..<3).map { Float(state >> $0 & 1) } }
let samples = try learnAndSample(Tensor(bits, shape: [count, 3])).array(Float.self)

var frequencies = [Double](repeating: 0, count: 8)
for row in 0..<count {
    let state = (0..<3).reduce(0) { $0 + (samples[3 * row + $1] == 1 ? 1 << $1 : 0) }
    frequencies[state] += 1 / Double(count)
}

print("state  probability  frequency of samples")
for state in 0..<8 {
    let text = (0..<3).map { "\(state >> $0 & 1)" }.joined()
    print("\(text)    " + String(format: "%.3f        %.3f", probabilities[state], frequencies[state]))
}
let error = zip(probabilities, frequencies).map { abs($0 - $1) }.max()!
print(String(format: "largest difference %.3f", error))
exit(error < 0.05 ? 0 : 1)
