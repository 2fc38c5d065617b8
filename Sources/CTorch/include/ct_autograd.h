#ifndef CT_AUTOGRAD_H
#define CT_AUTOGRAD_H

#include "ct_tensor.h"

CT_API bool ct_requires_grad(ct_tensor _Nonnull tensor);
CT_API int32_t ct_set_requires_grad(ct_tensor _Nonnull tensor, bool required);

/// The same elements, cut from the record of operations.
CT_API ct_tensor _Nullable ct_detach(ct_tensor _Nonnull tensor);

/// Whether operations are recorded on the calling thread; ct_set_grad_enabled returns the former setting.
CT_API bool ct_grad_enabled(void);
CT_API bool ct_set_grad_enabled(bool enabled);

/// Writes to gradients the derivative of output (one element, or any shape with output_gradient given) with respect to
/// each input: owned handles, NULL where output does not depend on the input and allow_unused holds. create_graph
/// records the computation so that the gradients can be differentiated again.
CT_API int32_t ct_grad(
    ct_tensor _Nonnull output, ct_tensor _Nullable output_gradient, const ct_tensor _Nonnull *_Nonnull inputs,
    int32_t count, bool retain_graph, bool create_graph, bool allow_unused,
    ct_tensor _Nullable *_Nonnull gradients);

/// The derivative of a recorded function: from the gradient with respect to its output, writes one owned handle for
/// each of its inputs (NULL: no gradient). Returns 0, or -1 to fail.
typedef int32_t (*ct_backward)(void *_Nonnull context, ct_tensor _Nonnull output_gradient,
                               ct_tensor _Nullable *_Nonnull input_gradients);

/// Records that output, computed without recording, came from inputs by a function with this derivative, differentiable
/// once: a second derivative is refused, not dropped. Calls release(context) when the record goes, or at once where
/// nothing is to be recorded.
CT_API int32_t ct_record(
    ct_tensor _Nonnull output, const ct_tensor _Nonnull *_Nonnull inputs, int32_t count, ct_backward _Nonnull backward,
    void (*_Nonnull release)(void *_Nonnull context), void *_Nonnull context);

#endif
