import Datasets
import Experiments
import Foundation
import Glibc

/// A file that a command is asked to write: checked before the work, written all or nothing after it.
///
/// A symbolic link is written through: what it points to is replaced. What is neither a plain file nor nothing, such as
/// a pipe, is refused, and so is one of the command's inputs; another file that is there is replaced with `--force`
/// alone.
struct OutputFile {
    /// As it was typed.
    private let path: String
    /// Where the file lies, or is to lie.
    private let destination: String

    /// - Parameters:
    ///   - inputs: files that the command reads, and folders whose files it reads.
    ///   - force: whether a file that is there is to be replaced.
    /// - Throws: `RunError` with what was typed where the file cannot or must not be written there.
    init(_ path: String, inputs: [String], force: Bool) throws {
        func fault(_ what: String, cure: String...) -> RunError {
            cure.isEmpty ? RunError("\(path): \(what)") : RunError("\(path): \(what)", cure: cure[0])
        }
        func systemReason() -> String { String(cString: strerror(errno)) }
        guard let destination = Self.destination(of: path) else { throw fault("cannot be written: \(systemReason())") }
        var status = stat()
        if lstat(destination, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFREG else {
                let isFolder = status.st_mode & S_IFMT == S_IFDIR
                throw fault(
                    "is \(isFolder ? "a folder" : "no plain file"), expected a file to write or the name of a new one")
            }
            if let input = inputs.first(where: { Self.holds($0, status) }) {
                throw fault(
                    input == path ? "is read too, and would be lost" : "is read too, as \(input), and would be lost",
                    cure: "give another name")
            }
            guard force else { throw fault("is there already", cure: "--force replaces it") }
        } else if errno != ENOENT {
            throw fault("cannot be written: \(systemReason())")
        }
        let folder = URL(fileURLWithPath: destination).deletingLastPathComponent().path
        guard stat(folder, &status) == 0, access(folder, W_OK | X_OK) == 0 else {
            throw fault("cannot be written: the folder \(folder): \(systemReason())")
        }
        if let input = inputs.first(where: { Self.isFile($0, status) }) {
            throw fault("lies in \(input), whose files are read", cure: "give a place outside it")
        }
        (self.path, self.destination) = (path, destination)
    }

    /// Whether both would be one file, however they were typed.
    func isSame(as other: OutputFile) -> Bool {
        func folder(_ file: OutputFile) -> URL { URL(fileURLWithPath: file.destination).deletingLastPathComponent() }
        var (own, others) = (stat(), stat())
        return stat(folder(self).path, &own) == 0 && stat(folder(other).path, &others) == 0
            && own.st_dev == others.st_dev && own.st_ino == others.st_ino
            && URL(fileURLWithPath: destination).lastPathComponent
                == URL(fileURLWithPath: other.destination).lastPathComponent
    }

    /// Replaces the file by what `body` writes at the path it is given. Throws `RunError` with what was typed, and what
    /// `body` throws.
    func write(_ body: (String) throws -> Void) throws {
        try atomically(replacing: URL(fileURLWithPath: destination), named: path) { try body($0.path) }
    }

    /// Where a path leads over symbolic links, the last of which may point to nothing; nil, with `errno`, where that
    /// cannot be told.
    private static func destination(of path: String) -> String? {
        var place = path
        for _ in 0..<40 {
            var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
            let count = buffer.withUnsafeMutableBytes {
                readlink(place, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
            }
            // EINVAL: it is no link.
            guard count >= 0 else { return errno == EINVAL || errno == ENOENT ? place : nil }
            let target = String(decoding: buffer.prefix(count), as: UTF8.self)
            place =
                target.hasPrefix("/")
                ? target : URL(fileURLWithPath: place).deletingLastPathComponent().path + "/" + target
        }
        errno = ELOOP
        return nil
    }

    /// Whether an input is this file, a folder that holds it, or images whose labels it has.
    private static func holds(_ input: String, _ file: stat) -> Bool {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: input)) ?? []
        let labels = IDX.labels(beside: URL(fileURLWithPath: input))
        return isFile(input, file) || entries.contains { isFile("\(input)/\($0)", file) }
            || labels.map { isFile($0.path, file) } == true
    }

    private static func isFile(_ path: String, _ file: stat) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_dev == file.st_dev && status.st_ino == file.st_ino
    }
}
