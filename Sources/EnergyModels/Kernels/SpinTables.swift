import Foundation

// The states of d spins, split into 8 low ones and d − 8 high ones. The high ones run through a Gray code, so that from
// one state to the next a single spin flips, and what depends on them changes by one row of J:
//
//     log w = A + Σ_{i<8} gᵢ sᵢ + Q(low)      A = Σ_{j<k high} Jⱼₖ sⱼsₖ + Σ_{j high} hⱼsⱼ     gᵢ = hᵢ + Σ_{j high} Jᵢⱼ sⱼ
//
// Q, the couplings among the low spins, is a table of 256 numbers made once. The states of a block agree in all but
// `innerSpins` of the high spins; each block starts from fields and energy computed afresh, so rounding drifts for
// 2^innerSpins flips at most, and what a block gives depends on no other.

/// −E over spins with what a walk through its states needs laid out in vectors of eight. Missing low spins are free:
/// they couple to nothing.
struct SpinTables {
    typealias Eight = SIMD8<Double>

    static let lowSpins = 8
    static let lowStates = 1 << lowSpins
    /// Flips of high spins between two fresh starts: 2^innerSpins − 1.
    static let innerSpins = 10

    let highSpins: Int
    /// gᵢ of no high spins: h of the low spins.
    let lowFields: Eight
    /// Jᵢⱼ of high spin j with the low spins.
    let toLow: [Eight]
    /// Jⱼₖ among high spins, row-major.
    let toHigh: [Double]
    let highFields: [Double]
    /// Q by low state: Σᵢ xᵢ 2^i, the first spin lowest.
    let low: [Double]
    /// The largest of Q.
    let lowMaximum: Double
    /// e^{Q − lowMaximum}
    let lowWeights: [Double]

    /// - Parameter scale: multiplies −E.
    init(_ energy: QuadraticEnergy, scale: Double) {
        let (d, n) = (energy.dimension, Self.lowSpins)
        func coupling(_ i: Int, _ j: Int) -> Double { i < d && j < d ? scale * energy.couplings[i * d + j] : 0 }
        func field(_ i: Int) -> Double { i < d ? scale * energy.fields[i] : 0 }
        let highSpins = max(0, d - n)
        self.highSpins = highSpins
        lowFields = Eight((0..<n).map { field($0) })
        toLow = (0..<highSpins).map { j in Eight((0..<n).map { coupling($0, n + j) }) }
        toHigh = (0..<highSpins * highSpins).map { coupling(n + $0 / highSpins, n + $0 % highSpins) }
        highFields = (0..<highSpins).map { field(n + $0) }
        low = (0..<Self.lowStates).map { state in
            var sum = 0.0
            for i in 0..<n {
                for j in 0..<i { sum += state >> i & 1 == state >> j & 1 ? coupling(i, j) : -coupling(i, j) }
            }
            return sum
        }
        let largest = low.max()!
        lowMaximum = largest
        lowWeights = low.map { exp($0 - largest) }
    }

    var innerSpins: Int { min(highSpins, Self.innerSpins) }
    var blocks: Int { 1 << (highSpins - innerSpins) }
    var statesPerBlock: Int { 1 << innerSpins }

    /// A walk through the states of the high spins in one block.
    ///
    /// - Parameter body: takes the number of the high spins' state, their spins (whole vectors of eight, zero behind
    ///   the last), A and g.
    @inline(__always)
    func walk(
        block: Int, _ body: (_ state: Int, _ spins: UnsafePointer<Eight>, _ logWeight: Double, _ fields: Eight) -> Void
    ) {
        let vectors = (highSpins + 7) / 8
        withUnsafeTemporaryAllocation(of: Eight.self, capacity: vectors + 1) { buffer in
            buffer.initialize(repeating: .zero)
            let spins = UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: Double.self)
            withUnsafeTemporaryAllocation(of: Double.self, capacity: highSpins + 1) { local in
                var state = block << innerSpins
                for j in 0..<highSpins { spins[j] = state >> j & 1 == 1 ? 1 : -1 }
                var (logWeight, fields) = (0.0, lowFields)
                for j in 0..<highSpins {
                    fields.addProduct(Eight(repeating: spins[j]), toLow[j])
                    var sum = 0.0
                    for k in 0..<highSpins { sum += toHigh[j * highSpins + k] * spins[k] }
                    local[j] = highFields[j] + sum
                    logWeight += spins[j] * (highFields[j] + sum / 2)
                }
                body(state, buffer.baseAddress!, logWeight, fields)
                for step in 1..<statesPerBlock {
                    // The Gray code's step: the spin of the lowest set bit of its number.
                    let j = step.trailingZeroBitCount
                    let change = -2 * spins[j]
                    logWeight += change * local[j]
                    spins[j] = -spins[j]
                    state ^= 1 << j
                    fields.addProduct(Eight(repeating: change), toLow[j])
                    for k in 0..<innerSpins { local[k] += change * toHigh[j * highSpins + k] }
                    body(state, buffer.baseAddress!, logWeight, fields)
                }
            }
        }
    }

    /// log w − A of the 256 low states: Q(low) + Σ gᵢ sᵢ.
    @inline(__always)
    func logWeights(fields g: Eight, into table: UnsafeMutablePointer<Eight>) {
        let lanes =
            Eight(repeating: g[0]) * Self.spin0 + Eight(repeating: g[1]) * Self.spin1 + Eight(repeating: g[2])
            * Self.spin2
        low.withUnsafeBytes { low in
            for k in 0..<Self.lowStates / 8 {
                var upper = k & 1 == 1 ? g[3] : -g[3]
                for i in 1..<5 { upper += k >> i & 1 == 1 ? g[3 + i] : -g[3 + i] }
                table[k] = low.loadUnaligned(fromByteOffset: k * 64, as: Eight.self) + lanes + Eight(repeating: upper)
            }
        }
    }

    /// The three lowest spins of the eight states of a vector.
    static let spin0 = Eight(-1, 1, -1, 1, -1, 1, -1, 1)
    static let spin1 = Eight(-1, -1, 1, 1, -1, -1, 1, 1)
    static let spin2 = Eight(-1, -1, -1, -1, 1, 1, 1, 1)
}
