import Datasets
import EnergyModels
import Experiments
import Objectives
import Samplers
import Torch

/// A cell of the learning part: a set of graphs, learnt by one method and read out.
struct Learning {
    let data: GraphData
    let nodes: RMwGGISGraphs.Nodes
    let method: RMwGGISGraphs.Method
    let configuration: RMwGGISGraphs.Configuration

    func run(_ context: CellContext) throws {
        let split = try data.split()
        let network = RelationalGraphNetwork(
            layers: configuration.layers, width: configuration.width, normalization: configuration.normalization,
            using: context.generator("initialisation"))
        let parameters = network.parameters
        let sets = SizedGraphs(
            split.training, network, paddedTo: nodes == .padded ? configuration.paddedNodes : nil)
        let adam = Adam(
            parameters,
            .init(learningRate: configuration.learningRate, weightDecay: configuration.weightDecay))
        let (batches, flips) = (context.generator("batches"), context.generator("flips"))
        let chains = NegativeChains(
            sets, steps: method == .pcdGWG ? configuration.pcdSteps : 0, count: configuration.pcdChains,
            density: configuration.startDensity, using: context.generator("chains"))
        let evaluation = Evaluation(
            split, network, nodes: nodes, method: method, configuration: configuration, seed: context.seed)
        let total = configuration.iterations

        try context.train(
            total,
            keeping: [
                .parameters(parameters), .optimizer(adam), .generator(batches, "batches"), .generator(flips, "flips"),
                chains.kept,
            ]
        ) { iteration in
            adam.settings.learningRate = configuration.learningRate * fallingRate(iteration, of: total)
            let batch = sets.batch(configuration.batchSize, using: batches)
            let (loss, found) = try gradients(of: batch, parameters, chains, using: flips)
            try context.guardFinite("loss", loss, iteration: iteration)
            let norm = clipGradientNorm(found, to: configuration.gradientClip).item()
            try context.guardFinite("gradient", norm, iteration: iteration)
            adam.update(found)
            if iteration.isMultiple(of: 10) || iteration == 1 {
                try context.log(iteration: iteration, ["loss": loss, "gradientNorm": norm])
            }
            guard iteration.isMultiple(of: configuration.evaluateEvery) else { return }
            try context.guardFinite(parameters, iteration: iteration)
            let scores = try context.untimed { try evaluation.scores(at: iteration) }
            try context.log(iteration: iteration, scores)
        }
        try context.guardFinite(parameters, iteration: total)
        try evaluation.measure(context)
    }

    /// The loss of a batch and its gradients: those of each size, weighed by its share of the batch.
    private func gradients(
        of batch: [SizedGraphs.Batch], _ parameters: Parameters, _ chains: NegativeChains,
        using flips: RandomGenerator
    ) throws -> (loss: Double, gradients: [Tensor]) {
        let count = batch.reduce(0) { $0 + $1.x.size(0) }
        let objective = method.objective(flips: configuration.flips)
        var loss = 0.0
        let sums = parameters.tensors.map { Tensor.zeros(like: $0) }
        for part in batch {
            let share = Double(part.x.size(0)) / Double(count)
            let (value, found) =
                method == .pcdGWG
                ? try chains.lossAndGradients(part) : try objective.lossAndGradients(part.model, part.x, using: flips)
            loss += share * value.item()
            for (sum, gradient) in zip(sums, found) { sum.add(gradient, scale: share) }
        }
        return (loss, sums)
    }
}

/// Training graphs by their number of nodes, each size with its view of the weights.
struct SizedGraphs {
    struct Size {
        let model: RelationalGraphEnergy
        /// All training graphs of this size, [count, d].
        let x: Tensor
    }

    /// Some graphs of one size.
    struct Batch {
        let model: RelationalGraphEnergy
        let x: Tensor
    }

    /// Ascending by nodes.
    let sizes: [Size]
    /// The size of each training graph, and its row there.
    private let places: [(size: Int, row: Int)]

    /// - Parameter paddedTo: nodes that every graph is given; nil for its own.
    init(_ graphs: [SimpleGraph], _ network: RelationalGraphNetwork, paddedTo most: Int?) {
        let graphs = graphs.map { graph in most.map { graph.padded(to: $0) } ?? graph }
        let counts = Set(graphs.map(\.nodeCount)).sorted()
        let grouped = counts.map { n in graphs.filter { $0.nodeCount == n } }
        sizes = zip(counts, grouped).map { Size(model: network.energy(nodes: $0), x: $1.pairTensor) }
        var rows = [Int](repeating: 0, count: counts.count)
        places = graphs.map { graph in
            let size = counts.firstIndex(of: graph.nodeCount)!
            defer { rows[size] += 1 }
            return (size, rows[size])
        }
    }

    /// Graphs drawn with replacement, by size; ascending by nodes.
    func batch(_ count: Int, using generator: RandomGenerator) -> [Batch] {
        let drawn = Tensor.integers([count], 0..<places.count, using: generator).array(Int.self).map { places[$0] }
        return sizes.indices.compactMap { size in
            let rows = drawn.filter { $0.size == size }.map(\.row)
            guard !rows.isEmpty else { return nil }
            return Batch(model: sizes[size].model, x: sizes[size].x.indexSelected(0, Tensor(rows)))
        }
    }
}

extension SimpleGraph {
    /// The graph with isolated nodes after its own.
    ///
    /// - Precondition: it has at most so many nodes.
    func padded(to nodes: Int) -> SimpleGraph { try! SimpleGraph(nodeCount: nodes, edges: edges) }
}
