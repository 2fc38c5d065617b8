import EnergyModels
import Experiments
import HDF5
import Samplers
import Torch

/// The persistent chains of contrastive divergence, a set for each size, which go on by Gibbs-with-gradients.
final class NegativeChains {
    private let sizes: [SizedGraphs.Size]
    private let steps: Int
    private let generator: RandomGenerator
    /// By size; none where there are no steps.
    private var chains: [Tensor]

    /// - Parameters:
    ///   - steps: steps an iteration; 0 for methods without chains.
    ///   - count: chains of each size.
    ///   - density: that of the graphs which they start from.
    init(_ sets: SizedGraphs, steps: Int, count: Int, density: Double, using generator: RandomGenerator) {
        (sizes, self.steps, self.generator) = (sets.sizes, steps, generator)
        chains =
            steps == 0 ? [] : sizes.map { generator.bernoulli(.full([count, $0.model.dimension], density)) }
    }

    var kept: Kept {
        Kept(
            store: { [self] checkpoint in
                checkpoint.store(generator, named: "chains")
                for (size, x) in chains.enumerated() { checkpoint["chains.\(size)"] = HDF5Array(x) }
            },
            restore: { [self] saved in
                try saved.restore(generator, named: "chains")
                for size in chains.indices { chains[size] = try saved.bits("chains.\(size)", like: chains[size]) }
            })
    }

    /// mean E(x) − mean E(x̃), x̃ where the chains of this size stand after their steps, and its gradients.
    func lossAndGradients(_ part: SizedGraphs.Batch) throws -> (loss: Tensor, gradients: [Tensor]) {
        let size = sizes.firstIndex { $0.model.nodeCount == part.model.nodeCount }!
        let kernel = try GibbsWithGradients(part.model)
        for _ in 0..<steps {
            // The sampler takes finite proposals for granted.
            guard part.model.inputGradient(chains[size]).isFinite().all() else { throw NonFiniteQuantity("proposal") }
            chains[size] = withoutGradients { kernel.step(from: chains[size], using: generator).x }
        }
        let loss = part.model.energy(part.x).mean() - part.model.energy(chains[size]).mean()
        return (loss.detached(), gradients(of: loss, withRespectTo: part.model.parameters.tensors))
    }
}
