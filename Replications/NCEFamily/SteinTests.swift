import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

extension NCEFamily {
    /// How often the kernel Stein discrepancy's test rejects a known density, where the sample is drawn from that
    /// density moved by a shift along the first axis: at shift 0 its level, else its power.
    public struct SteinTests: ExperimentSetting {
        public var target: SteinTarget
        public var sampleSize: Int
        public var shift: Double

        private enum CodingKeys: String, CodingKey {
            case target
            case sampleSize = "n"
            case shift
        }

        /// Tests of an iteration.
        private static let atOnce = 25

        /// How many tests are made.
        func tests(_ configuration: Configuration) -> Int {
            shift == 0 ? configuration.levelRepetitions : configuration.repetitions
        }

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let (density, total) = (target.density, tests(configuration))
            let offset = Tensor([shift * target.deviation, 0], shape: [1, 2])
            // The bandwidth comes from draws of its own, so that the kernel does not depend on the sample that is
            // tested.
            let bandwidth = try SteinKernel.medianDistance(
                density.sample(1000, dtype: .float64, using: context.generator("bandwidth")))
            let discrepancy = try KernelSteinDiscrepancy(.inverseMultiquadric(bandwidth: bandwidth))
            try context.train((total + Self.atOnce - 1) / Self.atOnce, keeping: []) { iteration in
                let draws = context.generator("tests \(iteration)")
                var counts = (five: 0, ten: 0)
                for _ in 0..<min(Self.atOnce, total - (iteration - 1) * Self.atOnce) {
                    let x = density.sample(sampleSize, dtype: .float64, using: draws) + offset
                    let p = try discrepancy.test(
                        x, score: density.score(x), replicates: configuration.replicates, using: draws
                    ).pValue
                    counts.five += p <= 0.05 ? 1 : 0
                    counts.ten += p <= 0.1 ? 1 : 0
                }
                try context.log(
                    iteration: iteration, ["rejectedAt5": Double(counts.five), "rejectedAt10": Double(counts.ten)])
            }
            try context.measure("tests", Double(total))
            for (level, name) in [(0.05, "rejectedAt5"), (0.1, "rejectedAt10")] {
                let share = try context.logged(name).map(\.value).reduce(0, +) / Double(total)
                // The error is the binomial's.
                try context.measure(
                    "rejected", share, error: (share * (1 - share) / Double(total)).squareRoot(), at: ["level": level])
            }
        }
    }
}
