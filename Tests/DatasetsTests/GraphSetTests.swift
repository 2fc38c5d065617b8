import Datasets
import Foundation
import Testing

/// A list of graphs as JSON.
private struct ListedGraph: Decodable {
    var nodes: Int
    var edges: [[Int]]

    var graph: SimpleGraph {
        get throws { try SimpleGraph(nodeCount: nodes, edges: edges.map { ($0[0], $0[1]) }) }
    }
}

@Suite struct GraphSetTests {
    /// All 200 graphs are those of GDSS's file up to the order of the nodes (Golden/ego-small.json).
    @Test func egoSmallIsThePublishedSet() throws {
        let published = try Golden.load("ego-small", as: [ListedGraph].self)
        let graphs = EgoSmall.graphs
        #expect(graphs.count == 200 && published.count == 200)
        for (index, (graph, listed)) in zip(graphs, published).enumerated() {
            #expect(graph.canonical == (try listed.graph).canonical, "graph \(index)")
        }
        #expect(graphs.reduce(0) { $0 + $1.nodeCount } == 1282 && graphs.reduce(0) { $0 + $1.edgeCount } == 1739)
        #expect(graphs.allSatisfy(\.isEgo) && Set(graphs.map(\.nodeCount)).max() == 17)
        let (test, training) = (graphs.prefix(EgoSmall.testCount), graphs.dropFirst(EgoSmall.testCount))
        let (testClasses, classes) = (Set(test.map(\.canonical)), Set(training.map(\.canonical)))
        #expect(classes.count == 70 && testClasses.count == 25)
        #expect(test.count { classes.contains($0.canonical) } == 28)
    }

    /// The ten communities of the released set (Golden/community-small-cores.json) stand in every graph of their size.
    @Test func communitiesAreThoseOfTheReleasedSet() throws {
        let cores = try Golden.load("community-small-cores", as: [String: [[[Int]]]].self)
        let graphs = CommunitySmall.graphs(seed: 7)
        #expect(graphs.count == 100 && Set(graphs.map(\.nodeCount)) == [12, 14, 16, 18, 20])
        var bridges: [Int] = []
        for graph in graphs {
            let k = graph.nodeCount / 2
            let published = try #require(cores["\(k)"])
            for (index, nodes) in [0..<k, k..<2 * k].enumerated() {
                let community = graph.induced(by: Array(nodes))
                #expect(community.edges.map { [$0.0, $0.1] } == published[index])
            }
            bridges.append(graph.edgeCount - published[0].count - published[1].count)
        }
        // In the mean 0.1 k bridges are drawn; where none is, one is added.
        #expect(bridges.allSatisfy { $0 >= 1 } && bridges.count { $0 == 1 } > 60 && bridges.contains { $0 > 1 })
        #expect(CommunitySmall.graphs(seed: 7) == graphs && CommunitySmall.graphs(seed: 8) != graphs)
    }

    /// Without seeds the communities differ; their density is 0.7, here of 8,600 pairs and more: six standard errors.
    @Test func drawnCommunitiesDiffer() {
        let graphs = CommunitySmall.graphs(seed: 7, seededCommunities: false)
        let firsts = graphs.map { $0.induced(by: Array(0..<$0.nodeCount / 2)) }
        #expect(Set(firsts).count > 90)
        var (pairs, edges) = (0.0, 0.0)
        for graph in graphs {
            let k = graph.nodeCount / 2
            for nodes in [0..<k, k..<2 * k] {
                pairs += Double(k * (k - 1) / 2)
                edges += Double(graph.induced(by: Array(nodes)).edgeCount)
            }
        }
        #expect(abs(edges / pairs - 0.7) < 6 * (0.21 / pairs).squareRoot())
    }
}
