import Foundation

/// An array in NumPy's `.npy` format (NEP 1), versions 1, 2 and 3: booleans, integers and floating-point numbers, in C
/// or Fortran order and either byte order. Read into row-major order.
///
/// ```swift
/// let array = try NPY(contentsOf: URL(fileURLWithPath: "bits.npy"))
/// array.shape                 // [60000, 784]
/// let bits = array.numbers    // row-major, as doubles
/// try NPY([1, 0, 0, 1] as [UInt8], shape: [2, 2]).contents.write(to: url)
/// ```
public struct NPY: Equatable, Sendable {
    /// What the elements are; the raw value is NumPy's kind and size in bytes.
    public enum ElementType: String, Sendable, CaseIterable {
        case bool = "b1"
        case int8 = "i1", int16 = "i2", int32 = "i4", int64 = "i8"
        case uint8 = "u1", uint16 = "u2", uint32 = "u4", uint64 = "u8"
        case float16 = "f2", float32 = "f4", float64 = "f8"

        /// Bytes an element.
        public var size: Int { Int(rawValue.dropFirst())! }
    }

    public let elementType: ElementType
    /// The extent of each dimension, outermost first; empty for a single number.
    public let shape: [Int]
    /// The elements, row-major, little-endian.
    let bytes: [UInt8]

    /// The number of elements: the product of `shape`.
    public var count: Int { bytes.count / elementType.size }

    /// An array of uint8, row-major.
    ///
    /// - Precondition: as many as the product of `shape`.
    public init(_ elements: [UInt8], shape: [Int]) {
        self.init(elementType: .uint8, shape: shape, bytes: elements)
    }

    /// An array of float64, row-major.
    ///
    /// - Precondition: as many as the product of `shape`.
    public init(_ elements: [Double], shape: [Int]) {
        self.init(
            elementType: .float64, shape: shape,
            bytes: elements.map(\.bitPattern.littleEndian).withUnsafeBytes { Array($0) })
    }

    init(elementType: ElementType, shape: [Int], bytes: [UInt8]) {
        precondition(
            shape.allSatisfy { $0 >= 0 } && shape.reduce(elementType.size, *) == bytes.count,
            "\(bytes.count) bytes do not fill \(elementType) of the shape \(shape)")
        (self.elementType, self.shape, self.bytes) = (elementType, shape, bytes)
    }

    /// The elements as doubles, row-major; integers beyond 2⁵³ are rounded.
    public var numbers: [Double] {
        switch elementType {
        case .bool, .uint8: bytes.map(Double.init)
        case .int8: bytes.map { Double(Int8(bitPattern: $0)) }
        case .int16: words(UInt16.self) { Double(Int16(bitPattern: $0)) }
        case .int32: words(UInt32.self) { Double(Int32(bitPattern: $0)) }
        case .int64: words(UInt64.self) { Double(Int64(bitPattern: $0)) }
        case .uint16: words(UInt16.self) { Double($0) }
        case .uint32: words(UInt32.self) { Double($0) }
        case .uint64: words(UInt64.self) { Double($0) }
        case .float16: words(UInt16.self, Self.half)
        case .float32: words(UInt32.self) { Double(Float(bitPattern: $0)) }
        case .float64: words(UInt64.self) { Double(bitPattern: $0) }
        }
    }

    /// The elements of an array of uint8 or booleans as they are stored; nil for another type.
    public var uint8s: [UInt8]? { elementType == .uint8 || elementType == .bool ? bytes : nil }

    private func words<Word: FixedWidthInteger>(_: Word.Type, _ number: (Word) -> Double) -> [Double] {
        bytes.withUnsafeBytes { raw in
            (0..<count).map {
                number(Word(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * elementType.size, as: Word.self)))
            }
        }
    }

    /// A number of IEEE 754's binary16: sign, 5 bits of exponent, 10 of significand.
    private static func half(_ word: UInt16) -> Double {
        let (exponent, significand) = (Int(word >> 10 & 0x1f), Double(word & 0x3ff))
        let magnitude: Double =
            switch exponent {
            case 0: significand * 0x1p-24
            case 31: significand == 0 ? .infinity : .nan
            default: (1 + significand * 0x1p-10) * Double(sign: .plus, exponent: exponent - 15, significand: 1)
            }
        return word >> 15 == 1 ? -magnitude : magnitude
    }

    // MARK: - Reading

    static let signature: [UInt8] = [0x93] + Array("NUMPY".utf8)

    /// Reads a file.
    ///
    /// - Throws: `DataFileError` where it cannot be read, is no such file, is cut short or goes on after its last
    ///   element, or holds Python objects, records or text.
    public init(contentsOf url: URL) throws {
        let data = try dataFileContents(url)
        func fault(_ what: String) -> DataFileError { DataFileError(url.path, what) }
        guard data.starts(with: Self.signature) else {
            throw fault("is no NumPy array: it does not begin with \\x93NUMPY")
        }
        guard data.count >= 10 else { throw fault("is cut short: it ends within its header") }
        let version = data[6]
        guard 1...3 ~= version, data[7] == 0 else {
            throw fault("is of version \(version).\(data[7]) of NumPy's format, expected 1.0, 2.0 or 3.0")
        }
        let start = version == 1 ? 10 : 12
        guard data.count >= start else { throw fault("is cut short: it ends within its header") }
        let length = data[8..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= data.count - start else {
            throw fault("is cut short: its header has \(length) bytes, \(data.count - start) are there")
        }
        let header: NPYHeader
        do { header = try NPYHeader(data[start..<start + length]) } catch { throw fault(error.description) }
        let elements = data[(start + length)...]
        let size =
            header.shape.contains(0)
            ? 0
            : header.shape.reduce(into: header.type.size) {
                let (product, overflow) = $0.multipliedReportingOverflow(by: $1)
                $0 = overflow ? .max : product
            }
        guard size == elements.count else {
            throw fault(
                "has \(elements.count) bytes of elements, its shape \(header.shape) of \(header.type) takes \(size == .max ? "more than any file has" : "\(size)"): "
                    + (elements.count < size ? "it is cut short" : "it goes on after its last element"))
        }
        var bytes = [UInt8](elements)
        if header.isFortran { bytes = Self.transposed(bytes, shape: header.shape, size: header.type.size) }
        if header.isBigEndian { Self.swapBytes(of: &bytes, size: header.type.size) }
        if header.type == .bool, let index = bytes.firstIndex(where: { $0 > 1 }) {
            throw fault("element \(index) is the byte \(bytes[index]): booleans are 0 or 1")
        }
        (elementType, shape, self.bytes) = (header.type, header.shape, bytes)
    }

    /// Elements in Fortran order, the first index varying fastest, in C order.
    private static func transposed(_ bytes: [UInt8], shape: [Int], size: Int) -> [UInt8] {
        guard shape.count > 1, !bytes.isEmpty else { return bytes }
        let strides = shape.indices.map { shape[..<$0].reduce(size, *) }
        var index = [Int](repeating: 0, count: shape.count)
        var (result, place) = ([UInt8](), 0)
        result.reserveCapacity(bytes.count)
        for _ in 0..<bytes.count / size {
            result += bytes[place..<place + size]
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < shape[axis] { break }
                place -= shape[axis] * strides[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return result
    }

    private static func swapBytes(of bytes: inout [UInt8], size: Int) {
        for start in stride(from: 0, to: bytes.count, by: size) { bytes[start..<start + size].reverse() }
    }

    // MARK: - Writing

    /// The bytes of a file of version 1.0 in C order and little-endian, as `numpy.save` writes it: the elements begin at
    /// a multiple of 64.
    public var contents: Data {
        let order = elementType.size == 1 ? "|" : "<"
        let extents = shape.count == 1 ? "\(shape[0])," : shape.map(String.init).joined(separator: ", ")
        var header = "{'descr': '\(order)\(elementType.rawValue)', 'fortran_order': False, 'shape': (\(extents)), }"
        let start = Self.signature.count + 4
        header += String(repeating: " ", count: (64 - (start + header.utf8.count + 1) % 64) % 64) + "\n"
        let length = header.utf8.count
        return Data(
            Self.signature + [1, 0, UInt8(length & 0xff), UInt8(length >> 8)] + Array(header.utf8) + bytes)
    }
}
