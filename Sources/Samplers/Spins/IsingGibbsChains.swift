import EnergyModels
import Torch

/// Gibbs sampling of an Ising model by native kernels: many chains side by side, one site of all of them at a time,
/// drawn from its conditional distribution given the others,
///
///     P(sᵢ = +1 | rest) = σ(2β fᵢ),    fᵢ = Σⱼ Jᵢⱼ sⱼ + hᵢ.
///
///     var chains = try IsingGibbsChains(model, count: 2000, using: generator)
///     chains.sweep(10_000)                       // 10,000 d single-site updates of each chain
///     let samples = chains.points                // [2000, d]
///
/// Chains are kept in blocks of 64, which threads share out; each block has generators of its own (xoshiro256++), so
/// the result does not depend on the number of threads, nor what a block does on the other blocks. A chance is right to
/// 2⁻³² (to some 10⁻⁷ at sites with more than six neighbours whose couplings differ, where the local field is summed in
/// float32).
public struct IsingGibbsChains: Chains, Sendable {
    /// The order in which sites are visited.
    public enum Scan: Sendable, CaseIterable {
        /// 0, 1, …, d − 1.
        case systematic
        /// Colour after colour of a greedy colouring. Sites of one colour do not interact, so this is the block update
        /// that draws all of a colour at once; the checkerboard on a torus of even sides.
        case coloured
        /// Each update at a site drawn uniformly, the same for the 64 chains of a block: each chain is a random scan,
        /// but chains of a block share their sites.
        case random
    }

    public let count: Int
    public let scan: Scan
    /// β in exp(−βE).
    public let inverseTemperature: Double
    /// How many single-site updates of each chain are a step: d, a sweep, unless set.
    public var updatesPerStep: Int

    private let dimension: Int
    private var tables: HeatBathTables
    private let order: [Int32]
    /// Block by block, and in each site by site.
    private var spins: [SIMD64<UInt8>]
    private var generators: [UInt64]
    private var position = 0

    /// - Parameters:
    ///   - count: how many chains, at least 1.
    ///   - start: bits, shape [count, d]; nil for fair coins.
    ///   - generator: gives one 64-bit number, from which the chains' own generators are seeded.
    /// - Throws: `SamplingError` for a start that is not bits of that shape, or a β that is negative or not finite.
    public init(
        _ model: IsingModel, count: Int, from start: Tensor? = nil, scan: Scan = .systematic,
        inverseTemperature: Double = 1, using generator: RandomGenerator
    ) throws {
        try self.init(
            model, count: count, from: start, scan: scan, inverseTemperature: inverseTemperature, form: nil,
            using: generator)
    }

    /// The same with one form of table for all sites.
    package init(
        _ model: IsingModel, count: Int, from start: Tensor? = nil, scan: Scan = .systematic,
        inverseTemperature: Double = 1, form: HeatBathTables.Form?, using generator: RandomGenerator
    ) throws {
        require(count >= 1, "\(count) chains")
        try SamplingError.validate(inverseTemperature: inverseTemperature)
        let bits = try start.map { try SamplingError.bits($0, chains: count, dimension: model.dimension) }
        (self.count, self.scan, self.inverseTemperature) = (count, scan, inverseTemperature)
        (dimension, updatesPerStep) = (model.dimension, model.dimension)
        tables = HeatBathTables(model, inverseTemperature: inverseTemperature, forcing: form)
        order = Self.order(model.graph, scan)
        let blocks = (count + HeatBathBlock.lanes - 1) / HeatBathBlock.lanes
        let seed = generator.next()
        generators = (0..<blocks * HeatBathBlock.generatorWords).map { splitmix(seed, $0) }
        spins = [SIMD64<UInt8>](repeating: .zero, count: blocks * dimension)
        if let bits { place(bits) } else { tossCoins() }
    }

    private static func order(_ graph: Graph, _ scan: Scan) -> [Int32] {
        guard scan == .coloured else { return (0..<Int32(graph.siteCount)).map { $0 } }
        let colours = graph.greedyColouring()
        return (0..<graph.siteCount).sorted { (colours[$0], $0) < (colours[$1], $1) }.map { Int32($0) }
    }

    /// Takes over couplings and fields of a model on the same graph; the chains stay where they are.
    public mutating func setModel(_ model: IsingModel) {
        require(model.dimension == dimension, "chains of \(dimension) sites on a model of \(model.dimension)")
        tables = HeatBathTables(model, inverseTemperature: inverseTemperature)
    }

    // MARK: - Moving

    public mutating func step() -> Moves { update(updatesPerStep) }

    @discardableResult
    public mutating func advance(_ steps: Int) -> Moves { update(steps * updatesPerStep) }

    /// Visits every site of every chain so many times.
    @discardableResult
    public mutating func sweep(_ sweeps: Int = 1) -> Moves { update(sweeps * dimension) }

    /// Makes so many single-site updates of each chain, from where the scan stands.
    @discardableResult
    public mutating func update(_ updates: Int) -> Moves {
        require(updates >= 0, "\(updates) updates")
        let (d, start, counted) = (dimension, position, count)
        let isRandom = scan == .random
        let blocks = spins.count / d
        var changes = [Int](repeating: 0, count: blocks)
        tables.withPointers { tables in
            order.withUnsafeBufferPointer { order in
                spins.withUnsafeMutableBufferPointer { spins in
                    generators.withUnsafeMutableBufferPointer { generators in
                        changes.withUnsafeMutableBufferPointer { changes in
                            let (spins, generators) = (spins.baseAddress!, generators.baseAddress!)
                            let changes = changes.baseAddress!
                            parallelFor(blocks) { _, range in
                                for b in range {
                                    let words = generators + b * HeatBathBlock.generatorWords
                                    let used = min(HeatBathBlock.lanes, counted - b * HeatBathBlock.lanes)
                                    var block = HeatBathBlock(spins: spins + b * d, chains: used, words: words)
                                    block.update(
                                        tables, order: isRandom ? nil : order, from: start, count: updates,
                                        changes: &changes[b])
                                    block.saveGenerators(to: words)
                                }
                            }
                        }
                    }
                }
            }
        }
        if !isRandom { position = (position + updates) % d }
        return Moves(
            proposed: updates * count, accepted: updates * count, distance: Double(changes.reduce(0, +)))
    }

    // MARK: - Where the chains stand

    /// Bits as float32.
    public var points: Tensor {
        let (d, count) = (dimension, count)
        let result = Tensor.empty([count, d])
        let elements = result.unsafeElements(Float.self)
        withExtendedLifetime(result) {
            spins.withUnsafeBytes { bytes in
                let bytes = bytes.baseAddress!.assumingMemoryBound(to: UInt8.self)
                parallelFor(count, grain: HeatBathBlock.lanes) { _, chains in
                    for chain in chains {
                        let column =
                            bytes + chain / HeatBathBlock.lanes * d * HeatBathBlock.lanes + chain % HeatBathBlock.lanes
                        for site in 0..<d { elements[chain * d + site] = Float(column[site * HeatBathBlock.lanes] & 1) }
                    }
                }
            }
        }
        return result
    }

    /// Spins from bits [count, d]; the lanes that fill up the last block are down.
    private mutating func place(_ bits: [UInt8]) {
        let (lanes, d) = (HeatBathBlock.lanes, dimension)
        for index in spins.indices { spins[index] = .zero }
        spins.withUnsafeMutableBytes { bytes in
            for chain in 0..<count {
                for site in 0..<d {
                    bytes[(chain / lanes * d + site) * lanes + chain % lanes] = 0 &- bits[chain * d + site]
                }
            }
        }
    }

    private mutating func tossCoins() {
        let d = dimension
        spins.withUnsafeMutableBufferPointer { spins in
            generators.withUnsafeMutableBufferPointer { generators in
                for b in 0..<spins.count / d {
                    let words = generators.baseAddress! + b * HeatBathBlock.generatorWords
                    var block = HeatBathBlock(
                        spins: spins.baseAddress! + b * d, chains: HeatBathBlock.lanes, words: words)
                    block.tossCoins(sites: d)
                    block.saveGenerators(to: words)
                }
            }
        }
    }

    public var state: ChainState {
        ChainState(points: points, generator: SamplingError.bytes(generators), position: position)
    }

    public mutating func restore(_ state: ChainState) throws {
        let bits = try SamplingError.bits(state.points, chains: count, dimension: dimension)
        let words = try SamplingError.words(
            state.generator, count: generators.count, zeroGroups: HeatBathBlock.hasZeroGenerator)
        guard (0..<dimension).contains(state.position) else {
            throw SamplingError.position(state.position, sites: dimension)
        }
        place(bits)
        generators = words
        position = state.position
    }
}
