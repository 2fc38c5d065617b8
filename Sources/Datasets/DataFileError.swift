import Foundation

/// What is wrong with a file of bits, points or numbers, in a line that names the file.
public struct DataFileError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    /// - Parameters:
    ///   - path: the file's.
    ///   - what: the rest of the sentence that begins with the path; control characters are escaped.
    public init(_ path: String, _ what: String) { description = "\(path.printable): \(what.printable)" }
}

/// The longest file of numbers that is read: 4 GiB.
let mostDataBytes = 1 << 32

/// The bytes of a regular file of at most `mostDataBytes`.
///
/// - Throws: `DataFileError` where it is not there, is a folder or a pipe, is longer, or cannot be read.
func dataFileContents(_ url: URL) throws -> Data {
    var status = stat()
    guard stat(url.path, &status) == 0 else {
        throw DataFileError(url.path, String(cString: strerror(errno)).lowercased())
    }
    guard status.st_mode & S_IFMT == S_IFREG else { throw DataFileError(url.path, "is no regular file") }
    guard status.st_size <= mostDataBytes else {
        throw DataFileError(url.path, "has \(status.st_size) bytes: files of numbers are read up to \(mostDataBytes)")
    }
    do { return try Data(contentsOf: url, options: .mappedIfSafe) } catch {
        throw DataFileError(url.path, "cannot be read")
    }
}

/// Writes a file over what was there. Throws `DataFileError` with the system's reason, such as a full disk.
func writeDataFile(_ data: Data, to path: String) throws {
    do { try data.write(to: URL(fileURLWithPath: path)) } catch {
        throw DataFileError(path, "cannot be written: \(error.localizedDescription)")
    }
}
