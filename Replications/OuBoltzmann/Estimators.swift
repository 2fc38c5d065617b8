import EnergyModels
import Experiments
import Foundation
import Torch

/// A cell of the first part: one model, and how far every estimate of its ratio-matching loss and gradient is off.
struct Estimators {
    private let cell: Cell
    private let configuration: OuBoltzmann.Configuration
    private let d: Int
    private let scale: Double

    init(_ cell: Cell, _ configuration: OuBoltzmann.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
        d = Int(cell.label("d")!)!
        scale = Double(cell.label("scale")!)!
    }

    func run(_ context: CellContext) throws -> CellResult {
        let generator = RandomGenerator(seed: cell.seed, stream: "model")
        switch OuBoltzmann.Model(rawValue: cell.label("model")!)! {
        case .boltzmann: return try compare(BoltzmannMachine(machine(d, generator), dtype: .float64), context)
        case .hidden:
            let units = d + configuration.hiddenUnits
            return try compare(
                UnrestrictedBoltzmannMachine(
                    machine(units, generator), hidden: configuration.hiddenUnits, dtype: .float64), context)
        case .rbm:
            let rbm = RestrictedBoltzmannMachine(visible: d, hidden: d, dtype: .float64, using: generator)
            Self.fill(rbm.weight, scale / Double(d).squareRoot(), generator)
            Self.fill(rbm.visibleBias, scale / 2, generator)
            Self.fill(rbm.hiddenBias, scale / 2, generator)
            return try compare(rbm, context)
        case .mlp:
            let mlp = MLPEnergy(dimension: d, hidden: configuration.mlpWidths, dtype: .float64, using: generator)
            for layer in mlp.layers {
                Self.fill(layer.weight, scale / Double(layer.weight.size(1)).squareRoot(), generator)
                Self.fill(layer.bias, scale / 2, generator)
            }
            return try compare(mlp, context)
        }
    }

    /// Spins with couplings of standard deviation scale / √units, fields of half the scale.
    private func machine(_ units: Int, _ generator: RandomGenerator) throws -> QuadraticEnergy {
        try randomMachine(units, couplings: scale / Double(units).squareRoot(), fields: scale / 2, using: generator)
    }

    private static func fill(_ parameter: Tensor, _ standardDeviation: Double, _ generator: RandomGenerator) {
        withoutGradients {
            parameter.assign(standardDeviation * Tensor.normal(parameter.shape, dtype: .float64, using: generator))
        }
    }

    /// Errors are relative to each point's exact loss and gradient, and averaged over points drawn from the model.
    /// Gradients on average over the draws of flips are compared with the exact ones on these points, in expectation
    /// over the model p, and in expectation over p²: that over p weighs pairs by p(x₋ᵢ)²/p(x), which states that no
    /// sample holds may govern.
    private func compare(_ model: some BinaryEnergyModel, _ context: CellContext) throws -> CellResult {
        let logProbabilities = model.exactDistributions(keepingLogProbabilities: true)[0].logProbabilities!
        let x = exactDraws(
            logProbabilities: logProbabilities, count: configuration.points,
            using: RandomGenerator(seed: cell.seed, stream: "points"))
        let points = (0..<x.size(0)).map { PointEstimates(model, x.narrowed(0, start: $0, length: 1)) }
        func mean(_ value: (PointEstimates) -> Double) -> Double {
            points.reduce(0) { $0 + value($1) } / Double(points.count)
        }

        var values: [String: Double] = [
            "proposalDifference": points.map(\.proposalDifference).max()!,
            "proposalDistance": mean(\.proposalDistance),
        ]
        for s in 1...d {
            var errors: [FlipEstimator: (loss: Double, gradient: Double)] = [:]
            for estimator in FlipEstimator.allCases {
                errors[estimator] = (
                    mean { $0.errors(of: estimator, flips: s).loss },
                    mean { $0.errors(of: estimator, flips: s).gradient }
                )
            }
            if s == 1 {
                for (estimator, error) in errors {
                    values["lossError.\(estimator.rawValue)"] = error.loss
                    values["gradientError.\(estimator.rawValue)"] = error.gradient
                }
            }
            try context.log(
                iteration: s,
                [
                    "loss.uniform": errors[.uniform]!.loss, "loss.guided": errors[.guided]!.loss,
                    "loss.optimal": errors[.optimal]!.loss, "loss.unweighted": errors[.unweighted]!.loss,
                    "loss.surrogate": errors[.surrogate]!.loss,
                    "gradient.uniform": errors[.uniform]!.gradient, "gradient.guided": errors[.guided]!.gradient,
                    "gradient.optimal": errors[.optimal]!.gradient,
                    "gradient.gradient-optimal": errors[.gradientOptimal]!.gradient,
                    "gradient.unweighted": errors[.unweighted]!.gradient,
                    "gradient.surrogate": errors[.surrogate]!.gradient,
                ])
        }
        // A few points on which ñ misses what matters can govern the means of guided estimates; the median point and
        // the share of points that guidance makes worse say how it is elsewhere.
        values["gradientVarianceRatio"] = values["gradientError.guided"]! / values["gradientError.uniform"]!
        let ratios = points.map {
            $0.errors(of: .guided, flips: 1).gradientVariance / $0.errors(of: .uniform, flips: 1).gradientVariance
        }.sorted()
        values["gradientVarianceRatioMedian"] = (ratios[(ratios.count - 1) / 2] + ratios[ratios.count / 2]) / 2
        values["guidedWorse"] = Double(ratios.count { $0 > 1 }) / Double(ratios.count)

        let onPoints = try ExpectedGradients(model, over: x)
        let enumerated = ExpectedGradients(enumerating: model, power: 1)
        for (name, found) in [
            ("Points", onPoints), ("Enumerated", enumerated),
            ("Sharpened", ExpectedGradients(enumerating: model, power: 2)),
        ] {
            values["unweightedTurn\(name)"] = ExpectedGradients.turn(found.unweighted, from: found.exact)
            values["surrogateTurn\(name)"] = ExpectedGradients.turn(found.surrogate, from: found.exact)
            values["surrogateBias\(name)"] = ExpectedGradients.distance(found.surrogate, from: found.exact)
        }
        values["pointsTurn"] = ExpectedGradients.turn(onPoints.exact, from: enumerated.exact)
        return CellResult(values)
    }
}
