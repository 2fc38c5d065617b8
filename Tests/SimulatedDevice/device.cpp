// A device that behaves like a GPU and is the processor: compiled into the C interface in a GPU's place, it shows where code would fail there.
//
// - Its memory is closed (PROT_NONE) but while one of its own operations runs: code that takes a tensor's elements for the processor's dies.
// - An operation refuses tensors of the processor, unless they are single numbers, and generators of the processor.
// - While work is recorded as a graph nothing runs; reading from the device, or copying to or from it, is an error, and so is replaying a
//   graph one of whose tensors is gone.
//
// What it computes is what the processor computes. Times mean nothing. A file that SIMULATED_DEVICE_REPORT names is written at the end: how many
// operations it was given, how many graphs were recorded and issued, how often the processor read from it.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/core/GraphImplInterface.h>
#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/ops/_copy_from.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>
#include <ATen/native/TensorShape.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <sys/mman.h>
#include <torch/library.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>

namespace {

constexpr auto kind = c10::DeviceType::PrivateUse1;
const c10::Device the_device(kind, 0);

struct Report {
    std::atomic<long> operations = 0, recorded = 0, issued = 0, reads = 0;
    ~Report() {
        const char *name = std::getenv("SIMULATED_DEVICE_REPORT");
        std::FILE *file = name == nullptr ? nullptr : std::fopen(name, "w");
        if (file == nullptr) return;
        std::fprintf(file, "%ld %ld %ld %ld\n", operations.load(), recorded.load(), issued.load(), reads.load());
        std::fclose(file);
    }
} report;

// Memory.

/// Every block that is there, and how many operations are at work on it.
class Memory final : public c10::Allocator {
  public:
    c10::DataPtr allocate(size_t size) override {
        if (size == 0) return {nullptr, nullptr, &release, the_device};
        void *start = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        TORCH_CHECK(start != MAP_FAILED, "simulated device: no memory for ", size, " bytes");
        const std::lock_guard lock(mutex());
        blocks()[start] = {size, 0};
        return {start, start, &release, the_device};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    void copy_data(void *to, const void *from, size_t count) const override {
        open(to), open(const_cast<void *>(from));
        default_copy_data(to, from, count);
        close(to), close(const_cast<void *>(from));
    }

    static void open(void *start) { use(start, +1); }
    static void close(void *start) { use(start, -1); }

  private:
    struct Block { size_t size; int uses; };
    static std::map<void *, Block> &blocks() {
        static auto *all = new std::map<void *, Block>;
        return *all;
    }
    static std::mutex &mutex() {
        static auto *one = new std::mutex;
        return *one;
    }
    static void use(void *start, int change) {
        if (start == nullptr) return;
        const std::lock_guard lock(mutex());
        auto &block = blocks().at(start);
        block.uses += change;
        mprotect(start, block.size, block.uses > 0 ? PROT_READ | PROT_WRITE : PROT_NONE);
    }
    static void release(void *start) {
        if (start == nullptr) return;
        const std::lock_guard lock(mutex());
        munmap(start, blocks().at(start).size);
        blocks().erase(start);
    }
};

Memory memory;

/// Blocks that are open as long as it lives.
class Opened {
  public:
    Opened() = default;
    Opened(const Opened &) = delete;
    ~Opened() {
        for (void *block : blocks) Memory::close(block);
    }
    void add(void *block) {
        Memory::open(block);
        blocks.push_back(block);
    }

  private:
    std::vector<void *> blocks;
};

void *block_of(const at::Tensor &x) { return const_cast<void *>(x.storage().data()); }

bool is_ours(const at::Tensor &x) { return x.defined() && x.device().type() == kind; }

/// The same elements as a tensor of the processor; to be touched only while its block is open.
at::Tensor on_host(const at::Tensor &x) {
    const auto options = at::TensorOptions().dtype(x.dtype()).device(at::kCPU);
    auto *start = static_cast<char *>(block_of(x));
    if (start != nullptr) start += x.storage_offset() * static_cast<int64_t>(x.element_size());
    return at::from_blob(start, x.sizes(), x.strides(), options);
}

at::Tensor empty_like_host(const at::Tensor &x) {
    return at::detail::empty_strided_generic(x.sizes(), x.strides(), &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), x.scalar_type());
}

// Streams: they are told apart, all work is done at once.

thread_local c10::StreamId current_stream = 0;
c10::StreamId next_stream = 1;

struct Recording;
thread_local Recording *recording = nullptr;

struct Guard final : c10::impl::DeviceGuardImplInterface {
    c10::DeviceType type() const override { return kind; }
    c10::Device exchangeDevice(c10::Device) const override { return the_device; }
    c10::Device getDevice() const override { return the_device; }
    void setDevice(c10::Device) const override {}
    void uncheckedSetDevice(c10::Device) const noexcept override {}
    c10::Stream stream(c10::StreamId id) const { return c10::Stream(c10::Stream::UNSAFE, the_device, id); }
    c10::Stream getStream(c10::Device) const override { return stream(current_stream); }
    c10::Stream getDefaultStream(c10::Device) const override { return stream(0); }
    c10::Stream getStreamFromGlobalPool(c10::Device, bool) const override { return stream(next_stream++); }
    c10::Stream exchangeStream(c10::Stream other) const override { return stream(std::exchange(current_stream, other.id())); }
    c10::DeviceIndex deviceCount() const noexcept override { return 1; }
    bool queryStream(const c10::Stream &) const override { return true; }
    void record(void **, const c10::Stream &, const c10::DeviceIndex, const c10::EventFlag) const override {}
    void block(void *, const c10::Stream &) const override {}
    bool queryEvent(void *) const override { return true; }
    void synchronizeStream(const c10::Stream &) const override { refuse_while_recording("waiting for a stream"); }
    void synchronizeDevice(const c10::DeviceIndex) const override { refuse_while_recording("waiting for the device"); }
    static void refuse_while_recording(const char *what) {
        TORCH_CHECK(recording == nullptr, "simulated device: ", what, " while work is recorded");
    }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard)

// Generators: the processor's numbers.

struct Generator final : c10::GeneratorImpl {
    at::Generator inner;
    explicit Generator(at::Generator inner)
        : GeneratorImpl(the_device, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1)), inner(std::move(inner)) {}
    void set_current_seed(uint64_t seed) override { inner.set_current_seed(seed); }
    void set_offset(uint64_t) override { TORCH_CHECK(false, "simulated device: generators have no offset"); }
    uint64_t get_offset() const override { return 0; }
    uint64_t current_seed() const override { return inner.current_seed(); }
    uint64_t seed() override { return inner.seed(); }
    void set_state(const c10::TensorImpl &state) override { inner.unsafeGetGeneratorImpl()->set_state(state); }
    c10::intrusive_ptr<c10::TensorImpl> get_state() const override { return inner.unsafeGetGeneratorImpl()->get_state(); }
    Generator *clone_impl() const override { return new Generator(inner.clone()); }
};

struct Hooks final : at::PrivateUse1HooksInterface {
    bool isBuilt() const override { return true; }
    bool isAvailable() const override { return true; }
    bool hasPrimaryContext(c10::DeviceIndex) const override { return true; }
    c10::DeviceIndex deviceCount() const override { return 1; }
    c10::DeviceIndex getCurrentDevice() const override { return 0; }
    void setCurrentDevice(c10::DeviceIndex) const override {}
    c10::DeviceIndex exchangeDevice(c10::DeviceIndex) const override { return 0; }
    c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex) const override { return 0; }
    const at::Generator &getDefaultGenerator(c10::DeviceIndex) const override {
        static const auto one = at::make_generator<Generator>(at::detail::createCPUGenerator(0));
        return one;
    }
    at::Generator getNewGenerator(c10::DeviceIndex) const override { return getDefaultGenerator(0).clone(); }
};

[[maybe_unused]] const bool registered = [] {
    c10::register_privateuse1_backend("simulated");
    c10::SetAllocator(kind, &memory);
    at::RegisterPrivateUse1HooksInterface(new Hooks);
    return true;
}();

// Operations.

/// Applies visit to each tensor in a value, and puts what it returns in its place.
template <typename Visit> void replace_tensors(c10::IValue &value, Visit visit) {
    if (value.isTensor()) {
        value = visit(value.toTensor());
    } else if (value.isTensorList()) {
        auto list = value.toTensorVector();
        for (auto &x : list) x = visit(x);
        value = c10::List<at::Tensor>(list);
    } else if (value.isOptionalTensorList()) {
        c10::List<std::optional<at::Tensor>> list;
        for (const std::optional<at::Tensor> x : value.toOptionalTensorList()) {
            list.push_back(x.has_value() ? std::optional(visit(*x)) : std::nullopt);
        }
        value = list;
    }
}

bool is_written(const c10::FunctionSchema &schema, size_t index) {
    const auto *alias = schema.arguments()[index].alias_info();
    return alias != nullptr && alias->isWrite();
}

/// One recorded operation: the processor's on the same memory, and where its results belong.
struct Operation {
    c10::OperatorHandle op;
    torch::jit::Stack arguments;
    std::vector<void *> blocks;
    /// What must still be there: memory that is the caller's. What was made while recording the graph keeps.
    std::vector<c10::weak_intrusive_ptr<c10::StorageImpl>> borrowed;
    std::vector<std::pair<size_t, at::Tensor>> results;
};

struct Recording {
    std::vector<Operation> operations;
    std::vector<at::Tensor> owned;
    bool owns(const at::Tensor &x) const {
        return std::any_of(owned.begin(), owned.end(), [&](const auto &own) { return own.is_alias_of(x); });
    }
};

void call(const c10::OperatorHandle &op, torch::jit::Stack &stack) {
    const at::AutoDispatchBelowADInplaceOrView below;
    op.callBoxed(&stack);
}

/// Runs an operation of the processor on the last arguments of the stack, and replaces them by the device's results.
void run(const c10::OperatorHandle &op, torch::jit::Stack *stack) {
    ++report.operations;
    const auto &schema = op.schema();
    const size_t count = schema.arguments().size();
    const torch::jit::Stack given(stack->end() - static_cast<int64_t>(count), stack->end());
    torch::jit::drop(*stack, count);

    Opened opened;
    Operation operation{op, {}, {}, {}, {}};
    /// Ours, and the processor's for it.
    std::vector<std::pair<at::Tensor, at::Tensor>> pairs;
    torch::jit::Stack arguments = given;
    for (size_t i = 0; i < count; ++i) {
        auto &argument = arguments[i];
        if (argument.isDevice()) argument = c10::Device(at::kCPU);
        if (argument.isGenerator()) {
            const auto generator = argument.toGenerator();
            TORCH_CHECK(generator.device().type() == kind, "simulated device: ", op.operator_name(), " with a generator of the processor");
            TORCH_CHECK(recording == nullptr, "simulated device: random numbers drawn while work is recorded");
            argument = static_cast<Generator *>(generator.unsafeGetGeneratorImpl())->inner;
        }
        replace_tensors(argument, [&](const at::Tensor &x) -> at::Tensor {
            if (!x.defined()) return x;
            if (!is_ours(x)) {
                TORCH_CHECK(
                    x.dim() == 0, "simulated device: all tensors must be on the same device, but argument ", i, " of ", op.operator_name(),
                    " is on ", x.device());
                return x;
            }
            // A result that is still to be given its size.
            if (x.numel() == 0 && is_written(schema, i)) return pairs.emplace_back(x, at::empty({0}, x.options().device(at::kCPU))).second;
            opened.add(block_of(x));
            return pairs.emplace_back(x, on_host(x)).second;
        });
    }
    if (recording != nullptr) {
        // Nothing is written but copies: only the results' shapes are wanted.
        for (const auto &[ours, host] : pairs) {
            operation.blocks.push_back(block_of(ours));
            if (!recording->owns(ours)) operation.borrowed.emplace_back(ours.storage().getWeakStorageImpl());
        }
        operation.arguments = arguments;
        for (size_t i = 0; i < count; ++i) {
            if (!is_written(schema, i)) continue;
            replace_tensors(arguments[i], [&](const at::Tensor &x) {
                const auto copy = x.clone();
                for (auto &[ours, host] : pairs) {
                    if (host.is_same(x)) host = copy;
                }
                return copy;
            });
        }
    }
    call(op, arguments);

    for (size_t i = 0; i < arguments.size(); ++i) {
        replace_tensors(arguments[i], [&](const at::Tensor &x) -> at::Tensor {
            if (!x.defined()) return x;
            for (const auto &[ours, host] : pairs) {
                if (!host.is_same(x)) continue;
                if (ours.numel() == 0 && x.numel() > 0) {
                    TORCH_CHECK(recording == nullptr, "simulated device: a result is resized while work is recorded");
                    ours.resize_(x.sizes());
                    at::_copy_from(x, ours);
                }
                return ours;
            }
            auto made = empty_like_host(x);
            Opened result;
            result.add(block_of(made));
            on_host(made).copy_(x);
            if (recording != nullptr) {
                operation.results.emplace_back(i, made);
                operation.blocks.push_back(block_of(made));
                recording->owned.push_back(made);
            }
            return made;
        });
    }
    if (recording != nullptr) recording->operations.push_back(std::move(operation));
    stack->insert(stack->end(), arguments.begin(), arguments.end());
}

void replay(const Operation &operation) {
    for (const auto &storage : operation.borrowed) {
        TORCH_CHECK(!storage.expired(), "simulated device: a graph's ", operation.op.operator_name(), " uses a tensor that is gone");
    }
    Opened opened;
    for (void *block : operation.blocks) opened.add(block);
    torch::jit::Stack stack = operation.arguments;
    call(operation.op, stack);
    for (const auto &[index, tensor] : operation.results) on_host(tensor).copy_(stack[index].toTensor());
}

at::Tensor empty(
    c10::IntArrayRef size, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>, std::optional<bool>,
    std::optional<at::MemoryFormat> format) {
    const at::Tensor made = at::detail::empty_generic(
        size, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), dtype.value_or(at::kFloat), format);
    if (recording != nullptr) recording->owned.push_back(made);
    return made;
}

at::Tensor empty_strided(
    c10::IntArrayRef size, c10::IntArrayRef stride, std::optional<at::ScalarType> dtype, std::optional<at::Layout>, std::optional<at::Device>,
    std::optional<bool>) {
    const at::Tensor made = at::detail::empty_strided_generic(
        size, stride, &memory, c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), dtype.value_or(at::kFloat));
    if (recording != nullptr) recording->owned.push_back(made);
    return made;
}

const at::Tensor &resize_(const at::Tensor &self, c10::IntArrayRef size, std::optional<at::MemoryFormat>) {
    auto *tensor = self.unsafeGetTensorImpl();
    const auto bytes = static_cast<size_t>(c10::multiply_integers(size)) * self.element_size();
    if (bytes > self.storage().nbytes()) {
        TORCH_CHECK(self.storage().nbytes() == 0, "simulated device: a tensor that holds something does not grow");
        self.storage().set_data_ptr_noswap(memory.allocate(bytes));
        self.storage().set_nbytes(bytes);
    }
    tensor->set_sizes_contiguous(size);
    return self;
}

/// Within the device as an operation like others; from and to the processor at once.
at::Tensor copy_from(const at::Tensor &from, const at::Tensor &to, bool) {
    static const auto copy = c10::Dispatcher::singleton().findSchemaOrThrow("aten::copy_", "");
    if (is_ours(from) && is_ours(to)) {
        torch::jit::Stack stack{to, from, false};
        run(copy, &stack);
        return to;
    }
    Guard::refuse_while_recording("copying from or to the processor");
    if (is_ours(from)) ++report.reads;
    Opened opened;
    for (const auto &x : {from, to}) {
        if (is_ours(x)) opened.add(block_of(x));
    }
    (is_ours(to) ? on_host(to) : to).copy_(is_ours(from) ? on_host(from) : from);
    return to;
}

at::Tensor copy_from_and_resize(const at::Tensor &from, const at::Tensor &to) {
    if (to.numel() == 0) to.resize_(from.sizes());
    return copy_from(from, to, false);
}

at::Scalar local_scalar(const at::Tensor &x) {
    Guard::refuse_while_recording("reading a number");
    ++report.reads;
    Opened opened;
    opened.add(block_of(x));
    return on_host(x).item();
}

at::Tensor reshape_alias(const at::Tensor &x, c10::IntArrayRef size, c10::IntArrayRef stride) {
    return at::native::as_strided_tensorimpl(x, size, stride, x.storage_offset());
}

void convolution(const c10::OperatorHandle &, torch::jit::Stack *stack) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("aten::convolution", "");
    run(op, stack);
}

/// The same but for the bias's shape, which it leaves out.
void convolution_backward(const c10::OperatorHandle &, torch::jit::Stack *stack) {
    static const auto op = c10::Dispatcher::singleton().findSchemaOrThrow("aten::convolution_backward", "");
    const auto weight = (stack->end() - 8)->toTensor();
    stack->insert(stack->end() - 7, c10::IValue(std::vector<int64_t>{weight.size(0)}));
    run(op, stack);
}

/// What is recorded on the current stream between begin and end.
class Graph final : public at::GraphImplInterface {
  public:
    explicit Graph(const at::GraphImplArgs &) {}
    void capture_begin(at::MempoolId_t, at::GraphCaptureMode) override {
        TORCH_CHECK(current_stream != 0, "simulated device: the default stream cannot be recorded");
        Guard::refuse_while_recording("recording begun");
        recording = &held;
        ++report.recorded;
    }
    void capture_end() override {
        TORCH_CHECK(recording == &held, "simulated device: nothing is being recorded here");
        recording = nullptr;
    }
    void instantiate() override {}
    void replay() override {
        Guard::refuse_while_recording("replaying");
        ++report.issued;
        for (const auto &operation : held.operations) ::replay(operation);
    }
    void reset() override { held = {}; }
    at::MempoolId_t pool() const override { return {0, 0}; }
    void enable_debug_mode() override {}
    void debug_dump(const std::string &) override {}

  private:
    Recording held;
};
TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
    m.impl("empty.memory_format", empty);
    m.impl("empty_strided", empty_strided);
    m.impl("resize_", resize_);
    m.impl("as_strided", at::native::as_strided_tensorimpl);
    m.impl("view", [](const at::Tensor &x, c10::IntArrayRef size) { return at::native::view(x, size); });
    m.impl("_reshape_alias", reshape_alias);
    m.impl("_copy_from", copy_from);
    m.impl("_copy_from_and_resize", copy_from_and_resize);
    m.impl("_local_scalar_dense", local_scalar);
    m.impl("convolution_overrideable", torch::CppFunction::makeFromBoxedFunction<&convolution>());
    m.impl("convolution_backward_overrideable", torch::CppFunction::makeFromBoxedFunction<&convolution_backward>());
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&run>()); }

}  // namespace

namespace at {
REGISTER_GRAPH_IMPL(SIMULATED, ::Graph)
}
