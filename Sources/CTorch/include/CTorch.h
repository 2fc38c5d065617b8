#ifndef CTORCH_H
#define CTORCH_H

/// A C interface to libtorch: handles in, handles out. Nothing of C++ crosses it.
///
/// A function that yields a tensor returns an owned handle, to be given back with ct_tensor_free, or NULL where
/// libtorch refused; a function that yields a status returns 0, or -1. After NULL or -1, ct_last_error says why.
/// A handle argument is borrowed unless its comment says otherwise; no argument may be NULL unless its comment says so.
/// Handles may be used from any thread, one thread at a time.

#include "ct_runtime.h"
#include "ct_tensor.h"
#include "ct_pointwise.h"
#include "ct_reduce.h"
#include "ct_shape.h"
#include "ct_linalg.h"
#include "ct_convolution.h"
#include "ct_random.h"
#include "ct_autograd.h"
#include "ct_optim.h"
#include "ct_graph.h"

#endif
