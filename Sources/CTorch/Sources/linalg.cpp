#include <ATen/ops/linalg_cholesky.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_eigvalsh.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/slogdet.h>

#include "internal.h"
#include "product.h"

using ct::get;
using ct::optional;

ct_tensor ct_matmul(ct_tensor a, ct_tensor b) {
    return ct::tensor([&] { return ct::product(get(a), get(b)); });
}

int32_t ct_matmul_out(ct_tensor out, ct_tensor a, ct_tensor b) {
    return ct::status([&] { ct::product_into(get(out), get(a), get(b), 0); });
}

int32_t ct_matmul_add_(ct_tensor out, ct_tensor a, ct_tensor b) {
    return ct::status([&] { ct::product_into(get(out), get(a), get(b), 1); });
}

ct_tensor ct_linear(ct_tensor x, ct_tensor weight, ct_tensor bias) {
    return ct::tensor([&] { return ct::linear(get(x), get(weight), optional(bias)); });
}

ct_tensor ct_eigh(ct_tensor x, ct_tensor *eigenvectors) {
    return ct::tensor([&] {
        auto [values, vectors] = at::linalg_eigh(get(x));
        *eigenvectors = ct::own(vectors);
        return values;
    });
}

ct_tensor ct_eigvalsh(ct_tensor x) {
    return ct::tensor([&] { return at::linalg_eigvalsh(get(x)); });
}

ct_tensor ct_cholesky(ct_tensor x) {
    return ct::tensor([&] { return at::linalg_cholesky(get(x)); });
}

ct_tensor ct_solve(ct_tensor a, ct_tensor b) {
    return ct::tensor([&] { return at::linalg_solve(get(a), get(b)); });
}

ct_tensor ct_slogdet(ct_tensor x, ct_tensor *sign) {
    return ct::tensor([&] {
        auto [signs, logarithms] = at::slogdet(get(x));
        *sign = ct::own(signs);
        return logarithms;
    });
}
