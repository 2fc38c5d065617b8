import Torch

/// How many of the n·m pairs (xᵢ, yⱼ) differ in 0, 1, … d bits: d + 1 exact counts.
///
/// Any kernel of the Hamming distance H follows: Σᵢⱼ k(xᵢ, yⱼ) = Σₕ counts[h] k(h). Of a set with itself the pairs are
/// ordered and the n pairs of a point with itself stand at distance 0.
///
/// The cost is n·m·⌈d/64⌉ exclusive ors and population counts, eight to an instruction, and an increment for two pairs
/// (for each, from d = 255 on); memory n·d/8 + m·d/8 bytes and half a megabyte for each thread.
///
/// - Parameters:
///   - x: bits, any type, shape [n, d]; traps where an element is neither 0 nor 1.
///   - y: bits, shape [m, d].
public func hammingHistogram(_ x: Tensor, _ y: Tensor) -> [Int] { hammingHistogram(PackedBits(x), PackedBits(y)) }

// The distances of a row are written down first, then read back as 16-bit symbols: two distances of a byte each, or one
// distance where a byte is too small. Symbols are counted, and at the end each count goes to the distance or the two
// that it stands for.

/// The byte that stands for no distance, where the number of rows is odd.
private let none: UInt8 = 255

func hammingHistogram(_ x: PackedBits, _ y: PackedBits) -> [Int] {
    require(x.dimension == y.dimension, "rows of \(x.dimension) and of \(y.dimension) bits")
    let bytesSuffice = x.dimension < Int(none)
    let symbols = 1 << 16
    let table = Tensor.zeros([Runtime.threads, symbols], dtype: .int64)
    let counts = table.unsafeElements(Int64.self)
    x.withWords { xWords in
        y.withWords { yWords in
            parallelFor(x.count, grain: 64) { part, rows in
                let counts = counts + part * symbols
                let distances = UnsafeMutableRawPointer.allocate(byteCount: 2 * y.paddedCount + 2, alignment: 64)
                defer { distances.deallocate() }
                for row in rows {
                    let read: Int
                    if bytesSuffice {
                        writeDistances(x, xWords + row, y, yWords) { j, eight in
                            distances.storeBytes(
                                of: SIMD8<UInt8>(truncatingIfNeeded: eight), toByteOffset: j, as: SIMD8<UInt8>.self)
                        }
                        distances.storeBytes(of: none, toByteOffset: y.count, as: UInt8.self)
                        read = (y.count + 1) / 2
                    } else {
                        writeDistances(x, xWords + row, y, yWords) { j, eight in
                            distances.storeBytes(
                                of: SIMD8<UInt16>(truncatingIfNeeded: eight), toByteOffset: 2 * j,
                                as: SIMD8<UInt16>.self)
                        }
                        read = y.count
                    }
                    for j in 0..<read { counts[Int(distances.load(fromByteOffset: 2 * j, as: UInt16.self))] += 1 }
                }
            }
        }
    }
    var histogram = [Int](repeating: 0, count: x.dimension + 1)
    for (symbol, count) in table.sum(0).array(Int.self).enumerated() where count > 0 {
        guard bytesSuffice else {
            histogram[symbol] += count
            continue
        }
        for distance in [symbol & 255, symbol >> 8] where distance != none { histogram[distance] += count }
    }
    return histogram
}

/// Hands the distances of one row of x to all rows of y on, eight at a time.
@inline(__always)
private func writeDistances(
    _ x: PackedBits, _ xRow: UnsafePointer<UInt64>, _ y: PackedBits, _ yWords: UnsafePointer<UInt64>,
    _ write: (_ first: Int, _ eight: SIMD8<UInt64>) -> Void
) {
    for j in stride(from: 0, to: y.paddedCount, by: 8) {
        var distance = SIMD8<UInt64>.zero
        for k in 0..<x.wordsPerRow {
            let word = SIMD8(repeating: xRow[k * x.paddedCount])
            let others = UnsafeRawPointer(yWords + k * y.paddedCount + j).loadUnaligned(as: SIMD8<UInt64>.self)
            distance &+= (word ^ others).nonzeroBitCount
        }
        write(j, distance)
    }
}
