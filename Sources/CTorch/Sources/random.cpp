#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/Generator.h>
#include <ATen/ops/bernoulli.h>
#include <ATen/ops/multinomial.h>
#include <ATen/ops/nan_to_num.h>
#include <ATen/ops/randperm.h>

#include <mutex>

#include "internal.h"

using ct::get;

namespace {

at::Generator &generator(ct_generator handle) { return *reinterpret_cast<at::Generator *>(handle); }

}  // namespace

ct_generator ct_generator_create(uint64_t seed, ct_device device) {
    return ct::guarded<ct_generator>(nullptr, [&] {
        auto made = device < 0 ? at::detail::createCPUGenerator(seed)
                               : at::globalContext().defaultGenerator(ct::device(device)).clone();
        made.set_current_seed(seed);
        return reinterpret_cast<ct_generator>(new at::Generator(std::move(made)));
    });
}

void ct_generator_free(ct_generator handle) { delete &generator(handle); }

ct_tensor ct_generator_state(ct_generator handle) {
    return ct::tensor([&] { return generator(handle).get_state(); });
}

int32_t ct_generator_set_state(ct_generator handle, ct_tensor state) {
    return ct::status([&] { generator(handle).set_state(get(state)); });
}

uint64_t ct_generator_random64(ct_generator handle) {
    auto *implementation = at::check_generator<at::CPUGeneratorImpl>(generator(handle));
    std::lock_guard<std::mutex> lock(implementation->mutex_);
    return implementation->random64();
}

int32_t ct_uniform_(ct_tensor x, double low, double high, ct_generator handle) {
    return ct::status([&] { get(x).uniform_(low, high, generator(handle)); });
}

int32_t ct_normal_(ct_tensor x, double mean, double deviation, ct_generator handle) {
    return ct::status([&] { get(x).normal_(mean, deviation, generator(handle)); });
}

int32_t ct_exponential_(ct_tensor x, ct_generator handle) {
    return ct::status([&] { get(x).exponential_(1, generator(handle)); });
}

int32_t ct_random_(ct_tensor x, int64_t low, int64_t high, ct_generator handle) {
    return ct::status([&] { get(x).random_(low, high, generator(handle)); });
}

ct_tensor ct_bernoulli(ct_tensor p, ct_generator handle) {
    return ct::tensor([&] { return at::bernoulli(at::nan_to_num(get(p), 0.0), generator(handle)); });
}

ct_tensor ct_multinomial(ct_tensor weights, int64_t count, bool replacement, ct_generator handle) {
    return ct::tensor([&] { return at::multinomial(get(weights), count, replacement, generator(handle)); });
}

ct_tensor ct_permutation(int64_t n, ct_device device, ct_generator handle) {
    return ct::tensor([&] { return at::randperm(n, generator(handle), ct::options(CT_INT64, device)); });
}
