import Foundation
import Glibc

/// A cell to be run by a process of its own.
package struct CellProcess {
    /// What the executable is started with, without its name.
    package var arguments: [String]
    /// The cell's id, for messages.
    package var cell: String

    package init(cell: String, arguments: [String]) {
        self.cell = cell
        self.arguments = arguments
    }
}

/// Runs this executable once for each of `processes`, `atOnce` at a time, and waits for all; the highest of their exit
/// codes, `RunError.tryAgain` below all faults, 128 + signal for one that a signal ended.
///
/// Lines that they write to standard error go to `relay`; their standard output goes nowhere. They are a process group
/// each, so a terminal's Ctrl-C reaches this process alone, which passes it on: once `interruption` gives a signal, it
/// is sent to those that run, and no more are started. A child is to call `Interruption.endWith(parent:)`.
package func runChildren(
    _ processes: [CellProcess], atOnce: Int, interruption: () -> Int32?, relay: (String) -> Void
) throws -> Int32 {
    var waiting = processes[...]
    var running: [Child] = []
    var worst: Int32 = 0
    var sent = false
    defer { for child in running { kill(child.process, SIGTERM) } }

    while true {
        if let signal = interruption(), !sent {
            for child in running { kill(child.process, signal) }
            waiting = []
            sent = true
        }
        while running.count < atOnce, let next = waiting.popFirst() { running.append(try Child(next)) }
        if running.isEmpty { return worst }

        var polled = running.map { pollfd(fd: $0.output, events: Int16(POLLIN), revents: 0) }
        guard poll(&polled, nfds_t(polled.count), 200) > 0 else { continue }
        for index in polled.indices.reversed() where polled[index].revents != 0 {
            if try running[index].read(relay) { continue }
            let child = running.remove(at: index)
            let code = child.wait()
            // One that ends by itself has said why.
            if code > 128 && !sent { relay("\(child.cell): its process was ended by signal \(code - 128)") }
            // That another try may do better says less than any fault.
            let rank = { (code: Int32) in code == RunError.tryAgain ? 1 : code == 0 ? 0 : code + 1 }
            if rank(code) > rank(worst) { worst = code }
        }
    }
}

/// A child process and the lines that it writes.
private struct Child {
    let process: pid_t
    let output: Int32
    let cell: String
    private var pending: [UInt8] = []

    init(_ start: CellProcess) throws {
        cell = start.cell
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Self.fault(errno) }
        defer { close(ends[1]) }
        // Another child must not hold this one's pipe open.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))

        let environment = ProcessInfo.processInfo.environment.map { "\($0)=\($1)" }
        var process: pid_t = 0
        let code = withCStrings([CommandLine.arguments[0]] + start.arguments) { arguments in
            withCStrings(environment) { environment in
                // The file that runs, even where another has taken its name since.
                posix_spawn(&process, "/proc/self/exe", &actions, &attributes, arguments, environment)
            }
        }
        guard code == 0 else {
            close(ends[0])
            throw Self.fault(code)
        }
        (self.process, output) = (process, ends[0])
    }

    /// Passes on what there is to read, line by line; false at its end.
    mutating func read(_ relay: (String) -> Void) throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        let count = Glibc.read(output, &buffer, buffer.count)
        if count < 0 && errno == EINTR { return true }
        pending += buffer.prefix(max(0, count))
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            relay(String(decoding: pending[..<end], as: UTF8.self))
            pending.removeSubrange(...end)
        }
        if count <= 0, !pending.isEmpty { relay(String(decoding: pending, as: UTF8.self)) }
        return count > 0
    }

    /// Waits for the end of a child that has closed its output; its exit code.
    func wait() -> Int32 {
        close(output)
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }

    private static func fault(_ code: Int32) -> RunError {
        RunError("cannot start a child process: \(String(cString: strerror(code)))")
    }
}

/// The texts as a NULL-terminated array of C strings.
private func withCStrings<T>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> T
) -> T {
    var pointers = texts.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    return body(&pointers)
}
