import CHDF5

/// The types that an array's elements can have.
public enum ElementType: String, Sendable, CaseIterable {
    case uint8, int64, uint32, uint64, float32, float64, int8, int16, int32, uint16

    /// Bytes an element.
    public var size: Int {
        switch self {
        case .uint8, .int8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        }
    }

    var code: Int32 {
        switch self {
        case .uint8: Int32(CH5_UINT8)
        case .int64: Int32(CH5_INT64)
        case .uint32: Int32(CH5_UINT32)
        case .uint64: Int32(CH5_UINT64)
        case .float32: Int32(CH5_FLOAT32)
        case .float64: Int32(CH5_FLOAT64)
        case .int8: Int32(CH5_INT8)
        case .int16: Int32(CH5_INT16)
        case .int32: Int32(CH5_INT32)
        case .uint16: Int32(CH5_UINT16)
        }
    }
}

/// A Swift type that stands for one of the element types.
public protocol HDF5Element: BitwiseCopyable, Sendable {
    /// The element type that it is stored as.
    static var elementType: ElementType { get }
}

extension UInt8: HDF5Element { public static var elementType: ElementType { .uint8 } }
extension Int64: HDF5Element { public static var elementType: ElementType { .int64 } }
extension UInt32: HDF5Element { public static var elementType: ElementType { .uint32 } }
extension UInt64: HDF5Element { public static var elementType: ElementType { .uint64 } }
extension Float: HDF5Element { public static var elementType: ElementType { .float32 } }
extension Double: HDF5Element { public static var elementType: ElementType { .float64 } }
extension Int8: HDF5Element { public static var elementType: ElementType { .int8 } }
extension Int16: HDF5Element { public static var elementType: ElementType { .int16 } }
extension Int32: HDF5Element { public static var elementType: ElementType { .int32 } }
extension UInt16: HDF5Element { public static var elementType: ElementType { .uint16 } }

/// An n-dimensional array as it is stored: element type, shape, and the elements' bytes in row-major order.
///
/// Two arrays are equal when their types, shapes and bits are: a NaN equals itself, and −0 is not 0.
public struct HDF5Array: Sendable, Equatable {
    public let elementType: ElementType
    /// The extent of each dimension, outermost first; empty for a single number.
    public let shape: [Int]
    /// The elements, row-major, `elementType.size` bytes each.
    let bytes: [UInt8]

    /// An array of the given elements, row-major; as many as the product of `shape`.
    public init<Element: HDF5Element>(_ elements: [Element], shape: [Int]) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(1, *) == elements.count,
            "\(elements.count) elements do not fill the shape \(shape)")
        elementType = Element.elementType
        self.shape = shape
        bytes = elements.withUnsafeBytes { Array($0) }
    }

    init(elementType: ElementType, shape: [Int], bytes: [UInt8]) {
        self.elementType = elementType
        self.shape = shape
        self.bytes = bytes
    }

    /// The number of elements: the product of `shape`.
    public var count: Int { shape.reduce(1, *) }

    /// The elements, row-major; nil where they are of another type.
    public func elements<Element: HDF5Element>(as type: Element.Type = Element.self) -> [Element]? {
        guard elementType == Element.elementType else { return nil }
        return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            UnsafeMutableRawBufferPointer(buffer).copyBytes(from: bytes)
            initialized = count
        }
    }
}
