import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

/// How often the kernel Stein discrepancy's test rejects a known density, where the sample is drawn from that density
/// moved by a shift along the first axis: at shift 0 its level, else its power.
struct SteinTests {
    private let cell: Cell
    private let configuration: NCEFamily.Configuration
    /// Tests of an iteration.
    private static let atOnce = 25

    init(_ cell: Cell, _ configuration: NCEFamily.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
    }

    func run(_ context: CellContext) throws -> CellResult {
        let target = NCEFamily.SteinTarget(rawValue: cell.label("target")!)!
        let (density, n, shift) = (target.density, Int(cell.label("n")!)!, Double(cell.label("shift")!)!)
        let total = shift == 0 ? configuration.levelRepetitions : configuration.repetitions
        let offset = Tensor([shift * target.deviation, 0], shape: [1, 2])
        // The bandwidth comes from draws of its own, so that the kernel does not depend on the sample that is tested.
        let bandwidth = try SteinKernel.medianDistance(
            density.sample(1000, dtype: .float64, using: RandomGenerator(seed: cell.seed, stream: "bandwidth")))
        let discrepancy = try KernelSteinDiscrepancy(.inverseMultiquadric(bandwidth: bandwidth))
        let iterations = (total + Self.atOnce - 1) / Self.atOnce
        for iteration in context.iterations(of: iterations) {
            let draws = RandomGenerator(seed: cell.seed, stream: "tests \(iteration)")
            var counts = (five: 0, ten: 0)
            for _ in 0..<min(Self.atOnce, total - (iteration - 1) * Self.atOnce) {
                let x = density.sample(n, dtype: .float64, using: draws) + offset
                let p = try discrepancy.test(
                    x, score: density.score(x), replicates: configuration.replicates, using: draws
                ).pValue
                counts.five += p <= 0.05 ? 1 : 0
                counts.ten += p <= 0.1 ? 1 : 0
            }
            try context.log(
                iteration: iteration, ["rejected@0.05": Double(counts.five), "rejected@0.10": Double(counts.ten)])
            try context.endIteration(iteration, of: iterations) { _ in }
        }
        var values = ["tests": Double(total)]
        for name in ["rejected@0.05", "rejected@0.10"] {
            let share = try context.logged(name).map(\.value).reduce(0, +) / Double(total)
            values[name] = share
            // The binomial's.
            values["\(name)'s error"] = (share * (1 - share) / Double(total)).squareRoot()
        }
        return CellResult(values)
    }
}
