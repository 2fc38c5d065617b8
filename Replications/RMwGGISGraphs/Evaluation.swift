import Datasets
import EnergyModels
import Experiments
import Figures
import Metrics
import Torch

/// The read-outs of a learnt energy, beside floors and controls.
struct Evaluation {
    let split: GraphSplit
    let method: RMwGGISGraphs.Method
    let configuration: RMwGGISGraphs.Configuration
    private let seed: UInt64
    private let reading: Reading
    private let reference: GraphDescriptions
    /// nil where the number of nodes is learnt too.
    private let likelihood: SmallGraphLikelihood?

    /// Graphs of a picture, and graphs of the 40-sample protocol.
    private static let pictured = 16, protocolSamples = 40

    init(
        _ split: GraphSplit, _ network: RelationalGraphNetwork, nodes: RMwGGISGraphs.Nodes,
        method: RMwGGISGraphs.Method, configuration: RMwGGISGraphs.Configuration, seed: UInt64
    ) {
        (self.split, self.method, self.configuration, self.seed) = (split, method, configuration, seed)
        reading = Reading(
            training: split.training, network: network, nodes: nodes, paddedNodes: configuration.paddedNodes,
            sampler: configuration.sampler, startDensity: configuration.startDensity)
        reference = GraphDescriptions(of: split.test)
        likelihood =
            nodes == .given ? SmallGraphLikelihood(split, network, upTo: configuration.exactNodes) : nil
    }

    private var own: Double { method.ownInverseTemperature }

    private func samples(
        _ count: Int, at beta: Double, sweeps: Int? = nil, from start: RMwGGISGraphs.Start? = nil, stream: String
    ) throws -> [SimpleGraph] {
        try reading.samples(
            count, at: beta, sweeps: sweeps ?? configuration.sweeps, from: start ?? configuration.start,
            using: RandomGenerator(seed: seed, stream: stream))
    }

    /// What the curves show, at the method's own β.
    func scores(at iteration: Int) throws -> KeyValuePairs<String, Double> {
        let drawn = try samples(configuration.evaluationSamples, at: own, stream: "evaluation \(iteration)")
        let discrepancies = Discrepancies(GraphDescriptions(of: drawn), reference)
        let ego = GraphValidity(of: drawn, trainingClasses: split.trainingClasses).ego
        guard let likelihood else { return ["averageMMD": discrepancies.average, "egoShare": ego] }
        return [
            "averageMMD": discrepancies.average, "egoShare": ego, "nll": likelihood.means(at: own).test,
        ]
    }

    func measure(_ context: CellContext) throws {
        try context.write(picture(split.training), named: "training")
        for beta in Set(configuration.inverseTemperatures + [own]).sorted() {
            let drawn = try samples(configuration.samples, at: beta, stream: "samples")
            if configuration.inverseTemperatures.contains(beta) {
                try measure(drawn, "beta", beta, inDetail: false, context)
            }
            if beta == 1 { try context.write(picture(drawn), named: "samplesAtOne") }
            guard beta == own else { continue }
            try measure(drawn, "readOut", "own", inDetail: true, context)
            try context.write(picture(drawn), named: "samples")
        }
        try measureChains(context)
        try measureControls(context)
        try likelihood?.measure(own: own, configuration.inverseTemperatures, context)
    }

    /// Whether the sweeps are enough: at the own β after these and others, and from other starts, each of as few samples as a
    /// point of the curves.
    private func measureChains(_ context: CellContext) throws {
        func measure(
            _ drawn: [SimpleGraph], _ readOut: KeyValuePairs<String, any CustomStringConvertible>
        ) throws {
            let average = Discrepancies(GraphDescriptions(of: drawn), reference).average
            try context.measure("averageMMD", average, at: readOut)
            try context.measure("extraEdges", mean(drawn.map(\.extraEdges)), at: readOut)
        }
        let count = configuration.evaluationSamples
        for sweeps in Set([configuration.sweeps] + configuration.otherSweeps).sorted() {
            let drawn = try samples(count, at: own, sweeps: sweeps, stream: "chains")
            try measure(drawn, ["readOut": "own", "sweeps": sweeps])
        }
        for start in configuration.otherStarts {
            let drawn = try samples(count, at: own, from: start, stream: "chains")
            try measure(drawn, ["readOut": "own", "start": start.rawValue])
        }
    }

    private func measureControls(_ context: CellContext) throws {
        try measure(split.test, "of", "test", inDetail: true, context)
        let controls = Controls(
            split: split, count: configuration.samples, generator: RandomGenerator(seed: seed, stream: "controls"))
        for (name, graphs) in try controls.sets() {
            try measure(graphs, "of", name, inDetail: name != "stars", context)
            if name != "training" { try context.write(picture(graphs), named: name) }
        }
    }

    /// Measures a set of graphs; `inDetail` its edges by size, and its degrees.
    private func measure(
        _ graphs: [SimpleGraph], _ key: String, _ value: any CustomStringConvertible, inDetail: Bool,
        _ context: CellContext
    ) throws {
        let described = GraphDescriptions(of: graphs)
        try Discrepancies(described, reference).measure(context, at: [key: value])
        try Discrepancies(described, reference, estimator: .unbiased)
            .measure(context, at: [key: value, "estimate": "unbiased"])
        try measureFew(described, key, value, context)
        let validity = GraphValidity(of: graphs, trainingClasses: split.trainingClasses)
        for (metric, share) in [
            ("egoShare", validity.ego), ("connectedShare", validity.connected), ("uniqueShare", validity.unique),
            ("novelShare", validity.novel), ("extraEdges", mean(graphs.map(\.extraEdges))),
        ] {
            try context.measure(metric, share, at: [key: value])
        }
        guard inDetail else { return }
        for (n, group) in Dictionary(grouping: graphs, by: \.nodeCount).sorted(by: { $0.key < $1.key }) {
            try context.measure("extraEdges", mean(group.map(\.extraEdges)), at: [key: value, "size": n])
        }
        try measureHistograms(graphs, key, value, context)
    }

    /// The means over disjoint sets of 40 graphs, where there are so many.
    private func measureFew(
        _ described: GraphDescriptions, _ key: String, _ value: any CustomStringConvertible, _ context: CellContext
    ) throws {
        let few = (0..<described.count / Self.protocolSamples).map {
            Discrepancies(described[$0 * Self.protocolSamples..<($0 + 1) * Self.protocolSamples], reference)
        }
        guard !few.isEmpty else { return }
        try Discrepancies(meanOf: few).measure(context, at: [key: value, "samples": Self.protocolSamples])
        if let deviation = SampleStatistics(few.map(\.average))?.standardDeviation {
            try context.measure("averageMMDDeviation", deviation, at: [key: value, "samples": Self.protocolSamples])
        }
    }

    /// The mean over graphs of the share of nodes of each degree, and in each tenth of clustering coefficients.
    private func measureHistograms(
        _ graphs: [SimpleGraph], _ key: String, _ value: any CustomStringConvertible, _ context: CellContext
    ) throws {
        func measure(_ metric: String, _ label: String, _ bins: [Double], _ bin: (SimpleGraph) -> [Int]) throws {
            var shares = [Double](repeating: 0, count: bins.count)
            for graph in graphs {
                for index in bin(graph) { shares[index] += 1 / Double(graph.nodeCount * graphs.count) }
            }
            for (place, share) in zip(bins, shares) {
                try context.measure(metric, share, at: [key: value, label: place])
            }
        }
        let degrees = graphs.flatMap(\.degrees).max()!
        try measure("degreeShare", "degree", (0...degrees).map(Double.init), \.degrees)
        try measure("clusteringShare", "clustering", (0..<10).map { Double(2 * $0 + 1) / 20 }) { graph in
            clusteringCoefficients(graph).map { min(9, Int($0 * 10)) }
        }
    }

    private func picture(_ graphs: [SimpleGraph]) throws -> Image {
        try Image.graphs(Array(graphs.prefix(Self.pictured)), columns: 4, side: 64)
    }
}

/// The discrepancies of a set from the test graphs, and the mean of degree, clustering and orbits, which papers rank by.
private struct Discrepancies {
    private static let metrics: [(GraphStatistic, String)] = [
        (.degree, "degreeMMD"), (.clustering, "clusteringMMD"), (.orbit, "orbitMMD"), (.spectral, "spectralMMD"),
    ]
    private let values: [Double]

    init(_ set: GraphDescriptions, _ reference: GraphDescriptions, estimator: MMDEstimator = .biased) {
        values = Self.metrics.map { graphMMD($0.0, set, reference, estimator: estimator) }
    }

    /// The mean of each over several sets.
    init(meanOf sets: [Discrepancies]) {
        values = Self.metrics.indices.map { index in mean(sets.map { $0.values[index] }) }
    }

    var average: Double { mean(Array(values[..<3])) }

    func measure(
        _ context: CellContext, at readOut: KeyValuePairs<String, any CustomStringConvertible>
    ) throws {
        for ((_, metric), value) in zip(Self.metrics, values) { try context.measure(metric, value, at: readOut) }
        try context.measure("averageMMD", average, at: readOut)
    }
}

func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

extension SimpleGraph {
    /// Edges beyond those of a tree.
    fileprivate var extraEdges: Double { Double(edgeCount - (nodeCount - 1)) }
}
