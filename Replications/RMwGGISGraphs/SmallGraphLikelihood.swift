import Datasets
import EnergyModels
import Experiments
import Foundation
import Metrics
import Torch

/// Exact likelihoods of small graphs up to isomorphism, given their number of nodes: −log p(G | n), the mean over the graphs
/// of at most 7 or 8 nodes, by the energies of all classes.
struct SmallGraphLikelihood {
    private struct Size {
        let classes: IsomorphismClasses
        /// The pairs of each class, [classes, d].
        let x: Tensor
        let model: RelationalGraphEnergy
        let training, test: [SimpleGraph]
    }

    private let sizes: [Size]

    /// nil where no test graph is small enough.
    init?(_ split: GraphSplit, _ network: RelationalGraphNetwork, upTo mostNodes: Int) {
        let counts = Set(split.test.map(\.nodeCount)).filter { 2...mostNodes ~= $0 }.sorted()
        guard !counts.isEmpty else { return nil }
        sizes = counts.map { n in
            let classes = try! IsomorphismClasses(nodeCount: n)
            return Size(
                classes: classes, x: classes.representatives.pairTensor, model: network.energy(nodes: n),
                training: split.training.filter { $0.nodeCount == n }, test: split.test.filter { $0.nodeCount == n })
        }
    }

    /// The means at several β from one pass over the energies.
    private func means(at betas: [Double]) -> [(training: Double, test: Double, empty: Double)] {
        let energies = sizes.map { $0.model.evaluate($0.x).array(Double.self) }
        return betas.map { beta in
            let laws = zip(sizes, energies).map { size, energies in
                ClassDistribution(size.classes, logWeights: energies.map { -beta * $0 })
            }
            // The class without edges is the first.
            let empty = zip(sizes, laws).reduce(0) { $0 + Double($1.0.test.count) * exp($1.1.logProbabilities[0]) }
            let tests = sizes.reduce(0) { $0 + $1.test.count }
            return (
                negativeLogLikelihood(laws, of: \.training), negativeLogLikelihood(laws, of: \.test),
                empty / Double(tests)
            )
        }
    }

    /// The means at one β.
    func means(at beta: Double) -> (training: Double, test: Double, empty: Double) { means(at: [beta])[0] }

    private func negativeLogLikelihood(_ laws: [ClassDistribution], of graphs: KeyPath<Size, [SimpleGraph]>) -> Double {
        let logs = zip(sizes, laws).flatMap { size, law in size[keyPath: graphs].map { law.logProbability(of: $0) } }
        return -logs.reduce(0, +) / Double(logs.count)
    }

    func measure(own: Double, _ betas: [Double], _ context: CellContext) throws {
        for (beta, found) in zip(betas, means(at: betas)) {
            try context.measure("nll", found.test, at: ["beta": beta])
            try context.measure("trainingNLL", found.training, at: ["beta": beta])
            try context.measure("emptyProbability", found.empty, at: ["beta": beta])
        }
        let found = means(at: own)
        try context.measure("nll", found.test, at: ["readOut": "own"])
        try context.measure("trainingNLL", found.training, at: ["readOut": "own"])
        try context.measure("emptyProbability", found.empty, at: ["readOut": "own"])
        let grid = (1...40).map { Double($0) / 4 }
        let best = zip(grid, means(at: grid)).min { $0.1.test < $1.1.test }!
        try context.measure("bestBeta", best.0)
        try context.measure("nll", best.1.test, at: ["readOut": "best"])
        for (name, laws) in controls {
            try context.measure("nll", negativeLogLikelihood(laws, of: \.test), at: ["of": name])
            try context.measure("trainingNLL", negativeLogLikelihood(laws, of: \.training), at: ["of": name])
        }
    }

    /// What knows the training graphs of each size by their mean density, by their classes' frequencies, and by the mean
    /// density around their centres.
    private var controls: [(name: String, laws: [ClassDistribution])] {
        [
            (
                "ER",
                sizes.map { .erdosRenyi($0.classes, density: mean($0.training.map(\.density))) }
            ),
            ("frequencies", sizes.map { .frequencies($0.classes, of: $0.training) }),
            (
                "ego-ER",
                sizes.map {
                    .egoErdosRenyi(
                        $0.classes, inner: try! IsomorphismClasses(nodeCount: $0.classes.nodeCount - 1),
                        density: mean($0.training.map(\.neighbourhoodDensity)))
                }
            ),
        ]
    }
}
