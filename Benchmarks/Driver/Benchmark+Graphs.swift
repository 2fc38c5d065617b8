import EnergyModels
import Objectives
import Samplers
import Torch

extension Benchmark {
    /// How many of the 160 training graphs of Ego-small have so many nodes.
    private static let egoSizes = [
        (4, 56), (5, 32), (6, 20), (7, 16), (8, 9), (9, 6), (10, 5), (11, 4), (12, 3), (13, 3), (14, 1), (16, 5),
    ]

    private static let layers = 3, width = 16

    /// An energy of graphs of mixed sizes, as `rmwggis-graphs` learns it on Ego-small.
    static let graphs = [
        Benchmark(
            name: "graph-step", bound: 0.4, operations: stepOperations,
            note:
                "basic, s 10: loss, gradients, clipping, Adam; 128 graphs of 4 to 16 nodes, batched by size, 3 layers of 16; the peer puts flipped copies through the network",
            rounds: 7,
            prepare: {
                let (network, data, generator) = made(128)
                let parameters = network.parameters
                let adam = Adam(parameters, .init(learningRate: 1e-12, weightDecay: 1e-2))
                let objective = RatioMatching(.gradientGuided(flips: 10))
                return { count in
                    for _ in 0..<count {
                        let sums = parameters.tensors.map { Tensor.zeros(like: $0) }
                        var total = 0.0
                        for (model, x) in data {
                            let share = Double(x.size(0)) / 128
                            let (loss, found) = try! objective.lossAndGradients(model, x, using: generator)
                            total += share * loss.item()
                            for (sum, gradient) in zip(sums, found) { sum.add(gradient, scale: share) }
                        }
                        clipGradientNorm(sums, to: 1)
                        adam.update(sums)
                    }
                }
            }),
        Benchmark(
            name: "graph-gibbs", bound: 0.2, operations: sweepOperations,
            note: "a Gibbs sweep over all pairs of 512 graphs of 4 to 16 nodes, batched by size, 3 layers of 16",
            rounds: 5,
            prepare: {
                let (_, data, generator) = made(512)
                return { count in
                    for _ in 0..<count {
                        for (model, x) in data {
                            _ = GibbsSampler().sample(model, from: x, sweeps: 1, using: generator)
                        }
                    }
                }
            }),
    ]

    /// The number of graphs of each size among so many, ascending, at least one of each.
    private static func sizes(_ count: Int) -> [(nodes: Int, count: Int)] {
        let total = egoSizes.reduce(0) { $0 + $1.1 }
        return egoSizes.map { n, share in
            (n, max(1, Int((Double(count * share) / Double(total)).rounded(.toNearestOrEven))))
        }
    }

    private static func made(
        _ count: Int
    ) -> (network: RelationalGraphNetwork, data: [(RelationalGraphEnergy, Tensor)], generator: RandomGenerator) {
        let generator = RandomGenerator(seed: 0)
        let network = RelationalGraphNetwork(
            layers: layers, width: width, normalization: .root, using: generator)
        let data = sizes(count).map { n, count in
            (network.energy(nodes: n), generator.bernoulli(.full([count, n * (n - 1) / 2], 0.4)))
        }
        return (network, data, generator)
    }

    /// Operations of one energy of n nodes above the second layer, which looks up what a degree makes of it: two products
    /// of a matrix with a vector for each node.
    private static func deepOperations(_ n: Int) -> Double {
        2 * Double(layers - 2) * Double(n) * 2 * Double(width * width)
    }

    /// Forward and twice backward of every flip, and an input gradient of every graph.
    private static let stepOperations = sizes(128).reduce(0) {
        $0 + Double($1.count) * (3 * 11 + 2) * deepOperations($1.nodes)
    }

    private static let sweepOperations = sizes(512).reduce(0) {
        $0 + Double($1.count * $1.nodes * ($1.nodes - 1) / 2) * deepOperations($1.nodes)
    }
}
