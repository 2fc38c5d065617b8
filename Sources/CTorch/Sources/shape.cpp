#include <ATen/ops/cat.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/stack.h>

#include "internal.h"

using ct::get;

ct_tensor ct_reshape(ct_tensor x, const int64_t *sizes, int32_t rank) {
    return ct::tensor([&] { return get(x).reshape(ct::sizes(sizes, rank)); });
}

ct_tensor ct_expand(ct_tensor x, const int64_t *sizes, int32_t rank) {
    return ct::tensor([&] { return get(x).expand(ct::sizes(sizes, rank)); });
}

ct_tensor ct_permute(ct_tensor x, const int64_t *dimensions, int32_t rank) {
    return ct::tensor([&] { return get(x).permute(ct::sizes(dimensions, rank)); });
}

ct_tensor ct_transpose(ct_tensor x, int64_t a, int64_t b) {
    return ct::tensor([&] { return get(x).transpose(a, b); });
}

ct_tensor ct_unsqueeze(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return get(x).unsqueeze(dimension); });
}

ct_tensor ct_squeeze(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return get(x).squeeze(dimension); });
}

ct_tensor ct_narrow(ct_tensor x, int64_t dimension, int64_t start, int64_t length) {
    return ct::tensor([&] { return get(x).narrow(dimension, start, length); });
}

ct_tensor ct_select(ct_tensor x, int64_t dimension, int64_t index) {
    return ct::tensor([&] { return get(x).select(dimension, index); });
}

ct_tensor ct_cat(const ct_tensor *tensors, int32_t count, int64_t dimension) {
    return ct::tensor([&] { return at::cat(ct::list(tensors, count), dimension); });
}

ct_tensor ct_stack(const ct_tensor *tensors, int32_t count, int64_t dimension) {
    return ct::tensor([&] { return at::stack(ct::list(tensors, count), dimension); });
}

ct_tensor ct_index_select(ct_tensor x, int64_t dimension, ct_tensor indices) {
    return ct::tensor([&] { return get(x).index_select(dimension, get(indices)); });
}

ct_tensor ct_gather(ct_tensor x, int64_t dimension, ct_tensor index) {
    return ct::tensor([&] { return get(x).gather(dimension, get(index)); });
}

ct_tensor ct_scatter(ct_tensor x, int64_t dimension, ct_tensor index, ct_tensor source) {
    return ct::tensor([&] { return get(x).scatter(dimension, get(index), get(source)); });
}

ct_tensor ct_scatter_add(ct_tensor x, int64_t dimension, ct_tensor index, ct_tensor source) {
    return ct::tensor([&] { return get(x).scatter_add(dimension, get(index), get(source)); });
}

int32_t ct_index_copy_(ct_tensor x, int64_t dimension, ct_tensor indices, ct_tensor source) {
    return ct::status([&] { get(x).index_copy_(dimension, get(indices), get(source)); });
}

ct_tensor ct_flip(ct_tensor x, int64_t dimension) {
    return ct::tensor([&] { return get(x).flip(dimension); });
}

ct_tensor ct_repeat_interleave(ct_tensor x, int64_t repeats, int64_t dimension) {
    return ct::tensor([&] { return get(x).repeat_interleave(repeats, dimension); });
}

ct_tensor ct_diag(ct_tensor x) {
    return ct::tensor([&] { return at::diag(get(x)); });
}

ct_tensor ct_tril(ct_tensor x, int64_t diagonal) {
    return ct::tensor([&] { return get(x).tril(diagonal); });
}

ct_tensor ct_triu(ct_tensor x, int64_t diagonal) {
    return ct::tensor([&] { return get(x).triu(diagonal); });
}
