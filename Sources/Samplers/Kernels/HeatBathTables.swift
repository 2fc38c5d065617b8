import EnergyModels
import Foundation

/// What the heat bath needs to know of each site: where its neighbours are, and the chance of an up spin as it depends
/// on them,
///
///     P(sᵢ = +1 | neighbours) = σ(2β fᵢ) = 1 / (1 + exp(−2β (hᵢ + Σⱼ Jᵢⱼ sⱼ))).
///
/// It is kept as a threshold T = round(2³² P): a spin is up where 32 random bits, read as a number, lie below T. So a
/// chance is right to 2⁻³³, or 2⁻³² at its upper end. There are three forms:
///
///   - all couplings of a site are equal: T depends on how many neighbours are up, degree + 1 numbers;
///   - few neighbours: a T for each of their 2^degree configurations;
///   - otherwise the local field is summed in float32 each time.
///
/// Sites with the same numbers share a table.
package struct HeatBathTables: Sendable {
    package enum Form: UInt8, Sendable { case count, configuration, field }

    /// A site's row.
    struct Site {
        var form: Form
        var degree: Int32
        /// Where its neighbours and couplings begin.
        var firstNeighbour: Int32
        /// Where its thresholds begin; nothing for `.field`.
        var firstThreshold: Int32
        /// 2β (h − Σⱼ J): the logit where all neighbours are down.
        var base: Float
    }

    /// The most neighbours whose configurations are tabulated: at seven, choosing among 128 costs more than summing
    /// seven numbers.
    static let largestConfiguration = 6
    /// The most neighbours that are counted.
    static let largestCount = 32

    private(set) var sites: [Site] = []
    private(set) var neighbours: [Int32] = []
    /// 4βJ for each neighbour: what its being up adds to the logit.
    private(set) var couplings: [Float] = []
    private(set) var thresholds: [UInt32] = []
    /// The highest eight bits of each threshold.
    private(set) var highBytes: [UInt8] = []

    /// - Parameter forcing: a form for all sites, for tests of one form against another; nil for the best.
    init(_ model: IsingModel, inverseTemperature beta: Double, forcing: Form? = nil) {
        let (couplings, fields) = model.numbers
        var known: [[UInt32]: Int32] = [:]
        for i in 0..<model.dimension {
            let row = model.graph.incidentEdges(of: i).map { Double(couplings[$0]) }
            let field = Double(fields[i])
            var site = Site(
                form: forcing ?? Self.form(row), degree: Int32(row.count), firstNeighbour: Int32(neighbours.count),
                firstThreshold: 0, base: Float(2 * beta * (field - row.reduce(0, +))))
            neighbours += model.graph.neighbours(of: i).map(Int32.init)
            self.couplings += row.map { Float(4 * beta * $0) }
            let table: [UInt32] =
                switch site.form {
                case .count:
                    (0...row.count).map { up in
                        Self.threshold(beta * (field + (row.first ?? 0) * Double(2 * up - row.count)))
                    }
                case .configuration:
                    (0..<1 << row.count).map { configuration in
                        Self.threshold(
                            beta
                                * row.indices.reduce(field) { $0 + (configuration >> $1 & 1 == 1 ? row[$1] : -row[$1]) }
                        )
                    }
                case .field: []
                }
            site.firstThreshold = known[table] ?? Int32(thresholds.count)
            if known.updateValue(site.firstThreshold, forKey: table) == nil { thresholds += table }
            sites.append(site)
        }
        highBytes = thresholds.map { UInt8($0 >> 24) }
    }

    private static func form(_ couplings: [Double]) -> Form {
        if couplings.allSatisfy({ $0 == couplings[0] }), couplings.count <= largestCount { return .count }
        return couplings.count <= largestConfiguration ? .configuration : .field
    }

    /// round(2³² σ(2f)), at most 2³² − 1.
    package static func threshold(_ field: Double) -> UInt32 {
        UInt32(min(0x1p32 / (1 + exp(-2 * field)) + 0.5, 0x1p32 - 1))
    }
}
