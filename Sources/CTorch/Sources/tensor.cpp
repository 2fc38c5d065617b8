#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>

#include <cstring>
#include <stdexcept>

#include "internal.h"

namespace ct {

at::ScalarType scalar_type(ct_dtype dtype) {
    switch (dtype) {
    case CT_UINT8: return at::kByte;
    case CT_INT32: return at::kInt;
    case CT_INT64: return at::kLong;
    case CT_FLOAT32: return at::kFloat;
    case CT_FLOAT64: return at::kDouble;
    case CT_BOOL: return at::kBool;
    case CT_BFLOAT16: return at::kBFloat16;
    }
    throw std::invalid_argument("unknown element type " + std::to_string(dtype));
}

at::Device device(ct_device index) {
    if (index < 0) return at::Device(at::kCPU);
    if (!ct_cuda_is_available()) throw std::runtime_error("no CUDA device: this libtorch cannot reach an NVIDIA GPU");
    return at::Device(accelerator, static_cast<c10::DeviceIndex>(index));
}

at::TensorOptions options(ct_dtype dtype, ct_device index) {
    return at::TensorOptions().dtype(scalar_type(dtype)).device(device(index));
}

std::vector<at::Tensor> list(const ct_tensor *tensors, int32_t count) {
    std::vector<at::Tensor> out;
    out.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) out.push_back(get(tensors[i]));
    return out;
}

}  // namespace ct

using ct::get;

void ct_tensor_free(ct_tensor tensor) { delete &get(tensor); }

ct_tensor ct_empty(const int64_t *sizes, int32_t rank, ct_dtype dtype, ct_device device) {
    return ct::tensor([&] { return at::empty(ct::sizes(sizes, rank), ct::options(dtype, device)); });
}

ct_tensor ct_full(const int64_t *sizes, int32_t rank, double value, ct_dtype dtype, ct_device device) {
    return ct::tensor([&] { return at::full(ct::sizes(sizes, rank), value, ct::options(dtype, device)); });
}

ct_tensor ct_from_data(const void *data, const int64_t *sizes, int32_t rank, ct_dtype dtype, ct_device device) {
    return ct::tensor([&] {
        auto host = at::empty(ct::sizes(sizes, rank), ct::options(dtype, -1));
        if (host.nbytes() > 0) std::memcpy(host.data_ptr(), data, host.nbytes());
        return device < 0 ? host : host.to(ct::device(device));
    });
}

ct_tensor ct_arange(double start, double end, double step, ct_dtype dtype, ct_device device) {
    return ct::tensor([&] { return at::arange(start, end, step, ct::options(dtype, device)); });
}

ct_tensor ct_eye(int64_t n, ct_dtype dtype, ct_device device) {
    return ct::tensor([&] { return at::eye(n, ct::options(dtype, device)); });
}

int32_t ct_rank(ct_tensor tensor) { return static_cast<int32_t>(get(tensor).dim()); }

int64_t ct_size(ct_tensor tensor, int32_t dimension) { return get(tensor).sizes()[static_cast<size_t>(dimension)]; }

int64_t ct_element_count(ct_tensor tensor) { return get(tensor).numel(); }

ct_device ct_tensor_device(ct_tensor tensor) {
    return get(tensor).device().type() == ct::accelerator ? std::max<int32_t>(0, get(tensor).device().index()) : -1;
}

bool ct_is_contiguous(ct_tensor tensor) { return get(tensor).is_contiguous(); }

int32_t ct_tensor_dtype(ct_tensor tensor) {
    switch (get(tensor).scalar_type()) {
    case at::kByte: return CT_UINT8;
    case at::kInt: return CT_INT32;
    case at::kLong: return CT_INT64;
    case at::kFloat: return CT_FLOAT32;
    case at::kDouble: return CT_FLOAT64;
    case at::kBool: return CT_BOOL;
    case at::kBFloat16: return CT_BFLOAT16;
    default: return -1;
    }
}

void *ct_data(ct_tensor tensor) {
    return ct::guarded<void *>(nullptr, [&] { return get(tensor).mutable_data_ptr(); });
}

int32_t ct_copy_to_host(ct_tensor tensor, void *buffer, int64_t bytes) {
    return ct::status([&] {
        const auto host = get(tensor).detach().to(at::kCPU).contiguous();
        if (static_cast<int64_t>(host.nbytes()) != bytes) throw std::invalid_argument("the buffer's size is not the tensor's");
        if (bytes > 0) std::memcpy(buffer, host.const_data_ptr(), static_cast<size_t>(bytes));
    });
}

int32_t ct_item(ct_tensor tensor, double *value) {
    return ct::status([&] { *value = get(tensor).item().toDouble(); });
}

ct_tensor ct_to(ct_tensor tensor, ct_dtype dtype, ct_device device) {
    return ct::tensor([&] { return get(tensor).to(ct::device(device), ct::scalar_type(dtype)); });
}

ct_tensor ct_clone(ct_tensor tensor) {
    return ct::tensor([&] { return get(tensor).clone(); });
}

ct_tensor ct_contiguous(ct_tensor tensor) {
    return ct::tensor([&] { return get(tensor).contiguous(); });
}

ct_tensor ct_channels_last(ct_tensor tensor) {
    return ct::tensor([&] {
        const auto &x = get(tensor);
        // Images of one channel, or of one pixel, lie both ways at once. Convolutions take them for channel by channel, and so give what they
        // give, unless the strides say otherwise.
        if (x.dim() == 4 && x.is_contiguous() && x.is_contiguous(at::MemoryFormat::ChannelsLast)) {
            return x.view({x.size(0), x.size(2), x.size(3), x.size(1)}).permute({0, 3, 1, 2});
        }
        return x.contiguous(at::MemoryFormat::ChannelsLast);
    });
}

bool ct_is_channels_last(ct_tensor tensor) { return get(tensor).is_contiguous(at::MemoryFormat::ChannelsLast); }

int32_t ct_copy_(ct_tensor destination, ct_tensor source) {
    return ct::status([&] { get(destination).copy_(get(source)); });
}

int32_t ct_fill_(ct_tensor tensor, double value) {
    return ct::status([&] { get(tensor).fill_(value); });
}
