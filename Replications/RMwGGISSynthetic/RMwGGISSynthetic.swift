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
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    /// The released code's.
    public let defaultSeed: UInt64 = 1023

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        for data in configuration.datasets {
            for dimension in configuration.dimensions {
                for variant in configuration.variants {
                    for method in configuration.methods
                    where variant == .paper || configuration.releasedMethods.contains(method) {
                        for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                            cells.append(
                                Cell(
                                    index: cells.count + 1,
                                    labels: [
                                        "data": data, "d": "\(dimension)", "variant": variant.rawValue,
                                        "method": method.rawValue,
                                    ], seed: seed))
                        }
                    }
                }
            }
        }
        return cells
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let setting = try Setting(cell, configuration)
        let objective = setting.objective
        var data = try setting.data()
        let model = setting.model()
        let parameters = model.parameters
        let adam = Adam(
            parameters, .init(learningRate: setting.learningRate, weightDecay: configuration.weightDecay))
        let flips = RandomGenerator(seed: cell.seed, stream: "flips")
        var losses = RecentMean(count: configuration.lossWindow)
        if let saved = context.restored {
            try saved.restore(parameters)
            try saved.restore(adam)
            try saved.restore(flips, named: "flips")
            data.randomState = try saved.numPyRandomState(named: "data")
            losses.values = try saved.finiteElements("recentLosses", shape: [min(saved.iteration, losses.count)])
        }

        for iteration in context.iterations(of: configuration.iterations) {
            let x = Tensor(try data.batch(configuration.batchSize))
            let (loss, found): (Tensor, [Tensor])
            do { (loss, found) = try objective.lossAndGradients(model, x, using: flips) } catch let fault
                as NonFiniteQuantity
            {
                throw Divergence(quantity: fault.quantity, iteration: iteration)
            }
            let value = loss.item()
            try context.guardFinite("loss", value, iteration: iteration)
            let norm = clipGradientNorm(found, to: configuration.gradientClip).item()
            try context.guardFinite("gradient", norm, iteration: iteration)
            adam.update(found)

            losses.append(value)
            if iteration.isMultiple(of: configuration.logEvery) {
                try context.log(iteration: iteration, ["loss": value, "gradientNorm": norm])
            }
            if configuration.evaluates(after: iteration) {
                try context.guardFinite(parameters, iteration: iteration)
                let scores = try context.untimed { try setting.evaluate(model, data, at: iteration).released }
                try context.log(
                    iteration: iteration,
                    ["mmd": scores.mmd, "exponentialMMD": scores.exponentialMMD, "wasserstein": scores.wasserstein])
            }
            try context.endIteration(iteration, of: configuration.iterations) { checkpoint in
                checkpoint.store(parameters)
                checkpoint.store(adam)
                checkpoint.store(flips, named: "flips")
                checkpoint.store(data.randomState, named: "data")
                checkpoint["recentLosses"] = HDF5Array(losses.values, shape: [losses.values.count])
            }
        }
        try context.guardFinite(parameters, iteration: configuration.iterations)

        let evaluation = try setting.evaluate(model, data, at: configuration.iterations)
        try setting.writePictures(model, evaluation, context)
        var values = ["loss": losses.mean]
        values.merge(try setting.exactLoss(model, data)) { $1 }
        values.merge(evaluation.released.values("")) { $1 }
        if configuration.finalEvaluations > 0 { values.merge(try evaluated(context, configuration)) { $1 } }
        values.merge(try setting.controls(data)) { $1 }
        values.merge(try setting.readOut(model, data)) { $1 }
        return CellResult(values)
    }

    /// Of the released metric over the run's evaluations: the mean and standard deviation of the last ones, `mmdRecent`
    /// and `mmdRecentDeviation`, and the least of all, `mmdLeast`, with the iteration that had it, `mmdLeastAt`. A
    /// paper may print any of them.
    private func evaluated(_ context: CellContext, _ configuration: Configuration) throws -> [String: Double] {
        let logged = try context.logged("mmd")
        guard let least = logged.min(by: { $0.value < $1.value }),
            let recent = SampleStatistics(logged.suffix(configuration.finalEvaluations).map(\.value))
        else { return [:] }
        var values = ["mmdRecent": recent.mean, "mmdLeast": least.value, "mmdLeastAt": Double(least.iteration)]
        values["mmdRecentDeviation"] = recent.standardDeviation
        return values
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
