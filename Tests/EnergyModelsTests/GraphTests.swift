import EnergyModels
import Foundation
import Testing
import Torch

@Suite struct GraphTests {
    @Test func toriHaveTheirEdges() throws {
        let square = try Graph.squareTorus(side: 4)
        #expect(square.siteCount == 16 && square.edges.count == 32)
        #expect((0..<16).allSatisfy { square.degree(of: $0) == 4 })
        #expect(Array(square.neighbours(of: 0)) == [1, 3, 4, 12])
        #expect(Array(square.neighbours(of: 6)) == [2, 5, 7, 10])
        let cubic = try Graph.cubicTorus(side: 3)
        #expect(cubic.siteCount == 27 && cubic.edges.count == 81 && cubic.largestDegree == 6)
        #expect(Array(cubic.neighbours(of: 13)) == [4, 10, 12, 14, 16, 22])
        for graph in [square, cubic] {
            #expect(Set(graph.edges).count == graph.edges.count && graph.edges.allSatisfy { $0.first < $0.second })
        }
    }

    @Test func neighboursCarryTheNumbersOfTheirEdges() throws {
        let graph = try Graph(siteCount: 5, edges: [(3, 1), (0, 3), (1, 0)])
        #expect(graph.edges == [Graph.Edge(1, 3), Graph.Edge(0, 3), Graph.Edge(0, 1)])
        #expect(Array(graph.neighbours(of: 3)) == [0, 1] && Array(graph.incidentEdges(of: 3)) == [1, 0])
        #expect(graph.neighbours(of: 4).isEmpty && graph.degree(of: 4) == 0)
    }

    @Test func coloursOfNeighboursDiffer() throws {
        let random = try Graph.erdosRenyi(siteCount: 200, meanDegree: 6, using: RandomGenerator(seed: 1))
        for graph in [try .squareTorus(side: 6), try .squareTorus(side: 5), try .cubicTorus(side: 4), random] {
            let colours = graph.greedyColouring()
            #expect(graph.edges.allSatisfy { colours[$0.first] != colours[$0.second] })
            #expect(colours.max()! <= graph.largestDegree && colours.min() == 0)
        }
        #expect(try Graph.squareTorus(side: 6).greedyColouring().max() == 1)
        #expect(try Graph.cubicTorus(side: 4).greedyColouring().max() == 1)
    }

    /// The number of edges is binomial; 6 standard deviations. Each degree's mean is (n − 1)p.
    @Test func erdosRenyiGraphsHaveTheirNumberOfEdges() throws {
        let generator = RandomGenerator(seed: 2)
        let (n, degree) = (300, 4.0)
        let (pairs, p) = (Double(n * (n - 1) / 2), degree / Double(n))
        for _ in 0..<5 {
            let graph = try Graph.erdosRenyi(siteCount: n, meanDegree: degree, using: generator)
            #expect(abs(Double(graph.edges.count) - pairs * p) < 6 * (pairs * p * (1 - p)).squareRoot())
        }
        #expect(try Graph.erdosRenyi(siteCount: 6, meanDegree: 6, using: generator).edges.count == 15)
        #expect(try Graph.erdosRenyi(siteCount: 6, meanDegree: 0, using: generator).edges.isEmpty)
        let again = RandomGenerator(seed: 3), state = again.state
        let first = try Graph.erdosRenyi(siteCount: 50, meanDegree: 3, using: again)
        try again.restore(state)
        #expect(try Graph.erdosRenyi(siteCount: 50, meanDegree: 3, using: again) == first)
    }

    @Test func whatIsNoGraphIsNamed() {
        func error(_ n: Int, _ edges: [(Int, Int)]) -> GraphError? {
            do { _ = try Graph(siteCount: n, edges: edges) } catch { return error as? GraphError }
            return nil
        }
        #expect(error(3, [(0, 1), (2, 2)]) == .selfLoop(edge: 1, site: 2))
        #expect(error(3, [(0, 1), (1, 3)]) == .outOfRange(edge: 1, site: 3, siteCount: 3))
        #expect(error(3, [(-1, 1)]) == .outOfRange(edge: 0, site: -1, siteCount: 3))
        #expect(error(3, [(0, 1), (0, 2), (1, 0)]) == .duplicate(edge: 2, of: 0, sites: Graph.Edge(0, 1)))
        #expect(error(0, []) == .siteCount(0))
        #expect(error(3, [(0, 1)]) == nil)
        #expect(throws: GraphError.side(2)) { try Graph.squareTorus(side: 2) }
        #expect(throws: GraphError.meanDegree(11, siteCount: 10)) {
            try Graph.erdosRenyi(siteCount: 10, meanDegree: 11, using: RandomGenerator(seed: 1))
        }
        #expect(throws: GraphError.self) {
            try Graph.erdosRenyi(siteCount: 10, meanDegree: .nan, using: RandomGenerator(seed: 1))
        }
        #expect(
            GraphError.selfLoop(edge: 1, site: 2).description
                == "edge 1 joins site 2 to itself: an edge joins two sites")
    }
}
