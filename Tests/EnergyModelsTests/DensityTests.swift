import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// Each planar target integrates to 1, has the score of its density, and draws what its density says.
@Suite struct DensityTests {
    private let generator = RandomGenerator(seed: 31)

    /// Cells of a box's 400th; the checkerboard's edges lie on cell edges. What the box leaves out is below 10⁻⁶.
    @Test(arguments: PlanarTarget.allCases) func targetsAreNormalised(target: PlanarTarget) throws {
        let missing = try QuadratureGrid(target, cells: 400).missingMass(of: target.density)
        #expect(abs(missing) < 1e-6)
    }

    /// Against central differences of log p, at draws.
    @Test(arguments: PlanarTarget.allCases.filter(\.density.hasScore)) func scoresAreDerivatives(target: PlanarTarget) {
        let density = target.density
        let x = density.sample(20, dtype: .float64, using: generator)
        let differences = centralDifferences(at: x) { density.logDensity(x).sum().item() }
        #expect(deviation(density.score(x).array(), differences) < 1e-6)
        #expect(deviation(density.inputGradient(x), density.recordedInputGradient(x)) < 1e-12)
        let single = density.score(x.converted(to: .float32))
        #expect(single.dtype == .float32 && deviation(single.converted(to: .float64), density.score(x)) < 1e-3)
    }

    /// 40,000 draws in 20 × 20 cells, against the masses of the cells by quadrature of 400 × 400. Pearson's statistic
    /// is chi-square: 6 of its standard deviations bound it at any seed.
    @Test(arguments: PlanarTarget.allCases) func drawsFollowTheDensity(target: PlanarTarget) throws {
        let density = target.density
        let grid = try QuadratureGrid(target, cells: 400)
        let p = try grid.energies(of: density).array(Double.self).map { exp(-$0) * grid.cellArea }
        var masses = [Double](repeating: 0, count: 400)
        for (cell, mass) in p.enumerated() {
            let (row, column) = (cell / 8000, cell % 400 / 20)
            masses[20 * row + column] += mass
        }
        let x = density.sample(40_000, dtype: .float64, using: generator).array(Double.self)
        let box = target.box
        func position(_ value: Double, _ range: ClosedRange<Double>) -> Int {
            let share: Double = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
            return min(19, max(0, Int(20 * share)))
        }
        let cells = (0..<40_000).map { (n: Int) -> Int in 20 * position(x[2 * n + 1], box.y) + position(x[2 * n], box.x)
        }
        let deviation = chiSquareDeviation(cells, masses)
        #expect(deviation < 6)
    }

    /// N(μ, Σ) in three dimensions: log p of the formula; the moments of draws within five standard errors; a fit to
    /// them.
    @Test func gaussiansHaveTheirMoments() throws {
        let mean = Tensor([1.0, -2, 0.5])
        let covariance = Tensor([2, 0.6, 0.3, 0.6, 1, -0.2, 0.3, -0.2, 0.5] as [Double], shape: [3, 3])
        let density = try GaussianDensity(mean: mean, covariance: covariance)
        let x = density.sample(50_000, dtype: .float64, using: generator)
        let offset = x[0..<5] - mean
        let squares = (offset.matmul(covariance.solve(.identity(3, dtype: .float64))) * offset).sum(1)
        let logDeterminant = covariance.signAndLogDeterminant().logarithm.item()
        let truth = -0.5 * squares - (1.5 * log(2 * .pi) + 0.5 * logDeterminant)
        #expect(deviation(density.logDensity(x[0..<5]), truth) < 1e-12)
        #expect(
            deviation(density.score(x[0..<5]), -offset.matmul(covariance.solve(.identity(3, dtype: .float64)))) < 1e-12)
        let fitted = try GaussianDensity(fittedTo: x)
        // Standard errors: √2/√50,000 of a mean, at most √2 · 2/√50,000 of a covariance.
        #expect((fitted.mean - mean).abs().max().item() < 5 * 1.42 / 50_000.0.squareRoot())
        #expect((fitted.covariance - covariance).abs().max().item() < 5 * 2.83 / 50_000.0.squareRoot())
    }

    /// p(x₁, x₂) = p(x₁) p(x₂), scores side by side.
    @Test func productsArePartsSideBySide() throws {
        let base = try RingsDensity(radii: [1, 2], standardDeviation: 0.3)
        let product = try ProductDensity(base, copies: 3)
        let x = product.sample(7, dtype: .float64, using: generator)
        #expect(x.shape == [7, 6] && product.dimension == 6)
        let parts = (0..<3).map { x.narrowed(1, start: 2 * $0, length: 2).contiguous() }
        let sum = parts.dropFirst().reduce(base.logDensity(parts[0])) { $0 + base.logDensity($1) }
        #expect(deviation(product.logDensity(x), sum) < 1e-13)
        #expect(deviation(product.score(x), .concatenated(parts.map { base.score($0) }, along: 1)) < 1e-13)
    }

    @Test func theSameSeedDrawsTheSamePoints() {
        for target in PlanarTarget.allCases {
            let draws = (0..<2).map { _ in
                target.density.sample(9, dtype: .float32, using: RandomGenerator(seed: 4)).array(Float.self)
            }
            #expect(draws[0] == draws[1])
        }
    }

    @Test func densitiesThatDoNotExistAreNamed() {
        #expect(throws: DensityError.unknownTarget("ring")) { try PlanarTarget(named: "ring") }
        #expect(DensityError.unknownTarget("ring").description.contains("rings"))
        #expect(throws: DensityError.deviation(0)) { try GaussianMixture(means: [[0, 0]], standardDeviation: 0) }
        #expect(throws: DensityError.components(weights: 0, means: 0, deviations: 0)) {
            try GaussianMixture(means: [], standardDeviation: 1)
        }
        #expect(throws: DensityError.weight(-1)) { try GaussianMixture(weights: [-1], means: [[0]], deviations: [1]) }
        #expect(throws: DensityError.parameter("a ring's radius", 0)) {
            try RingsDensity(radii: [0], standardDeviation: 1)
        }
        #expect(throws: DensityError.parameter("a checkerboard's side", -2)) { try CheckerboardDensity(side: -2) }
        #expect(throws: DensityError.copies(0)) { try ProductDensity(CheckerboardDensity(side: 1), copies: 0) }
        #expect(throws: DensityError.self) {
            try GaussianDensity(mean: Tensor([0.0, 0]), covariance: Tensor([1.0, 2, 2, 1], shape: [2, 2]))
        }
    }
}
