import EnergyModels
import Experiments
import Foundation
import Torch

/// A cell of the first part: one model, and how far every estimate of its ratio-matching loss and gradient is off.
struct Estimators {
    let setting: OuBoltzmann.EstimatorSetting
    let configuration: OuBoltzmann.Configuration

    private var d: Int { setting.d }
    private var scale: Double { setting.scale }

    func run(_ context: CellContext) throws {
        let generator = context.generator("model")
        switch setting.model {
        case .boltzmann: try compare(BoltzmannMachine(machine(d, generator), dtype: .float64), context)
        case .hidden:
            let units = d + configuration.hiddenUnits
            try compare(
                UnrestrictedBoltzmannMachine(
                    machine(units, generator), hidden: configuration.hiddenUnits, dtype: .float64), context)
        case .rbm:
            let rbm = RestrictedBoltzmannMachine(visible: d, hidden: d, dtype: .float64, using: generator)
            Self.fill(rbm.weight, scale / Double(d).squareRoot(), generator)
            Self.fill(rbm.visibleBias, scale / 2, generator)
            Self.fill(rbm.hiddenBias, scale / 2, generator)
            try compare(rbm, context)
        case .mlp:
            let mlp = MLPEnergy(dimension: d, hidden: configuration.mlpWidths, dtype: .float64, using: generator)
            for layer in mlp.layers {
                Self.fill(layer.weight, scale / Double(layer.weight.size(1)).squareRoot(), generator)
                Self.fill(layer.bias, scale / 2, generator)
            }
            try compare(mlp, context)
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
    private func compare(_ model: some BinaryEnergyModel, _ context: CellContext) throws {
        let logProbabilities = model.exactDistributions(keepingLogProbabilities: true)[0].logProbabilities!
        let x = exactDraws(
            logProbabilities: logProbabilities, count: configuration.points, using: context.generator("points"))
        let points = (0..<x.size(0)).map { PointEstimates(model, x.narrowed(0, start: $0, length: 1)) }
        try context.measure("proposalDifference", points.map(\.proposalDifference).max()!)
        try context.measure("proposalDistance", points.mean(\.proposalDistance))
        for s in 1...d {
            func errors(_ estimator: FlipEstimator) -> (loss: Double, gradient: Double) {
                let errors = points.map { $0.errors(of: estimator, flips: s) }
                return (errors.mean(\.loss), errors.mean(\.gradient))
            }
            let (uniform, guided, optimal) = (errors(.uniform), errors(.guided), errors(.optimal))
            let (unweighted, surrogate) = (errors(.unweighted), errors(.surrogate))
            try context.log(
                iteration: s,
                [
                    "lossErrorUniform": uniform.loss, "lossErrorGuided": guided.loss, "lossErrorOptimal": optimal.loss,
                    "lossErrorUnweighted": unweighted.loss, "lossErrorSurrogate": surrogate.loss,
                    "gradientErrorUniform": uniform.gradient, "gradientErrorGuided": guided.gradient,
                    "gradientErrorOptimal": optimal.gradient,
                    "gradientErrorGradientOptimal": errors(.gradientOptimal).gradient,
                    "gradientErrorUnweighted": unweighted.gradient, "gradientErrorSurrogate": surrogate.gradient,
                ])
            guard s == 1 else { continue }
            for estimator in FlipEstimator.allCases {
                let error = errors(estimator)
                try measureFinite("lossError", error.loss, at: ["estimator": estimator.rawValue], context)
                try measureFinite("gradientError", error.gradient, at: ["estimator": estimator.rawValue], context)
            }
            try measureFinite("gradientVarianceRatio", guided.gradient / uniform.gradient, context)
        }
        try measureRatios(points, context)
        try measureGradients(model, x, context)
    }

    /// The ratio of the gradient's variances, guided over uniform, point by point. A few points on which ñ misses what
    /// matters can govern the means of guided estimates; the median point and the share of points that guidance makes
    /// worse say how it is elsewhere.
    private func measureRatios(_ points: [PointEstimates], _ context: CellContext) throws {
        let ratios = points.map {
            $0.errors(of: .guided, flips: 1).gradientVariance / $0.errors(of: .uniform, flips: 1).gradientVariance
        }.sorted()
        try measureFinite(
            "gradientVarianceRatioMedian", (ratios[(ratios.count - 1) / 2] + ratios[ratios.count / 2]) / 2, context)
        try context.measure("guidedWorse", Double(ratios.count { $0 > 1 }) / Double(ratios.count))
    }

    /// Gradients on average over the draws of flips, compared with the exact ones on the points, in expectation over
    /// the model p, and in expectation over p²: that over p weighs pairs by p(x₋ᵢ)²/p(x), which states that no sample
    /// holds may govern.
    private func measureGradients(_ model: some BinaryEnergyModel, _ x: Tensor, _ context: CellContext) throws {
        let onPoints = try ExpectedGradients(model, over: x)
        let enumerated = ExpectedGradients(enumerating: model, power: 1)
        for (name, found) in [
            ("points", onPoints), ("p", enumerated), ("p²", ExpectedGradients(enumerating: model, power: 2)),
        ] {
            for (estimator, gradient) in [("unweighted", found.unweighted), ("surrogate", found.surrogate)] {
                try measureFinite(
                    "gradientTurn", ExpectedGradients.turn(gradient, from: found.exact),
                    at: ["estimator": estimator, "over": name], context)
            }
            try measureFinite(
                "gradientBias", ExpectedGradients.distance(found.surrogate, from: found.exact),
                at: ["estimator": "surrogate", "over": name], context)
        }
        try measureFinite("pointsTurn", ExpectedGradients.turn(onPoints.exact, from: enumerated.exact), context)
    }

    /// Measures what is not finite where weights are so large that a proposal gives no chance to a flip that counts, or
    /// a first-order flip overflows; then nothing is measured.
    private func measureFinite(
        _ metric: String, _ value: Double, at readOut: KeyValuePairs<String, any CustomStringConvertible> = [:],
        _ context: CellContext
    ) throws {
        if value.isFinite { try context.measure(metric, value, at: readOut) }
    }
}

extension Array {
    /// The mean of a number of each element.
    fileprivate func mean(_ value: (Element) -> Double) -> Double {
        reduce(0) { $0 + value($1) } / Double(count)
    }
}
