#include "product.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/native/CPUBlas.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>

namespace at::native {

/// result ← beta · result + alpha · a b by oneDNN. libtorch exports it without a header: weak, because a build without oneDNN has it not.
__attribute__((weak)) TORCH_API void mkldnn_matmul(
    const Tensor &a, const Tensor &b, const Tensor &result, float beta, float alpha);

}  // namespace at::native

namespace {

/// From here on oneDNN's product gains more than its call costs (some 30 µs).
constexpr int64_t least_multiplications = 1 << 20;
constexpr int64_t least_side = 16;
/// The block product reads b anew for every 64 rows of a: beyond this many elements (half a core's second cache) oneDNN's, which packs b,
/// is the faster.
constexpr int64_t most_block_elements = 1 << 17;

bool is_plain(const at::Tensor &x) { return x.is_cpu() && x.scalar_type() == at::kFloat && x.layout() == at::kStrided; }

/// Whether this build has oneDNN's product and takes it on this processor: libtorch refuses it, float32 too, where the instructions for
/// half-width numbers are missing (before AVX-512, or held to less by ONEDNN_MAX_CPU_ISA).
bool has_onednn_product() {
    static const bool found = [] {
        if (at::native::mkldnn_matmul == nullptr) return false;
        try {
            at::NoGradGuard guard;
            at::Tensor a = at::zeros({16, 16}), b = at::zeros({16, 16}), out = at::empty({16, 16});
            at::native::mkldnn_matmul(a, b, out, 0, 1);
            return true;
        } catch (const c10::Error &) {
            return false;
        }
    }();
    return found;
}

bool suits_onednn(int64_t rows, const at::Tensor &a, const at::Tensor &b) {
    if (!is_plain(a) || !is_plain(b) || b.dim() != 2 || a.size(-1) != b.size(0)) return false;
    const int64_t inner = b.size(0), columns = b.size(1);
    return std::min({rows, inner, columns}) >= least_side && rows * inner * columns >= least_multiplications && has_onednn_product();
}

at::Tensor unrecorded(const at::Tensor &a, const at::Tensor &b) {
    at::NoGradGuard guard;
    at::Tensor out = at::empty({a.size(0), b.size(1)}, a.options());
    at::native::mkldnn_matmul(a, b, out, 0, 1);
    return out;
}

/// ∂/∂a = g bᵀ, ∂/∂b = aᵀ g.
struct Product : torch::autograd::Function<Product> {
    static at::Tensor forward(torch::autograd::AutogradContext *context, const at::Tensor &a, const at::Tensor &b) {
        context->save_for_backward({a, b});
        return unrecorded(a, b);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext *context, torch::autograd::variable_list gradients) {
        const auto saved = context->get_saved_variables();
        const auto &gradient = gradients[0];
        return {
            context->needs_input_grad(0) ? ct::product(gradient, saved[1].t()) : at::Tensor(),
            context->needs_input_grad(1) ? ct::product(saved[0].t(), gradient) : at::Tensor(),
        };
    }
};

at::Tensor matrix_product(const at::Tensor &a, const at::Tensor &b) {
    const bool recorded = at::GradMode::is_enabled() && (a.requires_grad() || b.requires_grad());
    return recorded ? Product::apply(a, b) : unrecorded(a, b);
}

/// Whether this processor and this build have libtorch's block product.
bool has_block_product() {
    static const bool found = [] {
        try {
            std::array<float, 256> a{}, b{}, c{};
            at::native::cpublas::brgemm(16, 16, 16, 16, 16, 16, false, a.data(), b.data(), c.data());
            return true;
        } catch (const c10::Error &) {
            return false;
        }
    }();
    return found;
}

bool has_plain_rows(const at::Tensor &x) { return x.stride(1) == 1 && x.stride(0) >= x.size(1); }

/// out ← a b on the calling thread, all three by rows. A call takes some 16 µs less than oneDNN's, which matters for some hundred rows. Its
/// kernel is compiled for the number of rows, so these go by 64 and then by halves.
void block_product(at::Tensor &out, const at::Tensor &a, const at::Tensor &b) {
    const int64_t rows = a.size(0), inner = b.size(0), columns = b.size(1);
    const auto *from = a.const_data_ptr<float>(), *by = b.const_data_ptr<float>();
    auto *to = out.mutable_data_ptr<float>();
    int64_t size = 64;
    for (int64_t row = 0; row < rows; row += size) {
        while (size > rows - row) size /= 2;
        at::native::cpublas::brgemm(
            size, columns, inner, a.stride(0), b.stride(0), out.stride(0), false, from + row * a.stride(0), by, to + row * out.stride(0));
    }
}

}  // namespace

at::Tensor ct::product(const at::Tensor &a, const at::Tensor &b) {
    if (a.dim() < 2 || b.dim() != 2) return at::matmul(a, b);
    const int64_t rows = a.size(-1) > 0 ? a.numel() / a.size(-1) : 0;
    if (!suits_onednn(rows, a, b)) return at::matmul(a, b);
    if (a.dim() == 2) return matrix_product(a, b);
    auto shape = a.sizes().vec();
    shape.back() = b.size(1);
    return matrix_product(a.reshape({rows, a.size(-1)}), b).reshape(shape);
}

void ct::product_into(at::Tensor &out, const at::Tensor &a, const at::Tensor &b, float beta) {
    at::NoGradGuard guard;
    const bool suits = a.dim() == 2 && suits_onednn(a.size(0), a, b) && is_plain(out) && out.is_contiguous()
        && out.dim() == 2 && out.size(0) == a.size(0) && out.size(1) == b.size(1);
    const bool alone = at::in_parallel_region() || at::get_num_threads() == 1;
    const bool by_blocks = alone && beta == 0 && b.numel() <= most_block_elements && has_plain_rows(a) && has_plain_rows(b);
    if (suits && by_blocks && has_block_product()) {
        block_product(out, a, b);
    } else if (suits) {
        at::native::mkldnn_matmul(a, b, out, beta, 1);
    } else if (beta == 0) {
        at::mm_out(out, a, b);
    } else {
        out.addmm_(a, b);
    }
}

at::Tensor ct::linear(const at::Tensor &x, const at::Tensor &weight, const std::optional<at::Tensor> &bias) {
    const int64_t rows = x.dim() >= 2 && x.size(-1) > 0 ? x.numel() / x.size(-1) : 0;
    if (weight.dim() != 2 || !suits_onednn(rows, x, weight.t())) return at::linear(x, weight, bias);
    const at::Tensor out = ct::product(x, weight.t());
    if (!bias.has_value()) return out;
    const bool recorded = at::GradMode::is_enabled() && (out.requires_grad() || bias->requires_grad());
    return recorded ? out.add(*bias) : out.add_(*bias);
}
