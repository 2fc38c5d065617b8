#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/max_pool2d.h>

#include "internal.h"

using ct::get;
using ct::optional;

ct_tensor ct_conv2d(ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding) {
    return ct::tensor([&] {
        return at::conv2d(get(x), get(weight), optional(bias), at::IntArrayRef{stride, stride},
                          at::IntArrayRef{padding, padding});
    });
}

ct_tensor ct_conv2d_input_gradient(
    ct_tensor gradient, ct_tensor x, ct_tensor weight, int64_t stride, int64_t padding) {
    return ct::tensor([&] {
        at::NoGradGuard unrecorded;
        return std::get<0>(at::convolution_backward(
            get(gradient), get(x), get(weight), std::nullopt, at::IntArrayRef{stride, stride},
            at::IntArrayRef{padding, padding}, at::IntArrayRef{1, 1}, false, at::IntArrayRef{0, 0}, 1, {true, false, false}));
    });
}

ct_tensor ct_max_pool2d(ct_tensor x, int64_t size, int64_t stride, int64_t padding) {
    return ct::tensor([&] {
        return at::max_pool2d(get(x), at::IntArrayRef{size, size}, at::IntArrayRef{stride, stride},
                              at::IntArrayRef{padding, padding});
    });
}

ct_tensor ct_avg_pool2d(ct_tensor x, int64_t size, int64_t stride, int64_t padding, bool count_padding) {
    return ct::tensor([&] {
        return at::avg_pool2d(get(x), at::IntArrayRef{size, size}, at::IntArrayRef{stride, stride},
                              at::IntArrayRef{padding, padding}, /*ceil_mode=*/false, count_padding);
    });
}

ct_tensor ct_conv2d_rectangular(
    ct_tensor x, ct_tensor weight, ct_tensor bias, int64_t stride, int64_t padding_rows, int64_t padding_columns) {
    return ct::tensor([&] {
        return at::conv2d(get(x), get(weight), optional(bias), at::IntArrayRef{stride, stride},
                          at::IntArrayRef{padding_rows, padding_columns});
    });
}
