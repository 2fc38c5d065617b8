import Foundation
import Testing
import Torch

@Suite struct READMETests {
    /// Example.swift stands in README.md, to the letter.
    @Test func theExampleStandsInTheREADME() throws {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let example = try String(contentsOf: here.appendingPathComponent("Example.swift"), encoding: .utf8)
        let readme = try String(
            contentsOf: here.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("README.md"),
            encoding: .utf8)
        #expect(readme.contains("```swift\n" + example + "```\n"))
    }

    /// The example, run on a known machine of three bits: its samples have the data's eight probabilities.
    ///
    /// Of 4,000 samples a frequency has a standard deviation of at most 0.008, and so have the data; 0.05 leaves room for
    /// the learning, and coin flips, at 0.125 each, miss the largest probability by 0.3.
    @Test func theExampleLearnsItsData() throws {
        // W₀₁ = 2, W₁₂ = −1, b = (−0.5, 0.5, 0)
        let weights = (0..<8).map { state -> Double in
            let x = (0..<3).map { Double(state >> $0 & 1) }
            return exp(2 * x[0] * x[1] - x[1] * x[2] - 0.5 * x[0] + 0.5 * x[1])
        }
        let p = weights.map { $0 / weights.reduce(0, +) }
        let states = RandomGenerator(seed: 3).multinomial(Tensor(p, shape: [1, 8]), count: 4000, replacement: true)
        let bits = states.array(Int.self).flatMap { state in (0..<3).map { Float(state >> $0 & 1) } }
        let samples = try learnAndSample(Tensor(bits, shape: [4000, 3])).array(Float.self)
        var frequencies = [Double](repeating: 0, count: 8)
        for row in 0..<4000 {
            let state = (0..<3).reduce(0) { $0 + (samples[3 * row + $1] == 1 ? 1 << $1 : 0) }
            frequencies[state] += 1 / 4000
        }
        for (found, expected) in zip(frequencies, p) { #expect(abs(found - expected) < 0.05, "\(frequencies) for \(p)") }
        #expect(p.max()! > 0.125 + 0.1)
    }
}
