import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

extension ScoreMatchingDensities {
    /// An estimator of the loss ½‖s‖² − tr H of score matching at points of ℝ^d against the exact one, the points and
    /// the model held still: its variance over the directions, whether its mean is right, and, as the time an
    /// iteration, what a gradient costs.
    public struct TraceEstimates: ExperimentSetting {
        public var dimension: Int
        public var estimator: Estimator

        private enum CodingKeys: String, CodingKey {
            case dimension = "d"
            case estimator
        }

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let objective = estimator.objective
            let model = ContinuousMLPEnergy(
                dimension: dimension, hidden: configuration.hidden, confinement: configuration.confinement,
                using: context.generator("initialisation"))
            model.scaleWeights(by: configuration.weightScale)
            let x = Tensor.normal([configuration.tracePoints, dimension], using: context.generator("data"))

            let draws = context.generator("timed draws")
            try context.train(configuration.traceSteps, keeping: [.generator(draws, "draws")]) { iteration in
                let (loss, _) = try objective.lossAndGradients(model, x, using: draws)
                try context.log(iteration: iteration, ["loss": loss.item()])
            }

            let (slopes, laplacian) = withoutGradients { model.gradientAndLaplacian(x) }
            let squares = slopes.detached().converted(to: .float64).squared().sum(1)
            let exact = 0.5 * squares - laplacian.detached().converted(to: .float64)
            try context.measure("exactLoss", exact.mean().item())
            try context.measure("trace", laplacian.mean().item())
            try context.measure("squaredScore", squares.mean().item())
            guard let projection = estimator.projection else { return }

            // The differences have expectation 0 at each point: their mean square is the variance, averaged over the
            // points.
            let fresh = context.generator("draws")
            let differences = try Tensor.stacked(
                (0..<configuration.traceDraws).map { _ in
                    try objective.values(model, x, using: fresh).detached().converted(to: .float64) - exact
                })
            let variance = differences.squared().mean().item()
            try context.measure("variance", variance)
            // A Rademacher direction in one dimension can leave no variance at all.
            if variance > 0 {
                let standardError = (variance / Double(differences.count)).squareRoot()
                try context.measure("bias", differences.mean().item() / standardError)
            }
            // E_v[(vᵀs)²] = ‖s‖²
            let projected = (0..<configuration.traceDraws).reduce(0.0) { sum, _ in
                let v = projection.directions(like: x, using: fresh)
                return sum + (v * slopes.detached()).sum(1).converted(to: .float64).squared().mean().item()
            }
            try context.measure(
                "projectedOverSquared", projected / Double(configuration.traceDraws) / squares.mean().item())
        }
    }
}
