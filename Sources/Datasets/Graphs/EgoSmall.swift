import HDF5

/// Ego-small: radius-1 ego graphs of the Citeseer citation graph, as EDP-GNN (Niu et al. 2020) and GDSS (Jo et al. 2022)
/// make it.
///
/// Of the largest connected component the nodes are gone through in ascending order; the ego graph of each (the node, its
/// neighbours, and the edges among them, without self-loops) is kept where it has 4 to 18 nodes; the first 200 are the
/// set, the first 40 of them the test graphs. GraphRNN's set of the same name has 4 to 20 nodes and is shuffled: numbers
/// of the two are not to be compared.
public enum EgoSmall {
    /// The SHA-256 of the shipped list of Citeseer's edges.
    public static let edgesChecksum = "ac5b10a238718c62164256e54b35c508aacdc4424c261fdc1f76410f4a6bd5ab"
    public static let nodeCounts = 4...18
    public static let graphCount = 200
    public static let testCount = 40

    /// All 200 graphs, the test graphs first; their nodes in ascending order of Citeseer's.
    public static let graphs: [SimpleGraph] = {
        let bytes = PackageResources.citeseer_edges
        precondition(
            SHA256.hexadecimal(bytes) == edgesChecksum, "the shipped edges of Citeseer are not those published")
        return Array(egoGraphs(of: edges(bytes)).prefix(graphCount))
    }()

    /// Every edge, a line of two numbers each, self-loops among them.
    private static func edges(_ bytes: [UInt8]) -> [(Int, Int)] {
        bytes.split(separator: UInt8(ascii: "\n")).map { line in
            let numbers = line.split(separator: UInt8(ascii: " ")).map { Int(String(decoding: $0, as: UTF8.self))! }
            return (numbers[0], numbers[1])
        }
    }

    /// The ego graphs of 4 to 18 nodes around the nodes of the largest component, in ascending order.
    static func egoGraphs(of edges: [(Int, Int)]) -> [SimpleGraph] {
        var neighbours: [Int: Set<Int>] = [:]
        for (a, b) in edges {
            neighbours[a, default: []].insert(b)
            neighbours[b, default: []].insert(a)
        }
        return largestComponent(neighbours).compactMap { centre in
            let nodes = neighbours[centre]!.union([centre]).sorted()
            guard nodeCounts ~= nodes.count else { return nil }
            return SimpleGraph(
                rows: nodes.map { node in
                    nodes.enumerated().reduce(0) { row, other in
                        let joined = other.element != node && neighbours[node]!.contains(other.element)
                        return row | (joined ? 1 << UInt64(other.offset) : 0)
                    }
                })
        }
    }

    /// Its nodes in ascending order.
    private static func largestComponent(_ neighbours: [Int: Set<Int>]) -> [Int] {
        var (seen, largest) = (Set<Int>(), [Int]())
        for start in neighbours.keys.sorted() where seen.insert(start).inserted {
            var (component, next) = ([start], 0)
            while next < component.count {
                for other in neighbours[component[next]]! where seen.insert(other).inserted { component.append(other) }
                next += 1
            }
            if component.count > largest.count { largest = component }
        }
        return largest.sorted()
    }
}
