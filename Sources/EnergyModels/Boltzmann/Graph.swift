import Torch

/// An undirected graph without self-loops: n sites, each edge once.
///
///     let torus = try Graph.squareTorus(side: 10)
///     print(torus.siteCount, torus.edges.count, torus.neighbours(of: 0))     // 100 200 [1, 9, 10, 90]
///
/// Edges keep the order they were given in, so that a coupling for each can stand in an array beside them; the lower
/// site comes first. A site's neighbours are in ascending order.
public struct Graph: Sendable, Equatable {
    /// An edge between two sites, `first < second`.
    public struct Edge: Hashable, Sendable {
        public let first, second: Int

        public init(_ a: Int, _ b: Int) { (first, second) = a < b ? (a, b) : (b, a) }
    }

    /// n: sites are 0 ..< n.
    public let siteCount: Int
    public let edges: [Edge]

    // Neighbours in compressed rows: those of site i stand at starts[i] ..< starts[i + 1], with the number of the edge
    // to each.
    private let starts: [Int]
    private let adjacent: [Int]
    private let adjacentEdges: [Int]

    /// - Throws: `GraphError` for no site at all, a site out of range, a self-loop, an edge that repeats (in either
    ///   direction).
    public init(siteCount: Int, edges: [(Int, Int)]) throws {
        guard siteCount >= 1 else { throw GraphError.siteCount(siteCount) }
        var seen: [Edge: Int] = [:]
        for (index, (a, b)) in edges.enumerated() {
            for site in [a, b] where !(0..<siteCount).contains(site) {
                throw GraphError.outOfRange(edge: index, site: site, siteCount: siteCount)
            }
            guard a != b else { throw GraphError.selfLoop(edge: index, site: a) }
            if let earlier = seen.updateValue(index, forKey: Edge(a, b)) {
                throw GraphError.duplicate(edge: index, of: earlier, sites: Edge(a, b))
            }
        }
        self.init(siteCount, edges.map { Edge($0.0, $0.1) })
    }

    /// - Precondition: edges are valid and distinct.
    private init(_ siteCount: Int, _ edges: [Edge]) {
        var rows = [[(site: Int, edge: Int)]](repeating: [], count: siteCount)
        for (index, edge) in edges.enumerated() {
            rows[edge.first].append((edge.second, index))
            rows[edge.second].append((edge.first, index))
        }
        var starts = [0]
        for i in rows.indices {
            rows[i].sort { $0.site < $1.site }
            starts.append(starts[i] + rows[i].count)
        }
        self.siteCount = siteCount
        self.edges = edges
        self.starts = starts
        adjacent = rows.flatMap { $0.map(\.site) }
        adjacentEdges = rows.flatMap { $0.map(\.edge) }
    }

    // MARK: - Neighbours

    /// The sites that share an edge with this one, ascending.
    public func neighbours(of site: Int) -> ArraySlice<Int> { adjacent[starts[site]..<starts[site + 1]] }

    /// The numbers of the edges to those neighbours, in the same order.
    public func incidentEdges(of site: Int) -> ArraySlice<Int> { adjacentEdges[starts[site]..<starts[site + 1]] }

    public func degree(of site: Int) -> Int { starts[site + 1] - starts[site] }

    public var largestDegree: Int { (0..<siteCount).reduce(0) { max($0, degree(of: $1)) } }

    /// A colour for each site, from 0, such that neighbours differ: greedy in the order of sites, the lowest colour
    /// that is free. At most `largestDegree + 1` colours; two on a torus of even sides.
    public func greedyColouring() -> [Int] {
        var colours = [Int](repeating: -1, count: siteCount)
        for site in 0..<siteCount {
            let taken = Set(neighbours(of: site).map { colours[$0] })
            colours[site] = (0...).first { !taken.contains($0) }!
        }
        return colours
    }
}

// MARK: - Families

extension Graph {
    /// The square lattice with periodic boundaries: side² sites in row-major order, degree 4.
    ///
    /// - Throws: `GraphError` where side < 3: on a shorter ring both neighbours of a site are one.
    public static func squareTorus(side: Int) throws -> Graph { try torus([side, side]) }

    /// The cubic lattice with periodic boundaries: side³ sites, the last coordinate fastest, degree 6.
    ///
    /// - Throws: `GraphError` where side < 3.
    public static func cubicTorus(side: Int) throws -> Graph { try torus([side, side, side]) }

    /// A site's edges to its next neighbour along each axis, the last axis first.
    private static func torus(_ sides: [Int]) throws -> Graph {
        for side in sides where side < 3 { throw GraphError.side(side) }
        let siteCount = sides.reduce(1, *)
        var edges: [Edge] = []
        edges.reserveCapacity(siteCount * sides.count)
        for site in 0..<siteCount {
            var stride = 1
            for side in sides.reversed() {
                let coordinate = site / stride % side
                edges.append(Edge(site, coordinate == side - 1 ? site - stride * (side - 1) : site + stride))
                stride *= side
            }
        }
        return Graph(siteCount, edges)
    }

    /// An Erdős–Rényi graph: each of the n(n − 1)/2 pairs is an edge with probability meanDegree/n, independently.
    ///
    /// The mean degree is in truth meanDegree (n − 1)/n, as in the code released with Gibbs-with-gradients (Grathwohl
    /// et al. 2021).
    ///
    /// - Throws: `GraphError` where n < 1 or meanDegree/n is no probability.
    public static func erdosRenyi(siteCount: Int, meanDegree: Double, using generator: RandomGenerator) throws -> Graph
    {
        guard siteCount >= 1 else { throw GraphError.siteCount(siteCount) }
        let probability = meanDegree / Double(siteCount)
        guard (0...1).contains(probability) else { throw GraphError.meanDegree(meanDegree, siteCount: siteCount) }
        var edges: [Edge] = []
        for i in 0..<siteCount {
            for j in i + 1..<siteCount where generator.uniform() < probability { edges.append(Edge(i, j)) }
        }
        return Graph(siteCount, edges)
    }
}

/// What is wrong with a graph's description, in one line that also says what would be right.
public enum GraphError: Error, Equatable, Sendable, CustomStringConvertible {
    case siteCount(Int)
    case outOfRange(edge: Int, site: Int, siteCount: Int)
    case selfLoop(edge: Int, site: Int)
    case duplicate(edge: Int, of: Int, sites: Graph.Edge)
    case side(Int)
    case meanDegree(Double, siteCount: Int)

    public var description: String {
        switch self {
        case .siteCount(let n): "a graph of \(n) sites: there must be at least one"
        case .outOfRange(let edge, let site, let n): "edge \(edge) names site \(site): sites are 0 to \(n - 1)"
        case .selfLoop(let edge, let site): "edge \(edge) joins site \(site) to itself: an edge joins two sites"
        case .duplicate(let edge, let earlier, let sites):
            "edge \(edge) repeats edge \(earlier), \(sites.first)–\(sites.second): each edge is listed once"
        case .side(let side):
            "a torus of side \(side): sides are at least 3, or both neighbours along an axis would be one site"
        case .meanDegree(let degree, let n): "mean degree \(degree) on \(n) sites: it must lie between 0 and \(n)"
        }
    }
}
