#ifndef CT_RUNTIME_H
#define CT_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__cplusplus)
#define CT_API extern "C" __attribute__((visibility("default")))
#else
#define CT_API extern
#endif

/// Why the calling thread's last failed call failed: libtorch's own words, without a backtrace. Valid until the
/// thread's next failure.
CT_API const char *_Nonnull ct_last_error(void);

/// The version of libtorch that this library was compiled against, as "2.13.0".
CT_API const char *_Nonnull ct_version(void);

/// The vector instructions that libtorch chose on this processor, as "AVX512".
CT_API const char *_Nonnull ct_cpu_capability(void);

/// Whether this libtorch can reach an NVIDIA GPU now.
CT_API bool ct_cuda_is_available(void);

/// The number of threads that one operation may use, libtorch's kernels, its BLAS and ct_parallel_for alike.
CT_API int32_t ct_threads(void);

/// Sets that number; at least 1.
CT_API void ct_set_threads(int32_t count);

/// Calls body(context, begin, end) over a partition of [0, count) on libtorch's threads, and returns when all have
/// returned. A part has at least grain elements, but the last; the partition depends on count, grain and the number of
/// threads alone. `part` numbers the parts from 0 to less than ct_threads().
CT_API void ct_parallel_for(
    int64_t count, int64_t grain, void *_Nullable context,
    void (*_Nonnull body)(void *_Nullable context, int64_t part, int64_t begin, int64_t end));

#endif
