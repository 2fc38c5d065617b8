#ifndef CT_CONVOLUTION_H
#define CT_CONVOLUTION_H

#include "ct_tensor.h"

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
