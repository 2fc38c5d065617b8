#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>

#include "CTorch.h"

#include <torch/headeronly/version.h>

#if TORCH_VERSION_MAJOR != 2 || TORCH_VERSION_MINOR < 11
#error "this library needs libtorch 2.11 or later; run 'make setup', or set LIBTORCH to one"
#endif

namespace ct {

/// What ct_device counts. Builds for tests put a simulated device in a GPU's place: see Tests/SimulatedDevice.
#ifdef CT_SIMULATED_DEVICE
constexpr at::DeviceType accelerator = at::kPrivateUse1;
#else
constexpr at::DeviceType accelerator = at::kCUDA;
#endif

inline at::Tensor &get(ct_tensor handle) { return *reinterpret_cast<at::Tensor *>(handle); }

/// The tensor of a handle that may be NULL.
inline std::optional<at::Tensor> optional(ct_tensor handle) {
    return handle == nullptr ? std::nullopt : std::optional<at::Tensor>(get(handle));
}

inline ct_tensor own(at::Tensor tensor) {
    return reinterpret_cast<ct_tensor>(new at::Tensor(std::move(tensor)));
}

void set_last_error(std::string message);

/// What libtorch said, without the backtrace that follows.
std::string message_of(const std::exception &error);

at::ScalarType scalar_type(ct_dtype dtype);
at::Device device(ct_device index);
at::TensorOptions options(ct_dtype dtype, ct_device index);
std::vector<at::Tensor> list(const ct_tensor *tensors, int32_t count);

inline at::IntArrayRef sizes(const int64_t *values, int32_t rank) { return {values, static_cast<size_t>(rank)}; }

/// Runs body and turns what it throws into the failure value and a message.
template <typename Result, typename Body> Result guarded(Result failure, Body body) noexcept {
    try {
        return body();
    } catch (const std::exception &error) {
        set_last_error(message_of(error));
    } catch (...) {
        set_last_error("an unknown C++ exception");
    }
    return failure;
}

/// A body that yields a tensor.
template <typename Body> ct_tensor tensor(Body body) noexcept {
    return guarded<ct_tensor>(nullptr, [&] { return own(body()); });
}

/// A body that yields nothing.
template <typename Body> int32_t status(Body body) noexcept {
    return guarded<int32_t>(-1, [&] { body(); return 0; });
}

}  // namespace ct
