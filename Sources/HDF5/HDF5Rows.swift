import CHDF5

/// An array of a file that is read in parts along its first dimension, so that memory holds one part at a time.
///
/// ```swift
/// let images = try HDF5File(path: "images.h5").rows("images")
/// let first = try images.read(0..<100, as: UInt8.self)     // 100 · shape[1...] elements
/// ```
///
/// It may lie in one piece or in chunks, plain or through HDF5's own deflate, shuffle and Fletcher filters. A chunk is
/// unpacked whole and kept for the entries after; up to 256 MiB are. One that is stored in other than its bytes, or
/// would unpack to more, is refused before memory is taken for it.
public struct HDF5Rows {
    public let name: String
    public let elementType: ElementType
    /// The extent of each dimension, outermost first; at least one.
    public let shape: [Int]
    let file: HDF5File
    let set: OpenSet

    public var rowCount: Int { shape[0] }
    /// Elements of an entry of the first dimension.
    public var rowSize: Int { shape.dropFirst().reduce(1, *) }

    /// The elements, row-major, of some entries along the first dimension. Throws `HDF5Error` where the array holds
    /// another type, or is damaged.
    ///
    /// - Precondition: the range lies within 0 ..< rowCount.
    public func read<Element: HDF5Element>(_ range: Range<Int>, as type: Element.Type) throws -> [Element] {
        precondition(0 <= range.lowerBound && range.upperBound <= rowCount, "rows \(range) of \(rowCount)")
        guard elementType == Element.elementType else {
            throw HDF5Error(
                path: file.path,
                reason: "array '\(name)' holds \(elementType.rawValue), not \(Element.elementType.rawValue)")
        }
        let count = range.count * rowSize
        guard count > 0 else { return [] }
        return try [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
            let bytes = UInt64(count * elementType.size)
            guard
                ch5_read_part(set.handle, UInt64(range.lowerBound), UInt64(range.count), buffer.baseAddress!, bytes)
                    == CH5_OK
            else {
                throw HDF5Error(path: file.path, reason: "array '\(name)': \(lastError())")
            }
            initialized = count
        }
    }
}

extension HDF5Rows {
    /// All elements, row-major, of an array of integers of any size, those beyond `Int` as its nearest; nil where they are
    /// floating-point numbers. Throws `HDF5Error` where the array is damaged.
    public func integers() throws -> [Int]? {
        func all<Element: HDF5Element & BinaryInteger>(_: Element.Type) throws -> [Int] {
            try read(0..<rowCount, as: Element.self).map { Int(clamping: $0) }
        }
        return switch elementType {
        case .uint8: try all(UInt8.self)
        case .uint16: try all(UInt16.self)
        case .uint32: try all(UInt32.self)
        case .uint64: try all(UInt64.self)
        case .int8: try all(Int8.self)
        case .int16: try all(Int16.self)
        case .int32: try all(Int32.self)
        case .int64: try all(Int64.self)
        case .float32, .float64: nil
        }
    }
}

/// A data set that stays open, with the chunks that it keeps, for as long as it is read.
final class OpenSet {
    let handle: OpaquePointer
    private let file: HDF5File

    init(_ handle: OpaquePointer, of file: HDF5File) {
        (self.handle, self.file) = (handle, file)
    }

    deinit { _ = ch5_close_set(handle) }
}
