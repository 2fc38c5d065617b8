import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import Objectives
import Samplers
import Torch

/// Samples of a trained model, float32 [count, channels, height, width].
struct Samples {
    /// Of the buffer, some steps on with the final model.
    let buffer: Tensor
    /// Chains of the training's length from noise.
    let fresh: Tensor
    /// Long chains from noise; nil where none are asked for.
    let longRun: Tensor?

    /// What the grids show.
    static let shown = 64

    /// Throws `ChainDivergence`. Draws from `generator` only.
    init(
        of training: SelfAdaptingTraining<ConvNetEnergy>, _ configuration: AdaNCEImages.Configuration,
        using generator: RandomGenerator
    ) throws {
        let model = training.model.frozen()
        let shape = training.model.architecture.inputShape
        func chains(_ start: Tensor, steps: Int) throws -> Tensor {
            guard steps > 0 else { return start }
            let run = try training.dynamics.run(
                model, from: start.channelsLast(), steps: steps, asGraph: training.settings.recordsGraphs,
                using: generator)
            return run.points.contiguous()
        }
        func noise(_ count: Int) -> Tensor { .uniform([count] + shape, low: -1, high: 1, using: generator) }
        /// In batches, so that memory does not grow with their number.
        func inBatches(_ count: Int, _ body: (Range<Int>) throws -> Tensor) rethrows -> Tensor {
            let parts = stride(from: 0, to: count, by: configuration.batchSize).map {
                $0..<min(count, $0 + configuration.batchSize)
            }
            return .concatenated(try parts.map(body))
        }
        let count = max(Self.shown, configuration.scoredSamples)
        let slots = training.buffer.count
        buffer = try inBatches(max(1, min(count, slots))) { rows in
            try chains(
                training.buffer.points.narrowed(0, start: rows.lowerBound, length: rows.count).contiguous(),
                steps: configuration.extraSteps)
        }
        fresh = try inBatches(count) { try chains(noise($0.count), steps: configuration.chainLength) }
        longRun =
            try configuration.longRunSteps > 0 ? chains(noise(Self.shown), steps: configuration.longRunSteps) : nil
    }
}

extension AdaNCEImages {
    /// `samples-buffer.png`, `samples-fresh.png`, `samples-long-run.png` and `data.png`, grids of 64;
    /// `chart-gradient-norm.png`: ν against updates.
    func writePictures(_ samples: Samples, _ images: TrainingImages, _ cell: Cell, _ context: CellContext) throws {
        func write(_ name: String, _ pixels: Tensor) throws {
            let text = [
                (key: "Title", value: "\(cell.id): \(name)"), (key: "Software", value: "replicate run adance-images"),
                (key: "Source", value: "\(images.name), SHA-256 \(images.checksum)"),
            ]
            let shown = pixels.narrowed(0, start: 0, length: min(Samples.shown, pixels.size(0)))
            let set = try ImageSet(
                name: name, shape: ImageShape(channels: shown.size(1), height: shown.size(2), width: shown.size(3)),
                pixels: shown.contiguous().reshaped([-1]).moved(to: .cpu).array(UInt8.self))
            try atomically(replacing: context.directory.appendingPathComponent("\(name).png")) {
                try Image.samples(set, count: Samples.shown, columns: 8).writePNG(to: $0, text: text)
            }
        }
        try write("data", images.pixels)
        try write("samples-buffer", samples.buffer.pixels())
        try write("samples-fresh", samples.fresh.pixels())
        if let longRun = samples.longRun { try write("samples-long-run", longRun.pixels()) }
        let norms = try context.logged("gradientNorm")
        let chart = Chart(
            title: cell.id, x: .init("update"), y: .init("mean gradient norm along the chain"),
            series: [try .init("ν", x: norms.map { Double($0.iteration) }, y: norms.map(\.value))])
        try chart.draw(named: "chart-gradient-norm", in: context.directory)
    }
}
