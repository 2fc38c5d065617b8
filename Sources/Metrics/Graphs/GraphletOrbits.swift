import Datasets

/// How often each node of a graph stands in each of the 15 orbits of connected induced subgraphs of 2 to 4 nodes (Pržulj
/// 2007; numbered as there and by ORCA, Hočevar and Demšar 2014).
///
///     0 edge · 1, 2 path of 3: end, middle · 3 triangle · 4, 5 path of 4: end, inner · 6, 7 claw: leaf, centre
///     8 square · 9, 10, 11 paw: the pendant node, the two others, the joint · 12, 13 diamond: degree 2, 3 · 14 K₄
///
/// All subsets of 3 and 4 nodes are looked at: some 3,000 of 17 nodes, 680,000 of the 64 that a graph can have.
///
/// - Returns: shape [nodes][15].
public func orbitCounts(_ graph: SimpleGraph) -> [[Int]] {
    let (n, rows) = (graph.nodeCount, graph.rows)
    var counts = graph.degrees.map { [$0] + [Int](repeating: 0, count: 14) }
    for i in 0..<n {
        for j in i + 1..<max(n, i + 1) {
            let ij = Int(truncatingIfNeeded: rows[i] >> UInt64(j) & 1)
            for k in j + 1..<max(n, j + 1) {
                let three =
                    ij | Int(truncatingIfNeeded: rows[i] >> UInt64(k) & 1) << 1
                    | Int(truncatingIfNeeded: rows[j] >> UInt64(k) & 1) << 3
                if let orbits = Orbits.ofThree[three] {
                    counts[i][orbits[0]] += 1
                    counts[j][orbits[1]] += 1
                    counts[k][orbits[2]] += 1
                }
                for l in k + 1..<max(n, k + 1) {
                    let four =
                        three | Int(truncatingIfNeeded: rows[i] >> UInt64(l) & 1) << 2
                        | Int(truncatingIfNeeded: rows[j] >> UInt64(l) & 1) << 4
                        | Int(truncatingIfNeeded: rows[k] >> UInt64(l) & 1) << 5
                    if let orbits = Orbits.ofFour[four] {
                        counts[i][orbits[0]] += 1
                        counts[j][orbits[1]] += 1
                        counts[k][orbits[2]] += 1
                        counts[l][orbits[3]] += 1
                    }
                }
            }
        }
    }
    return counts
}

/// The orbits of the nodes of an induced subgraph, by its edges as bits: (0,1) (0,2) (0,3) (1,2) (1,3) (2,3); nil where it
/// is not connected.
private enum Orbits {
    static let ofThree = (0..<64).map { code in orbits(code, nodes: 3) }
    static let ofFour = (0..<64).map { code in orbits(code, nodes: 4) }

    /// The number of edges and a node's degree tell its orbit, but for 3 edges on 4 nodes, a path or a claw, and 4 edges, a
    /// square or a paw, where the largest degree does.
    private static func orbits(_ code: Int, nodes: Int) -> [Int]? {
        let pairs = [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
        var degrees = [Int](repeating: 0, count: nodes)
        for (bit, (a, b)) in pairs.enumerated() where code >> bit & 1 == 1 {
            guard b < nodes else { return nil }
            degrees[a] += 1
            degrees[b] += 1
        }
        let (edges, largest) = (degrees.reduce(0, +) / 2, degrees.max()!)
        guard degrees.min()! > 0, edges >= nodes - 1 else { return nil }
        let byDegree: [Int: Int] =
            switch (nodes, edges, largest) {
            case (3, 2, _): [1: 1, 2: 2]
            case (3, _, _): [2: 3]
            case (_, 3, 2): [1: 4, 2: 5]
            case (_, 3, _): [1: 6, 3: 7]
            case (_, 4, 2): [2: 8]
            case (_, 4, _): [1: 9, 2: 10, 3: 11]
            case (_, 5, _): [2: 12, 3: 13]
            default: [3: 14]
            }
        return degrees.map { byDegree[$0]! }
    }
}
