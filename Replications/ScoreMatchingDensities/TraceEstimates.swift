import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

/// An estimator of the loss ½‖s‖² − tr H of score matching at points of ℝ^d against the exact one, the points and the
/// model held still: its variance over the directions, whether its mean is right, and, as the time an iteration, what a
/// gradient costs.
struct TraceEstimates {
    private let cell: Cell
    private let configuration: ScoreMatchingDensities.Configuration

    init(_ cell: Cell, _ configuration: ScoreMatchingDensities.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
    }

    func run(_ context: CellContext) throws -> CellResult {
        func generator(_ stream: String) -> RandomGenerator { RandomGenerator(seed: cell.seed, stream: stream) }
        let d = Int(cell.label("d")!)!
        let estimator = ScoreMatchingDensities.Estimator(rawValue: cell.label("estimator")!)!
        let objective = estimator.objective
        let model = ContinuousMLPEnergy(
            dimension: d, hidden: configuration.hidden, confinement: configuration.confinement,
            using: generator("initialisation"))
        model.scaleWeights(by: configuration.weightScale)
        let x = Tensor.normal([configuration.tracePoints, d], using: generator("data"))

        let draws = generator("timed draws")
        if let saved = context.restored { try saved.restore(draws, named: "draws") }
        for iteration in context.iterations(of: configuration.traceSteps) {
            let (loss, _) = try objective.lossAndGradients(model, x, using: draws)
            try context.log(iteration: iteration, ["loss": loss.item()])
            try context.endIteration(iteration, of: configuration.traceSteps) { $0.store(draws, named: "draws") }
        }

        let (slopes, laplacian) = withoutGradients { model.gradientAndLaplacian(x) }
        let squares = slopes.detached().converted(to: .float64).squared().sum(1)
        let exact = 0.5 * squares - laplacian.detached().converted(to: .float64)
        var values = [
            "exactLoss": exact.mean().item(), "trace": laplacian.mean().item(), "squaredScore": squares.mean().item(),
        ]
        guard estimator != .exact else { return CellResult(values) }

        // The differences have expectation 0 at each point: their mean square is the variance, averaged over the
        // points.
        let fresh = generator("draws")
        let differences = try Tensor.stacked(
            (0..<configuration.traceDraws).map { _ in
                try objective.values(model, x, using: fresh).detached().converted(to: .float64) - exact
            })
        let variance = differences.squared().mean().item()
        values["variance"] = variance
        values["bias in standard errors"] =
            differences.mean().item() / (variance / Double(differences.count)).squareRoot()
        // E_v[(vᵀs)²] = ‖s‖²
        let projection: Projection =
            [.hutchinsonGaussian, .slicedGaussian].contains(estimator) ? .gaussian : .rademacher
        let projected = (0..<configuration.traceDraws).reduce(0.0) { sum, _ in
            let v = projection.directions(like: x, using: fresh)
            return sum + (v * slopes.detached()).sum(1).converted(to: .float64).squared().mean().item()
        }
        values["projectedOverSquared"] = projected / Double(configuration.traceDraws) / squares.mean().item()
        return CellResult(values)
    }
}
