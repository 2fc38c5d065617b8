import Datasets
import Experiments
import Foundation
import Metrics
import Torch

/// Graphs that samples are compared with, as many as there are samples.
struct Controls {
    let split: GraphSplit
    let count: Int
    let generator: RandomGenerator

    /// By name, in the tables' order: draws from the training graphs (the floor), Erdős–Rényi graphs of a drawn training
    /// graph's nodes and density, stars of its nodes, and ego graphs of its nodes and of its neighbourhood's density.
    func sets() throws -> [(name: String, graphs: [SimpleGraph])] {
        let drawn = (0..<4).map { _ in
            Tensor.integers([count], 0..<split.training.count, using: generator).array(Int.self)
                .map { split.training[$0] }
        }
        return [
            ("training", drawn[0]),
            (
                "ER",
                try drawn[1].map {
                    try .erdosRenyi($0.nodeCount, probability: $0.density, using: generator).withoutIsolatedNodes()
                }
            ),
            ("stars", try drawn[2].map { try .star($0.nodeCount) }),
            (
                "ego-ER",
                try drawn[3].map {
                    try .egoErdosRenyi($0.nodeCount, probability: $0.neighbourhoodDensity, using: generator)
                }
            ),
        ]
    }
}

extension ClassDistribution {
    /// G(n, p) of this density, with each class's share m(G) p^m (1 − p)^{d − m}.
    static func erdosRenyi(_ classes: IsomorphismClasses, density p: Double) -> ClassDistribution {
        let pairs = SimpleGraph.pairCount(classes.nodeCount)
        return ClassDistribution(
            classes,
            probabilities: zip(classes.representatives, classes.labelledCopies).map { graph, copies in
                Double(copies) * power(p, graph.edgeCount) * power(1 - p, pairs - graph.edgeCount)
            })
    }

    /// The classes' frequencies among graphs of n nodes, 0.05 added to each count.
    static func frequencies(_ classes: IsomorphismClasses, of graphs: [SimpleGraph]) -> ClassDistribution {
        var counts = [Double](repeating: 0.05, count: classes.representatives.count)
        for graph in graphs { counts[classes.number(of: graph)!] += 1 }
        let total = counts.reduce(0, +)
        return ClassDistribution(classes, probabilities: counts.map { $0 / total })
    }

    /// Ego graphs whose centre's neighbours are joined as in G(n − 1, p), with 0.1 % of the uniform distribution over
    /// labelled graphs, so that every class has a probability.
    static func egoErdosRenyi(
        _ classes: IsomorphismClasses, inner: IsomorphismClasses, density p: Double
    ) -> ClassDistribution {
        let all = Double(classes.labelledCopies.reduce(0, +))
        var probabilities = classes.labelledCopies.map { 0.001 * Double($0) / all }
        for (graph, logProbability) in zip(
            inner.representatives, erdosRenyi(inner, density: p).logProbabilities)
        {
            probabilities[classes.number(of: graph.withCentre)!] += 0.999 * exp(logProbability)
        }
        return ClassDistribution(classes, probabilities: probabilities)
    }
}

extension SimpleGraph {
    /// The graph with one more node that is joined to all others.
    var withCentre: SimpleGraph {
        try! SimpleGraph(nodeCount: nodeCount + 1, edges: edges + (0..<nodeCount).map { ($0, nodeCount) })
    }
}

/// pᵏ with 0⁰ = 1.
private func power(_ p: Double, _ k: Int) -> Double { (0..<k).reduce(1) { value, _ in value * p } }
