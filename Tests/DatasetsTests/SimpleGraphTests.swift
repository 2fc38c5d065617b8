import Datasets
import Testing
import Torch

@Suite struct SimpleGraphTests {
    /// G(n, p) from a generator.
    private func random(_ n: Int, _ p: Double, _ generator: RandomGenerator) throws -> SimpleGraph {
        try SimpleGraph(
            nodeCount: n, pairs: (0..<n * (n - 1) / 2).map { _ in generator.uniform() < p ? 1 : 0 })
    }

    private func shuffled(_ graph: SimpleGraph, _ generator: RandomGenerator) -> SimpleGraph {
        graph.induced(by: generator.permutation(graph.nodeCount).array(Int.self))
    }

    private func cycle(_ nodes: [Int]) -> [(Int, Int)] {
        nodes.indices.map { (nodes[$0], nodes[($0 + 1) % nodes.count]) }
    }

    @Test func pairsAndEdgesAreTheSameGraph() throws {
        let generator = RandomGenerator(seed: 1)
        for n in [1, 2, 5, 18, 64] {
            let graph = try random(n, 0.4, generator)
            #expect(try SimpleGraph(nodeCount: n, pairs: graph.pairs) == graph)
            #expect(try SimpleGraph(nodeCount: n, edges: graph.edges.map { ($0.1, $0.0) }) == graph)
            #expect(graph.degrees.reduce(0, +) == 2 * graph.edges.count && graph.edgeCount == graph.edges.count)
        }
    }

    @Test func whatAGraphIsCanBeAsked() throws {
        let star = try SimpleGraph(nodeCount: 5, edges: [(0, 1), (0, 2), (0, 3), (4, 0)])
        #expect(star.isConnected && star.isEgo && star.neighbours(of: 0) == [1, 2, 3, 4])
        let two = try SimpleGraph(nodeCount: 5, edges: [(0, 1), (3, 4)])
        #expect(!two.isConnected && !two.isEgo)
        #expect(two.withoutIsolatedNodes().edges.map { [$0.0, $0.1] } == [[0, 1], [2, 3]])
        let empty = try SimpleGraph(nodeCount: 3, edges: [])
        #expect(empty.withoutIsolatedNodes().nodeCount == 1)
        #expect(try SimpleGraph(nodeCount: 64, edges: cycle(Array(0..<64))).isConnected)
    }

    /// The canonical graph is isomorphic by construction; here: it is one for all orders of the nodes, and keeps n and m.
    /// Random graphs, regular ones that colours alone do not split, and unions of many equal parts.
    @Test func allOrdersOfTheNodesHaveOneCanonicalGraph() throws {
        let generator = RandomGenerator(seed: 2)
        var graphs = try (0..<60).map { try random(3 + $0 % 16, [0.2, 0.5, 0.8][$0 % 3], generator) }
        graphs.append(try SimpleGraph(nodeCount: 18, edges: (0..<9).map { (2 * $0, 2 * $0 + 1) }))
        graphs.append(try SimpleGraph(nodeCount: 18, edges: cycle(Array(0..<18))))
        let petersen = cycle(Array(0..<5)) + (0..<5).map { ($0, $0 + 5) } + cycle([5, 7, 9, 6, 8])
        graphs.append(try SimpleGraph(nodeCount: 10, edges: petersen))
        for graph in graphs {
            let canonical = graph.canonical
            #expect(canonical.degrees.sorted() == graph.degrees.sorted() && canonical.edgeCount == graph.edgeCount)
            for _ in 0..<5 { #expect(shuffled(graph, generator).canonical == canonical) }
        }
    }

    /// Colour refinement cannot tell these two apart: only the search can.
    @Test func theHexagonIsNotTwoTriangles() throws {
        let hexagon = try SimpleGraph(nodeCount: 6, edges: cycle([0, 1, 2, 3, 4, 5]))
        let triangles = try SimpleGraph(nodeCount: 6, edges: cycle([0, 1, 2]) + cycle([3, 4, 5]))
        #expect(hexagon.canonical != triangles.canonical)
        // Both are 3-regular and connected, and so are their complements of 8 nodes.
        let cube = cycle([0, 1, 2, 3]) + cycle([4, 5, 6, 7]) + (0..<4).map { ($0, $0 + 4) }
        let moebius = cycle(Array(0..<8)) + (0..<4).map { ($0, $0 + 4) }
        #expect(
            try SimpleGraph(nodeCount: 8, edges: cube).canonical != SimpleGraph(nodeCount: 8, edges: moebius).canonical)
    }

    /// The numbers of graphs up to isomorphism (OEIS A000088); the copies of all are 2^{n(n−1)/2}, and those of one are n!
    /// over its automorphisms: n! for none but 1 for the empty graph, n for the star.
    @Test(arguments: [(1, 1), (2, 2), (3, 4), (4, 11), (5, 34), (6, 156), (7, 1044), (8, 12346)])
    func classesAreCounted(n: Int, count: Int) throws {
        let classes = try IsomorphismClasses(nodeCount: n)
        #expect(classes.representatives.count == count)
        #expect(classes.labelledCopies.reduce(0, +) == 1 << (n * (n - 1) / 2))
        #expect(classes.labelledCopies.first == 1 && classes.labelledCopies.last == 1)
        let star = try SimpleGraph(nodeCount: n, edges: (1..<max(n, 1)).map { (n - 1, n - 1 - $0) })
        let number = try #require(classes.number(of: star))
        #expect(classes.labelledCopies[number] == (n == 2 ? 1 : n))
        let generator = RandomGenerator(seed: 3)
        for index in stride(from: 0, to: count, by: max(1, count / 50)) {
            #expect(classes.number(of: shuffled(classes.representatives[index], generator)) == index)
        }
        #expect(classes.number(of: try SimpleGraph(nodeCount: n + 1, edges: [])) == nil)
    }

    @Test func whatIsNoGraphIsNamed() {
        for (n, edges, expected) in [
            (0, [], "a graph of 0 nodes: there must be from 1 to 64"),
            (65, [], "a graph of 65 nodes: there must be from 1 to 64"),
            (3, [(0, 1), (1, 3)], "edge 1 names node 3: nodes are 0 to 2, the first is 0"),
            (3, [(-1, 1)], "edge 0 names node -1: nodes are 0 to 2, the first is 0"),
            (3, [(2, 2)], "edge 0 joins node 2 to itself: an edge joins two nodes"),
            (3, [(0, 1), (0, 1)], "edge 1 repeats 0–1: each edge is listed once, in one direction"),
            (3, [(0, 1), (1, 0)], "edge 1 repeats 0–1: each edge is listed once, in one direction"),
        ] as [(Int, [(Int, Int)], String)] {
            #expect(throws: GraphDataError(expected)) { try SimpleGraph(nodeCount: n, edges: edges) }
        }
        #expect(throws: GraphDataError("2 pairs of 3 nodes: there must be 3")) {
            try SimpleGraph(nodeCount: 3, pairs: [0, 1])
        }
        #expect(throws: GraphDataError("pair 1 is 2: a pair is joined, 1, or not, 0")) {
            try SimpleGraph(nodeCount: 3, pairs: [0, 2, 1])
        }
        for n in [0, 9] {
            #expect(throws: GraphDataError("isomorphism classes of \(n) nodes: they are listed for 1 to 8")) {
                try IsomorphismClasses(nodeCount: n)
            }
        }
    }
}
