import Datasets
import Foundation
import Metrics
import Testing
import Torch

/// Numbers of graphs computed with NumPy, with the rules that made them: Golden/graph-mmd.json.
private struct GraphGolden: Decodable {
    struct Listed: Decodable {
        var nodes: Int
        var edges: [[Int]]

        var graph: SimpleGraph {
            get throws { try SimpleGraph(nodeCount: nodes, edges: edges.map { ($0[0], $0[1]) }) }
        }
    }
    struct Set: Decodable {
        var graphs: [Listed]
        var mmd, mmd_unbiased: [String: Double]
    }
    struct Described: Decodable {
        var orbits: [[Int]]
        var orbit_totals, degrees: [Int]
        var clustering, laplacian: [Double]
    }
    var train_vs_test, train_vs_test_unbiased: [String: Double]
    var sets: [String: Set]
    var first_five_test_graphs: [Described]
    var orbit_totals_all_200: [Int]

    static func load() throws -> GraphGolden {
        let url = try #require(
            Bundle.module.url(forResource: "graph-mmd", withExtension: "json", subdirectory: "Golden"))
        return try JSONDecoder().decode(GraphGolden.self, from: Data(contentsOf: url))
    }

    /// Ego-small with the nodes in the published order.
    static func publishedGraphs() throws -> [SimpleGraph] {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("DatasetsTests/Golden/ego-small.json")
        return try JSONDecoder().decode([Listed].self, from: Data(contentsOf: url)).map { try $0.graph }
    }
}

@Suite struct GraphMetricsTests {
    private let names: [(GraphStatistic, String)] = [
        (.degree, "degree"), (.clustering, "cluster"), (.orbit, "orbit"), (.spectral, "spectral"),
    ]

    /// Sums of some 10⁴ numbers of order one in float64: 10⁻⁹ is far above their rounding.
    @Test func discrepanciesAreTheGoldenOnes() throws {
        let golden = try GraphGolden.load()
        let test = GraphDescriptions(of: EgoSmall.graphs[..<40])
        func check(_ graphs: [SimpleGraph], _ biased: [String: Double], _ unbiased: [String: Double], _ of: String) {
            let set = GraphDescriptions(of: graphs)
            for (statistic, name) in names {
                #expect(abs(graphMMD(statistic, set, test) - biased[name]!) < 1e-9, "\(of), \(name)")
                let value = graphMMD(statistic, set, test, estimator: .unbiased)
                #expect(abs(value - unbiased[name]!) < 1e-9, "\(of), \(name), unbiased")
            }
        }
        check(Array(EgoSmall.graphs[40...]), golden.train_vs_test, golden.train_vs_test_unbiased, "train")
        #expect(golden.sets.count == 3)
        for (name, set) in golden.sets {
            let graphs = try set.graphs.map { try $0.graph.withoutIsolatedNodes() }
            check(graphs, set.mmd, set.mmd_unbiased, name)
        }
    }

    @Test func graphsAreDescribedAsInTheGoldenFile() throws {
        let golden = try GraphGolden.load()
        let published = try GraphGolden.publishedGraphs()
        for (graph, expected) in zip(published, golden.first_five_test_graphs) {
            #expect(orbitCounts(graph) == expected.orbits)
            #expect(graph.degrees == expected.degrees)
            for (a, b) in zip(clusteringCoefficients(graph), expected.clustering) { #expect(abs(a - b) < 1e-15) }
            for (a, b) in zip(laplacianEigenvalues([graph])[0], expected.laplacian) { #expect(abs(a - b) < 1e-13) }
        }
        let totals = published.reduce(into: [Int](repeating: 0, count: 15)) { sum, graph in
            for counts in orbitCounts(graph) { for orbit in 0..<15 { sum[orbit] += counts[orbit] } }
        }
        #expect(totals == golden.orbit_totals_all_200)
    }

    /// Linear relations that hold for every graph: with d a node's degree, paths, triangles and orbits of 4 nodes count
    /// pairs and triples of its neighbours (as ORCA's do). Here: pairs of neighbours 2 + 3, triples 7 + 11 + 13 + 14.
    @Test(arguments: [(12, 0.3), (25, 0.2), (64, 0.1)])
    func orbitsCountTheSubsetsOfNeighbours(n: Int, p: Double) throws {
        let graph = try SimpleGraph.erdosRenyi(n, probability: p, using: RandomGenerator(seed: 4))
        for (counts, d) in zip(orbitCounts(graph), graph.degrees) {
            #expect(counts[0] == d && counts[2] + counts[3] == d * (d - 1) / 2)
            #expect(counts[7] + counts[11] + counts[13] + counts[14] == d * (d - 1) * (d - 2) / 6)
        }
    }

    /// The mean over parts of a set, and a set against itself.
    @Test func partsOfASetAreItsGraphs() {
        let all = GraphDescriptions(of: EgoSmall.graphs)
        let part = GraphDescriptions(of: EgoSmall.graphs[40..<80])
        let test = all[0..<40]
        for statistic in GraphStatistic.allCases {
            #expect(graphMMD(statistic, all[40..<80], test) == graphMMD(statistic, part, test))
            #expect(abs(graphMMD(statistic, test, test)) < 1e-14)
        }
    }

    @Test func validityIsCounted() throws {
        let star = try SimpleGraph.star(4)
        let other = star.induced(by: [3, 1, 0, 2])
        let path = try SimpleGraph(nodeCount: 4, edges: [(0, 1), (1, 2), (2, 3)])
        let apart = try SimpleGraph(nodeCount: 4, edges: [(0, 1), (2, 3)])
        let found = GraphValidity(of: [star, other, path, apart], trainingClasses: [path.canonical])
        #expect(found.ego == 0.5 && found.connected == 0.75 && found.unique == 0.75 && found.novel == 0.75)
    }

    /// Over 2^10 labelled graphs of 5 nodes: log Z, entropy and a divergence by brute force.
    @Test func classesAddUpToLabelledGraphs() throws {
        let classes = try IsomorphismClasses(nodeCount: 5)
        func weight(_ graph: SimpleGraph) -> Double { -0.3 * Double(graph.edgeCount * graph.edgeCount) }
        let p = ClassDistribution(classes, logWeights: classes.representatives.map(weight))
        let uniform = ClassDistribution(classes, logWeights: classes.representatives.map { _ in 0 })
        let labelled = try (0..<1 << 10).map { code in
            try SimpleGraph(nodeCount: 5, pairs: (0..<10).map { UInt8(code >> $0 & 1) })
        }
        let z = labelled.reduce(0) { $0 + exp(weight($1)) }
        var mass = [Int: Double]()
        for graph in labelled { mass[try #require(classes.number(of: graph)), default: 0] += exp(weight(graph)) / z }
        var (entropy, divergence) = (0.0, 0.0)
        for (number, probability) in mass {
            #expect(abs(p.logProbabilities[number] - log(probability)) < 1e-12)
            entropy -= probability * log(probability)
            divergence += probability * (log(probability) - log(Double(classes.labelledCopies[number]) / 1024))
        }
        #expect(abs(p.entropy - entropy) < 1e-12 && abs(p.divergence(from: uniform) - divergence) < 1e-12)
        let shares = ClassDistribution(classes, probabilities: classes.labelledCopies.map { Double($0) / 1024 })
        #expect(abs(shares.divergence(from: uniform)) < 1e-12)
    }
}
