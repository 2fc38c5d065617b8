#ifndef CT_SHAPE_H
#define CT_SHAPE_H

#include "ct_tensor.h"

/// One size may be -1 and is then inferred.
CT_API ct_tensor _Nullable ct_reshape(ct_tensor _Nonnull x, const int64_t *_Nullable sizes, int32_t rank);
CT_API ct_tensor _Nullable ct_expand(ct_tensor _Nonnull x, const int64_t *_Nullable sizes, int32_t rank);
CT_API ct_tensor _Nullable ct_permute(ct_tensor _Nonnull x, const int64_t *_Nonnull dimensions, int32_t rank);
CT_API ct_tensor _Nullable ct_transpose(ct_tensor _Nonnull x, int64_t a, int64_t b);
CT_API ct_tensor _Nullable ct_unsqueeze(ct_tensor _Nonnull x, int64_t dimension);
CT_API ct_tensor _Nullable ct_squeeze(ct_tensor _Nonnull x, int64_t dimension);

/// A view of `length` entries from `start` along a dimension.
CT_API ct_tensor _Nullable ct_narrow(ct_tensor _Nonnull x, int64_t dimension, int64_t start, int64_t length);

/// A view of one entry along a dimension, which goes.
CT_API ct_tensor _Nullable ct_select(ct_tensor _Nonnull x, int64_t dimension, int64_t index);

CT_API ct_tensor _Nullable ct_cat(const ct_tensor _Nonnull *_Nonnull tensors, int32_t count, int64_t dimension);
CT_API ct_tensor _Nullable ct_stack(const ct_tensor _Nonnull *_Nonnull tensors, int32_t count, int64_t dimension);

/// Entries along a dimension at int64 indices of rank 1.
CT_API ct_tensor _Nullable ct_index_select(ct_tensor _Nonnull x, int64_t dimension, ct_tensor _Nonnull indices);

/// out[i][j] = x[i][index[i][j]] for dimension 1, and so on.
CT_API ct_tensor _Nullable ct_gather(ct_tensor _Nonnull x, int64_t dimension, ct_tensor _Nonnull index);

/// A copy of x with out[i][index[i][j]] = source[i][j] for dimension 1, and so on.
CT_API ct_tensor _Nullable ct_scatter(
    ct_tensor _Nonnull x, int64_t dimension, ct_tensor _Nonnull index, ct_tensor _Nonnull source);

/// The same, adding.
CT_API ct_tensor _Nullable ct_scatter_add(
    ct_tensor _Nonnull x, int64_t dimension, ct_tensor _Nonnull index, ct_tensor _Nonnull source);

/// In place: rows (entries along a dimension) at int64 indices become source's.
CT_API int32_t ct_index_copy_(
    ct_tensor _Nonnull x, int64_t dimension, ct_tensor _Nonnull indices, ct_tensor _Nonnull source);

CT_API ct_tensor _Nullable ct_flip(ct_tensor _Nonnull x, int64_t dimension);

/// Each entry along a dimension `repeats` times, side by side.
CT_API ct_tensor _Nullable ct_repeat_interleave(ct_tensor _Nonnull x, int64_t repeats, int64_t dimension);

/// The diagonal of a matrix, or a diagonal matrix from a vector.
CT_API ct_tensor _Nullable ct_diag(ct_tensor _Nonnull x);
CT_API ct_tensor _Nullable ct_tril(ct_tensor _Nonnull x, int64_t diagonal);
CT_API ct_tensor _Nullable ct_triu(ct_tensor _Nonnull x, int64_t diagonal);

#endif
