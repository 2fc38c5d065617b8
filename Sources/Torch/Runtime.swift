import CTorch

/// Where a tensor's elements lie.
public enum Device: Hashable, Sendable, CustomStringConvertible {
    case cpu
    /// The n-th NVIDIA GPU.
    case cuda(Int)

    init(code: Int32) { self = code < 0 ? .cpu : .cuda(Int(code)) }

    var code: ct_device {
        switch self {
        case .cpu: -1
        case .cuda(let index): ct_device(index)
        }
    }

    /// Reads `cpu`, `cuda` or `cuda:1`, and checks that it is there.
    ///
    /// - Throws: `DeviceError` for another word, or for a GPU that this libtorch cannot reach.
    public init(validating name: String) throws {
        switch name.split(separator: ":", omittingEmptySubsequences: false).map(String.init) {
        case ["cpu"]: self = .cpu
        case ["cuda"]: self = .cuda(0)
        case let parts where parts.count == 2 && parts[0] == "cuda":
            guard let index = Int(parts[1]), "\(index)" == parts[1], index >= 0 else { throw DeviceError.unknown(name) }
            self = .cuda(index)
        default: throw DeviceError.unknown(name)
        }
        if self != .cpu, !Runtime.hasCUDA { throw DeviceError.unavailable(name) }
    }

    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

/// Why a device cannot be used.
public enum DeviceError: Error, Equatable, CustomStringConvertible {
    case unknown(String)
    case unavailable(String)
    case recordsNothing(Device, reason: String)

    public var description: String {
        switch self {
        case .unknown(let name): "device '\(name)' is not known: use cpu, cuda or cuda:N"
        case .unavailable(let name):
            "device '\(name)' cannot be used: this libtorch (\(Runtime.version)) reaches no NVIDIA GPU; use cpu"
        case .recordsNothing(let device, let reason): "work on \(device) cannot be recorded as a graph: \(reason)"
        }
    }
}

/// libtorch itself: its version, its threads.
public enum Runtime {
    /// The version that the C interface was compiled against, as `2.13.0`.
    public static var version: String { String(cString: ct_version()) }

    /// The vector instructions that libtorch uses on this processor, as `AVX512`.
    public static var processorCapability: String { String(cString: ct_cpu_capability()) }

    public static var hasCUDA: Bool { ct_cuda_is_available() }

    /// The number of threads that one operation may use: libtorch's kernels, its BLAS, and the kernels of this library.
    /// Set it on the thread that computes, before it computes. For OpenMP it holds for the thread that sets it and for
    /// those that come to libtorch afterwards, another that has been there keeps its own; for the BLAS it is the
    /// process's.
    public static var threads: Int {
        get { Int(ct_threads()) }
        set { ct_set_threads(Int32(clamping: newValue)) }
    }
}

/// Calls body with the parts of a partition of `0 ..< count` on libtorch's threads, and returns when all are done. The
/// partition depends on count, grain and the number of threads alone, so sums per part are reproducible.
///
/// - Parameters:
///   - grain: the least number of elements worth a thread.
///   - body: takes the part's number, below `Runtime.threads`, and its range. Runs concurrently with itself.
public func parallelFor(_ count: Int, grain: Int = 1, _ body: (_ part: Int, _ range: Range<Int>) -> Void) {
    withoutActuallyEscaping(body) { body in
        var box = body
        withUnsafeMutablePointer(to: &box) { context in
            ct_parallel_for(Int64(count), Int64(grain), context) { context, part, begin, end in
                let body = context!.assumingMemoryBound(to: ((Int, Range<Int>) -> Void).self).pointee
                body(Int(part), Int(begin)..<Int(end))
            }
        }
    }
}
