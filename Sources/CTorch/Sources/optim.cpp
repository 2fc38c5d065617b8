#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adam.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

#include "internal.h"

int32_t ct_adam_(
    const ct_tensor *parameters, const ct_tensor *gradients, const ct_tensor *first_moments,
    const ct_tensor *second_moments, const ct_tensor *steps, int32_t count, double learning_rate, double beta1,
    double beta2, double epsilon, double weight_decay) {
    return ct::status([&] {
        at::NoGradGuard unrecorded;
        // The fused kernel walks over memory and ignores strides: a transposed gradient must be laid out like its parameter.
        const auto own = ct::list(parameters, count);
        auto dense = ct::list(gradients, count);
        for (int32_t i = 0; i < count; ++i) {
            TORCH_CHECK(own[i].is_contiguous(), "Adam on a parameter that is not contiguous");
            TORCH_CHECK(
                dense[i].sizes() == own[i].sizes(), "a gradient of shape ", dense[i].sizes(), " for a parameter of shape ",
                own[i].sizes());
            dense[i] = dense[i].contiguous();
        }
        at::_fused_adam_(
            own, dense, ct::list(first_moments, count),
            ct::list(second_moments, count), {}, ct::list(steps, count), learning_rate, beta1, beta2, weight_decay,
            epsilon, false, false);
    });
}

ct_tensor ct_clip_grad_norm_(const ct_tensor *handles, int32_t count, double max_norm) {
    return ct::tensor([&] {
        at::NoGradGuard unrecorded;
        const auto gradients = ct::list(handles, count);
        const auto norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)));
        const auto coefficient = norm.add(1e-6).reciprocal().mul(max_norm).clamp_max(1.0);
        at::_foreach_mul_(gradients, coefficient);
        return norm;
    });
}
