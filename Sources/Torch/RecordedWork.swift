import CTorch

/// Work on a GPU that is recorded once and issued again as a whole: a CUDA graph. It spares what issuing each of its
/// operations costs.
///
///     let work = try RecordedWork(on: x.device) { x.add(model.inputGradient(x), scale: -1) }   // the first step
///     for _ in 1..<steps { work.issue() }
///     print(x.sum().item())
public final class RecordedWork {
    private let handle: ct_graph
    public let device: Device

    /// Does the work once, and records it as it does it a second time, when nothing is computed.
    ///
    /// - Parameter body: issues the same operations both times, on tensors of that device that stay as long as this
    ///   object. What it leaves in them is its result: tensors that it makes are this object's. It must not read an
    ///   element, nor draw random numbers.
    /// - Throws: `DeviceError.recordsNothing` for the processor, and where the library was compiled without CUDA's
    ///   headers.
    public init(on device: Device, _ body: () -> Void) throws {
        self.device = device
        handle = try withoutActuallyEscaping(body) { body in
            var box = body
            let made = withUnsafeMutablePointer(to: &box) {
                ct_graph_record(device.code, $0) { $0!.assumingMemoryBound(to: (() -> Void).self).pointee() }
            }
            guard let made else { throw DeviceError.recordsNothing(device, reason: String(cString: ct_last_error())) }
            return made
        }
    }

    deinit { ct_graph_free(handle) }

    /// Does it again, after all that was issued before.
    public func issue() { succeed(ct_graph_replay(handle)) }
}
