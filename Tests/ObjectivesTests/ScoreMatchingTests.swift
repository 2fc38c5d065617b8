import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

/// What the estimators of score matching have in common, at fixed points of a perceptron's energy, float64.
@Suite struct ScoreMatchingTests {
    private let generator = RandomGenerator(seed: 23)
    private let model: ContinuousMLPEnergy

    init() {
        model = ContinuousMLPEnergy(
            dimension: 3, hidden: [8, 6], confinement: 0.5, dtype: .float64, using: RandomGenerator(seed: 2))
        withoutGradients { for tensor in model.parameters.tensors { tensor.assign(2 * tensor) } }
    }

    /// The mean of `values` over many draws at one point, and its standard error.
    private func mean(_ estimator: ScoreMatching.Estimator, at x: Tensor, draws: Int) throws -> (
        mean: Double, error: Double
    ) {
        let copies = x.expanded([draws, 3]).contiguous()
        let values = try ScoreMatching(estimator).values(model, copies, using: generator).detached()
        return (values.mean().item(), (values.variance().item() / Double(draws)).squareRoot())
    }

    /// E_v vᵀHv = tr H and E_v (vᵀs)² = ‖s‖² (Xu 2022, appendix A.2): sliced and Hutchinson's forms have the exact
    /// one's value on average, for each law of v. Six standard errors.
    @Test(arguments: Projection.allCases) func slicesAverageToTheExactForm(projection: Projection) throws {
        let x = Tensor.normal([1, 3], dtype: .float64, using: generator)
        let exact = try ScoreMatching(.exact).values(model, x, using: generator).item()
        for estimator in [
            ScoreMatching.Estimator.sliced(projection), .hutchinson(projection),
            .hutchinson(projection, projections: 4),
        ] {
            let (mean, error) = try mean(estimator, at: x, draws: 10_000)
            #expect(abs(mean - exact) < 6 * error && error < 0.1, "\(estimator)")
        }
    }

    /// v has mean 0 and covariance 1; six standard errors of 60,000 draws.
    @Test(arguments: Projection.allCases) func directionsHaveUnitCovariance(projection: Projection) {
        let v = projection.directions(like: .zeros([60_000, 3], dtype: .float64), using: generator)
        #expect(v.mean(0).abs().max().item() < 6 / 60_000.0.squareRoot())
        let covariance = v.transposed().matmul(v) / 60_000.0
        #expect(
            (covariance - .identity(3, dtype: .float64)).abs().max().item() < 6 * 2.0.squareRoot()
                / 60_000.0.squareRoot())
        if projection != .gaussian {
            #expect(deviation(v.squared().sum(1), .full([60_000], 3, dtype: .float64)) < 1e-12)
        }
    }

    /// With the same directions the finite difference is the sliced form up to ε²: a hundredth of the error for a tenth
    /// of the step.
    @Test func finiteDifferencesConvergeToTheSlicedForm() throws {
        let x = Tensor.normal([50, 3], dtype: .float64, using: generator)
        func values(_ estimator: ScoreMatching.Estimator) throws -> Tensor {
            try ScoreMatching(estimator).values(model, x, using: RandomGenerator(seed: 6)).detached()
        }
        let sliced = try values(.sliced(.gaussian, projections: 2))
        let errors = try [0.1, 0.01].map { step in
            deviation(try values(.finiteDifference(.gaussian, projections: 2, step: step)), sliced)
        }
        #expect(errors[0] < 0.1 && errors[1] < 1e-3)
        #expect((50...200).contains(errors[0] / errors[1]))
    }

    /// For E = ½(x − μ)ᵀP(x − μ): E_z ½‖P(x + σz − μ) − z/σ‖² = ½(‖P(x − μ)‖² + σ² tr P² − 2 tr P + d/σ²). Six standard
    /// errors.
    @Test func denoisingHasItsExpectationInAGaussian() throws {
        let gaussian = GaussianEnergy(dimension: 2, dtype: .float64)
        withoutGradients {
            gaussian.mean.assign(Tensor([0.5, -0.3]))
            gaussian.factor.assign(Tensor([1.2, 0, 0.4, 0.8], shape: [2, 2]))
        }
        let p = gaussian.precision.detached()
        let (x, sigma) = (Tensor([1.0, 2.0], shape: [1, 2]), 0.3)
        let slope = (x - gaussian.mean).matmul(p).squared().sum().item()
        let (trace, squareTrace): (Double, Double) = (p.diagonal().sum().item(), p.squared().sum().item())
        let variance: Double = sigma * sigma
        let expected: Double = 0.5 * (slope + variance * squareTrace - 2 * trace + 2 / variance)
        let values = try ScoreMatching(.denoising(standardDeviation: sigma))
            .values(gaussian, x.expanded([40_000, 2]).contiguous(), using: generator).detached()
        let error = (values.variance().item() / 40_000).squareRoot()
        #expect(abs(values.mean().item() - expected) < 6 * error && error < 0.05 * expected)
    }

    /// The Fisher divergence up to a constant: between two models the difference of the exact form's expectations, by
    /// quadrature over the target, is the difference of their Fisher divergences (Xu 2022, theorem 2.1).
    @Test func theExactFormIsTheFisherDivergenceUpToAConstant() throws {
        let target = try RingsDensity(radii: [1.5], standardDeviation: 0.4)
        let grid = try QuadratureGrid(x: -5...5, y: -5...5, columns: 100, rows: 100)
        let points = grid.points(dtype: .float64)
        let p = target.logDensity(points).exp() * grid.cellArea
        let gaps = try [3 as UInt64, 4].map { seed -> (implicit: Double, explicit: Double) in
            let model = ContinuousMLPEnergy(
                dimension: 2, hidden: [8, 6], confinement: 0.5, dtype: .float64, using: RandomGenerator(seed: seed))
            withoutGradients { for tensor in model.parameters.tensors { tensor.assign(3 * tensor) } }
            let values = try ScoreMatching(.exact).values(model, points, using: generator).detached()
            let squares = (target.score(points) + model.inputGradient(points)).squared().sum(1)
            return ((p * values).sum().item(), 0.5 * (p * squares).sum().item())
        }
        let (implicit, explicit): (Double, Double) = (
            gaps[0].implicit - gaps[1].implicit, gaps[0].explicit - gaps[1].explicit
        )
        #expect(abs(implicit - explicit) < 1e-8 && abs(explicit) > 0.01)
    }
}
