import CHDF5
import Glibc

/// A file of named arrays and string attributes, put together in memory and then written.
///
/// ```swift
/// let writer = try HDF5Writer()
/// try writer.write(HDF5Array([1, 2, 3, 4] as [Float], shape: [2, 2]), named: "weights")
/// try writer.setAttribute("seed", to: "1023")
/// try writer.save(to: "model.h5")
/// ```
///
/// The same arrays and attributes, written in the same order, give the same bytes: no times are stored. The file ends
/// in its checksum (`HDF5Checksum`). Nothing is on disk before `save`, so a full disk is met by one `write` whose
/// failure is reported, not by HDF5's own closing.
public final class HDF5Writer {
    private let file: OpaquePointer
    private let place = "HDF5"

    /// An empty file.
    public init() throws {
        var file: OpaquePointer?
        guard ch5_create(&file) == CH5_OK, let file else { throw HDF5Error(path: place, reason: lastError()) }
        self.file = file
    }

    deinit { _ = ch5_close(file) }

    /// Adds an array. Throws `HDF5Error` where the name is empty, holds a "/" or a NUL, or is taken.
    public func write(_ array: HDF5Array, named name: String) throws {
        try checkName(name)
        let shape = array.shape.map { UInt64($0) }
        let code = array.bytes.withUnsafeBytes {
            ch5_write(file, name, array.elementType.code, Int32(shape.count), shape, $0.baseAddress)
        }
        guard code == CH5_OK else { throw HDF5Error(path: place, reason: "array '\(name)': \(lastError())") }
    }

    /// Adds an array that is written in parts, in chunks of so many entries of the first dimension, deflated at a level
    /// from 0 (stored plain) to 9; every entry must be written before `save`. Throws `HDF5Error` where the name is
    /// empty, holds a "/" or a NUL, or is taken.
    ///
    /// - Parameters:
    ///   - shape: at least one dimension, none of length 0.
    ///   - chunkRows: at least 1; a chunk is at most 64 MiB.
    public func makeRows(
        _ elementType: ElementType, shape: [Int], named name: String, chunkRows: Int, deflate level: Int
    ) throws -> HDF5WritableRows {
        try checkName(name)
        let code = ch5_create_parts(
            file, name, elementType.code, Int32(shape.count), shape.map { UInt64($0) },
            UInt64(min(chunkRows, shape[0])), Int32(level))
        guard code == CH5_OK else { throw HDF5Error(path: place, reason: "array '\(name)': \(lastError())") }
        return HDF5WritableRows(name: name, elementType: elementType, shape: shape, writer: self)
    }

    func writePart(_ rows: HDF5WritableRows, from start: Int, count: Int, _ elements: UnsafeRawPointer) throws {
        let code = ch5_write_part(file, rows.name, rows.elementType.code, UInt64(start), UInt64(count), elements)
        guard code == CH5_OK else { throw HDF5Error(path: place, reason: "array '\(rows.name)': \(lastError())") }
    }

    /// Adds a string attribute of the root, at most 60,000 bytes of UTF-8 without a NUL; throws `HDF5Error` otherwise,
    /// or where the name is taken.
    public func setAttribute(_ name: String, to value: String) throws {
        try checkName(name)
        guard value.utf8.count <= 60_000, !value.utf8.contains(0) else {
            throw HDF5Error(path: place, reason: "attribute '\(name)' must be at most 60000 bytes without a NUL")
        }
        guard ch5_set_attribute(file, name, value) == CH5_OK else {
            throw HDF5Error(path: place, reason: "attribute '\(name)': \(lastError())")
        }
    }

    /// The bytes that `save` writes: those of an HDF5 file, and its checksum.
    public func contents() throws -> [UInt8] {
        var size: UInt64 = 0
        guard ch5_image(file, nil, 0, &size) == CH5_OK else { throw HDF5Error(path: place, reason: lastError()) }
        let bytes = try [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, initialized in
            guard ch5_image(file, buffer.baseAddress, size, &size) == CH5_OK else {
                throw HDF5Error(path: place, reason: lastError())
            }
            initialized = Int(size)
        }
        return HDF5Checksum.appended(to: bytes)
    }

    /// Writes the file to `path` and syncs it to the disk, over what was there. Throws `HDF5Error` with the system's
    /// reason, such as a full disk; the file is then incomplete. To replace a file all or nothing, save beside it and
    /// rename.
    public func save(to path: String) throws {
        let bytes = try contents()
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw systemError(path, "cannot be created") }
        var written = 0
        while written < bytes.count {
            let step = bytes.withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress! + written, bytes.count - written)
            }
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else {
                let error = systemError(path, "cannot be written")
                close(descriptor)
                throw error
            }
            written += step
        }
        let synced = fsync(descriptor)
        let error = systemError(path, "cannot be synced")
        guard close(descriptor) == 0, synced == 0 else { throw error }
    }

    private func checkName(_ name: String) throws {
        guard !name.isEmpty, !name.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "/") }) else {
            throw HDF5Error(path: place, reason: "'\(name)' is no name: it must not be empty or hold a '/' or a NUL")
        }
    }
}

/// What CHDF5 last said on this thread.
func lastError() -> String { String(cString: ch5_last_error()) }

/// A failed system call on `path`, with the system's reason from `errno`.
func systemError(_ path: String, _ what: String) -> HDF5Error {
    HDF5Error(path: path, reason: "\(what): \(String(cString: strerror(errno)))")
}
