import EnergyModels
import Objectives
import Samplers
import Torch

/// How much of an update's gradient is chance: over fresh batches of data, and fresh chains from the buffer as it
/// stands, with model and noise model held still. The explanation that section 5.3 of Xu 2022 offers for worse samples
/// at larger K is that the density ratio's variance grows with the distance between the two.
struct GradientNoise {
    /// The trace of the covariance of the gradient of all parameters.
    let variance: Double
    /// ‖E g‖², without the part of it that is the estimate's own noise; may be negative where that is larger.
    let squaredNorm: Double

    /// Throws `ChainDivergence` or `NonFiniteQuantity`. Nothing of the training changes, its generator's state neither.
    init(
        of training: SelfAdaptingTraining<ConvNetEnergy>, _ images: TrainingImages,
        _ configuration: AdaNCEImages.Configuration,
        using generator: RandomGenerator
    ) throws {
        let parameters = training.model.parameters.tensors
        var sums = parameters.map { Tensor.zeros(like: $0) }
        var squares = 0.0
        let count = configuration.gradientBatches
        for _ in 0..<count {
            let data = images.batch(configuration.batchSize, noise: configuration.dataNoise, using: generator)
            let start = training.buffer.draw(configuration.batchSize, using: generator).points
            let noise = try training.dynamics.run(
                training.frozen, from: start.channelsLast(), steps: configuration.chainLength,
                asGraph: training.settings.recordsGraphs, using: generator
            ).points
            let loss = try training.objective.loss(
                ContrastedEnergies(
                    noise: training.model.energy(noise), data: training.model.energy(data),
                    frozenNoise: training.frozen.evaluate(noise), frozenData: training.frozen.evaluate(data)))
            for (index, gradient) in gradients(of: loss, withRespectTo: parameters).enumerated() {
                sums[index] += gradient
                squares += gradient.converted(to: .float64).squared().sum().item()
            }
        }
        let n = Double(count)
        let squaredMean = sums.reduce(0) { $0 + $1.converted(to: .float64).squared().sum().item() } / (n * n)
        variance = (squares - n * squaredMean) / (n - 1)
        squaredNorm = squaredMean - variance / n
        guard variance.isFinite else { throw NonFiniteQuantity("variance of the gradient") }
    }
}
