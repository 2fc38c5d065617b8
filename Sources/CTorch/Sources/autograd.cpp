#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <stdexcept>

#include "internal.h"

using ct::get;

namespace {

/// libtorch returns some gradients that are zero throughout as tensors without elements in memory: with them.
at::Tensor with_elements(const at::Tensor &gradient) { return gradient._is_zerotensor() ? gradient.clone() : gradient; }

/// A recorded function whose derivative is the caller's.
struct CallbackNode final : torch::autograd::Node {
    ct_backward backward;
    void (*release)(void *);
    void *context;
    size_t inputs;

    CallbackNode(ct_backward backward, void (*release)(void *), void *context, size_t inputs)
        : backward(backward), release(release), context(context), inputs(inputs) {}

    ~CallbackNode() override { release(context); }

    torch::autograd::variable_list apply(torch::autograd::variable_list &&gradients) override {
        if (at::GradMode::is_enabled()) {
            throw std::runtime_error("this function can be differentiated once only; take the generic path for second derivatives");
        }
        torch::autograd::variable_list out(inputs);
        if (!gradients[0].defined()) return out;
        std::vector<ct_tensor> handles(inputs, nullptr);
        at::Tensor gradient = with_elements(gradients[0]);
        const int32_t failed = backward(context, reinterpret_cast<ct_tensor>(&gradient), handles.data());
        for (size_t i = 0; i < inputs; ++i) {
            if (handles[i] == nullptr) continue;
            out[i] = get(handles[i]);
            ct_tensor_free(handles[i]);
        }
        if (failed != 0) throw std::runtime_error(ct_last_error());
        return out;
    }

    std::string name() const override { return "CallbackNode"; }
};

/// libtorch shares nodes by std::shared_ptr up to 2.12, by c10::intrusive_ptr from 2.13 on.
auto make_node(ct_backward backward, void (*release)(void *), void *context, size_t inputs) {
#if TORCH_VERSION_MINOR >= 13
    return c10::make_intrusive<CallbackNode>(backward, release, context, inputs);
#else
    return std::shared_ptr<CallbackNode>(new CallbackNode(backward, release, context, inputs), torch::autograd::deleteNode);
#endif
}

}  // namespace

bool ct_requires_grad(ct_tensor tensor) { return get(tensor).requires_grad(); }

int32_t ct_set_requires_grad(ct_tensor tensor, bool required) {
    return ct::status([&] { get(tensor).set_requires_grad(required); });
}

ct_tensor ct_detach(ct_tensor tensor) {
    return ct::tensor([&] { return get(tensor).detach(); });
}

bool ct_grad_enabled(void) { return at::GradMode::is_enabled(); }

bool ct_set_grad_enabled(bool enabled) {
    const bool former = at::GradMode::is_enabled();
    at::GradMode::set_enabled(enabled);
    return former;
}

int32_t ct_grad(
    ct_tensor output, ct_tensor output_gradient, const ct_tensor *inputs, int32_t count, bool retain_graph,
    bool create_graph, bool allow_unused, ct_tensor *gradients) {
    return ct::status([&] {
        torch::autograd::variable_list seeds;
        if (output_gradient != nullptr) seeds.push_back(get(output_gradient));
        const auto found = torch::autograd::grad(
            {get(output)}, ct::list(inputs, count), seeds, retain_graph, create_graph, allow_unused);
        for (int32_t i = 0; i < count; ++i) {
            const auto &gradient = found[static_cast<size_t>(i)];
            gradients[i] = gradient.defined() ? ct::own(with_elements(gradient)) : nullptr;
        }
    });
}

int32_t ct_record(
    ct_tensor output, const ct_tensor *inputs, int32_t count, ct_backward backward, void (*release)(void *), void *context) {
    bool handed_over = false;
    const int32_t result = ct::status([&] {
        const auto variables = ct::list(inputs, count);
        bool wanted = false;
        for (const auto &variable : variables) wanted = wanted || variable.requires_grad();
        if (!wanted || !at::GradMode::is_enabled()) return;
        auto node = make_node(backward, release, context, variables.size());
        handed_over = true;
        node->set_next_edges(torch::autograd::collect_next_edges(variables));
        torch::autograd::set_history(get(output), node);
    });
    if (!handed_over) release(context);
    return result;
}
