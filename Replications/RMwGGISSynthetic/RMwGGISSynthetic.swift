import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import HDF5
import Metrics
import Objectives
import Samplers
import Torch

/// Ratio matching with gradient-guided importance sampling on synthetic binary data (Liu et al. 2023).
///
/// Points of a two-dimensional set become bits by a Gray code; an MLP energy learns them by ratio matching, exactly
/// (RM) or from a few flips a point (RMwRAND, RMwGGIS); samples of 20 Gibbs sweeps are compared with fresh data.
public struct RMwGGISSynthetic: Replayable {
    public let name = "rmwggis-synthetic"
    public let summary = "ratio matching with gradient-guided importance sampling on seven synthetic binary data sets"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)
    /// The released code's.
    public let defaultSeed: UInt64 = 1023

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.datasets.flatMap { data in
            configuration.dimensions.flatMap { dimension in
                configuration.variants.flatMap { variant in
                    configuration.methods.filter { variant == .paper || configuration.releasedMethods.contains($0) }
                        .map { Setting(data: data, dimension: dimension, variant: variant, method: $0) }
                }
            }
        }
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let trial = Trial(setting: setting, configuration: configuration, seed: context.seed)
        let objective = trial.objective
        var data = try trial.data()
        let model = trial.model()
        let parameters = model.parameters
        let adam = Adam(parameters, .init(learningRate: trial.learningRate, weightDecay: configuration.weightDecay))
        let flips = context.generator("flips")
        var losses = RecentMean(count: configuration.lossWindow)
        let stream = Kept(
            store: { $0.store(data.randomState, named: "data") },
            restore: { data.randomState = try $0.numPyRandomState(named: "data") })
        let recent = Kept(
            store: { $0["recentLosses"] = HDF5Array(losses.values, shape: [losses.values.count]) },
            restore: {
                losses.values = try $0.finiteElements("recentLosses", shape: [min($0.iteration, losses.count)])
            })

        try context.train(
            configuration.iterations,
            keeping: [.parameters(parameters), .optimizer(adam), .generator(flips, "flips"), stream, recent]
        ) { iteration in
            let x = Tensor(try data.batch(configuration.batchSize))
            let (loss, found) = try objective.lossAndGradients(model, x, using: flips)
            let value = loss.item()
            try context.guardFinite("loss", value, iteration: iteration)
            let norm = clipGradientNorm(found, to: configuration.gradientClip).item()
            try context.guardFinite("gradient", norm, iteration: iteration)
            adam.update(found)

            losses.append(value)
            if iteration.isMultiple(of: configuration.logEvery) {
                try context.log(iteration: iteration, ["loss": value, "gradientNorm": norm])
            }
            guard configuration.evaluates(after: iteration) else { return }
            try context.guardFinite(parameters, iteration: iteration)
            let scores = try context.untimed { try trial.evaluate(model, data, at: iteration).released }
            try context.log(
                iteration: iteration,
                ["mmd": scores.mmd, "exponentialMMD": scores.exponentialMMD, "wasserstein": scores.wasserstein])
        }
        try context.guardFinite(parameters, iteration: configuration.iterations)

        let evaluation = try trial.evaluate(model, data, at: configuration.iterations)
        try trial.writePictures(model, evaluation, context)
        try context.measure("loss", losses.mean)
        try trial.measureExactLoss(model, data, context)
        try evaluation.released.measure(context)
        if configuration.finalEvaluations > 0 { try measureEvaluations(configuration, context) }
        try trial.measureControls(data, context)
        try trial.measureReadOuts(model, data, context)
    }

    /// Measures the released metric over the run's evaluations: the mean and standard deviation of the last ones, `mmdRecent`
    /// and `mmdRecentDeviation`, and the least of all, `mmdLeast`, with the iteration that had it, `mmdLeastAt`. A
    /// paper may print any of them.
    private func measureEvaluations(_ configuration: Configuration, _ context: CellContext) throws {
        let logged = try context.logged("mmd")
        guard let least = logged.min(by: { $0.value < $1.value }),
            let recent = SampleStatistics(logged.suffix(configuration.finalEvaluations).map(\.value))
        else { return }
        try context.measure("mmdRecent", recent.mean)
        if let deviation = recent.standardDeviation { try context.measure("mmdRecentDeviation", deviation) }
        try context.measure("mmdLeast", least.value)
        try context.measure("mmdLeastAt", Double(least.iteration))
    }

    public func replay(golden: URL, report: (String) -> Void) throws -> Bool {
        try withoutActuallyEscaping(report) { try Replay(golden: golden, report: $0).run() }
    }
}

/// The mean of the last so many values.
struct RecentMean {
    let count: Int
    /// The values, oldest first.
    var values: [Double] = []

    init(count: Int) { self.count = count }

    mutating func append(_ value: Double) {
        if values.count == count { values.removeFirst() }
        values.append(value)
    }

    var mean: Double { values.reduce(0, +) / Double(values.count) }
}

extension Tensor {
    /// Bits as float32, shape [count, d].
    init(_ batch: BinaryBatch) {
        self = Tensor(batch.bits, shape: [batch.count, batch.dimension]).converted(to: .float32)
    }
}
