import CTorch

extension Tensor {
    /// Whether operations on this tensor are recorded for gradients.
    public var requiresGradient: Bool { ct_requires_grad(pointer) }

    /// Asks that operations on this tensor, which holds numbers of its own, be recorded from now on.
    @discardableResult
    public func requiringGradient(_ required: Bool = true) -> Tensor {
        succeed(ct_set_requires_grad(pointer, required))
        return self
    }

    /// The same elements, cut from the record: a constant to every gradient.
    public func detached() -> Tensor { wrap(ct_detach(pointer)) }
}

/// Runs body without recording operations for gradients.
public func withoutGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let former = ct_set_grad_enabled(false)
    defer { _ = ct_set_grad_enabled(former) }
    return try body()
}

/// Runs body with recording on, also inside `withoutGradients`.
public func withGradients<Result>(_ body: () throws -> Result) rethrows -> Result {
    let former = ct_set_grad_enabled(true)
    defer { _ = ct_set_grad_enabled(former) }
    return try body()
}

/// Whether operations are being recorded on this thread.
public var gradientsAreRecorded: Bool { ct_grad_enabled() }

/// The derivatives of `output` with respect to each of `inputs`, in their order and shapes.
///
/// - Parameters:
///   - output: one element, or any shape with `outputGradient` of that shape: then the vector–Jacobian product.
///   - keepingRecord: whether the record of operations stays for another derivative.
///   - differentiable: records this computation too, for derivatives of second order (implies `keepingRecord`).
///
/// An input that output does not depend on gets zeros.
public func gradients(
    of output: Tensor, withRespectTo inputs: [Tensor], outputGradient: Tensor? = nil, keepingRecord: Bool = false,
    differentiable: Bool = false
) -> [Tensor] {
    require(!inputs.isEmpty, "gradients with respect to nothing")
    var found = [ct_tensor?](repeating: nil, count: inputs.count)
    withPointers(inputs) {
        succeed(
            ct_grad(
                output.pointer, outputGradient?.pointer, $0, Int32(inputs.count), keepingRecord || differentiable,
                differentiable, true, &found))
    }
    return zip(found, inputs).map { pointer, input in pointer.map { wrap($0) } ?? .zeros(like: input) }
}

/// Records that `output`, computed without recording, came from `inputs` by a function with the derivative given.
///
/// The derivative takes the gradient with respect to the output and returns one tensor for each input, nil for none. It
/// may keep what it needs from the forward computation, but not `output` itself, which would keep itself alive: keep
/// `output.detached()`. Differentiating it a second time traps, and says so, rather than dropping terms.
///
/// - Returns: output.
@discardableResult
public func record(
    _ output: Tensor, from inputs: [Tensor], derivative: @escaping (_ outputGradient: Tensor) -> [Tensor?]
) -> Tensor {
    let context = Unmanaged.passRetained(Derivative(derivative, count: inputs.count)).toOpaque()
    withPointers(inputs) {
        succeed(
            ct_record(
                output.pointer, $0, Int32(inputs.count),
                { context, gradient, results in
                    let function = Unmanaged<Derivative>.fromOpaque(context).takeUnretainedValue()
                    return function.call(gradient, results)
                },
                { Unmanaged<Derivative>.fromOpaque($0).release() }, context))
    }
    return output
}

private final class Derivative {
    let function: (Tensor) -> [Tensor?]
    let count: Int

    init(_ function: @escaping (Tensor) -> [Tensor?], count: Int) {
        self.function = function
        self.count = count
    }

    func call(_ gradient: ct_tensor, _ results: UnsafeMutablePointer<ct_tensor?>) -> Int32 {
        // The gradient's handle is libtorch's: this tensor shares its elements.
        let found = function(wrap(ct_detach(gradient)))
        require(found.count == count, "a derivative gave \(found.count) gradients for \(count) inputs")
        for (i, tensor) in found.enumerated() { results[i] = tensor.map { ct_detach($0.pointer)! } }
        return 0
    }
}
