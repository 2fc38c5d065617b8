import Datasets
import EnergyModels
import Samplers
import Torch

/// Samples of a learnt energy: node counts as in the training graphs, chains batched by size.
struct Reading {
    let training: [SimpleGraph]
    let network: RelationalGraphNetwork
    let nodes: RMwGGISGraphs.Nodes
    let paddedNodes: Int
    let sampler: RMwGGISGraphs.Sampler
    let startDensity: Double

    /// Graphs without their isolated nodes, in the order in which their node counts were drawn.
    ///
    /// - Parameter beta: the chains' inverse temperature, which rises from 0 over the first half of the sweeps.
    func samples(
        _ count: Int, at beta: Double, sweeps: Int, from start: RMwGGISGraphs.Start, using generator: RandomGenerator
    ) throws -> [SimpleGraph] {
        let drawn = Tensor.integers([count], 0..<training.count, using: generator).array(Int.self).map { training[$0] }
        let counts = drawn.map { nodes == .padded ? paddedNodes : $0.nodeCount }
        var found = [SimpleGraph?](repeating: nil, count: count)
        for n in Set(counts).sorted() {
            let places = counts.indices.filter { counts[$0] == n }
            let model = network.energy(nodes: n)
            let x = startingPoints(places.map { drawn[$0].padded(to: n) }, start, using: generator)
            let bits = try moved(model, from: x, at: beta, sweeps: sweeps, using: generator).array(UInt8.self)
            for (row, place) in places.enumerated() {
                let own = Array(bits[row * model.dimension..<(row + 1) * model.dimension])
                found[place] = try SimpleGraph(nodeCount: n, pairs: own).withoutIsolatedNodes()
            }
        }
        return found.map { $0! }
    }

    /// Where chains start, [graphs, d].
    private func startingPoints(
        _ graphs: [SimpleGraph], _ start: RMwGGISGraphs.Start, using generator: RandomGenerator
    ) -> Tensor {
        let x = graphs.pairTensor
        return switch start {
        case .coins: generator.bernoulli(.full(x.shape, startDensity))
        case .empty: .zeros(like: x)
        case .complete: .ones(x.shape)
        case .training: x
        }
    }

    private func moved(
        _ model: RelationalGraphEnergy, from x: Tensor, at beta: Double, sweeps: Int, using generator: RandomGenerator
    ) throws -> Tensor {
        switch sampler {
        case .gibbs:
            return GibbsSampler(inverseTemperature: beta).rampedSample(model, from: x, sweeps: sweeps, using: generator)
        case .gwg:
            let half = max(1, sweeps / 2)
            var x = x
            for sweep in 1...sweeps {
                let now = beta * min(1, Double(sweep) / Double(half))
                let kernel = try GibbsWithGradients(model, inverseTemperature: now)
                for _ in 0..<model.dimension { x = withoutGradients { kernel.step(from: x, using: generator).x } }
            }
            return x
        }
    }
}
