import CTorch

/// An n-dimensional array of numbers on the processor or a GPU.
///
///     let x = Tensor([1, 2, 3, 4], shape: [2, 2])
///     let y = (x.matmul(x.transposed()) + 1).sum()
///     print(y.item())
///
/// A `Tensor` is a reference to libtorch's: copying the struct shares the elements, and the in-place functions, whose
/// names say so, change them for every holder. It is not Sendable: one task owns a model and its tensors. Shapes that
/// do not fit are a programmer's error and trap with libtorch's message.
public struct Tensor {
    let handle: Handle

    init(_ handle: Handle) { self.handle = handle }

    /// For the length of one C call on a tensor that a variable or parameter holds: never of an unnamed value, which
    /// may be gone before the call is made.
    var pointer: ct_tensor { handle.pointer }
}

/// Types of tensor elements.
public enum DType: Int32, Sendable, CaseIterable {
    case uint8 = 0
    case int32 = 1
    case int64 = 2
    case float32 = 3
    case float64 = 4
    case bool = 5
    case bfloat16 = 6

    var code: ct_dtype { ct_dtype(rawValue: UInt32(rawValue)) }

    /// Bytes per element.
    public var size: Int {
        switch self {
        case .uint8, .bool: 1
        case .bfloat16: 2
        case .int32, .float32: 4
        case .int64, .float64: 8
        }
    }

    public var isFloatingPoint: Bool { self == .float32 || self == .float64 || self == .bfloat16 }
}

/// Swift types that stand for tensor elements.
public protocol TensorElement: Sendable {
    static var dtype: DType { get }
}

extension UInt8: TensorElement { public static var dtype: DType { .uint8 } }
extension Int32: TensorElement { public static var dtype: DType { .int32 } }
extension Int64: TensorElement { public static var dtype: DType { .int64 } }
extension Int: TensorElement { public static var dtype: DType { .int64 } }
extension Float: TensorElement { public static var dtype: DType { .float32 } }
extension Double: TensorElement { public static var dtype: DType { .float64 } }

// MARK: - What a tensor is

extension Tensor {
    /// The number of dimensions.
    public var rank: Int { Int(ct_rank(pointer)) }

    public var shape: [Int] { (0..<ct_rank(pointer)).map { Int(ct_size(pointer, $0)) } }

    /// The length of one dimension, counted from the end where negative.
    public func size(_ dimension: Int) -> Int {
        let rank = rank
        require(-rank..<rank ~= dimension, "dimension \(dimension) of a tensor of rank \(rank)")
        return Int(ct_size(pointer, Int32(dimension < 0 ? dimension + rank : dimension)))
    }

    /// The number of elements.
    public var count: Int { Int(ct_element_count(pointer)) }

    public var dtype: DType {
        guard let dtype = DType(rawValue: ct_tensor_dtype(pointer)) else { fatalError("an element type outside DType") }
        return dtype
    }

    public var device: Device { Device(code: ct_tensor_device(pointer)) }

    /// Whether the elements lie row-major without gaps.
    public var isContiguous: Bool { ct_is_contiguous(pointer) }

    /// The one element of a tensor of one element.
    public func item() -> Double {
        var value = 0.0
        succeed(ct_item(pointer, &value))
        return value
    }

    /// A copy of the elements, row-major, converted to the type asked for.
    public func array<Element: TensorElement>(_ type: Element.Type = Element.self) -> [Element] {
        let source = dtype == Element.dtype ? self : converted(to: Element.dtype)
        return [Element](unsafeUninitializedCapacity: count) { buffer, filled in
            if let base = buffer.baseAddress, count > 0 {
                succeed(ct_copy_to_host(source.pointer, base, Int64(count * MemoryLayout<Element>.stride)))
            }
            filled = count
        }
    }

    /// Where the elements lie, row-major: of a contiguous tensor on the processor with elements of that type. The
    /// address holds as long as the caller holds the tensor.
    public func unsafeElements<Element: TensorElement>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
        require(dtype == Element.dtype, "elements are \(dtype), not \(Element.dtype)")
        require(isContiguous && device == .cpu, "elements are not contiguous on the processor")
        guard let address = ct_data(pointer) else {
            require(count == 0, "elements without an address")
            return UnsafeMutablePointer(bitPattern: MemoryLayout<Element>.alignment)!
        }
        return address.assumingMemoryBound(to: Element.self)
    }
}

extension Tensor: CustomStringConvertible {
    /// Type, shape and the first elements.
    public var description: String {
        let values = reshaped([-1]).narrowed(0, start: 0, length: Swift.min(count, 8)).array(Double.self)
        let listed = values.map { "\($0)" }.joined(separator: ", ")
        return "Tensor(\(dtype), \(shape), [\(listed)\(count > 8 ? ", …" : "")])"
    }
}

// MARK: - Creation

extension Tensor {
    /// A tensor holding a copy of the elements, row-major; as many as the shape says.
    public init<Element: TensorElement>(_ elements: [Element], shape: [Int], device: Device = .cpu) {
        require(elements.count == shape.reduce(1, *), "\(elements.count) elements do not fill the shape \(shape)")
        self = elements.withUnsafeBytes { bytes in
            shape.withSizes { wrap(ct_from_data(bytes.baseAddress, $0, $1, Element.dtype.code, device.code)) }
        }
    }

    /// A vector.
    public init<Element: TensorElement>(_ elements: [Element], device: Device = .cpu) {
        self.init(elements, shape: [elements.count], device: device)
    }

    /// A tensor without dimensions.
    public init(_ value: Double, dtype: DType = .float32, device: Device = .cpu) {
        self = .full([], value, dtype: dtype, device: device)
    }

    /// Unspecified elements.
    public static func empty(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        shape.withSizes { wrap(ct_empty($0, $1, dtype.code, device.code)) }
    }

    public static func full(
        _ shape: [Int], _ value: Double, dtype: DType = .float32, device: Device = .cpu
    ) -> Tensor {
        shape.withSizes { wrap(ct_full($0, $1, value, dtype.code, device.code)) }
    }

    public static func zeros(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 0, dtype: dtype, device: device)
    }

    public static func ones(_ shape: [Int], dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        full(shape, 1, dtype: dtype, device: device)
    }

    public static func zeros(like other: Tensor) -> Tensor {
        zeros(other.shape, dtype: other.dtype, device: other.device)
    }

    /// 0, 1, … n − 1.
    public static func range(_ n: Int, dtype: DType = .int64, device: Device = .cpu) -> Tensor {
        wrap(ct_arange(0, Double(n), 1, dtype.code, device.code))
    }

    /// The n × n identity matrix.
    public static func identity(_ n: Int, dtype: DType = .float32, device: Device = .cpu) -> Tensor {
        wrap(ct_eye(Int64(n), dtype.code, device.code))
    }
}

// MARK: - Conversion and copies

extension Tensor {
    /// The same numbers as another type: itself where it has that type.
    public func converted(to dtype: DType) -> Tensor { wrap(ct_to(pointer, dtype.code, device.code)) }

    /// The same numbers on another device: itself where it is there.
    public func moved(to device: Device) -> Tensor { wrap(ct_to(pointer, dtype.code, device.code)) }

    /// A copy with elements of its own.
    public func copied() -> Tensor { wrap(ct_clone(pointer)) }

    /// Row-major elements without gaps: itself where they are so.
    public func contiguous() -> Tensor { wrap(ct_contiguous(pointer)) }

    /// Images [N, C, H, W] with the channels of a pixel side by side: the same elements where they are so. The shape
    /// says nothing of this layout.
    public func channelsLast() -> Tensor { wrap(ct_channels_last(pointer)) }

    /// Whether the channels of a pixel lie side by side.
    public var isChannelsLast: Bool { ct_is_channels_last(pointer) }

    /// In place: takes over the elements of a tensor that broadcasts to this shape.
    public func assign(_ source: Tensor) { succeed(ct_copy_(pointer, source.pointer)) }

    /// In place: sets every element.
    public func fill(_ value: Double) { succeed(ct_fill_(pointer, value)) }
}

extension [Int] {
    /// Lends the numbers to C as int64.
    func withSizes<Result>(_ body: (UnsafePointer<Int64>?, Int32) -> Result) -> Result {
        withUnsafeTemporaryAllocation(of: Int64.self, capacity: Swift.max(count, 1)) { buffer in
            for (i, value) in enumerated() { buffer[i] = Int64(value) }
            return body(UnsafePointer(buffer.baseAddress!), Int32(count))
        }
    }
}
