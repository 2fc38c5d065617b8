#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <malloc.h>

#include <algorithm>
#include <stdexcept>

#include "internal.h"

namespace {

thread_local std::string last_error;

/// Tensors of some MiB come and go in every step. glibc would map and unmap each, and every step pay for its pages anew:
/// freed memory up to these sizes is kept for the next step instead. (32 MiB is the largest threshold that glibc takes.)
[[maybe_unused]] const bool keeps_freed_memory = [] {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 512 << 20);
    return true;
}();

/// The entry point of the OpenMP runtime that libtorch and its BLAS run on: taking the same one keeps one pool of
/// threads in the process. Null where libtorch was built on another.
using parallel_region = void (*)(void (*)(void *), void *, unsigned, unsigned);
using thread_query = int (*)();

struct Region {
    int64_t count, step;
    void *context;
    void (*body)(void *, int64_t, int64_t, int64_t);
    thread_query number, team;
};

/// The runtime may give fewer threads than were asked for, one inside another parallel region: the parts are dealt out.
void run_parts(void *pointer) {
    const auto &region = *static_cast<Region *>(pointer);
    for (int64_t part = region.number(); part * region.step < region.count; part += region.team()) {
        const int64_t begin = part * region.step;
        region.body(region.context, part, begin, std::min(region.count, begin + region.step));
    }
}

}  // namespace

namespace ct {

void set_last_error(std::string message) { last_error = std::move(message); }

std::string message_of(const std::exception &error) {
    if (const auto *torch_error = dynamic_cast<const c10::Error *>(&error)) {
        return torch_error->what_without_backtrace();
    }
    return error.what();
}

}  // namespace ct

const char *ct_last_error(void) { return last_error.c_str(); }

const char *ct_version(void) { return TORCH_VERSION; }

const char *ct_cpu_capability(void) {
    static const std::string capability = at::get_cpu_capability();
    return capability.c_str();
}

bool ct_cuda_is_available(void) {
    if (ct::accelerator != at::kCUDA) return true;
    return ct::guarded(false, [] { return at::globalContext().hasCUDA(); });
}

int32_t ct_threads(void) { return at::get_num_threads(); }

void ct_set_threads(int32_t count) {
    at::get_num_threads();  // a thread's first question takes over what was last set anywhere: ask before, not after
    at::set_num_threads(std::max(count, 1));
}

void ct_parallel_for(
    int64_t count, int64_t grain, void *context, void (*body)(void *context, int64_t part, int64_t begin, int64_t end)) {
    if (count <= 0) return;
    static const auto region = reinterpret_cast<parallel_region>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
    static const auto number = reinterpret_cast<thread_query>(dlsym(RTLD_DEFAULT, "omp_get_thread_num"));
    static const auto team = reinterpret_cast<thread_query>(dlsym(RTLD_DEFAULT, "omp_get_num_threads"));
    const int64_t threads = at::get_num_threads();
    const int64_t parts = std::max<int64_t>(1, std::min(threads, count / std::max<int64_t>(1, grain)));
    const int64_t step = (count + parts - 1) / parts;
    if (parts == 1) {
        body(context, 0, 0, count);
    } else if (region == nullptr || number == nullptr || team == nullptr) {
        for (int64_t part = 0; part * step < count; ++part) {
            body(context, part, part * step, std::min(count, (part + 1) * step));
        }
    } else {
        Region shared{count, step, context, body, number, team};
        region(run_parts, &shared, static_cast<unsigned>(parts), 0);
    }
}
