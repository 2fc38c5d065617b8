import Foundation
import Torch

// Sums over all states of w, w s and w sᵢ sⱼ. With the high spins fixed, the weights of the 256 low states factorise
// but for the table Q,
//
//     w = e^{A + Σ|gᵢ| + max Q} · e^{Q − max Q} · Πᵢ fᵢ(sᵢ)      fᵢ = 1 where sᵢ agrees with gᵢ, e^{−2|gᵢ|} where not
//
// so a state costs two products and no exponential. All factors but the first are at most 1; the first is held against
// the largest that the block has met. Where Q varies so much that the product could vanish at the likeliest state,
// exponentials of the sums stand in.

extension SpinTables {
    /// Beyond this the smallest table weight e^{Q − max Q} is too near the smallest double.
    private static let largestLowRange = 300.0

    /// e to less than this is no normal double, and slow to find out.
    private static let leastLogarithm = -708.0

    /// log Σ w, ⟨sᵢ⟩ and ⟨sᵢsⱼ⟩ (row-major) of the first `dimension` spins.
    ///
    /// Blocks are shared out over threads, but their sums are added in their order: the result does not depend on the
    /// number of threads.
    func moments(dimension d: Int) -> (logSum: Double, first: [Double], second: [Double]) {
        let stride = BlockSums.vectors(highSpins)
        let memory = UnsafeMutablePointer<Eight>.allocate(capacity: blocks * stride)
        defer { memory.deallocate() }
        memory.initialize(repeating: .zero, count: blocks * stride)
        var shifts = [Double](repeating: -.infinity, count: blocks)
        let factorised = lowMaximum - low.min()! <= Self.largestLowRange
        shifts.withUnsafeMutableBufferPointer { shifts in
            parallelFor(blocks) { _, range in
                for block in range {
                    let sums = BlockSums(memory + block * stride, highSpins: highSpins)
                    shifts[block] = factorised ? addFactorised(block, to: sums) : addExponentials(block, to: sums)
                }
            }
        }
        let shift = shifts.max()!
        let total = BlockSums(memory, highSpins: highSpins)
        total.scale(by: exp(shifts[0] - shift))
        for block in 1..<max(1, blocks) {
            let factor = Eight(repeating: exp(shifts[block] - shift))
            for k in 0..<stride { memory[k].addProduct(factor, memory[block * stride + k]) }
        }
        return summary(total, shift, dimension: d)
    }

    /// - Returns: the block's shift.
    private func addFactorised(_ block: Int, to sums: BlockSums) -> Double {
        var shift = -Double.infinity
        withUnsafeTemporaryAllocation(of: Eight.self, capacity: BlockSums.lowVectors + 4) { buffer in
            let (w, upper) = (buffer.baseAddress!, buffer.baseAddress! + BlockSums.lowVectors)
            let factors = UnsafeMutableRawPointer(upper).assumingMemoryBound(to: Double.self)
            lowWeights.withUnsafeBytes { lowWeights in
                walk(block: block) { _, spins, logWeight, g in
                    let magnitudes = g.replacing(with: -g, where: g .< 0)
                    let largest = logWeight + magnitudes.sum() + lowMaximum
                    if largest > shift {
                        sums.scale(by: exp(shift - largest))
                        shift = largest
                    }
                    var against = Eight.zero
                    for i in 0..<8 { against[i] = exp(-2 * magnitudes[i]) }
                    let one = Eight(repeating: 1)
                    let up = one.replacing(with: against, where: g .< 0)
                    let down = against.replacing(with: one, where: g .< 0)

                    // Spins 0 to 2 vary within a vector; e^{A + …} goes in with them.
                    let lanes =
                        Eight(repeating: exp(largest - shift))
                        * Eight(repeating: down[0]).replacing(with: Eight(repeating: up[0]), where: Self.spin0 .> 0)
                        * Eight(repeating: down[1]).replacing(with: Eight(repeating: up[1]), where: Self.spin1 .> 0)
                        * Eight(repeating: down[2]).replacing(with: Eight(repeating: up[2]), where: Self.spin2 .> 0)
                    // Spins 3 to 7 vary between vectors: 32 products.
                    upper[0] =
                        Eight(repeating: down[3]).replacing(with: Eight(repeating: up[3]), where: Self.spin0 .> 0)
                        * Eight(repeating: down[4]).replacing(with: Eight(repeating: up[4]), where: Self.spin1 .> 0)
                        * Eight(repeating: down[5]).replacing(with: Eight(repeating: up[5]), where: Self.spin2 .> 0)
                    upper[1] = upper[0] * Eight(repeating: up[6])
                    upper[0] *= Eight(repeating: down[6])
                    upper[2] = upper[0] * Eight(repeating: up[7])
                    upper[3] = upper[1] * Eight(repeating: up[7])
                    upper[0] *= Eight(repeating: down[7])
                    upper[1] *= Eight(repeating: down[7])
                    for k in 0..<BlockSums.lowVectors {
                        let own = lowWeights.loadUnaligned(fromByteOffset: k * 64, as: Eight.self)
                        w[k] = lanes * Eight(repeating: factors[k]) * own
                    }
                    sums.add(w, spins)
                }
            }
        }
        return shift
    }

    /// - Returns: the block's shift.
    private func addExponentials(_ block: Int, to sums: BlockSums) -> Double {
        var shift = -Double.infinity
        withUnsafeTemporaryAllocation(of: Eight.self, capacity: BlockSums.lowVectors) { buffer in
            let w = buffer.baseAddress!
            let values = UnsafeMutableRawPointer(w).assumingMemoryBound(to: Double.self)
            walk(block: block) { _, spins, logWeight, g in
                logWeights(fields: g, into: w)
                var largest = values[0]
                for state in 1..<Self.lowStates where values[state] > largest { largest = values[state] }
                if logWeight + largest > shift {
                    sums.scale(by: exp(shift - (logWeight + largest)))
                    shift = logWeight + largest
                }
                for state in 0..<Self.lowStates {
                    let logarithm = values[state] + (logWeight - shift)
                    values[state] = logarithm < Self.leastLogarithm ? 0 : exp(logarithm)
                }
                sums.add(w, spins)
            }
        }
        return shift
    }

    /// Moments from the sums of all blocks. Free low spins double the weight of every state and are left out.
    private func summary(
        _ sums: BlockSums, _ shift: Double, dimension d: Int
    ) -> (logSum: Double, first: [Double], second: [Double]) {
        let n = Self.lowSpins
        var (first, second) = ([Double](repeating: 0, count: d), [Double](repeating: 0, count: d * d))
        func set(_ i: Int, _ j: Int, _ value: Double) { (second[i * d + j], second[j * d + i]) = (value, value) }
        var total = 0.0
        for state in 0..<Self.lowStates {
            let weight = sums.low[state / 8][state % 8]
            total += weight
            for i in 0..<min(n, d) {
                let signed = state >> i & 1 == 1 ? weight : -weight
                first[i] += signed
                for j in 0..<i { second[i * d + j] += state >> j & 1 == 1 ? signed : -signed }
            }
        }
        for i in 0..<min(n, d) {
            first[i] /= total
            for j in 0..<i { set(i, j, second[i * d + j] / total) }
            set(i, i, 1)
        }
        let width = BlockSums.rowVectors(highSpins)
        func row(_ j: Int, _ i: Int) -> Double { sums.rows[j * width + i / 8][i % 8] / total }
        for j in 0..<highSpins {
            first[n + j] = row(highSpins, n + j)
            for i in 0..<n + j { set(i, n + j, row(j, i)) }
            set(n + j, n + j, 1)
        }
        return (shift + log(total) - Double(max(0, n - d)) * log(2), first, second)
    }
}
