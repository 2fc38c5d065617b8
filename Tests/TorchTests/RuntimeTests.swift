import Foundation
import Oracles
import Synchronization
import Testing
import Torch

@Suite struct RuntimeTests {
    // MARK: - Faults

    @Test func aShapeMismatchTrapsWithLibtorchsWords() async {
        let sum = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
        }
        #expect(
            standardError(sum).contains("Torch.+(_:_:): The size of tensor a (3) must match the size of tensor b (4)"))
        let product = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]).matmul(.zeros([4, 5]))
        }
        #expect(standardError(product).contains("mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)"))
        #expect(!standardError(product).contains("frame #"))  // the message alone, without C++'s backtrace
    }

    /// A plain precondition would say nothing in an optimised build.
    @Test func whatSwiftChecksTrapsWithWordsToo() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1.0, 2, 3], shape: [2, 2])
        }
        #expect(standardError(result).contains("3 elements do not fill the shape [2, 2]"))
    }

    @Test func aGradientOfWhatIsNotRecordedTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor([1.0])
            _ = gradients(of: x.sum(), withRespectTo: [x])
        }
        #expect(standardError(result).contains("does not require grad"))
    }

    // MARK: - Devices

    @Test(.disabled(if: Runtime.hasCUDA, "there is a GPU"))
    func aDeviceThatIsNotThereIsRefused() {
        for name in ["cuda", "cuda:0", "cuda:3"] {
            #expect(throws: DeviceError.unavailable(name)) { try Device(validating: name) }
        }
        #expect(
            DeviceError.unavailable("cuda").description
                == "device 'cuda' cannot be used: this libtorch (\(Runtime.version)) reaches no NVIDIA GPU; use cpu")
        #expect(Runtime.version.hasPrefix("2.13."))
    }

    @Test(.disabled(if: Runtime.hasCUDA, "there is a GPU"))
    func aTensorOnADeviceThatIsNotThereTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([1], device: .cuda(0))
        }
        #expect(standardError(result).contains("no CUDA device: this libtorch cannot reach an NVIDIA GPU"))
    }

    @Test func unknownDevicesAreRefused() {
        for name in ["", "gpu", "CPU", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda:1:2", " cpu"] {
            #expect(throws: DeviceError.unknown(name)) { try Device(validating: name) }
        }
        #expect(DeviceError.unknown("gpu").description == "device 'gpu' is not known: use cpu, cuda or cuda:N")
    }

    @Test func theProcessorIsKnown() throws {
        #expect(try Device(validating: "cpu") == .cpu)
        #expect("\(Device.cpu)" == "cpu" && "\(Device.cuda(2))" == "cuda:2")
        #expect(Tensor.zeros([1]).device == .cpu)
    }

    /// Graphs are of a GPU's work: the body is not even called.
    @Test func workOnTheProcessorIsNotRecorded() {
        let fault = #expect(throws: DeviceError.self) { _ = try RecordedWork(on: .cpu) { Issue.record("called") } }
        #expect(
            fault?.description.hasPrefix("work on cpu cannot be recorded as a graph: ") == true,
            "\(String(describing: fault))")
    }

    // MARK: - Threads

    /// The number of threads is put back on the thread that changed it; a synchronous test does not change threads.
    private func withThreads<Result>(_ count: Int, _ body: () -> Result) -> Result {
        let former = Runtime.threads
        Runtime.threads = count
        defer { Runtime.threads = former }
        return body()
    }

    /// Which parts were called for which ranges.
    private func parts(_ count: Int, grain: Int) -> [(part: Int, range: Range<Int>)] {
        let calls = Mutex<[(part: Int, range: Range<Int>)]>([])
        parallelFor(count, grain: grain) { part, range in calls.withLock { $0.append((part, range)) } }
        return calls.withLock { $0 }.sorted { $0.part < $1.part }
    }

    @Test(arguments: [1, 2, 3, 8])
    func parallelForCoversTheRangeOnce(threads: Int) {
        withThreads(threads) {
            #expect(Runtime.threads == threads)
            for count in [0, 1, 2, 7, 64, 1000] {
                for grain in [1, 16, 10_000] {
                    let found = parts(count, grain: grain)
                    #expect(found.flatMap { Array($0.range) } == Array(0..<count))
                    #expect(Set(found.map(\.part)).count == found.count)
                    #expect(found.allSatisfy { 0..<threads ~= $0.part && !$0.range.isEmpty })
                    if grain > count { #expect(found.count <= 1) }
                }
            }
        }
    }

    @Test func thePartitionDependsOnCountGrainAndThreadsAlone() {
        withThreads(3) {
            let first = parts(100, grain: 7)
            #expect(first.count == 3)
            for _ in 0..<20 {
                let again = parts(100, grain: 7)
                #expect(again.map(\.part) == first.map(\.part) && again.map(\.range) == first.map(\.range))
            }
        }
    }

    @Test func aLoopInsideALoopCoversItsRange() {
        withThreads(2) {
            let total = Atomic(0)
            parallelFor(10) { _, outer in
                for _ in outer { parallelFor(10) { _, inner in total.add(inner.count, ordering: .relaxed) } }
            }
            #expect(total.load(ordering: .relaxed) == 100)
        }
    }

    /// libtorch keeps the number by thread, so a change on one never takes threads from a loop that runs on another.
    @Test func theNumberOfThreadsIsTheCallingThreads() {
        let (set, asked) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let seen = Mutex(0)
        withThreads(2) {
            Thread.detachNewThread {
                Runtime.threads = 5
                set.signal()
                asked.wait()
                seen.withLock { $0 = Runtime.threads }
                set.signal()
            }
            set.wait()
            #expect(Runtime.threads == 2)
            Runtime.threads = 3
            asked.signal()
            set.wait()
            #expect(seen.withLock { $0 } == 5)
        }
    }

    @Test func atLeastOneThreadIsKept() {
        withThreads(0) { #expect(Runtime.threads == 1) }
    }
}

@Suite struct MemoryTests {
    /// 10,000 iterations of forward, gradients, clipping and Adam, a recorded function of our own among them, in a
    /// process of their own. A leak of one small tensor an iteration (an object of libtorch and its elements, some 200
    /// bytes) would be 1.8 MiB; the allocator's own drift stays below 1 MiB.
    @Test func aTrainingLoopDoesNotGrow() async {
        await #expect(processExitsWith: .success) {
            Runtime.threads = 1
            let generator = RandomGenerator(seed: 1)
            let layer = Linear(inputs: 8, outputs: 4, using: generator)
            let adam = Adam(layer.parameters, Adam.Settings(learningRate: 1e-3))
            func train(_ iterations: Int) {
                for _ in 0..<iterations {
                    let y = layer(Tensor.normal([16, 8], using: generator))
                    let values = y.detached()
                    let squares = record(values.squared(), from: [y]) { [2 * values * $0] }
                    let found = gradients(of: squares.mean(), withRespectTo: layer.parameters.tensors)
                    clipGradientNorm(found, to: 1)
                    adam.update(found)
                }
            }
            train(1000)
            let before = residentMebibytes()
            train(9000)
            let growth = residentMebibytes() - before
            #expect(growth < 1.5, "grew by \(growth) MiB")
        }
    }
}
