import CTorch

/// Owns one reference to a libtorch tensor and gives it back.
final class Handle {
    let pointer: ct_tensor

    init(_ pointer: ct_tensor) { self.pointer = pointer }

    deinit { ct_tensor_free(pointer) }
}

/// Wraps what libtorch returned; where it refused, that is a programmer's error (a shape, a type, a device that does
/// not fit), and the process traps with libtorch's words.
func wrap(_ pointer: ct_tensor?, function: StaticString = #function) -> Tensor {
    guard let pointer else { refused(function) }
    return Tensor(Handle(pointer))
}

/// The same for a call that yields a status.
func succeed(_ status: Int32, function: StaticString = #function) {
    if status != 0 { refused(function) }
}

func refused(_ function: StaticString) -> Never {
    fatalError("Torch.\(function): \(String(cString: ct_last_error()))")
}

/// Traps with the fault's words where what must hold does not. (A `precondition` is silent in an optimised build.)
package func require(_ holds: Bool, _ fault: @autoclosure () -> String) {
    if !holds { fatalError(fault()) }
}

/// Lends the handles of a list of tensors to one C call.
func withPointers<Result>(_ tensors: [Tensor], _ body: (UnsafePointer<ct_tensor>) -> Result) -> Result {
    let pointers = tensors.map(\.pointer)
    return withExtendedLifetime(tensors) { pointers.withUnsafeBufferPointer { body($0.baseAddress!) } }
}
