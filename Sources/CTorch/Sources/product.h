#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

namespace ct {

/// matmul(a, b), recorded where gradients are.
at::Tensor product(const at::Tensor &a, const at::Tensor &b);

/// out ← beta · out + a b for matrices, beta 0 or 1; nothing is recorded.
void product_into(at::Tensor &out, const at::Tensor &a, const at::Tensor &b, float beta);

/// x Wᵀ + bias, recorded where gradients are.
at::Tensor linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias);

}  // namespace ct
