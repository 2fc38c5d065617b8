import Torch

// Families that generated graphs are compared with.

extension SimpleGraph {
    /// Node 0 joined to all others, and no other edge.
    public static func star(_ nodeCount: Int) throws(GraphDataError) -> SimpleGraph {
        try SimpleGraph(nodeCount: nodeCount, edges: (1..<max(nodeCount, 1)).map { (0, $0) })
    }

    /// Every pair joined.
    public static func complete(_ nodeCount: Int) throws(GraphDataError) -> SimpleGraph {
        try check(nodeCount: nodeCount)
        return try SimpleGraph(nodeCount: nodeCount, pairs: [UInt8](repeating: 1, count: pairCount(nodeCount)))
    }

    /// G(n, p): each pair joined with probability p, independently; pairs are drawn row by row.
    public static func erdosRenyi(
        _ nodeCount: Int, probability: Double, using generator: RandomGenerator
    ) throws(GraphDataError) -> SimpleGraph {
        try check(nodeCount: nodeCount)
        guard 0...1 ~= probability else {
            throw GraphDataError("pairs joined with probability \(probability): it must lie from 0 to 1")
        }
        let pairs = (0..<pairCount(nodeCount)).map { _ in UInt8(generator.uniform() < probability ? 1 : 0) }
        return try SimpleGraph(nodeCount: nodeCount, pairs: pairs)
    }

    /// A star whose leaves are joined as in G(n − 1, p): an ego graph by chance, `ego-ER`.
    public static func egoErdosRenyi(
        _ nodeCount: Int, probability: Double, using generator: RandomGenerator
    ) throws(GraphDataError) -> SimpleGraph {
        try check(nodeCount: nodeCount)
        guard nodeCount > 1 else { return SimpleGraph(rows: [0]) }
        let inner = try erdosRenyi(nodeCount - 1, probability: probability, using: generator)
        return SimpleGraph(rows: [.lowBits(nodeCount) & ~1] + inner.rows.map { $0 << 1 | 1 })
    }

    /// The share of pairs that are joined; 0 where there is none.
    public var density: Double {
        nodeCount < 2 ? 0 : Double(edgeCount) / Double(Self.pairCount(nodeCount))
    }

    /// The density among the neighbours of a node of largest degree: what an ego graph is but its centre.
    public var neighbourhoodDensity: Double {
        let centre = degrees.indices.max { degrees[$0] < degrees[$1] }!
        let neighbours = neighbours(of: centre)
        return neighbours.isEmpty ? 0 : induced(by: neighbours).density
    }
}
