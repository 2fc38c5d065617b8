import CZlib
import Foundation

/// An array of bytes in the IDX format, the one MNIST comes in: two zero bytes, the element type (8, unsigned bytes),
/// the rank, a big-endian 32-bit size for each dimension, then the elements, the last dimension varying fastest. Plain
/// or gzip-compressed.
///
/// ```swift
/// let images = try IDX(contentsOf: URL(fileURLWithPath: "data/mnist/t10k-images-idx3-ubyte.gz"))
/// images.shape            // [10000, 28, 28]
/// ```
public struct IDX: Equatable, Sendable {
    public let shape: [Int]
    /// As many as the shape says.
    public let elements: [UInt8]

    /// The most elements that are read: 4 GiB.
    public static let mostElements = 1 << 32
    /// How many times its size a compressed file may unpack to, unless a caller says otherwise. MNIST's files unpack to
    /// five times theirs; a blank image to a thousand times.
    public static let largestExpansion = 200

    /// Reads a file. Memory grows with what the file holds, whatever its header claims.
    ///
    /// - Parameter largestExpansion: how many bytes a compressed file may unpack to for each of its own, beyond the
    ///   first MiB.
    /// - Throws: `IDXError` where the file cannot be read, is damaged, holds another type, more or fewer elements than
    ///   its sizes say, or unpacks to more than that.
    public init(contentsOf url: URL, largestExpansion: Int = Self.largestExpansion) throws(IDXError) {
        let source = try ByteSource(url, largestExpansion: largestExpansion)
        defer { source.close() }
        let magic = try source.read(exactly: 4, of: "the magic number")
        guard magic[0] == 0, magic[1] == 0 else {
            throw IDXError(url, "is no IDX file: it begins with \(Self.hex(magic)), expected 00 00 08 and the rank")
        }
        guard magic[2] == 8 else {
            throw IDXError(url, "holds elements of type \(Self.hex([magic[2]])), expected 08, unsigned bytes")
        }
        guard (1...8).contains(magic[3]) else { throw IDXError(url, "has rank \(magic[3]), expected 1 to 8") }
        var shape: [Int] = []
        var count = 1
        for _ in 0..<magic[3] {
            let size = try source.read(exactly: 4, of: "the sizes").reduce(0) { $0 << 8 | Int($1) }
            shape.append(size)
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            count = overflow ? .max : product
        }
        // A size of 0 makes the whole array empty, however large the others.
        if shape.contains(0) { count = 0 }
        guard count <= Self.mostElements else {
            throw IDXError(
                url,
                "says that it holds \(shape.map(String.init).joined(separator: " × ")) elements, at most \(Self.mostElements) are read"
            )
        }
        let elements = try source.read(upTo: count)
        guard elements.count == count else {
            throw IDXError(
                url,
                "ends after \(elements.count) of the \(count) elements that its sizes \(shape) say: it is cut short")
        }
        guard try source.read(upTo: 1).isEmpty else {
            throw IDXError(url, "goes on after the \(count) elements that its sizes \(shape) say")
        }
        self.shape = shape
        self.elements = elements
    }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String(format: "%02x", $0) }.joined(separator: " ")
    }
}

/// What is wrong with an IDX file, in a line that names it.
public struct IDXError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ url: URL, _ what: String) { description = "\(url.path): \(what)" }
}

/// The bytes of a file, decompressed where it is gzip's.
private struct ByteSource {
    private let url: URL
    private let file: gzFile
    /// The bytes of the file on the disk.
    private let size: Int
    private let largestExpansion: Int

    init(_ url: URL, largestExpansion: Int) throws(IDXError) {
        self.url = url
        self.largestExpansion = largestExpansion
        // gzopen opens a folder too, and fails at the first read.
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw IDXError(url, "is not there")
        }
        guard !isFolder.boolValue else { throw IDXError(url, "is a folder") }
        guard let file = gzopen(url.path, "rb") else {
            throw IDXError(url, "cannot be opened: \(String(cString: strerror(errno)))")
        }
        self.file = file
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
        size = min(attributes?[.size] as? Int ?? 0, 1 << 40)
        gzbuffer(file, 1 << 17)
    }

    func close() { gzclose_r(file) }

    /// Up to so many bytes: fewer only at the end of the file.
    func read(upTo count: Int) throws(IDXError) -> [UInt8] {
        var bytes: [UInt8] = []
        // What the header says, but no more than images usually unpack to: a header's word alone takes no memory.
        bytes.reserveCapacity(min(count, size * 8))
        // A plain file holds at most its own size.
        let (product, overflow) = size.multipliedReportingOverflow(by: largestExpansion)
        let limit = overflow ? Int.max : max(1 << 20, product)
        var piece = [UInt8](repeating: 0, count: min(count, 1 << 16))
        while bytes.count < count {
            let wanted = min(piece.count, count - bytes.count)
            let got = piece.withUnsafeMutableBytes { gzread(file, $0.baseAddress, UInt32(wanted)) }
            var code: Int32 = 0
            let message = gzerror(file, &code).map { String(cString: $0) } ?? ""
            // Z_BUF_ERROR: the compressed data end before their end.
            guard got >= 0, code == Z_OK || code == Z_STREAM_END else {
                let cause =
                    code == Z_BUF_ERROR
                    ? "it is cut short" : message.replacingOccurrences(of: "\(url.path): ", with: "")
                throw IDXError(url, "cannot be decompressed: \(cause)")
            }
            if got == 0 { break }
            bytes += piece.prefix(Int(got))
            guard bytes.count <= limit else {
                throw IDXError(
                    url,
                    "unpacks to more than \(largestExpansion) times its \(size) bytes, the most that is taken: where that is meant, "
                        + "unpack it by gunzip and give the plain file")
            }
        }
        return bytes
    }

    func read(exactly count: Int, of what: String) throws(IDXError) -> [UInt8] {
        let bytes = try read(upTo: count)
        guard bytes.count == count else { throw IDXError(url, "ends within \(what): it is no IDX file, or cut short") }
        return bytes
    }
}
