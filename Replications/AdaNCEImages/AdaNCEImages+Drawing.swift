import Datasets
import EnergyModels
import Experiments
import Foundation
import ReplicationShared
import Samplers
import Torch

extension AdaNCEImages: Sampleable {
    /// The most chains that move at once, so that memory does not grow with their number.
    private static let batch = 100

    /// Images by the training's Langevin dynamics from noise: its chain length, where no other number of steps is asked
    /// for.
    public func draw(_ request: DrawRequest, from trained: TrainedCell<AdaNCEImages>) throws -> DrawnSamples {
        guard request.inverseTemperature == 1 else {
            throw RunError(
                "β is \(request.inverseTemperature): the chains of \(name) have a noise of their own, expected 1")
        }
        let seeds = { RandomGenerator(seed: trained.cell.seed, stream: $0) }
        let shape = try trained.configuration.data.shape ?? TrainingImages(trained.configuration, device: .cpu).shape
        let training = try training(
            trained.setting, trained.configuration, shape: shape, recordsGraphs: false,
            initialisation: seeds("initialisation"), chains: seeds("chains"))
        try trained.checkpoint.restore(training)
        let (model, generator) = (training.model.frozen(), request.generator())
        let steps = max(8, request.steps ?? trained.configuration.chainLength)
        let batches = try stride(from: 0, to: request.count, by: Self.batch).map { first in
            let count = min(Self.batch, request.count - first)
            let start = Tensor.uniform(
                [count] + training.model.architecture.inputShape, low: -1, high: 1, using: generator)
            let chains = LangevinChains(training.dynamics, model, from: start.channelsLast(), using: generator)
            return try TracedChains(of: model, from: start, steps: steps) { _ in
                try chains.advance(1)
                return chains.points
            }
        }
        let chains = TracedChains(joining: batches)
        let images = try ImageSet(
            named: "samples of \(trained.cell.id)", chains.points.contiguous().pixels(), first: request.count)
        return DrawnSamples(
            .images(images),
            diagnostics: chains.diagnostics("Langevin steps from noise", move: "no step is rejected"))
    }
}
