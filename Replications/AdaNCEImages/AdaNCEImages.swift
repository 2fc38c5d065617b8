import EnergyModels
import Experiments
import Foundation
import HDF5
import Metrics
import Objectives
import Samplers
import Torch

/// Self-adapting noise-contrastive estimation of convolutional energies on images (Xu 2022, chapters 3 to 5): do
/// samples get worse as the noise distribution is renewed less often?
public struct AdaNCEImages: Replication {
    public let name = "adance-images"
    public let summary =
        "self-adapting noise-contrastive estimation on images: sample quality against the adaptive interval K"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    public let columns: [Column] = []
    public var runsOnGPU: Bool { true }

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        for objective in configuration.objectives {
            for normalization in configuration.normalizations {
                for rate in configuration.rejuvenationRates {
                    for interval in configuration.adaptiveIntervals {
                        for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                            cells.append(
                                Cell(
                                    index: cells.count + 1,
                                    labels: [
                                        "data": configuration.data.rawValue, "objective": objective.rawValue,
                                        "normalized": normalization.rawValue,
                                        "rejuvenation": String(format: "%g", rate), "K": "\(interval)",
                                    ], seed: seed))
                        }
                    }
                }
            }
        }
        return cells
    }

    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        let architecture =
            (try? configuration.architecture.scaled(width: configuration.width)) ?? configuration.architecture
        // A chain's step is a forward and a backward pass; the update itself about five of them.
        let pass = 2 * Double(configuration.batchSize) * Double(architecture.multiplications)
        let step = 2 * pass / 5e10
        let updates = Double(configuration.updates) * (Double(configuration.chainLength) + 5) * step
        let chains =
            Double(configuration.longRunSteps) * 64
            + Double(configuration.scoredSamples) * Double(configuration.chainLength + configuration.extraSteps)
        let variance = Double(configuration.gradientBatches) * Double(configuration.chainLength + 5) * step
        let pixels = Double(architecture.inputShape.reduce(1, *))
        return Estimate(
            seconds: 5 + (updates + variance + chains / Double(configuration.batchSize) * step) / Double(threads),
            memory: 400_000_000 + 20 * Double(configuration.batchSize) * pixels * 64 + Double(
                configuration.trainingImages) * pixels,
            disk: 4 * (4 * Double(architecture.parameterCount) + Double(configuration.bufferSize) * pixels) + 500_000)
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let images = try TrainingImages(configuration, device: context.device)
        try atomically(
            replacing: context.directory.appendingPathComponent("data.json"),
            by: Data(
                "{\"images\": \(images.count), \"name\": \"\(images.name)\", \"sha256\": \"\(images.checksum)\"}\n".utf8
            ))
        func generator(_ stream: String) -> RandomGenerator {
            RandomGenerator(seed: cell.seed, stream: stream, device: context.device)
        }
        let architecture = try configuration.architecture.scaled(width: configuration.width)
        let model = try ConvNetEnergy(
            architecture, leakySlope: configuration.leakySlope,
            normalized: Normalization(rawValue: cell.label("normalized")!)!.layers(of: architecture),
            samplingType: configuration.samplingType.dtype, using: generator("initialisation"))
        let (batches, chains) = (generator("batches"), generator("chains"))
        let training = try SelfAdaptingTraining(
            model, ObjectiveName(rawValue: cell.label("objective")!)!.objective, dynamics: configuration.dynamics(),
            buffer: ReplayBuffer(
                shape: images.shape, configuration.buffer(rejuvenationRate: Double(cell.label("rejuvenation")!)!),
                using: chains),
            configuration.training(adaptiveInterval: Int(cell.label("K")!)!, recordsGraphs: context.recordsGraphs),
            using: chains)
        if let saved = context.restored {
            try saved.restore(training)
            try saved.restore(batches, named: "batches")
        }

        for iteration in context.iterations(of: configuration.updates) {
            let update = try diverging(iteration) {
                try training.update(
                    images.batch(configuration.batchSize, noise: configuration.dataNoise, using: batches))
            }
            if iteration.isMultiple(of: configuration.logEvery) || iteration == configuration.updates {
                try context.log(
                    iteration: iteration,
                    [
                        "loss": update.loss, "gradientNorm": update.meanGradientNorm,
                        "energyGap": update.energies.data.mean().item() - update.energies.noise.mean().item(),
                        "parameterGradientNorm": update.parameterGradientNorm,
                        "sampleDeviation": update.samples.squared().mean().item().squareRoot(),
                    ])
            }
            // The last update before the copy is renewed: the gradient as it is taken there, K − 1 updates away from
            // the copy.
            if iteration == configuration.updates - 1, configuration.gradientBatches > 0 {
                let noise = try context.untimed {
                    try diverging(iteration) {
                        try GradientNoise(of: training, images, configuration, using: generator("gradient noise"))
                    }
                }
                try context.log(
                    iteration: iteration,
                    ["gradientVariance": noise.variance, "gradientSquaredNorm": noise.squaredNorm])
            }
            try context.endIteration(iteration, of: configuration.updates) { checkpoint in
                checkpoint.store(training)
                checkpoint.store(batches, named: "batches")
            }
        }

        let samples = try diverging(configuration.updates) {
            try Samples(of: training, configuration, using: generator("evaluation"))
        }
        try writePictures(samples, images, cell, context)
        var values = try values(context)
        if configuration.scoredSamples > 0 {
            let run = context.directory.deletingLastPathComponent().deletingLastPathComponent()
            do {
                var scores = try Scores(images, configuration, classifier: run.appendingPathComponent("classifier.h5"))
                try scores.add(samples.buffer.pixels(), named: "buffer")
                try scores.add(samples.fresh.pixels(), named: "fresh")
                values.merge(scores.values) { $1 }
            } catch let fault as MetricError { throw RunError(fault.description) }
        }
        return CellResult(values)
    }

    /// What leaves the finite numbers, as the harness records it.
    private func diverging<T>(_ iteration: Int, _ body: () throws -> T) throws -> T {
        do { return try body() } catch let fault as ChainDivergence {
            throw Divergence(quantity: "\(fault.quantity) of a chain", iteration: iteration)
        } catch let fault as NonFiniteQuantity {
            throw Divergence(quantity: fault.quantity, iteration: iteration)
        } catch let fault as DeviceError {
            throw RunError(fault.description)
        }
    }

    /// Means over the last tenth of the log, and the largest ν of the whole of it.
    private func values(_ context: CellContext) throws -> [String: Double] {
        var values: [String: Double] = [:]
        for name in ["loss", "gradientNorm", "energyGap", "parameterGradientNorm", "sampleDeviation"] {
            let logged = try context.logged(name).map(\.value)
            let last = logged.suffix(max(1, logged.count / 10))
            values[name] = last.reduce(0, +) / Double(last.count)
            if name == "gradientNorm" { values["largestGradientNorm"] = logged.max() }
        }
        for name in ["gradientVariance", "gradientSquaredNorm"] {
            if let found = try context.logged(name).last { values[name] = found.value }
        }
        return values
    }
}

extension Checkpoint {
    /// Everything that decides how a training goes on.
    mutating func store(_ training: SelfAdaptingTraining<ConvNetEnergy>) {
        let state = training.state
        for (name, tensor) in state.tensors { self[name] = HDF5Array(tensor) }
        for (name, count) in state.counts { self["count.\(name)"] = HDF5Array([Int64(count)], shape: [1]) }
        self["generator.training"] = HDF5Array(state.generator, shape: [state.generator.count])
    }

    /// Reads back what `store` wrote. Throws `RunError` naming what is missing or does not fit.
    func restore(_ training: SelfAdaptingTraining<ConvNetEnergy>) throws {
        let own = training.state
        let saved = SelfAdaptingState(
            tensors: Dictionary(
                uniqueKeysWithValues: try own.tensors.map { ($0.key, try tensor($0.key, like: $0.value)) }),
            counts: Dictionary(
                uniqueKeysWithValues: try own.counts.map {
                    ($0.key, Int(try elements("count.\($0.key)", as: Int64.self, shape: [1])[0]))
                }),
            generator: try elements("generator.training", as: UInt8.self))
        do { try training.restore(saved) } catch { throw RunError("the checkpoint does not fit: \(error)") }
    }
}
