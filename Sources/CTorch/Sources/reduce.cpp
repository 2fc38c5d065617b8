#include <ATen/ops/argmax.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/sort.h>

#include <numeric>
#include <stdexcept>

#include "internal.h"

using ct::get;

ct_tensor ct_reduce(ct_reduction reduction, ct_tensor handle, const int64_t *dimensions, int32_t rank, bool keep) {
    return ct::tensor([&]() -> at::Tensor {
        const auto &x = get(handle);
        std::vector<int64_t> over(dimensions, dimensions + rank);
        if (rank == 0) {
            over.resize(static_cast<size_t>(x.dim()));
            std::iota(over.begin(), over.end(), 0);
        }
        switch (reduction) {
        case CT_SUM: return x.sum(over, keep);
        case CT_MEAN: return x.mean(over, keep);
        case CT_AMAX: return x.amax(over, keep);
        case CT_AMIN: return x.amin(over, keep);
        case CT_LOGSUMEXP: return at::logsumexp(x, over, keep);
        case CT_VAR: return x.var(at::OptionalIntArrayRef(over), std::optional<at::Scalar>(1), keep);
        case CT_NORM: return at::linalg_vector_norm(x, 2, at::OptionalIntArrayRef(over), keep);
        case CT_ANY: return x.any(at::OptionalIntArrayRef(over), keep);
        case CT_ALL: return x.all(at::OptionalIntArrayRef(over), keep);
        }
        throw std::invalid_argument("unknown reduction");
    });
}

ct_tensor ct_argmax(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return at::argmax(get(x), dimension); });
}

ct_tensor ct_softmax(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return at::softmax(get(x), dimension); });
}

ct_tensor ct_log_softmax(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return at::log_softmax(get(x), dimension); });
}

ct_tensor ct_cumsum(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return get(x).cumsum(dimension); });
}

ct_tensor ct_sort(ct_tensor x, int64_t dimension, bool descending, ct_tensor *indices) {
    return ct::tensor([&] {
        auto [values, order] = at::sort(get(x), dimension, descending);
        *indices = ct::own(order);
        return values;
    });
}
