import EnergyModels
import Foundation
import Metrics
import Oracles
import Testing
import Torch

@Suite struct DensityComparisonTests {
    private let grid = try! QuadratureGrid(x: -10...10, y: -10...10, columns: 200, rows: 200)

    /// E(x) = ½ (x − μ)ᵀP(x − μ) + 3 with P = diag(1.44, 0.64): log Z is shifted by the constant.
    private func model(dtype: DType = .float64) -> LearntNormalizer<GaussianEnergy> {
        let model = GaussianEnergy(dimension: 2, dtype: dtype)
        withoutGradients {
            model.mean.assign(Tensor([0.5, -0.3]))
            model.factor.assign(Tensor([1.2, 0, 0, 0.8], shape: [2, 2]))
        }
        return LearntNormalizer(model, initially: 3)
    }

    private let mean = [0.5, -0.3], precision = [1.44, 0.64], target = [0.81, 2.0]

    /// Two Gaussians with diagonal covariances, N(0, diag(0.81, 2)) the target: all divergences have closed forms but
    /// the total variation.
    @Test func gaussiansHaveTheirClosedForms() throws {
        let density = try GaussianDensity(mean: .zeros([2], dtype: .float64), covariance: Tensor(target).diagonal())
        let found = try DensityComparison(of: model(), with: density, on: grid)
        var (forward, reverse, fisher) = (0.0, 0.0, 0.0)
        for (m, (p, variance)) in zip(mean, zip(precision, target)) {
            let (square, logarithm): (Double, Double) = (m * m, log(p * variance))
            forward += 0.5 * (p * (variance + square) - 1 - logarithm)
            reverse += 0.5 * ((1 / p + square) / variance - 1 + logarithm)
            // E ½(−x/v + P(x − m))²
            let slope: Double = p - 1 / variance
            fisher += 0.5 * (slope * slope * variance + p * p * square)
        }
        #expect(abs(found.divergence - forward) < 1e-9)
        #expect(abs(found.reverseDivergence - reverse) < 1e-9)
        let foundFisher = try #require(found.fisherDivergence)
        #expect(abs(foundFisher - fisher) < 1e-9)
        let logZ: Double = log(2 * Double.pi) - 0.5 * log(1.44 * 0.64) - 3
        #expect(abs(found.logPartitionFunction - logZ) < 1e-10)
        #expect(abs(found.targetMassOutside) < 1e-9 && found.modelMassOutside < 1e-9)
        let single = try DensityComparison(of: model(dtype: .float32), with: density, on: grid)
        let singleFisher = try #require(single.fisherDivergence)
        #expect(abs(single.divergence - forward) < 1e-5 && abs(singleFisher - fisher) < 1e-5)
    }

    /// N(0, I) against N(δe₁, I): TV = 2Φ(δ/2) − 1 = erf(δ/2√2). |p − q| has a kink, so the rule's error is of second
    /// order: below 10⁻³ here.
    @Test func theTotalVariationOfShiftedGaussians() throws {
        let shift = 1.3
        let shifted = try GaussianDensity(mean: Tensor([shift, 0]), covariance: .identity(2, dtype: .float64))
        let found = try DensityComparison(
            of: try GaussianDensity(dimension: 2, standardDeviation: 1), with: shifted, on: grid)
        #expect(abs(found.totalVariation - erf(shift / 8.0.squareRoot())) < 1e-3)
        #expect(abs(found.divergence - shift * shift / 2) < 1e-9)
        let same = try DensityComparison(of: shifted, with: shifted, on: grid)
        let fisher = try #require(same.fisherDivergence)
        #expect(same.totalVariation < 1e-12 && abs(same.divergence) < 1e-12 && fisher < 1e-20)
    }

    /// A checkerboard has no score; a model that lives beyond it diverges in reverse.
    @Test func theCheckerboardHasNoFisherDivergence() throws {
        let target = PlanarTarget.checkerboard
        let found = try DensityComparison(
            of: try GaussianDensity(dimension: 2, standardDeviation: 3), with: target.density,
            on: QuadratureGrid(target, cells: 200))
        #expect(found.fisherDivergence == nil)
        #expect(found.reverseDivergence == .infinity)
        // −log 32 + log 2π9 + log(mass of the box) + E x²/2·9, E x² = 2 · 16/3 on the board.
        let mass: Double = pow(erf(5 / (3 * 2.0.squareRoot())), 2)
        let expected: Double = log(18 * Double.pi / 32) + log(mass) + 32.0 / 54
        #expect(abs(found.divergence - expected) < 1e-3)
    }

    /// What a box leaves out is said, and refused above what is allowed.
    @Test func missingMassIsNamed() throws {
        let narrow = try QuadratureGrid(x: -1...1, y: -1...1, columns: 100, rows: 100)
        let density = try GaussianDensity(dimension: 2, standardDeviation: 1)
        let held: Double = pow(erf(1 / 2.0.squareRoot()), 2)
        // The midpoint rule cut off inside the bell: an error of second order in the cell.
        #expect(try abs(narrow.missingMass(of: density) - (1 - held)) < 1e-4)
        let wider: Double = pow(erf(2 / 2.0.squareRoot()), 2)
        #expect(try abs(narrow.massOutside(of: density) - (1 - held / wider)) < 1e-3)
        let fault = #expect(throws: QuadratureError.self) {
            try DensityComparison(of: density, with: density, on: narrow)
        }
        guard case .massOutside(let missing, 1e-3, let named)? = fault else {
            Issue.record("a fault of another kind: \(String(describing: fault))")
            return
        }
        #expect(abs(missing - (1 - held)) < 1e-4 && named == narrow)
        let allowed = try DensityComparison(of: density, with: density, on: narrow, allowedMassOutside: 0.6)
        #expect(abs(allowed.modelMassOutside - (1 - held / wider)) < 1e-3)
    }

    @Test func whatIsNotFiniteIsNamed() throws {
        let broken = model()
        withoutGradients { broken.model.mean.fill(.nan) }
        let density = try GaussianDensity(dimension: 2, standardDeviation: 1)
        #expect(throws: NonFiniteQuantity("energy")) {
            try DensityComparison(of: broken, with: density, on: grid)
        }
        #expect(throws: NonFiniteQuantity("energy of a held-out point")) {
            try HeldOutLikelihood(of: broken, on: Tensor.zeros([2, 2], dtype: .float64), grid: grid)
        }
        #expect(throws: QuadratureError.self) { try QuadratureGrid(x: 0...0, y: 0...1, columns: 2, rows: 2) }
        #expect(throws: QuadratureError.self) { try QuadratureGrid(x: 0...1, y: 0...1, columns: 0, rows: 2) }
    }

    /// mean E + log Z is −mean log p, and its expectation KL(p‖p_θ) + H(p); points outside are counted.
    @Test func heldOutLikelihood() throws {
        let x = Tensor([0.0, 0, 1, -1, 20, 0, 0.5, 0.5], shape: [4, 2])
        let found = try HeldOutLikelihood(of: model(), on: x, grid: grid)
        let normal = try GaussianDensity(mean: Tensor(mean), covariance: Tensor(precision.map { 1 / $0 }).diagonal())
        let logDensities = normal.logDensity(x)
        #expect(abs(found.meanNegativeLogLikelihood + logDensities.mean().item()) < 1e-9)
        #expect(abs(found.standardError - (logDensities.variance().item() / 4).squareRoot()) < 1e-9)
        #expect(found.shareOutside == 0.25)
    }
}
