/// An undirected graph without self-loops and without doubled edges, of at most 64 nodes: a point of a set of graphs.
///
/// ```swift
/// let star = try SimpleGraph(nodeCount: 4, edges: [(0, 1), (0, 2), (0, 3)])
/// star.pairs            // [1, 1, 1, 0, 0, 0]: (0,1) (0,2) (0,3) (1,2) (1,3) (2,3)
/// star.isConnected      // true
/// ```
///
/// A graph is its node count and, for each node, the set of its neighbours as the bits of a word. Equality is that of
/// labelled graphs; `canonical` is equal for isomorphic ones.
public struct SimpleGraph: Hashable, Sendable {
    /// The most nodes of a graph: a word has 64 bits.
    public static let mostNodes = 64

    public let nodeCount: Int
    /// Bit j of rows[i] says whether i and j are joined.
    package let rows: [UInt64]

    /// - Precondition: the rows are symmetric, with an empty diagonal and no bit from `rows.count` on.
    package init(rows: [UInt64]) { (nodeCount, self.rows) = (rows.count, rows) }

    /// - Parameter edges: each once, in either direction.
    /// - Throws: `GraphDataError` for fewer than 1 or more than 64 nodes, an edge to a node that is not there, a
    ///   self-loop, and an edge that repeats, be it in the other direction.
    public init(nodeCount: Int, edges: [(Int, Int)]) throws(GraphDataError) {
        try Self.check(nodeCount: nodeCount)
        var rows = [UInt64](repeating: 0, count: nodeCount)
        for (index, (a, b)) in edges.enumerated() {
            try Self.add(a, b, to: &rows, place: "edge \(index)")
        }
        self.init(rows: rows)
    }

    /// - Parameter pairs: for each pair of nodes whether they are joined, 1 or 0: the upper triangle of the adjacency
    ///   matrix, row by row.
    /// - Throws: `GraphDataError` for another number of pairs than n(n − 1)/2, for other numbers than 0 and 1, and for
    ///   fewer than 1 or more than 64 nodes.
    public init(nodeCount: Int, pairs: [UInt8]) throws(GraphDataError) {
        try Self.check(nodeCount: nodeCount)
        guard pairs.count == Self.pairCount(nodeCount) else {
            throw GraphDataError(
                "\(pairs.count) pairs of \(nodeCount) nodes: there must be \(Self.pairCount(nodeCount))")
        }
        if let index = pairs.firstIndex(where: { $0 > 1 }) {
            throw GraphDataError("pair \(index) is \(pairs[index]): a pair is joined, 1, or not, 0")
        }
        var rows = [UInt64](repeating: 0, count: nodeCount)
        var next = 0
        for i in 0..<nodeCount {
            for j in i + 1..<max(nodeCount, i + 1) {
                rows[i] |= UInt64(pairs[next]) << UInt64(j)
                rows[j] |= UInt64(pairs[next]) << UInt64(i)
                next += 1
            }
        }
        self.init(rows: rows)
    }

    /// n(n − 1)/2
    public static func pairCount(_ nodeCount: Int) -> Int { nodeCount * (nodeCount - 1) / 2 }

    static func check(nodeCount: Int, place: String = "") throws(GraphDataError) {
        guard 1...mostNodes ~= nodeCount else {
            throw GraphDataError("\(place)a graph of \(nodeCount) nodes: there must be from 1 to \(mostNodes)")
        }
    }

    /// Adds an edge; `place` names it in what is thrown.
    static func add(_ a: Int, _ b: Int, to rows: inout [UInt64], place: String) throws(GraphDataError) {
        for node in [a, b] where !(0..<rows.count ~= node) {
            throw GraphDataError("\(place) names node \(node): nodes are 0 to \(rows.count - 1), the first is 0")
        }
        guard a != b else { throw GraphDataError("\(place) joins node \(a) to itself: an edge joins two nodes") }
        guard rows[a] >> UInt64(b) & 1 == 0 else {
            throw GraphDataError(
                "\(place) repeats \(min(a, b))–\(max(a, b)): each edge is listed once, in one direction")
        }
        rows[a] |= 1 << UInt64(b)
        rows[b] |= 1 << UInt64(a)
    }
}

extension SimpleGraph {
    /// Whether each pair is joined, the upper triangle row by row: n(n − 1)/2 numbers, 0 or 1.
    public var pairs: [UInt8] {
        var bits: [UInt8] = []
        bits.reserveCapacity(Self.pairCount(nodeCount))
        for i in 0..<nodeCount {
            for j in i + 1..<max(nodeCount, i + 1) { bits.append(UInt8(truncatingIfNeeded: rows[i] >> UInt64(j) & 1)) }
        }
        return bits
    }

    /// Each edge once, the lower node first, in ascending order.
    public var edges: [(Int, Int)] {
        (0..<nodeCount).flatMap { i in neighbours(of: i).filter { $0 > i }.map { (i, $0) } }
    }

    public var edgeCount: Int { degrees.reduce(0, +) / 2 }
    public var degrees: [Int] { rows.map(\.nonzeroBitCount) }

    /// The nodes joined to one, ascending.
    public func neighbours(of node: Int) -> [Int] { rows[node].bitIndices }

    public func hasEdge(_ a: Int, _ b: Int) -> Bool { rows[a] >> UInt64(b) & 1 == 1 }

    /// Whether every node can be reached from every other.
    public var isConnected: Bool { rows.components(within: .lowBits(nodeCount)).count == 1 }

    /// Whether some node is joined to all others, as in a radius-1 ego graph. A single node is one.
    public var isEgo: Bool { rows.contains { $0.nonzeroBitCount == nodeCount - 1 } }

    /// The graph that some nodes induce; they are numbered anew in the order given.
    ///
    /// - Precondition: the nodes are different nodes of the graph, at least one.
    public func induced(by nodes: [Int]) -> SimpleGraph {
        SimpleGraph(
            rows: nodes.map { node in
                nodes.enumerated().reduce(0) { $0 | (rows[node] >> UInt64($1.element) & 1) << UInt64($1.offset) }
            })
    }

    /// The graph without the nodes that have no edge; one node where none is left.
    public func withoutIsolatedNodes() -> SimpleGraph {
        let nodes = (0..<nodeCount).filter { rows[$0] != 0 }
        return nodes.isEmpty ? SimpleGraph(rows: [0]) : induced(by: nodes)
    }
}

extension UInt64 {
    /// 1 in the lowest `count` bits; count from 0 to 64.
    package static func lowBits(_ count: Int) -> UInt64 { count == 64 ? .max : (1 << UInt64(count)) - 1 }

    /// The numbers of the bits that are 1, ascending.
    package var bitIndices: [Int] {
        var found: [Int] = []
        var rest = self
        while rest != 0 {
            found.append(rest.trailingZeroBitCount)
            rest &= rest - 1
        }
        return found
    }
}

extension [UInt64] {
    /// The connected components of the graph that a set of nodes induces, as sets, in the order of their lowest nodes.
    package func components(within nodes: UInt64) -> [UInt64] {
        var (left, found) = (nodes, [UInt64]())
        while left != 0 {
            var (component, frontier) = (UInt64(0), left & (0 &- left))
            while frontier != 0 {
                component |= frontier
                var (reached, rest) = (UInt64(0), frontier)
                while rest != 0 {
                    reached |= self[rest.trailingZeroBitCount]
                    rest &= rest - 1
                }
                frontier = reached & nodes & ~component
            }
            found.append(component)
            left &= ~component
        }
        return found
    }
}

/// What is wrong with a graph, a list of graphs or their file, in one line that says what would be right.
public struct GraphDataError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
