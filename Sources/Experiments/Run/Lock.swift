import Foundation
import Glibc

/// A file that one process at a time holds (`flock`). The kernel lets go of it when the process ends, so a killed
/// process blocks nobody.
final class Lock {
    private let descriptor: Int32

    /// Takes the lock of a plain file, made where it is missing; nil where another process holds it. Waits for it where
    /// `waiting`.
    init?(_ url: URL, waiting: Bool) throws {
        descriptor = try openPlain(url, O_RDWR | O_CREAT, failing: "cannot be opened")
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { return nil }
            throw systemFault(url.path, "cannot be locked")
        }
    }

    deinit { close(descriptor) }

    /// Leaves this process's number in the file, for the message of one that finds it locked.
    func sign() {
        ftruncate(descriptor, 0)
        let text = "\(getpid())\n"
        _ = pwrite(descriptor, text, text.utf8.count, 0)
    }
}
