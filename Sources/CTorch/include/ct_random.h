#ifndef CT_RANDOM_H
#define CT_RANDOM_H

#include "ct_tensor.h"

/// An explicit random generator: a 19937-bit Mersenne twister on the processor, Philox on a GPU.
typedef struct ct_generator_impl *ct_generator;

CT_API ct_generator _Nullable ct_generator_create(uint64_t seed, ct_device device);
CT_API void ct_generator_free(ct_generator _Nonnull generator);

/// The whole state as a uint8 tensor on the processor.
CT_API ct_tensor _Nullable ct_generator_state(ct_generator _Nonnull generator);
CT_API int32_t ct_generator_set_state(ct_generator _Nonnull generator, ct_tensor _Nonnull state);

/// One raw draw of 64 bits; on the processor only.
CT_API uint64_t ct_generator_random64(ct_generator _Nonnull generator);

/// In place, on the generator's device: uniform on [low, high); normal; exponential with rate 1.
CT_API int32_t ct_uniform_(ct_tensor _Nonnull x, double low, double high, ct_generator _Nonnull generator);
CT_API int32_t ct_normal_(ct_tensor _Nonnull x, double mean, double deviation, ct_generator _Nonnull generator);
CT_API int32_t ct_exponential_(ct_tensor _Nonnull x, ct_generator _Nonnull generator);

/// In place: integers uniform on [low, high).
CT_API int32_t ct_random_(ct_tensor _Nonnull x, int64_t low, int64_t high, ct_generator _Nonnull generator);

/// Zeros and ones, 1 with probability p, of p's shape and type; 0 where p is NaN.
CT_API ct_tensor _Nullable ct_bernoulli(ct_tensor _Nonnull p, ct_generator _Nonnull generator);

/// int64 indices [rows, count] drawn in proportion to non-negative weights [rows, categories].
CT_API ct_tensor _Nullable ct_multinomial(
    ct_tensor _Nonnull weights, int64_t count, bool replacement, ct_generator _Nonnull generator);

/// A uniform permutation of 0 ..< n.
CT_API ct_tensor _Nullable ct_permutation(int64_t n, ct_device device, ct_generator _Nonnull generator);

#endif
