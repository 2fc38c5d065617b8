import EnergyModels
import Foundation
import Torch

/// Gibbs-with-gradients (Grathwohl et al. 2021, Algorithm 1) on an Ising model by a native kernel. A step of a chain
/// draws n sites with replacement from
///
///     q(i | x) = wᵢ / Z,    wᵢ = exp(Δᵢ/2) = exp(−β sᵢ fᵢ),    Z = Σᵢ wᵢ,
///
/// Δᵢ = β (E(x) − E(x₋ᵢ)) = −2β sᵢ fᵢ being exact here; flips their union, and accepts the new point x′ with
/// probability
///
///     min(1, exp(β(E(x) − E(x′))) Πₖ q(iₖ | x′) / q(iₖ | x)),
///
/// which is min(1, Z/Z′) for n = 1.
///
///     var chains = try IsingGradientChains(model, count: 256, using: generator)
///     let moves = chains.advance(1000)
///     print(moves.acceptanceRate, chains.points.shape)
///
/// A flip changes the weights of its site and of that site's neighbours only; they are computed anew from the spins, as
/// are the sums of the groups of 16 that they stand in, so the weights depend on the spins alone and nothing drifts. A
/// step costs O(d/16 + degree²) and runs in float32: proposal and acceptance are right to some 10⁻⁶.
public struct IsingGradientChains: Chains, Sendable {
    /// The largest β|f| that is taken: e⁴⁰ times the number of sites is far within float32.
    public static let largestField = 40.0

    /// n, the number of draws in a step.
    public let flips: Int
    /// β in exp(−βE).
    public let inverseTemperature: Double

    private var rows: SpinRows
    private let sites: SparseSites
    /// w by chain and site, each row filled up with zeros to groups of 16; then the groups' sums, filled up likewise.
    private var weights: [SIMD16<Float>]

    /// - Parameters:
    ///   - count: how many chains, at least 1.
    ///   - start: bits, shape [count, d]; nil for fair coins.
    ///   - flips: n ≥ 1.
    ///   - generator: gives one 64-bit number, from which the chains' own generators are seeded.
    /// - Throws: `SamplingError` for a start that is not bits of that shape, a β that is negative or not finite, or
    ///   couplings and fields so large that weights would leave the range of float32.
    public init(
        _ model: IsingModel, count: Int, from start: Tensor? = nil, flips: Int = 1, inverseTemperature: Double = 1,
        using generator: RandomGenerator
    ) throws {
        require(flips >= 1, "\(flips) flips in a step")
        try SamplingError.validate(inverseTemperature: inverseTemperature)
        sites = SparseSites(model, inverseTemperature: inverseTemperature)
        let largest = sites.largestField
        guard largest <= Self.largestField else { throw SamplingError.field(largest, limit: Self.largestField) }
        (self.flips, self.inverseTemperature) = (flips, inverseTemperature)
        rows = try SpinRows(count: count, dimension: model.dimension, from: start, using: generator)
        weights = []
        weigh()
    }

    public var count: Int { rows.count }
    public var points: Tensor { rows.points }
    public var state: ChainState { rows.state }

    public mutating func restore(_ state: ChainState) throws {
        try rows.restore(state)
        weigh()
    }

    public mutating func step() -> Moves { advance(1) }

    /// Makes so many steps of every chain.
    @discardableResult
    public mutating func advance(_ steps: Int) -> Moves {
        require(steps >= 0, "\(steps) steps")
        let (sites, flips) = (sites, flips)
        let rowLength = WeightedSites.length(sites.count)
        return weights.withUnsafeMutableBufferPointer { weights in
            let weights = weights.baseAddress!
            return rows.forEachChain { chain, spins, generator in
                sites.withPointers { pointers in
                    var row = WeightedSites(pointers, spins: spins, weights: weights + chain * rowLength)
                    return withUnsafeTemporaryAllocation(of: Int.self, capacity: flips) { drawn in
                        (0..<steps).reduce(into: Moves()) { moves, _ in
                            moves += row.step(drawn, using: &generator)
                        }
                    }
                }
            }
        }
    }

    /// All weights anew from the spins.
    private mutating func weigh() {
        let (sites, length) = (sites, WeightedSites.length(sites.count))
        weights = [SIMD16<Float>](repeating: .zero, count: rows.count * length)
        weights.withUnsafeMutableBufferPointer { weights in
            let weights = weights.baseAddress!
            _ = rows.forEachChain { chain, spins, _ in
                sites.withPointers { pointers in
                    var row = WeightedSites(pointers, spins: spins, weights: weights + chain * length)
                    row.weigh()
                }
                return Moves()
            }
        }
    }
}

/// Neighbours, βJ and βh of all sites.
struct SparseSites: Sendable {
    let count: Int
    private let starts: [Int32]
    private let neighbours: [Int32]
    private let couplings: [Float]
    private let fields: [Float]

    init(_ model: IsingModel, inverseTemperature beta: Double) {
        let (couplings, fields) = model.numbers
        count = model.dimension
        starts = (0..<count).reduce(into: [0]) { $0.append($0.last! + Int32(model.graph.degree(of: $1))) }
        neighbours = (0..<count).flatMap { model.graph.neighbours(of: $0).map { Int32($0) } }
        self.couplings = (0..<count).flatMap {
            model.graph.incidentEdges(of: $0).map { Float(beta * Double(couplings[$0])) }
        }
        self.fields = fields.map { Float(beta * Double($0)) }
    }

    /// The largest β|f| that any spins can make.
    var largestField: Double {
        (0..<count).reduce(0) { largest, site in
            let row = couplings[Int(starts[site])..<Int(starts[site + 1])]
            return max(largest, row.reduce(abs(Double(fields[site]))) { $0 + abs(Double($1)) })
        }
    }

    struct Pointers {
        let count: Int
        let starts: UnsafePointer<Int32>
        let neighbours: UnsafePointer<Int32>
        let couplings: UnsafePointer<Float>
        let fields: UnsafePointer<Float>

        @inline(__always)
        func neighbourRange(_ site: Int) -> Range<Int> { Int(starts[site])..<Int(starts[site + 1]) }

        /// β sᵢ fᵢ
        @inline(__always)
        func alignment(_ site: Int, _ spins: UnsafePointer<Int8>) -> Float {
            var field = fields[site]
            for k in neighbourRange(site) { field += couplings[k] * Float(spins[Int(neighbours[k])]) }
            return field * Float(spins[site])
        }
    }

    func withPointers<Result>(_ body: (Pointers) -> Result) -> Result {
        starts.withUnsafeBufferPointer { starts in
            neighbours.withUnsafeBufferPointer { neighbours in
                couplings.withUnsafeBufferPointer { couplings in
                    fields.withUnsafeBufferPointer { fields in
                        body(
                            Pointers(
                                count: count, starts: starts.baseAddress!, neighbours: neighbours.baseAddress!,
                                couplings: couplings.baseAddress!, fields: fields.baseAddress!))
                    }
                }
            }
        }
    }
}

/// One chain's spins and proposal weights.
private struct WeightedSites {
    typealias Lanes = SIMD16<Float>

    let sites: SparseSites.Pointers
    let spins: UnsafeMutablePointer<Int8>
    let weights: UnsafeMutablePointer<Lanes>
    private let groups: Int
    private let weight: UnsafeMutablePointer<Float>
    private let groupSum: UnsafeMutablePointer<Float>

    init(_ sites: SparseSites.Pointers, spins: UnsafeMutablePointer<Int8>, weights: UnsafeMutablePointer<Lanes>) {
        (self.sites, self.spins, self.weights) = (sites, spins, weights)
        groups = (sites.count + 15) / 16
        weight = UnsafeMutableRawPointer(weights).assumingMemoryBound(to: Float.self)
        groupSum = weight + 16 * groups
    }

    /// How many groups of 16 numbers a chain needs: its weights, and the sums of their groups.
    static func length(_ sites: Int) -> Int {
        let groups = (sites + 15) / 16
        return groups + (groups + 15) / 16
    }

    mutating func weigh() {
        for site in 0..<sites.count { weight[site] = exp(-sites.alignment(site, spins)) }
        for group in 0..<groups { groupSum[group] = weights[group].sum() }
    }

    private var total: Float {
        var sum = weights[groups]
        for k in groups + 1..<WeightedSites.length(sites.count) { sum += weights[k] }
        return sum.sum()
    }

    /// A site in proportion to its weight, from u in [0, total); what rounding leaves over falls to the last of a
    /// group.
    private func draw(_ u: Float) -> Int {
        var (group, left) = (0, u)
        while group < groups - 1, left >= groupSum[group] {
            left -= groupSum[group]
            group += 1
        }
        var site = 16 * group
        let last = min(site + 16, sites.count) - 1
        while site < last, left >= weight[site] {
            left -= weight[site]
            site += 1
        }
        return site
    }

    private func flip(_ site: Int) {
        spins[site] = -spins[site]
        reweigh(site)
        for k in sites.neighbourRange(site) { reweigh(Int(sites.neighbours[k])) }
    }

    private func reweigh(_ site: Int) {
        weight[site] = exp(-sites.alignment(site, spins))
        groupSum[site / 16] = weights[site / 16].sum()
    }

    mutating func step(_ drawn: UnsafeMutableBufferPointer<Int>, using generator: inout Xoshiro) -> Moves {
        let before = total
        var logRatio: Float = 0
        for k in drawn.indices {
            drawn[k] = draw(Float(generator.next() >> 40) * 0x1p-24 * before)
            logRatio += sites.alignment(drawn[k], spins)
        }
        // Flipping site i gains −2β sᵢ fᵢ with the spins at that moment; a site drawn twice flips once.
        for k in drawn.indices where !drawn[..<k].contains(drawn[k]) {
            logRatio -= 2 * sites.alignment(drawn[k], spins)
            flip(drawn[k])
        }
        for site in drawn { logRatio -= sites.alignment(site, spins) }
        let ratio = Double(logRatio) + Double(drawn.count) * log(Double(before) / Double(total))
        let distinct = drawn.indices.reduce(0) { $0 + (drawn[..<$1].contains(drawn[$1]) ? 0 : 1) }
        if generator.uniform() < exp(ratio) { return Moves(proposed: 1, accepted: 1, distance: Double(distinct)) }
        for k in drawn.indices where !drawn[..<k].contains(drawn[k]) { flip(drawn[k]) }
        return Moves(proposed: 1)
    }
}
