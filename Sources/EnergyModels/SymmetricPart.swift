import Torch

extension Tensor {
    /// ½ (A + Aᵀ) with zeros on the diagonal for a square matrix A; nothing is recorded.
    package func symmetricPartWithoutDiagonal() -> Tensor {
        require(rank == 2 && size(0) == size(1), "the symmetric part of a tensor of shape \(shape)")
        if device == .cpu && isContiguous {
            if dtype == .float32 { return symmetricPart(Float.self) }
            if dtype == .float64 { return symmetricPart(Double.self) }
        }
        return withoutGradients {
            let upper = (self + transposed()).upperTriangle(1) * 0.5
            return upper + upper.transposed()
        }
    }

    /// By square tiles, so that the columns that are read along stay in the cache; each thread writes rows of its own.
    private func symmetricPart<Element: TensorElement & BinaryFloatingPoint>(_ type: Element.Type) -> Tensor {
        let (d, side) = (size(0), 32)
        let output = Tensor.empty([d, d], dtype: dtype)
        let (from, to) = (unsafeElements(type), output.unsafeElements(type))
        parallelFor((d + side - 1) / side, grain: 4) { _, tiles in
            for row in stride(from: tiles.lowerBound * side, to: Swift.min(d, tiles.upperBound * side), by: side) {
                for column in stride(from: 0, to: d, by: side) {
                    for i in row..<Swift.min(d, row + side) {
                        for j in column..<Swift.min(d, column + side) { to[i * d + j] = (from[i * d + j] + from[j * d + i]) * 0.5 }
                    }
                }
            }
            for i in tiles.lowerBound * side..<Swift.min(d, tiles.upperBound * side) { to[i * d + i] = 0 }
        }
        return output
    }
}
