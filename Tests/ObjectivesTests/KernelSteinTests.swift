import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct KernelSteinTests {
    private let generator = RandomGenerator(seed: 41)
    private static let kernels: [SteinKernel] = [.gaussian(bandwidth: 0.9), .inverseMultiquadric(bandwidth: 1.3)]

    private static func value(_ kernel: SteinKernel, _ x: Tensor, _ y: Tensor) -> Double {
        let t = (x - y).squared().sum().item()
        return switch kernel {
        case .gaussian(let h): exp(-t / (2 * h * h))
        case .inverseMultiquadric(let h): 1 / (1 + t / (h * h)).squareRoot()
        }
    }

    /// u(x, y) with the kernel's derivatives by central differences, the mixed ones of second order at step 10⁻³:
    /// errors of 10⁻⁶.
    @Test(arguments: kernels) func theSteinMatrixIsItsDefinition(kernel: SteinKernel) throws {
        let d = 3
        let points = Tensor.normal([4, d], dtype: .float64, using: generator)
        let scores = Tensor.normal([4, d], dtype: .float64, using: generator)
        let found = try KernelSteinDiscrepancy(kernel).steinMatrix(points, score: scores).array(Double.self)
        for i in 0..<4 {
            for j in 0..<4 {
                let (x, y) = (points[i].copied(), points[j].copied())
                let (s, t) = (scores[i].array(Double.self), scores[j].array(Double.self))
                let byX = centralDifferences(at: x) { Self.value(kernel, x, y) }
                let byY = centralDifferences(at: y) { Self.value(kernel, x, y) }
                var u = 0.0
                for k in 0..<d {
                    u += Self.value(kernel, x, y) * s[k] * t[k] + s[k] * byY[k] + t[k] * byX[k]
                    u +=
                        centralDifferences(at: x, step: 1e-3) {
                            centralDifferences(at: y, step: 1e-3) { Self.value(kernel, x, y) }[k]
                        }[k]
                }
                #expect(abs(found[4 * i + j] - u) < 1e-5)
            }
        }
    }

    /// With the model's own points E u = 0 (Stein's identity); with others' it is positive. Six standard errors of
    /// independent pairs.
    @Test(arguments: kernels) func itsMeanIsZeroAtTheTruthAlone(kernel: SteinKernel) throws {
        let density = PlanarTarget.twoMoons.density
        let discrepancy = try KernelSteinDiscrepancy(kernel)
        func pairs(_ shift: Double) -> (mean: Double, error: Double) {
            // 400 blocks of 20 points: means over their pairs are independent.
            let means = (0..<400).map { _ -> Double in
                let x = density.sample(20, dtype: .float64, using: generator) + shift
                let u = discrepancy.steinMatrix(x, score: density.score(x))
                return (u.sum().item() - u.diagonal().sum().item()) / 380
            }
            let mean = means.reduce(0, +) / 400
            return (mean, (means.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 399 / 400).squareRoot())
        }
        let (own, others) = (pairs(0), pairs(0.2))
        #expect(abs(own.mean) < 6 * own.error)
        #expect(others.mean > 12 * others.error)
    }

    /// 3000 tests at level 0.1 of 60 points of the model: the share of rejections has a standard error of 0.0055, of
    /// which 5 are allowed, and the bootstrap's own error at 60 points. Points with both coordinates shifted by 0.4
    /// deviations are mostly found out.
    @Test func theTestHasItsLevelAndPower() throws {
        let density = try GaussianDensity(dimension: 2, standardDeviation: 1)
        let discrepancy = try KernelSteinDiscrepancy(.gaussian(bandwidth: 1.2))
        func rejections(_ shift: Double, _ count: Int) throws -> Double {
            let shares = try (0..<count).map { _ -> Double in
                let x = density.sample(60, dtype: .float64, using: generator) + shift
                return try discrepancy.test(x, score: density.score(x), replicates: 199, using: generator).pValue <= 0.1
                    ? 1 : 0
            }
            return shares.reduce(0, +) / Double(count)
        }
        let level = try rejections(0, 3000)
        #expect(abs(level - 0.1) < 5 * 0.0055, "\(level)")
        #expect(try rejections(0.4, 50) > 0.7)
    }

    /// The p-value of the draws it makes, written out: wᵢ − 1/n from counts, the imitated sums over pairs, the share at
    /// least as large as the sum over the points' own pairs by n².
    @Test func thePValueIsThatOfItsReplicates() throws {
        let (n, replicates) = (7, 60)
        let discrepancy = try KernelSteinDiscrepancy(.gaussian(bandwidth: 1))
        let x = Tensor.normal([n, 2], dtype: .float64, using: generator) + 0.3
        let u = discrepancy.steinMatrix(x, score: -x).array(Double.self)
        func pairs(_ weight: (Int) -> Double) -> Double {
            var sum = 0.0
            for i in 0..<n { for j in 0..<n where i != j { sum += weight(i) * weight(j) * u[n * i + j] } }
            return sum
        }
        let own = pairs { _ in 1 / Double(n) }
        let draws = Tensor.integers([replicates, n], 0..<n, using: RandomGenerator(seed: 5)).array(Int.self)
        var atLeast = 0
        for r in 0..<replicates {
            let row = draws[r * n..<(r + 1) * n]
            let counts = (0..<n).map { i in Double(row.filter { $0 == i }.count) }
            if pairs({ (counts[$0] - 1) / Double(n) }) >= own { atLeast += 1 }
        }
        let found = try discrepancy.test(x, score: -x, replicates: replicates, using: RandomGenerator(seed: 5))
        #expect(found.pValue == Double(1 + atLeast) / Double(1 + replicates) && atLeast > 0 && atLeast < replicates)
        #expect(abs(found.statistic - own * Double(n) / Double(n - 1)) < 1e-12)
    }

    /// Of three points at 0, 3, 4 on a line: distances 3, 4, 1.
    @Test func theMedianDistanceIsWrittenOut() throws {
        #expect(try abs(SteinKernel.medianDistance(Tensor([0.0, 3, 4], shape: [3, 1])) - 3) < 1e-12)
    }

    @Test func theTestRefusesWhatHasNoAnswer() throws {
        let discrepancy = try KernelSteinDiscrepancy(.gaussian(bandwidth: 1))
        let x = Tensor.normal([5, 2], dtype: .float64, using: generator)
        #expect(throws: ObjectiveSettingError.self) {
            try discrepancy.test(x, score: -x, replicates: 0, using: generator)
        }
        #expect(throws: ObjectiveSettingError.self) {
            try discrepancy.test(x[0..<1], score: -x[0..<1], using: generator)
        }
        #expect(throws: NonFiniteQuantity("score")) { try discrepancy.test(x, score: x / 0, using: generator) }
    }
}
