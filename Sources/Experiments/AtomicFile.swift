import Foundation
import Glibc

/// Replaces a file by what `write` puts at the place it is given: all of it, or nothing of it.
///
/// The place is beside `url`, with the same extension; after `write` it is synced to the disk and renamed. Where anything fails it is
/// removed, what was at `url` is untouched, and the error is thrown: `write`'s own, or a `RunError` naming the file.
public func atomically(replacing url: URL, _ write: (URL) throws -> Void) throws {
    let beside = url.deletingLastPathComponent()
        .appendingPathComponent("\(partialPrefix)\(getpid())-\(url.lastPathComponent)")
    do {
        try write(beside)
        let descriptor = open(beside.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFault(url, "cannot be written") }
        let synced = fsync(descriptor) == 0
        let fault = systemFault(url, "cannot be synced")
        close(descriptor)
        guard synced else { throw fault }
        guard rename(beside.path, url.path) == 0 else { throw systemFault(url, "cannot be replaced") }
    } catch {
        unlink(beside.path)
        throw error
    }
    // The rename itself reaches the disk with the folder.
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if folder >= 0 {
        fsync(folder)
        close(folder)
    }
}

/// Replaces a file by these bytes, all or nothing. Throws `RunError` naming the file.
public func atomically(replacing url: URL, by contents: Data) throws {
    try atomically(replacing: url) { beside in
        let descriptor = open(beside.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw systemFault(url, "cannot be written") }
        defer { close(descriptor) }
        try writeAll(contents, to: descriptor, of: url)
    }
}

/// How the names of files begin that are not yet what they will be.
let partialPrefix = ".partial-"

/// Removes from a folder what killed processes left half written; for one who holds the folder's lock.
func removePartialFiles(in folder: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for name in names where name.hasPrefix(partialPrefix) { unlink(folder.appendingPathComponent(name).path) }
}

/// Writes all of the bytes at a descriptor's place. Throws `RunError` naming the file.
func writeAll(_ contents: Data, to descriptor: Int32, of url: URL) throws {
    try contents.withUnsafeBytes { bytes in
        var written = 0
        while written < bytes.count {
            let step = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw systemFault(url, "cannot be written") }
            written += step
        }
    }
}

/// A failed system call on `url`, with the system's reason from `errno`.
func systemFault(_ url: URL, _ what: String) -> RunError {
    RunError("\(url.path): \(what): \(String(cString: strerror(errno)))")
}

/// Makes a folder and those above it. Throws `RunError` naming the part that is no folder or cannot be made.
func makeFolder(_ url: URL) throws {
    if mkdir(url.path, 0o777) == 0 { return }
    if errno == ENOENT, url.pathComponents.count > 1 {
        try makeFolder(url.deletingLastPathComponent())
        if mkdir(url.path, 0o777) == 0 { return }
    }
    let reason = errno
    var status = stat()
    if reason == EEXIST, stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    errno = reason
    throw reason == EEXIST ? RunError("\(url.path): is not a folder") : systemFault(url, "cannot be made")
}
