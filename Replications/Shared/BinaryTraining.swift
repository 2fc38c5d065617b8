import EnergyModels
import Experiments
import HDF5
import Objectives
import Samplers
import Torch

/// Learning of bits by Adam, in a cell, from batches that are drawn with replacement.
package struct BinaryTraining {
    package let iterations: Int
    package let batchSize: Int
    package let learningRate: Double
    /// Iterations between lines of the log.
    package let logEvery: Int

    package init(iterations: Int, batchSize: Int, learningRate: Double, logEvery: Int) {
        (self.iterations, self.batchSize) = (iterations, batchSize)
        (self.learningRate, self.logEvery) = (learningRate, logEvery)
    }

    /// - Parameters:
    ///   - points: what is learnt from, bits as floating-point numbers [n, d].
    ///   - draws: what the objective draws from.
    ///   - kept: what an update depends on besides model, optimizer and generators, such as chains.
    ///   - evaluate: called at the end of each iteration, with its number.
    /// - Throws: `LeftFiniteNumbers`, what `evaluate` throws, and what `context` does.
    package func run(
        _ model: some BinaryEnergyModel, by objective: any BinaryObjective, on points: Tensor,
        using draws: RandomGenerator, keeping kept: [Kept], _ context: CellContext,
        evaluate: (_ iteration: Int) throws -> Void
    ) throws {
        let adam = Adam(model.parameters, .init(learningRate: learningRate))
        let batches = context.generator("batches")
        try context.train(
            iterations,
            keeping: [
                .parameters(model.parameters), .optimizer(adam), .generator(batches, "batches"),
                .generator(draws, "objective"),
            ] + kept
        ) { iteration in
            let x = points.indexSelected(0, Tensor.integers([batchSize], 0..<points.size(0), using: batches))
            let (loss, found) = try objective.lossAndGradients(model, x, using: draws)
            try context.guardFinite("loss", loss.item(), iteration: iteration)
            adam.update(found)
            if iteration.isMultiple(of: logEvery) {
                try context.log(iteration: iteration, ["loss": loss.item()])
            }
            try evaluate(iteration)
        }
        try context.guardFinite(model.parameters, iteration: iterations)
    }
}

extension Kept {
    /// Where persistent chains stand.
    package static func chains<T>(_ persistent: PersistentContrastiveDivergence<T>) -> Kept {
        Kept(
            store: { $0["chains"] = HDF5Array(persistent.chains.array(Float.self), shape: persistent.chains.shape) },
            restore: { persistent.chains = try $0.bits("chains", like: persistent.chains) })
    }
}
