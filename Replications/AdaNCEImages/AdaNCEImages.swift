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
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)
    public var runsOnGPU: Bool { true }

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.objectives.flatMap { objective in
            configuration.normalizations.flatMap { normalization in
                configuration.rejuvenationRates.flatMap { rate in
                    configuration.adaptiveIntervals.map { interval in
                        Setting(
                            data: configuration.data, objective: objective, normalization: normalization,
                            rejuvenationRate: rate, adaptiveInterval: interval)
                    }
                }
            }
        }
    }

    /// The images' SHA-256, so that a run is not gone on with from others.
    public func dataChecksums(_ configuration: Configuration) throws -> [String: String] {
        guard configuration.data != .bars else { return [:] }
        let images = try TrainingImages(configuration, device: .cpu)
        return [images.name: images.checksum]
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        // The size of a file's images is not known without reading it.
        let architecture = (try? configuration.architecture(for: configuration.data.shape ?? [3, 64, 64])) ?? .b
        // A chain's step is a forward and a backward pass; the update itself about five of them.
        let pass = 2 * Double(configuration.batchSize) * Double(architecture.multiplications)
        let step = 2 * pass / 5e10
        let updates = Double(configuration.iterations) * (Double(configuration.chainLength) + 5) * step
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

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let images = try TrainingImages(configuration, device: context.device)
        let batches = context.generator("batches")
        let training = try training(
            setting, configuration, shape: images.shape, recordsGraphs: context.recordsGraphs,
            initialisation: context.generator("initialisation"), chains: context.generator("chains"))
        let state = Kept(store: { $0.store(training) }, restore: { try $0.restore(training) })

        try context.train(configuration.iterations, keeping: [state, .generator(batches, "batches")]) { iteration in
            let update = try training.update(
                images.batch(configuration.batchSize, noise: configuration.dataNoise, using: batches))
            if iteration.isMultiple(of: configuration.logEvery) || iteration == configuration.iterations {
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
            if iteration == configuration.iterations - 1, configuration.gradientBatches > 0 {
                let noise = try context.untimed {
                    try GradientNoise(of: training, images, configuration, using: context.generator("gradient noise"))
                }
                try context.log(
                    iteration: iteration,
                    ["gradientVariance": noise.variance, "gradientSquaredNorm": noise.squaredNorm])
            }
        }

        let samples = try Samples(
            of: training, configuration, using: context.generator("evaluation"), progress: context.evaluated)
        try samples.writePictures(beside: images, context)
        try measureTraining(context)
        guard configuration.scoredSamples > 0 else { return }
        let classifier = context.directory.deletingLastPathComponent().appendingPathComponent("classifier.h5")
        let scores = try Scores(images, configuration, classifier: classifier, progress: context.evaluated)
        try scores.measureFloors(images, context)
        try scores.measure(samples.buffer.pixels(), named: "buffer", context)
        try scores.measure(samples.fresh.pixels(), named: "fresh", context)
    }

    /// A training on images of a shape [channels, height, width] that has not begun.
    func training(
        _ setting: Setting, _ configuration: Configuration, shape: [Int], recordsGraphs: Bool,
        initialisation: RandomGenerator, chains: RandomGenerator
    ) throws -> SelfAdaptingTraining<ConvNetEnergy> {
        let architecture = try configuration.architecture(for: shape)
        let model = try ConvNetEnergy(
            architecture, leakySlope: configuration.leakySlope,
            normalized: setting.normalization.layers(of: architecture),
            samplingType: configuration.samplingType.dtype, using: initialisation)
        return try SelfAdaptingTraining(
            model, setting.objective.objective, dynamics: configuration.dynamics(),
            buffer: ReplayBuffer(
                shape: architecture.inputShape, configuration.buffer(rejuvenationRate: setting.rejuvenationRate),
                using: chains),
            configuration.training(adaptiveInterval: setting.adaptiveInterval, recordsGraphs: recordsGraphs),
            using: chains)
    }

    /// Means over the last tenth of the log, and the largest ν of the whole of it.
    private func measureTraining(_ context: CellContext) throws {
        for name in ["loss", "gradientNorm", "energyGap", "parameterGradientNorm", "sampleDeviation"] {
            let logged = try context.logged(name).map(\.value)
            let last = logged.suffix(max(1, logged.count / 10))
            try context.measure(name, last.reduce(0, +) / Double(last.count))
            if name == "gradientNorm" { try context.measure("largestGradientNorm", logged.max()!) }
        }
        for name in ["gradientVariance", "gradientSquaredNorm"] {
            if let found = try context.logged(name).last { try context.measure(name, found.value) }
        }
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
