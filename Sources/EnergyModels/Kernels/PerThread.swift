import Torch

/// A value for each of libtorch's threads, made by the thread that first asks for it.
final class PerThread<Value> {
    private let values: UnsafeMutableBufferPointer<Value?>
    private let make: () -> Value

    init(_ make: @escaping () -> Value) {
        values = .allocate(capacity: Runtime.threads)
        values.initialize(repeating: nil)
        self.make = make
    }

    deinit {
        values.deinitialize()
        values.deallocate()
    }

    /// The value of a part of `parallelFor`, which one thread works off.
    subscript(part: Int) -> Value {
        if let value = values[part] { return value }
        let value = make()
        values[part] = value
        return value
    }

    /// Those that were asked for, in the order of the parts.
    var used: [Value] { values.compactMap { $0 } }
}
