#ifndef CT_OPTIM_H
#define CT_OPTIM_H

#include "ct_tensor.h"

/// One Adam update in place, on lists of `count` tensors that agree entry by entry in shape and type, by libtorch's
/// fused kernel: weight decay is added to the gradient. Steps are float32 tensors of one element, already advanced.
CT_API int32_t ct_adam_(
    const ct_tensor _Nonnull *_Nonnull parameters, const ct_tensor _Nonnull *_Nonnull gradients,
    const ct_tensor _Nonnull *_Nonnull first_moments, const ct_tensor _Nonnull *_Nonnull second_moments,
    const ct_tensor _Nonnull *_Nonnull steps, int32_t count, double learning_rate, double beta1, double beta2,
    double epsilon, double weight_decay);

/// Scales the gradients in place so that their joint Euclidean norm is at most max_norm (by max_norm / (norm + 1e-6)
/// where that is below 1), and returns the norm before as a tensor of one element.
CT_API ct_tensor _Nullable ct_clip_grad_norm_(
    const ct_tensor _Nonnull *_Nonnull gradients, int32_t count, double max_norm);

#endif
