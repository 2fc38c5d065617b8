import Torch

/// Bit vectors, 64 bits to a word. Word k of all rows lies together, so that one row is compared with eight at a time;
/// the rows are filled up with zeros to a multiple of eight.
struct PackedBits {
    let count: Int
    let dimension: Int
    let wordsPerRow: Int
    /// How many rows there are with those that fill up: row i's word k stands at k · paddedCount + i.
    let paddedCount: Int
    private let storage: Tensor

    /// - Parameter x: zeros and ones of any type, shape [n, d].
    init(_ x: Tensor) {
        require(x.rank == 2, "bits of shape \(x.shape), not [n, d]")
        require(((x .== 0) .| (x .== 1)).all(), "bits are 0 or 1")
        let (count, dimension) = (x.size(0), x.size(1))
        let (wordsPerRow, paddedCount) = ((dimension + 63) / 64, (count + 7) / 8 * 8)
        let bytes = x.converted(to: .uint8).moved(to: .cpu).contiguous()
        let storage = Tensor.zeros([wordsPerRow, paddedCount], dtype: .int64)
        let (bits, words) = (bytes.unsafeElements(UInt8.self), storage.unsafeElements(Int64.self))
        parallelFor(count, grain: 256) { _, rows in
            for row in rows {
                for k in 0..<wordsPerRow {
                    var word: UInt64 = 0
                    for bit in 64 * k..<min(64 * k + 64, dimension) {
                        word |= UInt64(bits[row * dimension + bit]) << UInt64(bit - 64 * k)
                    }
                    words[k * paddedCount + row] = Int64(bitPattern: word)
                }
            }
        }
        (self.count, self.dimension, self.wordsPerRow) = (count, dimension, wordsPerRow)
        (self.paddedCount, self.storage) = (paddedCount, withExtendedLifetime(bytes) { storage })
    }

    /// Lends the words, `wordsPerRow` times `paddedCount`.
    func withWords<Result>(_ body: (UnsafePointer<UInt64>) -> Result) -> Result {
        let count = wordsPerRow * paddedCount
        return withExtendedLifetime(storage) {
            storage.unsafeElements(Int64.self).withMemoryRebound(to: UInt64.self, capacity: count) { body($0) }
        }
    }
}
