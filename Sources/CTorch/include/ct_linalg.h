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

#endif
