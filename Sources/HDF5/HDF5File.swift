import CHDF5
import Glibc

/// A file of named arrays and string attributes, open for reading.
///
/// ```swift
/// let file = try HDF5File(path: "model.h5")
/// let weights = try file.read("weights", as: Float.self, shape: [2, 2])
/// ```
///
/// Arrays are those of the root group that lie in the file itself: a link to another place or file, storage outside the
/// file and virtual arrays are refused before HDF5 looks where they lead.
///
/// A file that ends in its checksum (`HDF5Checksum`) is compared with it before HDF5 sees it. HDF5's library crashes,
/// comes to no end or writes where it should not on some damaged files; so a file without a checksum is opened in a
/// child process, a fork of this one, which is asked for what is read, and may take five seconds of processor time a
/// request and 1 GiB of memory beside what this process holds. What goes wrong there is thrown as an `HDF5Error`. The
/// child needs no executable, so this holds in any program. It costs a fork for each open file, and while the file is
/// open a second copy of those pages that this process holds and then changes: open such files before memory is full. A
/// checksum is against damage: who makes one for a hostile file is not held off from HDF5's faults.
///
/// No memory is taken for more bytes than the file has.
public final class HDF5File {
    /// Where the file lies.
    public let path: String
    /// Whether the file carries a checksum, which was then right.
    public let isChecked: Bool
    private let file: OpaquePointer
    private let size: UInt64

    /// Opens an existing file of anyone's. Throws `HDF5Error` where there is none, or it is a folder, damaged, cut
    /// short, or not HDF5.
    public convenience init(path: String) throws { try self.init(path: path, needsChecksum: false) }

    /// Opens an existing file of this suite's own, which carries a checksum. Throws as `init(path:)` does, and where it
    /// carries none, unless such a file is accepted.
    public convenience init(own path: String, acceptsUnchecked: Bool = false) throws {
        try self.init(path: path, needsChecksum: !acceptsUnchecked)
    }

    private init(path: String, needsChecksum: Bool) throws {
        // Not to wait for the writer of a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw systemError(path, "cannot be read") }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw systemError(path, "cannot be read") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw HDF5Error(path: path, reason: "is not a file") }
        let isRight = try HDF5Checksum.isRight(descriptor, size: Int(status.st_size), path: path)
        guard isRight != false else {
            throw HDF5Error(path: path, reason: "is damaged: its bytes are not those of its checksum")
        }

        var file: OpaquePointer?
        // The file that was checked, whatever has taken its name since.
        switch ch5_open("/proc/self/fd/\(descriptor)", isRight == nil ? 1 : 0, &file) {
        case Int32(CH5_OK): break
        case Int32(CH5_NOT_HDF5):
            throw HDF5Error(path: path, reason: "is not an HDF5 file\(status.st_size == 0 ? ": it is empty" : "")")
        case Int32(CH5_CRASHED): throw HDF5Error(path: path, reason: lastError())
        default: throw HDF5Error(path: path, reason: "is damaged or cut short: \(lastError())")
        }
        guard isRight != nil || !needsChecksum else {
            _ = ch5_close(file)
            throw HDF5Error(lackingChecksum: path)
        }
        self.path = path
        self.file = file!
        self.size = UInt64(status.st_size)
        isChecked = isRight == true
    }

    deinit { _ = ch5_close(file) }

    /// The names of the arrays, sorted; of those that lie in the file itself.
    public func names() throws -> [String] { try names(ofAttributes: false) }

    /// The string attributes of the root, by name. Attributes of other kinds are left out.
    public func attributes() throws -> [String: String] {
        var values: [String: String] = [:]
        for name in try names(ofAttributes: true) { values[name] = try text(name) }
        return values
    }

    /// A string attribute of the root. Throws `HDF5Error` where there is none, or it is not one string of UTF-8.
    public func attribute(_ name: String) throws -> String {
        var bytes: UnsafeMutablePointer<CChar>?
        defer { free(bytes) }
        try check(ch5_attribute(file, name, &bytes), "attribute '\(name)'")
        guard let value = String(validatingCString: bytes!) else {
            throw HDF5Error(path: path, reason: "attribute '\(name)' is not UTF-8")
        }
        return value
    }

    /// A string attribute of the root; nil where there is none of that name, or it is something else. Throws
    /// `HDF5Error` where it is damaged.
    public func text(_ name: String) throws -> String? {
        var bytes: UnsafeMutablePointer<CChar>?
        defer { free(bytes) }
        let code = ch5_attribute(file, name, &bytes)
        if code == CH5_ABSENT || code == CH5_NO_TEXT { return nil }
        try check(code, "attribute '\(name)'")
        return String(validatingCString: bytes!)
    }

    /// What an array is; nil where there is none of that name. Throws `HDF5Error` where that cannot be read.
    public func describe(_ name: String) throws -> HDF5Description? {
        var set = ch5_description()
        switch ch5_describe(file, name, &set) {
        case Int32(CH5_ABSENT): return nil
        case Int32(CH5_UNSUPPORTED): return HDF5Description(fault: lastError())
        case let code: try check(code, "array '\(name)'")
        }
        return HDF5Description(set)
    }

    /// An array of whichever type and shape it has. Throws `HDF5Error` where there is none of that name, its element
    /// type is not one of `ElementType`, it is chunked or compressed, it does not lie in the file, or it declares more
    /// bytes than the file has.
    public func read(_ name: String) throws -> HDF5Array {
        let (type, shape, isChunked) = try readable(name)
        guard !isChunked else {
            throw HDF5Error(
                path: path, reason: "array '\(name)': is stored in chunks or compressed, which is not read here")
        }
        let bytes = shape.reduce(type.size, *)
        let elements = try [UInt8](unsafeUninitializedCapacity: bytes) { buffer, initialized in
            try check(ch5_read(file, name, type.code, buffer.baseAddress, UInt64(bytes)), "array '\(name)'")
            initialized = bytes
        }
        return HDF5Array(elementType: type, shape: shape, bytes: elements)
    }

    /// The elements, row-major, of an array that must be of this type and, where one is given, of this shape; throws
    /// `HDF5Error` with both otherwise, and as `read(_:)` does.
    public func read<Element: HDF5Element>(
        _ name: String, as type: Element.Type, shape: [Int]? = nil
    ) throws -> [Element] {
        let array = try read(name)
        guard let elements = array.elements(as: type) else {
            throw HDF5Error(
                path: path,
                reason: "array '\(name)' holds \(array.elementType.rawValue), not \(type.elementType.rawValue)")
        }
        if let shape, shape != array.shape {
            throw HDF5Error(path: path, reason: "array '\(name)' has the shape \(array.shape), not \(shape)")
        }
        return elements
    }

    /// An array of rank 1 or more, to be read in parts; nothing of it is read yet. Throws `HDF5Error` where there is
    /// none of that name, its element type is not one of `ElementType`, it goes through a filter that is not HDF5's
    /// own, its chunks are above 64 MiB, some of it was never written, or it does not lie in the file.
    public func rows(_ name: String) throws -> HDF5Rows {
        let (type, shape, _) = try readable(name)
        guard !shape.isEmpty else {
            throw HDF5Error(path: path, reason: "array '\(name)' is a single number, expected an array")
        }
        var set: OpaquePointer?
        try check(ch5_open_set(file, name, &set), "array '\(name)'")
        return HDF5Rows(name: name, elementType: type, shape: shape, file: self, set: OpenSet(set!, of: self))
    }

    /// Type and shape of an array that can be read.
    private func readable(_ name: String) throws -> (ElementType, shape: [Int], isChunked: Bool) {
        guard let array = try describe(name) else { throw HDF5Error(path: path, reason: "has no array '\(name)'") }
        var faults = array.faults
        if array.elementType == nil, array.typeName != "unknown" {
            faults.insert("holds \(array.typeName), which is not read here", at: 0)
        }
        if let type = array.elementType, let shape = array.shape, !array.isChunked, faults.isEmpty {
            let bytes = shape.reduce(type.size, *)
            if bytes > size { faults.append("declares \(bytes) bytes, but the whole file has \(size)") }
        }
        guard faults.isEmpty, let type = array.elementType, let shape = array.shape else {
            throw HDF5Error(path: path, reason: "array '\(name)': \(faults.joined(separator: "; "))")
        }
        return (type, shape, array.isChunked)
    }

    private func names(ofAttributes: Bool) throws -> [String] {
        var bytes: UnsafeMutablePointer<CChar>?, size: UInt64 = 0
        defer { free(bytes) }
        try check(ch5_names(file, ofAttributes ? 1 : 0, &bytes, &size), "root")
        return UnsafeRawBufferPointer(start: bytes, count: Int(size)).split(separator: 0).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private func check(_ code: Int32, _ what: String) throws {
        switch code {
        case Int32(CH5_OK): return
        case Int32(CH5_ABSENT): throw HDF5Error(path: path, reason: "has no \(what)")
        default: throw HDF5Error(path: path, reason: "\(what): \(lastError())")
        }
    }
}
