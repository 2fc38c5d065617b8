#ifndef CT_REDUCE_H
#define CT_REDUCE_H

#include "ct_tensor.h"

typedef enum ct_reduction {
    CT_SUM, CT_MEAN, CT_AMAX, CT_AMIN, CT_LOGSUMEXP,
    CT_VAR,   ///< unbiased: divides by n − 1
    CT_NORM,  ///< Euclidean
    CT_ANY, CT_ALL
} ct_reduction;

/// Reduces over the dimensions given, or over all where rank is 0.
CT_API ct_tensor _Nullable ct_reduce(
    ct_reduction reduction, ct_tensor _Nonnull x, const int64_t *_Nullable dimensions, int32_t rank, bool keep);

/// The index of the largest element along a dimension: the first of equals.
CT_API ct_tensor _Nullable ct_argmax(ct_tensor _Nonnull x, int64_t dimension);

CT_API ct_tensor _Nullable ct_softmax(ct_tensor _Nonnull x, int64_t dimension);
CT_API ct_tensor _Nullable ct_log_softmax(ct_tensor _Nonnull x, int64_t dimension);
CT_API ct_tensor _Nullable ct_cumsum(ct_tensor _Nonnull x, int64_t dimension);

/// Sorted values along a dimension; indices receives the permutation.
CT_API ct_tensor _Nullable ct_sort(
    ct_tensor _Nonnull x, int64_t dimension, bool descending, ct_tensor _Nullable *_Nonnull indices);

#endif
