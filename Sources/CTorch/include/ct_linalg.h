#ifndef CT_LINALG_H
#define CT_LINALG_H

#include "ct_tensor.h"

// Large products of float32 matrices on a CPU are oneDNN's: on processors where it has wider vectors than MKL allows itself they take half the
// time; the sums are in another order.

/// Vectors, matrices and batches of matrices, as libtorch's matmul.
CT_API ct_tensor _Nullable ct_matmul(ct_tensor _Nonnull a, ct_tensor _Nonnull b);

/// out ← a b in place; out is a matrix of the right shape; nothing is recorded.
CT_API int32_t ct_matmul_out(ct_tensor _Nonnull out, ct_tensor _Nonnull a, ct_tensor _Nonnull b);

/// out ← out + a b in place, likewise.
CT_API int32_t ct_matmul_add_(ct_tensor _Nonnull out, ct_tensor _Nonnull a, ct_tensor _Nonnull b);

/// x Wᵀ + b; b may be NULL.
CT_API ct_tensor _Nullable ct_linear(ct_tensor _Nonnull x, ct_tensor _Nonnull weight, ct_tensor _Nullable bias);

/// Eigenvalues, ascending, of symmetric matrices; eigenvectors receives the columns.
CT_API ct_tensor _Nullable ct_eigh(ct_tensor _Nonnull x, ct_tensor _Nullable *_Nonnull eigenvectors);

/// The eigenvalues alone, in less than half the time.
CT_API ct_tensor _Nullable ct_eigvalsh(ct_tensor _Nonnull x);

/// The lower Cholesky factor; fails where x is not positive definite.
CT_API ct_tensor _Nullable ct_cholesky(ct_tensor _Nonnull x);

/// The solution of a x = b.
CT_API ct_tensor _Nullable ct_solve(ct_tensor _Nonnull a, ct_tensor _Nonnull b);

/// log |det x|; sign receives the sign.
CT_API ct_tensor _Nullable ct_slogdet(ct_tensor _Nonnull x, ct_tensor _Nullable *_Nonnull sign);

/// x [N, C, H, W] with weight [O, C, h, w] and bias [O] or NULL: stride and zero padding alike in both directions.
CT_API ct_tensor _Nullable ct_conv2d(
    ct_tensor _Nonnull x, ct_tensor _Nonnull weight, ct_tensor _Nullable bias, int64_t stride, int64_t padding);

/// The gradient of ct_conv2d with respect to x, from the gradient with respect to its result; of x only shape, type and layout count.
/// Nothing is recorded.
CT_API ct_tensor _Nullable ct_conv2d_input_gradient(
    ct_tensor _Nonnull gradient, ct_tensor _Nonnull x, ct_tensor _Nonnull weight, int64_t stride, int64_t padding);

CT_API ct_tensor _Nullable ct_max_pool2d(ct_tensor _Nonnull x, int64_t size, int64_t stride, int64_t padding);
/// The mean over windows: of all size² places, or, unless count_padding holds, of those that are not padding.
CT_API ct_tensor _Nullable ct_avg_pool2d(
    ct_tensor _Nonnull x, int64_t size, int64_t stride, int64_t padding, bool count_padding);

/// ct_conv2d with zero padding of its own for rows and for columns.
CT_API ct_tensor _Nullable ct_conv2d_rectangular(
    ct_tensor _Nonnull x, ct_tensor _Nonnull weight, ct_tensor _Nullable bias, int64_t stride, int64_t padding_rows,
    int64_t padding_columns);

#endif
