import Datasets
import EnergyModels
import Experiments
import HDF5
import Objectives
import Torch

/// A cell of the cost part: training steps on a batch of ego graphs of n nodes, for the clock and the memory of its process.
struct Cost {
    let nodeCount: Int
    let method: RMwGGISGraphs.Method
    let configuration: RMwGGISGraphs.Configuration

    func run(_ context: CellContext) throws {
        let network = RelationalGraphNetwork(
            layers: configuration.layers, width: configuration.width, normalization: configuration.normalization,
            using: context.generator("initialisation"))
        let generator = context.generator("graphs")
        let x = try (0..<configuration.costBatch).map { _ in
            try SimpleGraph.egoErdosRenyi(nodeCount, probability: 0.2, using: generator)
        }.pairTensor
        let (model, flips) = (network.energy(nodes: nodeCount), context.generator("flips"))
        let objective = method.objective(flips: configuration.flips)
        let adam = Adam(network.parameters, .init(learningRate: configuration.learningRate))
        func step() throws -> Double {
            let (loss, found) = try objective.lossAndGradients(model, x, using: flips)
            adam.update(found)
            return loss.item()
        }
        // The first step allocates; it is not timed.
        var loss = try step()
        let last = Kept(
            store: { $0["loss"] = HDF5Array([loss], shape: []) },
            restore: { loss = try $0.finiteElements("loss", shape: [])[0] })
        try context.train(
            configuration.costIterations,
            keeping: [.parameters(network.parameters), .optimizer(adam), .generator(flips, "flips"), last]
        ) { iteration in
            loss = try step()
            try context.guardFinite("loss", loss, iteration: iteration)
        }
        try context.measure("loss", loss)
    }
}
