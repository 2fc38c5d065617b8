import CTorch

extension Tensor {
    /// The product of vectors, matrices or batches of matrices.
    public func matmul(_ other: Tensor) -> Tensor { wrap(ct_matmul(pointer, other.pointer)) }

    /// In place: becomes the product of two matrices; nothing is recorded for gradients.
    public func assign(matmul a: Tensor, _ b: Tensor) { succeed(ct_matmul_out(pointer, a.pointer, b.pointer)) }

    /// In place: adds the product of two matrices; nothing is recorded for gradients.
    public func add(matmul a: Tensor, _ b: Tensor) { succeed(ct_matmul_add_(pointer, a.pointer, b.pointer)) }

    /// x Wᵀ + b for x [batch, in], weight [out, in], bias [out].
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) -> Tensor {
        wrap(ct_linear(pointer, weight.pointer, bias?.pointer))
    }

    /// The eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices.
    public func symmetricEigen() -> (values: Tensor, vectors: Tensor) {
        var vectors: ct_tensor?
        let values = wrap(ct_eigh(pointer, &vectors))
        return (values, wrap(vectors))
    }

    /// The eigenvalues, ascending, of symmetric matrices, in less than half the time of both.
    public func symmetricEigenvalues() -> Tensor { wrap(ct_eigvalsh(pointer)) }

    /// The lower Cholesky factor of positive definite matrices; traps where they are not.
    public func cholesky() -> Tensor { wrap(ct_cholesky(pointer)) }

    /// The solution y of self · y = b.
    public func solve(_ b: Tensor) -> Tensor { wrap(ct_solve(pointer, b.pointer)) }

    /// The sign of the determinant and the logarithm of its absolute value.
    public func signAndLogDeterminant() -> (sign: Tensor, logarithm: Tensor) {
        var sign: ct_tensor?
        let logarithm = wrap(ct_slogdet(pointer, &sign))
        return (wrap(sign), logarithm)
    }

    /// Cross-correlation of images [N, C, H, W] with weight [O, C, h, w], plus bias [O].
    public func conv2d(_ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0) -> Tensor {
        wrap(ct_conv2d(pointer, weight.pointer, bias?.pointer, Int64(stride), Int64(padding)))
    }

    /// The gradient of `x.conv2d(weight, …)` with respect to x, self being the gradient with respect to its result. Of
    /// x only shape, type and layout count; nothing is recorded.
    public func conv2dInputGradient(x: Tensor, _ weight: Tensor, stride: Int = 1, padding: Int = 0) -> Tensor {
        wrap(ct_conv2d_input_gradient(pointer, x.pointer, weight.pointer, Int64(stride), Int64(padding)))
    }

    public func maxPool2d(size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
        wrap(ct_max_pool2d(pointer, Int64(size), Int64(stride ?? size), Int64(padding)))
    }

    /// The mean over windows: of all size² places, or, where padding is not counted, of those that are not padding.
    public func averagePool2d(size: Int, stride: Int? = nil, padding: Int = 0, countingPadding: Bool = true) -> Tensor {
        wrap(ct_avg_pool2d(pointer, Int64(size), Int64(stride ?? size), Int64(padding), countingPadding))
    }

    /// `conv2d` with zero padding of its own for rows and for columns, as kernels of 1 × 7 need.
    public func conv2d(_ weight: Tensor, bias: Tensor?, stride: Int, padding: (rows: Int, columns: Int)) -> Tensor {
        wrap(
            ct_conv2d_rectangular(
                pointer, weight.pointer, bias?.pointer, Int64(stride), Int64(padding.rows), Int64(padding.columns)))
    }
}
