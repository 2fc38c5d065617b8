/// All graphs of n nodes up to isomorphism, and how many labelled graphs each stands for.
///
/// ```swift
/// let classes = try IsomorphismClasses(nodeCount: 4)
/// classes.representatives.count          // 11
/// classes.labelledCopies.reduce(0, +)    // 64 = 2^6
/// ```
public struct IsomorphismClasses: Sendable {
    /// The most nodes: 12,346 classes.
    public static let mostNodes = 8

    public let nodeCount: Int
    /// A canonical graph of each class, by edges, then by rows.
    public let representatives: [SimpleGraph]
    /// n!/|Aut G| for each: how many labelled graphs are isomorphic to it.
    public let labelledCopies: [Int]
    private let numbers: [SimpleGraph: Int]

    /// The classes of 1, 2, … n nodes one after the other: every labelled graph of n nodes is one of n − 1 nodes and a
    /// set of neighbours of the last, so the copies of G add up those of every H over the sets that make G of H.
    ///
    /// - Throws: `GraphDataError` for fewer than 1 or more than `mostNodes` nodes.
    public init(nodeCount n: Int) throws(GraphDataError) {
        guard 1...Self.mostNodes ~= n else {
            throw GraphDataError("isomorphism classes of \(n) nodes: they are listed for 1 to \(Self.mostNodes)")
        }
        var copies: [SimpleGraph: Int] = [SimpleGraph(rows: [0]): 1]
        for last in 1..<max(n, 1) {
            var next: [SimpleGraph: Int] = [:]
            for (graph, count) in copies {
                for neighbours in 0..<UInt64(1) << UInt64(last) {
                    var rows = graph.rows + [neighbours]
                    for i in 0..<last { rows[i] |= (neighbours >> UInt64(i) & 1) << UInt64(last) }
                    next[SimpleGraph(rows: rows).canonical, default: 0] += count
                }
            }
            copies = next
        }
        nodeCount = n
        representatives = copies.keys.sorted {
            $0.edgeCount == $1.edgeCount
                ? $0.rows.lexicographicallyPrecedes($1.rows) : $0.edgeCount < $1.edgeCount
        }
        labelledCopies = representatives.map { copies[$0]! }
        numbers = Dictionary(uniqueKeysWithValues: representatives.enumerated().map { ($1, $0) })
    }

    /// The number of a graph's class; nil for another number of nodes.
    public func number(of graph: SimpleGraph) -> Int? { numbers[graph.canonical] }
}
