import EnergyModels
import Experiments
import Objectives
import Torch

/// Learning by Adam from fresh draws of a density, in a cell: there is no training set to overfit. The rate falls to 0
/// in a straight line.
package struct DensityTraining {
    package let iterations: Int
    package let batchSize: Int
    /// At the start.
    package let learningRate: Double
    /// Iterations between lines of the log.
    package let logEvery: Int

    package init(iterations: Int, batchSize: Int, learningRate: Double, logEvery: Int) {
        (self.iterations, self.batchSize) = (iterations, batchSize)
        (self.learningRate, self.logEvery) = (learningRate, logEvery)
    }

    /// - Parameters:
    ///   - parameters: what is learnt, in place.
    ///   - state: what an update depends on besides, changed in place: a frozen copy, chains.
    ///   - update: the loss and its gradients in the order of the parameters, of an iteration from 1, its batch, and a
    ///     generator of its own.
    /// - Throws: `LeftFiniteNumbers`, what `update` throws, and what `context` does.
    package func run(
        _ parameters: Parameters, keeping state: Parameters = Parameters([]), on density: any Density,
        _ context: CellContext,
        _ update: (_ iteration: Int, _ x: Tensor, _ draws: RandomGenerator) throws -> (
            loss: Tensor, gradients: [Tensor]
        )
    ) throws {
        let adam = Adam(parameters, .init(learningRate: learningRate))
        let (data, draws) = (context.generator("data"), context.generator("objective"))
        try context.train(
            iterations,
            keeping: [
                .parameters(parameters + state), .optimizer(adam), .generator(data, "data"),
                .generator(draws, "objective"),
            ]
        ) { iteration in
            let x = density.sample(batchSize, dtype: .float32, using: data)
            let (loss, gradients) = try update(iteration, x, draws)
            adam.settings.learningRate = learningRate * (1 - Double(iteration - 1) / Double(iterations))
            adam.update(gradients)
            if iteration.isMultiple(of: logEvery) || iteration == iterations {
                try context.guardFinite("loss", loss.item(), iteration: iteration)
                try context.log(iteration: iteration, ["loss": loss.item()])
            }
        }
        try context.guardFinite(parameters, iteration: iterations)
    }

    /// The same by an objective of a model alone.
    package func run(
        _ model: some ContinuousEnergyModel, _ objective: some DensityObjective, on density: any Density,
        _ context: CellContext
    ) throws {
        try run(model.parameters, on: density, context) { _, x, draws in
            try objective.lossAndGradients(model, x, using: draws)
        }
    }
}
