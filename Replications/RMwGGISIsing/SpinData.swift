import EnergyModels
import Experiments
import Samplers
import Torch

/// A distribution over spins that data come from, by its name in the settings: `square-10-s0.1` and `cubic-5-s0.2` are
/// tori of side 10 and 5 whose edges all have the coupling 0.1 and 0.2, `er-100-2` is an Erdős–Rényi graph of 100 sites
/// and mean degree 2 whose couplings are N(0, 1/2). Couplings are counted as Gibbs-with-gradients counts them, log p̃ =
/// sᵀJs: each edge twice.
public struct SpinData: Hashable, Sendable {
    package enum Family: Hashable, Sendable {
        case square(side: Int, coupling: Double)
        case cubic(side: Int, coupling: Double)
        case erdosRenyi(sites: Int, meanDegree: Double)
    }

    package let name: String
    package let family: Family

    static let forms = "square-SIDE-sCOUPLING, cubic-SIDE-sCOUPLING or er-SITES-DEGREE, such as square-10-s-0.1"

    /// nil where the name has another form, a side is below 3, or there are more than 4,096 sites.
    package init?(_ name: String) {
        let parts = name.split(separator: "-", maxSplits: 2).map(String.init)
        self.name = name
        guard parts.count == 3, let size = Int(parts[1]), size >= 3 else { return nil }
        switch parts[0] {
        case "square", "cubic":
            let sites =
                parts[0] == "square"
                ? size.multipliedReportingOverflow(by: size).partialValue : size <= 16 ? size * size * size : .max
            guard size <= 64, sites <= 4096, parts[2].hasPrefix("s"), let coupling = Double(parts[2].dropFirst()),
                abs(coupling) <= 10
            else { return nil }
            family =
                parts[0] == "square" ? .square(side: size, coupling: coupling) : .cubic(side: size, coupling: coupling)
        case "er":
            guard size <= 4096, let degree = Double(parts[2]), degree > 0, degree <= Double(size) else { return nil }
            family = .erdosRenyi(sites: size, meanDegree: degree)
        default: return nil
        }
    }

    package var siteCount: Int {
        switch family {
        case .square(let side, _): side * side
        case .cubic(let side, _): side * side * side
        case .erdosRenyi(let sites, _): sites
        }
    }

    /// The graph, and J for each of its edges, each counted twice. An Erdős–Rényi graph and its couplings are the
    /// seed's.
    package func couplings(seed: UInt64) throws -> (graph: Graph, couplings: [Float]) {
        switch family {
        case .square(let side, let coupling):
            let graph = try Graph.squareTorus(side: side)
            return (graph, graph.edges.map { _ in Float(coupling) })
        case .cubic(let side, let coupling):
            let graph = try Graph.cubicTorus(side: side)
            return (graph, graph.edges.map { _ in Float(coupling) })
        case .erdosRenyi(let sites, let meanDegree):
            let generator = RandomGenerator(seed: seed, stream: "graph")
            let graph = try Graph.erdosRenyi(siteCount: sites, meanDegree: meanDegree, using: generator)
            let weights = Tensor.normal([graph.edges.count], using: generator) * (1 / meanDegree.squareRoot())
            return (graph, weights.array())
        }
    }

    /// The model; `field` on every site, of Erdős–Rényi graphs only.
    package func model(seed: UInt64, field: Double = 0) throws -> IsingModel {
        let (graph, couplings) = try couplings(seed: seed)
        var isErdosRenyi = false
        if case .erdosRenyi = family { isErdosRenyi = true }
        let fields = [Float](repeating: isErdosRenyi ? Float(field) : 0, count: graph.siteCount)
        return try IsingModel(graph, couplingsOfOrderedPairs: couplings, fields: fields)
    }

    /// J as a matrix, row-major, each edge counted twice.
    package func couplingMatrix(seed: UInt64) throws -> [Double] {
        let (graph, couplings) = try couplings(seed: seed)
        var matrix = [Double](repeating: 0, count: siteCount * siteCount)
        for (edge, coupling) in zip(graph.edges, couplings) {
            matrix[edge.first * siteCount + edge.second] = Double(coupling)
            matrix[edge.second * siteCount + edge.first] = Double(coupling)
        }
        return matrix
    }

    /// The last points of so many chains after so many single-site updates of a systematic scan from fair coins: bits
    /// [chains, d].
    package func sample(chains: Int, updates: Int, field: Double, seed: UInt64) throws -> Tensor {
        var gibbs = try IsingGibbsChains(
            model(seed: seed, field: field), count: chains, using: RandomGenerator(seed: seed, stream: "data"))
        gibbs.update(updates)
        return gibbs.points
    }
}

/// Coded as its name. Decoding throws `ConfigurationError` for a name of another form.
extension SpinData: Codable {
    public init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let data = SpinData(name) else {
            let key = decoder.codingPath.last { $0.intValue == nil }?.stringValue ?? "data"
            throw ConfigurationError(key: key, value: name, expected: Self.forms)
        }
        self = data
    }

    public func encode(to encoder: any Encoder) throws {
        var text = encoder.singleValueContainer()
        try text.encode(name)
    }
}
