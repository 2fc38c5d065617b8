import EnergyModels
import Foundation
import Torch

/// Single-site chains of a dense spin machine E(s) = −½ sᵀJs − h·s by a native kernel, made for machines that change
/// between steps, as the persistent chains of learning need.
///
///     var chains = try DenseSpinChains(machine, .gibbs, count: 100, using: generator)
///     chains.advance(100)                    // 100 single-site updates of each chain
///     chains.setModel(machine)               // after an update of its couplings
///
/// With fᵢ = Σⱼ Jᵢⱼ sⱼ + hᵢ, a step is either
///
///     gibbs       the next site of a systematic scan, drawn anew: P(sᵢ = +1 | rest) = σ(2fᵢ)
///     gradients   Gibbs-with-gradients (Grathwohl et al. 2021): i ~ wᵢ/Z, wᵢ = exp(−sᵢfᵢ), flipped with probability min(1, Z/Z′)
///
/// and costs O(d): a row of J, and for `gradients` d exponentials. It runs in float32: proposals and chances are right
/// to some 10⁻⁶. Each chain has a generator of its own (xoshiro256++), so the result does not depend on the number of
/// threads but through the matrix product that the fields of `gradients` start from.
public struct DenseSpinChains: Chains {
    /// What a step is.
    public enum Move: Sendable, Hashable { case gibbs, gradients }

    public let move: Move
    private var rows: SpinRows
    /// The next site of the scan.
    private var position = 0
    private var couplings: Tensor
    private var fields: Tensor
    /// Rows of J, then h, each filled up with zeros to groups of 16.
    private var numbers: [SIMD16<Float>] = []

    /// `gradients` computes its fields anew after so many steps, so that rounding does not add up.
    private static let stepsBetweenProducts = 1000

    /// - Parameters:
    ///   - machine: over spins, float32.
    ///   - count: how many chains, at least 1.
    ///   - start: bits, shape [count, d]; nil for fair coins.
    ///   - generator: gives one 64-bit number, from which the chains' own generators are seeded.
    /// - Throws: `SamplingError` for a start that is not bits of that shape.
    public init(
        _ machine: BoltzmannMachine, _ move: Move, count: Int, from start: Tensor? = nil,
        using generator: RandomGenerator
    ) throws {
        self.move = move
        rows = try SpinRows(count: count, dimension: machine.dimension, from: start, using: generator)
        (couplings, fields) = (machine.couplings, machine.fields)
        setModel(machine)
    }

    public var count: Int { rows.count }
    public var points: Tensor { rows.points }

    /// Takes over the couplings and fields that a machine has now; the chains stay where they are.
    public mutating func setModel(_ machine: BoltzmannMachine) {
        let d = rows.dimension
        require(machine.dimension == d, "chains of \(d) spins on a machine of \(machine.dimension)")
        require(
            machine.alphabet == .spins && machine.dtype == .float32,
            "chains of a machine over \(machine.alphabet), \(machine.dtype)")
        (couplings, fields) = withoutGradients {
            (machine.symmetricCouplings.contiguous(), machine.fields.detached().copied())
        }
        let groups = Self.groups(d)
        if numbers.isEmpty { numbers = [SIMD16<Float>](repeating: .zero, count: (d + 1) * groups) }
        withExtendedLifetime((couplings, fields)) {
            let (j, h) = (couplings.unsafeElements(Float.self), fields.unsafeElements(Float.self))
            numbers.withUnsafeMutableBytes { bytes in
                let target = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
                for i in 0..<d { (target + 16 * groups * i).update(from: j + d * i, count: d) }
                (target + 16 * groups * d).update(from: h, count: d)
            }
        }
    }

    private static func groups(_ d: Int) -> Int { (d + 15) / 16 }

    public mutating func step() -> Moves { advance(1) }

    /// Makes so many steps of every chain.
    @discardableResult
    public mutating func advance(_ steps: Int) -> Moves {
        require(steps >= 0, "\(steps) steps")
        switch move {
        case .gibbs: return scan(steps)
        case .gradients:
            var (moves, left) = (Moves(), steps)
            while left > 0 {
                let now = min(left, Self.stepsBetweenProducts)
                moves += guided(now)
                left -= now
            }
            return moves
        }
    }

    private mutating func scan(_ steps: Int) -> Moves {
        let (d, start) = (rows.dimension, position)
        let groups = Self.groups(d)
        position = (position + steps) % d
        return numbers.withUnsafeBufferPointer { numbers in
            let numbers = numbers.baseAddress!
            return rows.forEachChain { _, spins, generator in
                withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: groups) { values in
                    let s = DenseSpins(spins, d, values.baseAddress!)
                    let h = UnsafeRawPointer(numbers + d * groups).assumingMemoryBound(to: Float.self)
                    var (site, changes) = (start, 0)
                    for _ in 0..<steps {
                        let field = s.product(numbers + site * groups) + h[site]
                        let next: Float = generator.uniform() * (1 + exp(-2 * Double(field))) < 1 ? 1 : -1
                        if s.value[site] != next { changes &+= 1 }
                        s.value[site] = next
                        site += 1
                        if site == d { site = 0 }
                    }
                    s.store(spins)
                    return Moves(proposed: steps, accepted: steps, distance: Double(changes))
                }
            }
        }
    }

    private mutating func guided(_ steps: Int) -> Moves {
        let d = rows.dimension
        let groups = Self.groups(d)
        let start = withoutGradients { ((2 * rows.points - 1).matmul(couplings) + fields).contiguous() }
        return withExtendedLifetime(start) {
            let start = start.unsafeElements(Float.self)
            return numbers.withUnsafeBufferPointer { numbers in
                let numbers = numbers.baseAddress!
                return rows.forEachChain { chain, spins, generator in
                    withUnsafeTemporaryAllocation(of: SIMD16<Float>.self, capacity: 5 * groups) { room in
                        let room = room.baseAddress!
                        let s = DenseSpins(spins, d, room)
                        var now = GuidedFlips(s, fields: room + groups, weights: room + 2 * groups)
                        var next = GuidedFlips(s, fields: room + 3 * groups, weights: room + 4 * groups)
                        now.begin(start + chain * d)
                        var accepted = 0
                        for _ in 0..<steps {
                            let site = now.draw(generator.uniform())
                            next.follow(now, flipping: site, numbers + site * groups)
                            if generator.uniform() * Double(next.total) < Double(now.total) {
                                swap(&now, &next)
                                accepted &+= 1
                            } else {
                                s.value[site] = -s.value[site]
                            }
                        }
                        s.store(spins)
                        return Moves(proposed: steps, accepted: accepted, distance: Double(accepted))
                    }
                }
            }
        }
    }

    public var state: ChainState {
        ChainState(points: points, generator: rows.state.generator, position: position)
    }

    public mutating func restore(_ state: ChainState) throws {
        guard (0..<rows.dimension).contains(state.position) else {
            throw SamplingError.position(state.position, sites: rows.dimension)
        }
        try rows.restore(ChainState(points: state.points, generator: state.generator))
        position = state.position
    }
}

/// One chain's spins as floats, filled up with zeros to groups of 16.
private struct DenseSpins {
    let count: Int
    let groups: Int
    let vector: UnsafeMutablePointer<SIMD16<Float>>
    let value: UnsafeMutablePointer<Float>

    init(_ spins: UnsafePointer<Int8>, _ count: Int, _ room: UnsafeMutablePointer<SIMD16<Float>>) {
        (self.count, groups, vector) = (count, (count + 15) / 16, room)
        value = UnsafeMutableRawPointer(room).assumingMemoryBound(to: Float.self)
        vector[groups - 1] = .zero
        for i in 0..<count { value[i] = Float(spins[i]) }
    }

    func store(_ spins: UnsafeMutablePointer<Int8>) {
        for i in 0..<count { spins[i] = value[i] > 0 ? 1 : -1 }
    }

    @inline(__always)
    func product(_ row: UnsafePointer<SIMD16<Float>>) -> Float {
        var sum = row[0] * vector[0]
        for g in 1..<max(1, groups) { sum = sum.addingProduct(row[g], vector[g]) }
        return sum.sum()
    }
}

/// Fields and proposal weights of one chain, w = exp(−s f): those it stands at, or those of the point that is proposed.
private struct GuidedFlips {
    private let s: DenseSpins
    private let fields: UnsafeMutablePointer<SIMD16<Float>>
    private let weights: UnsafeMutablePointer<SIMD16<Float>>
    /// The sums over groups of each lane, and their sum Z.
    private var lanes = SIMD16<Float>.zero
    private(set) var total: Float = 0

    init(_ s: DenseSpins, fields: UnsafeMutablePointer<SIMD16<Float>>, weights: UnsafeMutablePointer<SIMD16<Float>>) {
        (self.s, self.fields, self.weights) = (s, fields, weights)
    }

    /// From the fields of where the spins are.
    mutating func begin(_ numbers: UnsafePointer<Float>) {
        fields[s.groups - 1] = .zero
        UnsafeMutableRawPointer(fields).assumingMemoryBound(to: Float.self).update(from: numbers, count: s.count)
        lanes = .zero
        for g in 0..<s.groups { weigh(g) }
        finish()
    }

    /// Flips a spin: fⱼ′ = fⱼ − 2 sᵢ Jᵢⱼ from the other's fields and this row of J.
    @inline(__always)
    mutating func follow(_ other: GuidedFlips, flipping site: Int, _ row: UnsafePointer<SIMD16<Float>>) {
        let change = SIMD16<Float>(repeating: -2 * s.value[site])
        s.value[site] = -s.value[site]
        lanes = .zero
        for g in 0..<s.groups {
            fields[g] = other.fields[g].addingProduct(change, row[g])
            weigh(g)
        }
        finish()
    }

    @inline(__always)
    private mutating func weigh(_ g: Int) {
        weights[g] = VectorMath.exponential(-(s.vector[g] * fields[g]))
        lanes += weights[g]
    }

    /// Lanes that fill up the last group stand for nothing and weigh nothing.
    @inline(__always)
    private mutating func finish() {
        let (last, used) = (s.groups - 1, s.count - 16 * (s.groups - 1))
        if used < 16 {
            let lane = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
            let filling = lane .>= Int32(used)
            lanes -= SIMD16<Float>.zero.replacing(with: weights[last], where: filling)
            weights[last].replace(with: 0, where: filling)
        }
        total = lanes.sum()
    }

    /// A site in proportion to its weight, from u on [0, 1): first its lane, then its group; what rounding leaves over
    /// falls to the last site there.
    @inline(__always)
    func draw(_ u: Double) -> Int {
        var left = Float(u) * total
        var lane = 0
        let lastLane = min(15, s.count - 1)
        while lane < lastLane, left >= lanes[lane] {
            left -= lanes[lane]
            lane += 1
        }
        let weight = UnsafePointer(UnsafeMutableRawPointer(weights).assumingMemoryBound(to: Float.self))
        let lastSite = s.count - 1 - (s.count - 1 - lane) % 16
        var site = lane
        while site < lastSite, left >= weight[site] {
            left -= weight[site]
            site += 16
        }
        return site
    }
}
