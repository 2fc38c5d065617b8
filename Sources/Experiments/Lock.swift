import Foundation
import Glibc

/// A file that one process at a time holds (`flock`). The kernel lets go of it when the last process that has its descriptor ends, so
/// a killed process blocks nobody, and a child that was handed the descriptor holds the lock on.
final class Lock {
    let descriptor: Int32
    private let url: URL

    /// Takes the lock of a file, made where it is missing; nil where another process holds it. Waits for it where `waiting`.
    init?(_ url: URL, waiting: Bool) throws {
        self.url = url
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw systemFault(url, "cannot be opened") }
        while flock(descriptor, waiting ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { return nil }
            throw systemFault(url, "cannot be locked")
        }
    }

    /// The lock that a parent process holds and handed down as an open descriptor; nil where that is another file.
    init?(_ url: URL, inherited: Int32) {
        self.url = url
        descriptor = inherited
        var own = stat(), file = stat()
        guard fstat(inherited, &own) == 0, stat(url.path, &file) == 0, own.st_ino == file.st_ino, own.st_dev == file.st_dev,
            flock(inherited, LOCK_EX | LOCK_NB) == 0
        else { return nil }
        _ = fcntl(inherited, F_SETFD, FD_CLOEXEC)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Leaves this process's number in the file, for the message of one that finds it locked.
    func sign() {
        ftruncate(descriptor, 0)
        let text = "\(getpid())\n"
        _ = pwrite(descriptor, text, text.utf8.count, 0)
    }
}
