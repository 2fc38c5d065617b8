import Torch

/// The Ising model on a sparse graph,
///
///     E(s) = −Σ_{(i,j)} Jᵢⱼ sᵢ sⱼ − Σᵢ hᵢ sᵢ,    s = 2x − 1 ∈ {−1, +1}^d,
///
/// the first sum over edges, each once. Positive couplings align spins. Temperature is part of J and h: p(s) ∝
/// exp(−E(s)), and the square lattice is critical at J = ½ ln(1 + √2) ≈ 0.4407.
///
///     let model = try IsingModel.uniform(.squareTorus(side: 10), coupling: 0.2)
///     let energies = model.energy(x)         // x: bits, [batch, 100]
///
/// The local field of a site is fᵢ = Σⱼ Jᵢⱼ sⱼ + hᵢ; flipping it gains E(x) − E(x₋ᵢ) = −2 sᵢ fᵢ, and ∂E/∂xᵢ = −2 fᵢ:
/// the energy is linear in each bit, so first-order flips are exact.
public struct IsingModel: BinaryEnergyModel {
    public let graph: Graph
    /// J, one for each edge of the graph in its order, shape [edges].
    public let couplings: Tensor
    /// h, shape [d].
    public let fields: Tensor

    // For tensors: both ends of each edge, int64 [edges]; neighbours of each site filled up to the largest degree K
    // with site 0 behind the coupling number `edges`, which stands for 0: int64 [d · K].
    private let firstEnds, secondEnds, neighbours, neighbourEdges: Tensor
    private let zero: Tensor

    /// - Parameters:
    ///   - couplings: J, finite, one for each edge.
    ///   - fields: h, finite, one for each site; nil for none.
    /// - Throws: `CouplingError`.
    public init(_ graph: Graph, couplings: [Float], fields: [Float]? = nil, dtype: DType = .float32) throws {
        let fields = fields ?? [Float](repeating: 0, count: graph.siteCount)
        guard couplings.count == graph.edges.count else {
            throw CouplingError.edgeCouplingCount(couplings.count, edges: graph.edges.count)
        }
        guard fields.count == graph.siteCount else {
            throw CouplingError.fieldCount(fields.count, sites: graph.siteCount)
        }
        if let edge = couplings.firstIndex(where: { !$0.isFinite }) {
            throw CouplingError.nonFiniteCoupling(
                row: graph.edges[edge].first, column: graph.edges[edge].second, Double(couplings[edge]))
        }
        if let site = fields.firstIndex(where: { !$0.isFinite }) {
            throw CouplingError.nonFiniteField(site, Double(fields[site]))
        }
        self.graph = graph
        self.couplings = Tensor(couplings).converted(to: dtype).requiringGradient()
        self.fields = Tensor(fields).converted(to: dtype).requiringGradient()
        zero = .zeros([1], dtype: dtype)
        firstEnds = Tensor(graph.edges.map(\.first))
        secondEnds = Tensor(graph.edges.map(\.second))
        let degree = max(1, graph.largestDegree)
        func padded(_ row: ArraySlice<Int>, with filling: Int) -> [Int] {
            row + [Int](repeating: filling, count: degree - row.count)
        }
        neighbours = Tensor((0..<graph.siteCount).flatMap { padded(graph.neighbours(of: $0), with: 0) })
        neighbourEdges = Tensor(
            (0..<graph.siteCount).flatMap { padded(graph.incidentEdges(of: $0), with: graph.edges.count) })
    }

    /// One coupling J for all edges and one field h for all sites.
    public static func uniform(_ graph: Graph, coupling: Float, field: Float = 0) throws -> IsingModel {
        try IsingModel(
            graph, couplings: [Float](repeating: coupling, count: graph.edges.count),
            fields: [Float](repeating: field, count: graph.siteCount))
    }

    /// From couplings as Gibbs-with-gradients (Grathwohl et al. 2021) counts them: log p̃ = sᵀGs + b·s over ordered
    /// pairs, so that each edge counts twice. Here J = 2G, h = b. On its lattices G = σ, so J = 2σ.
    ///
    /// - Parameter ordered: G for each edge of the graph.
    /// - Throws: `CouplingError`.
    public init(_ graph: Graph, couplingsOfOrderedPairs ordered: [Float], fields: [Float]? = nil) throws {
        try self.init(graph, couplings: ordered.map { 2 * $0 }, fields: fields)
    }

    /// From a symmetric matrix: the edges are its entries that are not zero, in row-major order.
    ///
    /// - Parameters:
    ///   - matrix: J, d · d numbers in row-major order, finite, symmetric, zero on the diagonal.
    ///   - fields: h, d numbers; nil for none.
    /// - Throws: `CouplingError`, or `GraphError` where d < 1.
    public init(matrix: [Float], siteCount d: Int, fields: [Float]? = nil) throws {
        guard d >= 1 else { throw GraphError.siteCount(d) }
        guard matrix.count == d * d else { throw CouplingError.couplingCount(matrix.count, fields: d) }
        var (edges, couplings) = ([(Int, Int)](), [Float]())
        for i in 0..<d {
            guard matrix[i * d + i] == 0 else { throw CouplingError.selfCoupling(i, Double(matrix[i * d + i])) }
            for j in i + 1..<d {
                let (upper, lower) = (matrix[i * d + j], matrix[j * d + i])
                guard upper.isFinite else { throw CouplingError.nonFiniteCoupling(row: i, column: j, Double(upper)) }
                guard upper == lower else {
                    throw CouplingError.asymmetric(row: i, column: j, Double(upper), transposed: Double(lower))
                }
                if upper != 0 {
                    edges.append((i, j))
                    couplings.append(upper)
                }
            }
        }
        try self.init(Graph(siteCount: d, edges: edges), couplings: couplings, fields: fields)
    }

    public var dimension: Int { graph.siteCount }

    public var parameters: Parameters { Parameters([("couplings", couplings), ("fields", fields)]) }

    /// J as a symmetric matrix with a zero diagonal, shape [d, d]; a copy that records nothing.
    public var couplingMatrix: Tensor {
        let d = dimension
        var matrix = [Double](repeating: 0, count: d * d)
        for (edge, coupling) in zip(graph.edges, couplings.array(Double.self)) {
            matrix[edge.first * d + edge.second] = coupling
            matrix[edge.second * d + edge.first] = coupling
        }
        return Tensor(matrix, shape: [d, d]).converted(to: couplings.dtype)
    }

    public func energy(_ x: Tensor) -> Tensor {
        let s = spinRows(x)
        let pairs = s.indexSelected(0, firstEnds) * s.indexSelected(0, secondEnds)
        return -(pairs * couplings.unsqueezed(1)).sum(0) - (s * fields.unsqueezed(1)).sum(0)
    }

    /// f, shape [batch, d]; recorded.
    public func localFields(_ x: Tensor) -> Tensor {
        let padded = Tensor.concatenated([couplings, zero]).indexSelected(0, neighbourEdges)
        let terms = spinRows(x).indexSelected(0, neighbours) * padded.unsqueezed(1)
        let sums = terms.reshaped([dimension, neighbours.count / dimension, x.size(0)]).sum(1)
        return sums.transposed() + fields
    }

    /// s, shape [d, batch]: whole rows are gathered, not single numbers.
    private func spinRows(_ x: Tensor) -> Tensor { (2 * x - 1).transposed().contiguous() }

    public func inputGradient(_ x: Tensor) -> Tensor { withoutGradients { -2 * localFields(x) } }

    public func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor {
        let differences = -2 * (2 * x - 1) * localFields(x)
        return indices.map { differences.gathered(1, $0) } ?? differences
    }

    public func flipState(_ x: Tensor) -> any FlipState { IsingFlipState(self, x) }

    /// J and h as they are now, for kernels.
    package var numbers: (couplings: [Float], fields: [Float]) { (couplings.array(), fields.array()) }
}

/// −2 sᵢ fᵢ from the neighbours of one site at a time.
private final class IsingFlipState: FlipState {
    let x: Tensor
    private let model: IsingModel
    private let rows: [(neighbours: Tensor, couplings: Tensor, field: Tensor)]

    init(_ model: IsingModel, _ x: Tensor) {
        self.model = model
        self.x = x.detached().copied()
        rows = withoutGradients {
            (0..<model.dimension).map { site in
                (
                    Tensor(Array(model.graph.neighbours(of: site))),
                    model.couplings.indexSelected(0, Tensor(Array(model.graph.incidentEdges(of: site)))),
                    model.fields[site]
                )
            }
        }
    }

    func flipDifference(at site: Int) -> Tensor {
        withoutGradients {
            let row = rows[site]
            let spins = 2 * x.indexSelected(1, row.neighbours) - 1
            return -2 * (2 * x.selected(1, site) - 1) * ((spins * row.couplings).sum(1) + row.field)
        }
    }

    func flip(at site: Int, where accepted: Tensor) {
        withoutGradients {
            let column = x.selected(1, site)
            column.assign(Tensor.select(accepted, 1 - column, column))
        }
    }
}
