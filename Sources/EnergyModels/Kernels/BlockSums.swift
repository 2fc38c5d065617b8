import Torch

/// The sums of one block of high states, all times e^{−shift}.
struct BlockSums {
    typealias Eight = SpinTables.Eight

    static let lowVectors = SpinTables.lowStates / 8

    /// The length of y below, in vectors.
    static func rowVectors(_ highSpins: Int) -> Int { 1 + (highSpins + 7) / 8 }
    static func vectors(_ highSpins: Int) -> Int { lowVectors + (highSpins + 1) * rowVectors(highSpins) }

    let highSpins: Int
    /// Σ w over high states, by low state.
    let low: UnsafeMutablePointer<Eight>
    /// Σ sⱼ y for every high spin j, then Σ y, where y = (Σ_low w sᵢ, Σ_low w · s of the high spins).
    let rows: UnsafeMutablePointer<Eight>

    init(_ memory: UnsafeMutablePointer<Eight>, highSpins: Int) {
        (self.highSpins, low, rows) = (highSpins, memory, memory + Self.lowVectors)
    }

    func scale(by factor: Double) {
        for k in 0..<Self.vectors(highSpins) { low[k] *= Eight(repeating: factor) }
    }

    /// Takes in the low states' weights, which are folded away, at one state of the high spins.
    @inline(__always)
    func add(_ w: UnsafeMutablePointer<Eight>, _ spins: UnsafePointer<Eight>) {
        for k in 0..<Self.lowVectors { low[k] += w[k] }
        // Folding the highest spin away sums over it; what lay above is the weight of its being up.
        var up = (Eight.zero, Eight.zero, Eight.zero, Eight.zero, Eight.zero)
        for k in 0..<16 {
            up.4 += w[k + 16]
            w[k] += w[k + 16]
        }
        for k in 0..<8 {
            up.3 += w[k + 8]
            w[k] += w[k + 8]
        }
        for k in 0..<4 {
            up.2 += w[k + 4]
            w[k] += w[k + 4]
        }
        for k in 0..<2 {
            up.1 += w[k + 2]
            w[k] += w[k + 2]
        }
        up.0 = w[1]
        let last = w[0] + w[1]
        let total = Self.sum(last)
        let moments = Eight(
            Self.sum(last * SpinTables.spin0), Self.sum(last * SpinTables.spin1), Self.sum(last * SpinTables.spin2),
            2 * Self.sum(up.0) - total, 2 * Self.sum(up.1) - total, 2 * Self.sum(up.2) - total,
            2 * Self.sum(up.3) - total, 2 * Self.sum(up.4) - total)

        let (width, weight) = (Self.rowVectors(highSpins), Eight(repeating: total))
        let values = UnsafeRawPointer(spins).assumingMemoryBound(to: Double.self)
        for j in 0..<highSpins {
            let spin = Eight(repeating: values[j])
            rows[j * width].addProduct(spin, moments)
            let weightedSpin = spin * weight
            for c in 1..<width { rows[j * width + c].addProduct(weightedSpin, spins[c - 1]) }
        }
        rows[highSpins * width] += moments
        for c in 1..<width { rows[highSpins * width + c].addProduct(weight, spins[c - 1]) }
    }

    @inline(__always)
    private static func sum(_ v: Eight) -> Double {
        let four = v.lowHalf + v.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
