import Torch

extension Tensor {
    /// ½ (A + Aᵀ) with zeros on the diagonal for a square matrix A, shape [d, d]; recorded where gradients are, to any
    /// order.
    package func symmetricPartWithoutDiagonal() -> Tensor {
        require(rank == 2 && size(0) == size(1), "the symmetric part of a tensor of shape \(shape)")
        let isRecorded = gradientsAreRecorded && requiresGradient
        if !isRecorded && device == .cpu && isContiguous {
            if dtype == .float32 { return symmetricPart(Float.self) }
            if dtype == .float64 { return symmetricPart(Double.self) }
        }
        let upper = (self + transposed()).upperTriangle(1) * 0.5
        return upper + upper.transposed()
    }

    /// Works in square tiles of as many rows as a vector has lanes; each thread writes rows of its own.
    private func symmetricPart<Element: TensorElement & BinaryFloatingPoint & SIMDScalar>(_ type: Element.Type)
        -> Tensor
    {
        let d = size(0)
        let output = Tensor.empty([d, d], dtype: dtype)
        let (from, to) = (unsafeElements(type), output.unsafeElements(type))
        let side = SIMD16<Element>.scalarCount
        parallelFor((d + side - 1) / side, grain: 8) { _, tiles in
            withUnsafeTemporaryAllocation(of: SIMD16<Element>.self, capacity: 2 * side) { tile in
                for row in stride(from: tiles.lowerBound * side, to: Swift.min(d, tiles.upperBound * side), by: side) {
                    for column in stride(from: 0, to: d, by: side) {
                        guard row + side <= d && column + side <= d else {
                            for i in row..<Swift.min(d, row + side) {
                                for j in column..<Swift.min(d, column + side) {
                                    to[i * d + j] = (from[i * d + j] + from[j * d + i]) * 0.5
                                }
                            }
                            continue
                        }
                        for k in 0..<side {
                            tile[k] = UnsafeRawPointer(from + (column + k) * d + row).loadUnaligned(
                                as: SIMD16<Element>.self)
                        }
                        transpose(tile)
                        for k in 0..<side {
                            let own = UnsafeRawPointer(from + (row + k) * d + column).loadUnaligned(
                                as: SIMD16<Element>.self)
                            UnsafeMutableRawPointer(to + (row + k) * d + column).storeBytes(
                                of: (own + tile[k]) * 0.5, as: SIMD16<Element>.self)
                        }
                    }
                }
            }
            for i in tiles.lowerBound * side..<Swift.min(d, tiles.upperBound * side) { to[i * d + i] = 0 }
        }
        return output
    }
}

/// Transposes the 16 rows that the first half of `rows` holds; the second half is room to work in.
///
/// Four perfect shuffles: each interleaves row i with row i + 8 into rows 2i and 2i + 1.
@inline(__always)
private func transpose<Element: SIMDScalar>(_ rows: UnsafeMutableBufferPointer<SIMD16<Element>>) {
    let side = 16
    for stage in 0..<4 {
        let (from, to) = stage.isMultiple(of: 2) ? (0, side) : (side, 0)
        for i in 0..<side / 2 {
            let a = rows[from + i]
            let b = rows[from + i + side / 2]
            var (low, high) = (a, a)
            (low.evenHalf, low.oddHalf) = (a.lowHalf, b.lowHalf)
            (high.evenHalf, high.oddHalf) = (a.highHalf, b.highHalf)
            rows[to + 2 * i] = low
            rows[to + 2 * i + 1] = high
        }
    }
}
