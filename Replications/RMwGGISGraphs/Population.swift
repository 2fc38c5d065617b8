import Datasets
import EnergyModels
import Experiments
import Foundation
import Metrics
import Objectives
import Torch

/// A cell of the exact part: p(A) ∝ exp(a m + b t + c s) of a graph with m edges, t triangles and s two-stars is learnt over
/// all graphs of n nodes from the objective's expectation, without any draw; so what an objective learns stands alone.
struct Population {
    let nodeCount: Int
    let method: RMwGGISGraphs.Method
    let configuration: RMwGGISGraphs.Configuration

    private static let layers = 3, width = 16

    func run(_ context: CellContext) throws {
        let truth = try KnownGraphs(nodeCount: nodeCount, weights: configuration.populationWeights)
        let x = truth.classes.representatives.pairTensor
        let p = Tensor(truth.distribution.logProbabilities).exp().converted(to: .float32)
        let network = RelationalGraphNetwork(
            layers: Self.layers, width: Self.width, using: context.generator("initialisation"))
        let (model, total) = (network.energy(nodes: nodeCount), configuration.populationIterations)
        let adam = Adam(network.parameters, .init(learningRate: configuration.populationRate))

        try context.train(total, keeping: [.parameters(network.parameters), .optimizer(adam)]) { iteration in
            adam.settings.learningRate = configuration.populationRate * fallingRate(iteration, of: total)
            let loss = (p * expectedLoss(model, x)).sum()
            let value = loss.item()
            try context.guardFinite("loss", value, iteration: iteration)
            adam.update(gradients(of: loss, withRespectTo: network.parameters.tensors))
            if iteration.isMultiple(of: 50) { try context.log(iteration: iteration, ["loss": value]) }
        }
        try context.guardFinite(network.parameters, iteration: total)
        try measure(model.evaluate(x).array(), truth, context)
    }

    /// The loss of each point in expectation over the flips that a method draws, up to a factor, [points]: Σᵢ aᵢ f(Δᵢ) with
    /// aᵢ = 1, or ñᵢ as a constant for the advanced form; Σᵢ softplus(Δᵢ) for pseudo-likelihood.
    private func expectedLoss(_ model: RelationalGraphEnergy, _ x: Tensor) -> Tensor {
        let differences = model.flipDifferences(x, at: nil)
        guard let objective = method.ratioMatching?.objective(flips: 1) else { return differences.softplus().sum(1) }
        let terms = objective.ratio.logarithm(differences).exp()
        return (method == .advanced ? terms * objective.logProposal(model, x)!.exp() : terms).sum(1)
    }

    /// The divergence at each β, and the slope of learnt on true log p over the classes, weighed by p.
    private func measure(_ energies: [Double], _ truth: KnownGraphs, _ context: CellContext) throws {
        for beta in configuration.inverseTemperatures {
            let model = ClassDistribution(truth.classes, logWeights: energies.map { -beta * $0 })
            try context.measure("kl", truth.distribution.divergence(from: model), at: ["beta": beta])
        }
        try context.measure(
            "slope",
            slope(
                of: energies.map { -$0 }, on: truth.logWeights,
                weights: truth.distribution.logProbabilities.map { exp($0) }))
        try context.measure("entropy", truth.distribution.entropy)
        try context.measure("kl", truth.distribution.divergence(from: truth.sameDensity), at: ["of": "ER"])
    }

    /// Of weighted least squares, with a constant; the weights add up to 1.
    private func slope(of y: [Double], on x: [Double], weights: [Double]) -> Double {
        func mean(_ values: [Double]) -> Double { zip(weights, values).reduce(0) { $0 + $1.0 * $1.1 } }
        let (mx, my) = (mean(x), mean(y))
        return mean(zip(x, y).map { ($0 - mx) * ($1 - my) }) / mean(x.map { ($0 - mx) * ($0 - mx) })
    }
}

/// p(A) ∝ exp(a m + b t + c s) over the classes of n nodes.
package struct KnownGraphs {
    package let classes: IsomorphismClasses
    /// a m + b t + c s of each class.
    package let logWeights: [Double]
    package let distribution: ClassDistribution

    /// - Parameter weights: a, b, c.
    package init(nodeCount: Int, weights: [Double]) throws {
        let classes = try IsomorphismClasses(nodeCount: nodeCount)
        logWeights = classes.representatives.map { graph in
            let orbits = orbitCounts(graph)
            // Two-stars, induced or not: pairs of neighbours.
            let stars = graph.degrees.reduce(0) { $0 + $1 * ($1 - 1) / 2 }
            let triangles = orbits.reduce(0) { $0 + $1[3] } / 3
            return weights[0] * Double(graph.edgeCount) + weights[1] * Double(triangles) + weights[2] * Double(stars)
        }
        self.classes = classes
        distribution = ClassDistribution(classes, logWeights: logWeights)
    }

    /// G(n, p) with the same expected number of edges.
    package var sameDensity: ClassDistribution {
        let pairs = Double(SimpleGraph.pairCount(classes.nodeCount))
        let edges = zip(distribution.logProbabilities, classes.representatives).reduce(0) {
            $0 + exp($1.0) * Double($1.1.edgeCount)
        }
        return .erdosRenyi(classes, density: edges / pairs)
    }
}

/// 1 over the first half, falling to 0 in a straight line over the second.
func fallingRate(_ iteration: Int, of total: Int) -> Double {
    min(1, 2 * Double(total - iteration + 1) / Double(total))
}

extension [SimpleGraph] {
    /// The pairs of graphs of one number of nodes as float32 bits, [count, d].
    var pairTensor: Tensor {
        Tensor(flatMap(\.pairs), shape: [count, SimpleGraph.pairCount(first?.nodeCount ?? 1)]).converted(to: .float32)
    }
}
