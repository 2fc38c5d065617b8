import CTorch

// Functions of one or two elements. Shapes broadcast and types promote as libtorch does.

extension Tensor {
    private func unary(_ op: ct_unary_op, function: StaticString = #function) -> Tensor {
        wrap(ct_unary(op, pointer), function: function)
    }

    private func binary(_ op: ct_binary_op, _ other: Tensor, function: StaticString = #function) -> Tensor {
        wrap(ct_binary(op, pointer, other.pointer), function: function)
    }

    private func binary(_ op: ct_binary_op, _ other: Double, function: StaticString = #function) -> Tensor {
        wrap(ct_binary_scalar(op, pointer, other), function: function)
    }

    public static prefix func - (x: Tensor) -> Tensor { x.unary(CT_NEG) }

    public static func + (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_ADD, b) }
    public static func - (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_SUB, b) }
    public static func * (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_MUL, b) }
    public static func / (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_DIV, b) }

    public static func + (a: Tensor, b: Double) -> Tensor { a.binary(CT_ADD, b) }
    public static func - (a: Tensor, b: Double) -> Tensor { a.binary(CT_SUB, b) }
    public static func * (a: Tensor, b: Double) -> Tensor { a.binary(CT_MUL, b) }
    public static func / (a: Tensor, b: Double) -> Tensor { a.binary(CT_DIV, b) }

    public static func + (a: Double, b: Tensor) -> Tensor { b.binary(CT_ADD, a) }
    public static func - (a: Double, b: Tensor) -> Tensor { -b + a }
    public static func * (a: Double, b: Tensor) -> Tensor { b.binary(CT_MUL, a) }
    public static func / (a: Double, b: Tensor) -> Tensor { b.unary(CT_RECIPROCAL) * a }

    public func raised(to power: Double) -> Tensor { binary(CT_POW, power) }
    public func raised(to power: Tensor) -> Tensor { binary(CT_POW, power) }

    public func abs() -> Tensor { unary(CT_ABS) }
    public func sign() -> Tensor { unary(CT_SIGN) }
    public func exp() -> Tensor { unary(CT_EXP) }
    /// e^x − 1 without cancellation.
    public func expm1() -> Tensor { unary(CT_EXPM1) }
    public func log() -> Tensor { unary(CT_LOG) }
    /// log(1 + x) without cancellation.
    public func log1p() -> Tensor { unary(CT_LOG1P) }
    public func squareRoot() -> Tensor { unary(CT_SQRT) }
    public func squared() -> Tensor { unary(CT_SQUARE) }
    public func sin() -> Tensor { unary(CT_SIN) }
    public func cos() -> Tensor { unary(CT_COS) }
    public func tanh() -> Tensor { unary(CT_TANH) }
    public func floor() -> Tensor { unary(CT_FLOOR) }
    public func ceil() -> Tensor { unary(CT_CEIL) }
    /// To the nearest whole number, ties to even.
    public func rounded() -> Tensor { unary(CT_ROUND) }

    /// 1 / (1 + e^−x)
    public func sigmoid() -> Tensor { unary(CT_SIGMOID) }
    /// log(1 / (1 + e^−x)), finite for every finite x.
    public func logSigmoid() -> Tensor { unary(CT_LOG_SIGMOID) }
    /// log(1 + e^x)
    public func softplus() -> Tensor { unary(CT_SOFTPLUS) }
    /// x / (1 + e^−x)
    public func silu() -> Tensor { unary(CT_SILU) }
    /// max(x, 0)
    public func relu() -> Tensor { unary(CT_RELU) }
    /// e^−|x| I₀(x), the modified Bessel function of order 0, scaled so that it does not overflow.
    public func scaledBesselI0() -> Tensor { unary(CT_I0E) }
    /// x where x > 0, else slope · x.
    public func leakyReLU(slope: Double) -> Tensor { wrap(ct_leaky_relu(pointer, slope)) }

    /// The larger, element by element.
    public func maximum(_ other: Tensor) -> Tensor { binary(CT_MAXIMUM, other) }
    public func maximum(_ other: Double) -> Tensor { binary(CT_MAXIMUM, other) }
    /// The smaller, element by element.
    public func minimum(_ other: Tensor) -> Tensor { binary(CT_MINIMUM, other) }
    public func minimum(_ other: Double) -> Tensor { binary(CT_MINIMUM, other) }

    // Comparisons and logic give boolean tensors.

    public static func .== (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_EQ, b) }
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_NE, b) }
    public static func .< (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_LT, b) }
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_LE, b) }
    public static func .> (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_GT, b) }
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_GE, b) }
    public static func .== (a: Tensor, b: Double) -> Tensor { a.binary(CT_EQ, b) }
    public static func .!= (a: Tensor, b: Double) -> Tensor { a.binary(CT_NE, b) }
    public static func .< (a: Tensor, b: Double) -> Tensor { a.binary(CT_LT, b) }
    public static func .<= (a: Tensor, b: Double) -> Tensor { a.binary(CT_LE, b) }
    public static func .> (a: Tensor, b: Double) -> Tensor { a.binary(CT_GT, b) }
    public static func .>= (a: Tensor, b: Double) -> Tensor { a.binary(CT_GE, b) }
    public static func .& (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_AND, b) }
    public static func .| (a: Tensor, b: Tensor) -> Tensor { a.binary(CT_OR, b) }
    public static prefix func .! (x: Tensor) -> Tensor { x.unary(CT_NOT) }

    /// Which elements are neither infinite nor NaN.
    public func isFinite() -> Tensor { unary(CT_ISFINITE) }

    /// Elements of a where the boolean condition holds, of b elsewhere; all three broadcast.
    public static func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
        wrap(ct_where(condition.pointer, a.pointer, b.pointer))
    }

    // In place, for every holder of the elements.

    /// Adds scale · other; nothing is recorded.
    public func add(_ other: Tensor, scale: Double) { succeed(ct_add_scaled_(pointer, other.pointer, scale)) }

    /// Becomes its leaky ReLU; nothing is recorded.
    public func applyLeakyReLU(slope: Double) { succeed(ct_leaky_relu_(pointer, slope)) }

    /// A gradient with respect to y = leakyReLU(z), slope > 0, becomes that with respect to z: times slope where y ≤ 0.
    /// Nothing is recorded.
    public func applyLeakyReLUDerivative(at y: Tensor, slope: Double) {
        require(slope > 0, "a leaky ReLU of slope \(slope) cannot be told from its result")
        succeed(ct_leaky_relu_backward_(pointer, y.pointer, slope))
    }

    public static func += (a: inout Tensor, b: Tensor) { succeed(ct_binary_(CT_ADD, a.pointer, b.pointer)) }
    public static func -= (a: inout Tensor, b: Tensor) { succeed(ct_binary_(CT_SUB, a.pointer, b.pointer)) }
    public static func *= (a: inout Tensor, b: Tensor) { succeed(ct_binary_(CT_MUL, a.pointer, b.pointer)) }
    public static func /= (a: inout Tensor, b: Tensor) { succeed(ct_binary_(CT_DIV, a.pointer, b.pointer)) }
    public static func += (a: inout Tensor, b: Double) { succeed(ct_binary_scalar_(CT_ADD, a.pointer, b)) }
    public static func -= (a: inout Tensor, b: Double) { succeed(ct_binary_scalar_(CT_SUB, a.pointer, b)) }
    public static func *= (a: inout Tensor, b: Double) { succeed(ct_binary_scalar_(CT_MUL, a.pointer, b)) }
    public static func /= (a: inout Tensor, b: Double) { succeed(ct_binary_scalar_(CT_DIV, a.pointer, b)) }
}
