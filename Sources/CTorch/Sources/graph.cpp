#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <map>
#include <memory>
#include <stdexcept>

#include "internal.h"

// The CUDA runtime's headers: of the toolkit, or of the wheels nvidia-cuda-runtime and nvidia-cuda-crt.
#if defined(CT_SIMULATED_DEVICE)
#include <ATen/core/GraphImplInterface.h>
#define CT_RECORDS_GRAPHS
namespace {
using Graph = at::GraphImplInterface;
std::unique_ptr<Graph> empty_graph() { return at::create_graph_impl(ct::accelerator); }
}  // namespace
#elif __has_include(<cuda_runtime.h>) && __has_include(<crt/host_config.h>)
#include <ATen/cuda/CUDAGraph.h>
#define CT_RECORDS_GRAPHS
namespace {
using Graph = at::cuda::CUDAGraph;
std::unique_ptr<Graph> empty_graph() { return std::make_unique<Graph>(); }
}  // namespace
#endif

#ifdef CT_RECORDS_GRAPHS

namespace {

Graph &graph(ct_graph handle) { return *reinterpret_cast<Graph *>(handle); }

/// Puts a stream of its own in the current one's place, once the device is idle: the default stream cannot be recorded.
class OnOwnStream {
  public:
    explicit OnOwnStream(at::Device device)
        : onDevice(device), device(device), streams(device.type()), former(streams.getStream(device)) {
        // The same one each time: cuBLAS keeps a workspace for every stream that it meets.
        static thread_local std::map<c10::DeviceIndex, c10::Stream> own;
        const auto found = own.try_emplace(device.index(), streams.getStreamFromGlobalPool(device)).first;
        synchronize();
        streams.exchangeStream(found->second);
    }
    ~OnOwnStream() { streams.exchangeStream(former); }

    void synchronize() { streams.synchronizeDevice(device.index()); }

  private:
    c10::DeviceGuard onDevice;
    at::Device device;
    c10::impl::VirtualGuardImpl streams;
    c10::Stream former;
};

}  // namespace

ct_graph ct_graph_record(ct_device index, void *context, void (*body)(void *)) {
    return ct::guarded<ct_graph>(nullptr, [&] {
        const at::Device device = ct::device(index);
        if (device.is_cpu()) throw std::invalid_argument("the processor's work is not recorded");
        OnOwnStream stream(device);
        body(context);
        stream.synchronize();
        auto made = empty_graph();
        made->capture_begin();
        body(context);
        made->capture_end();
        return reinterpret_cast<ct_graph>(made.release());
    });
}

int32_t ct_graph_replay(ct_graph handle) {
    return ct::status([&] { graph(handle).replay(); });
}

void ct_graph_free(ct_graph handle) { delete &graph(handle); }

#else

ct_graph ct_graph_record(ct_device, void *, void (*)(void *)) {
    return ct::guarded<ct_graph>(nullptr, []() -> ct_graph {
        throw std::runtime_error("this build has no CUDA graphs: the CUDA runtime's headers were not there");
    });
}

int32_t ct_graph_replay(ct_graph) { return -1; }

void ct_graph_free(ct_graph) {}

#endif
