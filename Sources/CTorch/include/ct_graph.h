#ifndef CT_GRAPH_H
#define CT_GRAPH_H

#include "ct_tensor.h"

/// Work on a GPU, recorded once to be issued as a whole: a CUDA graph.
typedef struct ct_graph_impl *ct_graph;

/// Calls body(context) twice: once for real, so that whatever is set up at first use is set up, and once to be recorded, when nothing runs.
/// Both times it must issue the same work on that device, on tensors that outlive the graph; what it makes for itself belongs to
/// the graph. It must not read from the device.
///
/// NULL for the processor, and where the library was compiled without the CUDA runtime's headers.
CT_API ct_graph _Nullable ct_graph_record(
    ct_device device, void *_Nullable context, void (*_Nonnull body)(void *_Nullable context));

/// Issues the recorded work, after all that was issued before.
CT_API int32_t ct_graph_replay(ct_graph _Nonnull graph);

CT_API void ct_graph_free(ct_graph _Nonnull graph);

#endif
