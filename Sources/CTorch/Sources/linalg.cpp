#include <ATen/core/grad_mode.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/linalg_cholesky.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/slogdet.h>

#include "internal.h"
#include "product.h"

using ct::get;

namespace {

std::optional<at::Tensor> optional(ct_tensor handle) {
    return handle == nullptr ? std::nullopt : std::optional<at::Tensor>(get(handle));
}

}  // namespace

ct_tensor ct_matmul(ct_tensor a, ct_tensor b) {
    return ct::tensor([&] { return ct::product(get(a), get(b)); });
}

int32_t ct_matmul_out(ct_tensor out, ct_tensor a, ct_tensor b) {
    return ct::status([&] { ct::product_into(get(out), get(a), get(b), 0); });
}

int32_t ct_matmul_add_(ct_tensor out, ct_tensor a, ct_tensor b) {
    return ct::status([&] { ct::product_into(get(out), get(a), get(b), 1); });
}

ct_tensor ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias) {
    return ct::tensor([&] { return ct::linear(get(x), get(weight), optional(bias)); });
}

ct_tensor ct_eigh(ct_tensor x, ct_tensor *eigenvectors) {
    return ct::tensor([&] {
        auto [values, vectors] = at::linalg_eigh(get(x));
        *eigenvectors = ct::own(vectors);
        return values;
    });
}

ct_tensor ct_eigvalsh(ct_tensor x) {
    return ct::tensor([&] { return at::linalg_eigvalsh(get(x)); });
}

ct_tensor ct_cholesky(ct_tensor x) {
    return ct::tensor([&] { return at::linalg_cholesky(get(x)); });
}

ct_tensor ct_solve(ct_tensor a, ct_tensor b) {
    return ct::tensor([&] { return at::linalg_solve(get(a), get(b)); });
}

ct_tensor ct_slogdet(ct_tensor x, ct_tensor *sign) {
    return ct::tensor([&] {
        auto [signs, logarithms] = at::slogdet(get(x));
        *sign = ct::own(signs);
        return logarithms;
    });
}

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
