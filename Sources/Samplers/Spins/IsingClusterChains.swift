import EnergyModels
import Foundation
import Torch

/// Wolff's cluster update (Wolff 1989, Phys. Rev. Lett. 62, 361) for Ising models whose couplings are not negative and
/// which have no field: from a random site a cluster grows over neighbours of equal spin, across each edge with
/// probability
///
///     1 − exp(−2β Jᵢⱼ),
///
/// and is flipped whole. It leaves exp(−βE) invariant by other moves than the heat bath's, and decorrelates at the
/// critical point and in the ordered phase, where single spins do not. A step is one cluster of each chain.
public struct IsingClusterChains: Chains, Sendable {
    private var rows: SpinRows
    private let graph: Graph
    /// 1 − exp(−2βJ) for each edge.
    private let bondProbabilities: [Double]

    /// - Parameters:
    ///   - count: how many chains, at least 1.
    ///   - start: bits, shape [count, d]; nil for fair coins.
    ///   - generator: gives one 64-bit number, from which the chains' own generators are seeded.
    /// - Throws: `SamplingError` for a negative coupling, a field that is not zero, a start that is not bits of that
    ///   shape, or a β that is negative or not finite.
    public init(
        _ model: IsingModel, count: Int, from start: Tensor? = nil, inverseTemperature beta: Double = 1,
        using generator: RandomGenerator
    ) throws {
        try SamplingError.validate(inverseTemperature: beta)
        let (couplings, fields) = model.numbers
        if let edge = couplings.firstIndex(where: { $0 < 0 }) {
            throw SamplingError.negativeCoupling(couplings[edge], model.graph.edges[edge])
        }
        if let site = fields.firstIndex(where: { $0 != 0 }) {
            throw SamplingError.clusterField(fields[site], site: site)
        }
        graph = model.graph
        bondProbabilities = couplings.map { -expm1(-2 * beta * Double($0)) }
        rows = try SpinRows(count: count, dimension: model.dimension, from: start, using: generator)
    }

    public var count: Int { rows.count }
    public var points: Tensor { rows.points }
    public var state: ChainState { rows.state }
    public mutating func restore(_ state: ChainState) throws { try rows.restore(state) }

    public mutating func step() -> Moves { advance(1) }

    /// Flips so many clusters of every chain.
    @discardableResult
    public mutating func advance(_ steps: Int) -> Moves {
        let (graph, probabilities) = (graph, bondProbabilities)
        return rows.forEachChain { _, spins, generator in
            var frontier: [Int] = []
            return (0..<steps).reduce(into: Moves()) { moves, _ in
                let size = Self.flipCluster(graph, probabilities, spins, &frontier, &generator)
                moves += Moves(proposed: 1, accepted: 1, distance: Double(size))
            }
        }
    }

    /// Spins flip as they join, so that none joins twice.
    private static func flipCluster(
        _ graph: Graph, _ probabilities: [Double], _ spins: UnsafeMutablePointer<Int8>, _ frontier: inout [Int],
        _ generator: inout Xoshiro
    ) -> Int {
        let seed = generator.index(below: graph.siteCount)
        let spin = spins[seed]
        var size = 1
        spins[seed] = -spin
        frontier.append(seed)
        while let site = frontier.popLast() {
            for (neighbour, edge) in zip(graph.neighbours(of: site), graph.incidentEdges(of: site))
            where spins[neighbour] == spin && generator.uniform() < probabilities[edge] {
                spins[neighbour] = -spin
                frontier.append(neighbour)
                size += 1
            }
        }
        return size
    }
}
