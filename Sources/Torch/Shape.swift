import CTorch

extension Tensor {
    /// The same elements in another shape; one length may be −1 and is then inferred.
    public func reshaped(_ shape: [Int]) -> Tensor { shape.withSizes { wrap(ct_reshape(pointer, $0, $1)) } }

    /// A view in which dimensions of length 1 repeat.
    public func expanded(_ shape: [Int]) -> Tensor { shape.withSizes { wrap(ct_expand(pointer, $0, $1)) } }

    /// A view with the dimensions in another order.
    public func permuted(_ dimensions: [Int]) -> Tensor {
        dimensions.withSizes { wrap(ct_permute(pointer, $0!, $1)) }
    }

    /// A view with two dimensions exchanged.
    public func transposed(_ a: Int = -2, _ b: Int = -1) -> Tensor { wrap(ct_transpose(pointer, Int64(a), Int64(b))) }

    /// A view with a new dimension of length 1.
    public func unsqueezed(_ dimension: Int) -> Tensor { wrap(ct_unsqueeze(pointer, Int64(dimension))) }

    /// A view without a dimension of length 1.
    public func squeezed(_ dimension: Int) -> Tensor { wrap(ct_squeeze(pointer, Int64(dimension))) }

    /// A view of `length` entries from `start` along a dimension.
    public func narrowed(_ dimension: Int, start: Int, length: Int) -> Tensor {
        wrap(ct_narrow(pointer, Int64(dimension), Int64(start), Int64(length)))
    }

    /// A view of one entry along a dimension, which goes.
    public func selected(_ dimension: Int, _ index: Int) -> Tensor {
        wrap(ct_select(pointer, Int64(dimension), Int64(index)))
    }

    /// A view of the i-th entry of the first dimension.
    public subscript(index: Int) -> Tensor { selected(0, index) }

    /// A view of a range of entries of the first dimension.
    public subscript(range: Range<Int>) -> Tensor { narrowed(0, start: range.lowerBound, length: range.count) }

    /// Joined along a dimension that exists.
    public static func concatenated(_ tensors: [Tensor], along dimension: Int = 0) -> Tensor {
        require(!tensors.isEmpty, "nothing to concatenate")
        return withPointers(tensors) { wrap(ct_cat($0, Int32(tensors.count), Int64(dimension))) }
    }

    /// Joined along a new dimension.
    public static func stacked(_ tensors: [Tensor], along dimension: Int = 0) -> Tensor {
        require(!tensors.isEmpty, "nothing to stack")
        return withPointers(tensors) { wrap(ct_stack($0, Int32(tensors.count), Int64(dimension))) }
    }

    /// Entries along a dimension at int64 indices of rank 1.
    public func indexSelected(_ dimension: Int, _ indices: Tensor) -> Tensor {
        wrap(ct_index_select(pointer, Int64(dimension), indices.pointer))
    }

    /// out[i][j] = self[i][index[i][j]] along dimension 1, and so on; int64 index.
    public func gathered(_ dimension: Int, _ index: Tensor) -> Tensor {
        wrap(ct_gather(pointer, Int64(dimension), index.pointer))
    }

    /// A copy with out[i][index[i][j]] = source[i][j] along dimension 1, and so on.
    public func scattered(_ dimension: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
        wrap(ct_scatter(pointer, Int64(dimension), index.pointer, source.pointer))
    }

    /// A copy with source added at index.
    public func scatterAdded(_ dimension: Int, _ index: Tensor, _ source: Tensor) -> Tensor {
        wrap(ct_scatter_add(pointer, Int64(dimension), index.pointer, source.pointer))
    }

    /// In place: entries along a dimension at int64 indices become source's.
    public func assign(_ source: Tensor, along dimension: Int, at indices: Tensor) {
        succeed(ct_index_copy_(pointer, Int64(dimension), indices.pointer, source.pointer))
    }

    /// In the opposite order along a dimension.
    public func reversed(_ dimension: Int) -> Tensor { wrap(ct_flip(pointer, Int64(dimension))) }

    /// Each entry along a dimension `count` times, side by side.
    public func repeated(_ count: Int, along dimension: Int) -> Tensor {
        wrap(ct_repeat_interleave(pointer, Int64(count), Int64(dimension)))
    }

    /// The diagonal of a matrix, or the diagonal matrix of a vector.
    public func diagonal() -> Tensor { wrap(ct_diag(pointer)) }
    /// The lower triangle, zero above the given diagonal.
    public func lowerTriangle(_ diagonal: Int = 0) -> Tensor { wrap(ct_tril(pointer, Int64(diagonal))) }
    /// The upper triangle, zero below the given diagonal.
    public func upperTriangle(_ diagonal: Int = 0) -> Tensor { wrap(ct_triu(pointer, Int64(diagonal))) }
}
