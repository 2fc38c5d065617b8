import Foundation
import Glibc

/// Replaces a plain file by what `write` puts at the place it is given: all of it, or nothing of it. The file keeps its
/// permissions.
///
/// The place is beside `url`, with the same extension; after `write` it is synced to the disk and renamed. Where
/// anything fails it is removed, what was at `url` is untouched, and the error is thrown: `write`'s own, or a
/// `RunError` naming the file. A symbolic link, a folder, a pipe or a device at `url` is refused.
///
/// - Parameter name: what messages call the file; its path where it is nil.
public func atomically(replacing url: URL, named name: String? = nil, _ write: (URL) throws -> Void) throws {
    let name = name ?? url.path
    let mode = try plainFileMode(url.path, named: name)
    let beside = url.deletingLastPathComponent()
        .appendingPathComponent("\(partialPrefix)\(getpid())-\(url.lastPathComponent)")
    // A link that lies there would be written through.
    unlink(beside.path)
    do {
        try write(beside)
        let descriptor = open(beside.path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFault(name, "cannot be written") }
        defer { close(descriptor) }
        if let mode, fchmod(descriptor, mode) != 0 { throw systemFault(name, "cannot be given its permissions") }
        guard fsync(descriptor) == 0 else { throw systemFault(name, "cannot be synced") }
        guard rename(beside.path, url.path) == 0 else { throw systemFault(name, "cannot be replaced") }
    } catch {
        unlink(beside.path)
        // Whatever names the place beside means the file.
        let text = "\(error)"
        throw text.contains(beside.path) ? RunError(text.replacingOccurrences(of: beside.path, with: name)) : error
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
        let descriptor = open(beside.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw systemFault(url.path, "cannot be written") }
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

// MARK: - Files of a run folder, which somebody else may have made

/// Opens a plain file of a run, which `flags` may create. A symbolic link is not followed and a pipe does not block:
/// whatever is no plain file is refused, as is what the system refuses, by a `RunError` naming it.
func openPlain(_ url: URL, _ flags: Int32, failing what: String) throws -> Int32 {
    let descriptor = open(url.path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0o666)
    let fault = systemFault(url.path, what)
    guard descriptor >= 0 else {
        _ = try plainFileMode(url.path, named: url.path)
        throw fault
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        close(descriptor)
        throw RunError("\(url.path): is no plain file, expected one in a run folder")
    }
    return descriptor
}

/// The bytes of a plain file of a run. Throws `RunError` naming the file where it is no such file or cannot be read.
func plainContents(of url: URL) throws -> Data {
    let file = FileHandle(fileDescriptor: try openPlain(url, O_RDONLY, failing: "cannot be read"), closeOnDealloc: true)
    guard let contents = try? file.readToEnd() ?? Data() else { throw RunError("\(url.path): cannot be read") }
    return contents
}

/// The text of a plain file of a run, a byte order mark with it. Throws `RunError` where it is no UTF-8 too.
func textContents(of url: URL) throws -> String {
    guard let text = String(validating: try plainContents(of: url), as: UTF8.self) else {
        throw RunError("\(url.path): is damaged: it is no text in UTF-8")
    }
    return text
}

/// The permissions of a plain file; nil where nothing is there. Throws `RunError` for what is there and is no plain
/// file.
private func plainFileMode(_ path: String, named name: String) throws -> mode_t? {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    let kind =
        switch status.st_mode & S_IFMT {
        case S_IFREG: ""
        case S_IFLNK: "a symbolic link"
        case S_IFDIR: "a folder"
        default: "a pipe, a socket or a device"
        }
    guard kind.isEmpty else { throw RunError("\(name): is \(kind), expected a plain file") }
    return status.st_mode & 0o7777
}

/// Writes all of the bytes at a descriptor's place. Throws `RunError` naming the file.
func writeAll(_ contents: Data, to descriptor: Int32, of url: URL) throws {
    try contents.withUnsafeBytes { bytes in
        var written = 0
        while written < bytes.count {
            let step = write(descriptor, bytes.baseAddress! + written, bytes.count - written)
            if step < 0 && errno == EINTR { continue }
            guard step > 0 else { throw systemFault(url.path, "cannot be written") }
            written += step
        }
    }
}

/// A failed system call on a file, with the system's reason from `errno`.
func systemFault(_ name: String, _ what: String) -> RunError {
    RunError("\(name): \(what): \(String(cString: strerror(errno)))")
}

/// Makes a folder and those above it. Throws `RunError` naming the part that is no folder or cannot be made.
package func makeFolder(_ url: URL) throws {
    if mkdir(url.path, 0o777) == 0 { return }
    if errno == ENOENT, url.pathComponents.count > 1 {
        try makeFolder(url.deletingLastPathComponent())
        if mkdir(url.path, 0o777) == 0 { return }
    }
    let reason = errno
    var status = stat()
    if reason == EEXIST, stat(url.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
    errno = reason
    throw reason == EEXIST ? RunError("\(url.path): is not a folder") : systemFault(url.path, "cannot be made")
}

/// Makes a folder within a run folder. Throws `RunError` naming it where it cannot be made, or what is there is a link
/// or no folder.
func makeFolderOfRun(_ url: URL) throws {
    if mkdir(url.path, 0o777) == 0 { return }
    let fault = systemFault(url.path, "cannot be made")
    guard try isFolderOfRun(url) else { throw fault }
}

/// Whether a folder within a run folder is there. Throws `RunError` naming it where what is there is a link or no
/// folder.
func isFolderOfRun(_ url: URL) throws -> Bool {
    var status = stat()
    guard lstat(url.path, &status) == 0 else { return false }
    guard status.st_mode & S_IFMT == S_IFDIR else {
        let kind = status.st_mode & S_IFMT == S_IFLNK ? "a symbolic link" : "no folder"
        throw RunError("\(url.path): is \(kind), expected a folder in a run folder")
    }
    return true
}
