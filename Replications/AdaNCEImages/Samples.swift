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
    /// The first of the buffer, some steps on with the final model.
    let buffer: Tensor
    /// Chains of the training's length from noise.
    let fresh: Tensor
    /// Long chains from noise; nil where none are asked for.
    let longRun: Tensor?

    /// What the grids show.
    static let shown = 64

    /// Throws `ChainDivergence`. Draws from `generator` only.
    ///
    /// - Parameter progress: is told how many of how many samples are drawn, long chains apart.
    init(
        of training: SelfAdaptingTraining<ConvNetEnergy>, _ configuration: AdaNCEImages.Configuration,
        using generator: RandomGenerator, progress: (_ done: Int, _ of: Int) -> Void
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
        let count = max(Self.shown, configuration.scoredSamples)
        let fromBuffer = max(1, min(count, training.buffer.count))
        let all = fromBuffer + count
        var done = 0
        /// In batches, so that memory does not grow with their number.
        func inBatches(_ count: Int, _ body: (Range<Int>) throws -> Tensor) rethrows -> Tensor {
            let parts = stride(from: 0, to: count, by: configuration.batchSize).map {
                $0..<min(count, $0 + configuration.batchSize)
            }
            return .concatenated(
                try parts.map { rows in
                    let drawn = try body(rows)
                    done += rows.count
                    progress(done, all)
                    return drawn
                })
        }
        buffer = try inBatches(fromBuffer) { rows in
            try chains(
                training.buffer.points.narrowed(0, start: rows.lowerBound, length: rows.count).contiguous(),
                steps: configuration.extraSteps)
        }
        fresh = try inBatches(count) { try chains(noise($0.count), steps: configuration.chainLength) }
        longRun =
            try configuration.longRunSteps > 0 ? chains(noise(Self.shown), steps: configuration.longRunSteps) : nil
    }
}

extension Samples {
    /// The pictures `samples-buffer`, `samples-fresh`, `samples-long-run` and `data`: grids of 64.
    func writePictures(beside images: TrainingImages, _ context: CellContext) throws {
        func write(_ name: String, _ pixels: Tensor) throws {
            let shown = try ImageSet(named: name, pixels, first: Self.shown)
            try context.write(Image.samples(shown, count: Self.shown, columns: 8), named: name)
        }
        try write("data", images.pixels)
        try write("samples-buffer", buffer.pixels())
        try write("samples-fresh", fresh.pixels())
        if let longRun { try write("samples-long-run", longRun.pixels()) }
    }
}

extension ImageSet {
    /// The first of some images, uint8 [count, channels, height, width].
    init(named name: String, _ pixels: Tensor, first count: Int) throws {
        let used = pixels.narrowed(0, start: 0, length: min(count, pixels.size(0)))
        try self.init(
            name: name, shape: ImageShape(channels: used.size(1), height: used.size(2), width: used.size(3)),
            pixels: used.contiguous().reshaped([-1]).moved(to: .cpu).array(UInt8.self))
    }
}
