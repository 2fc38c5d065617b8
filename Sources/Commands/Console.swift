import Experiments
import Foundation
import Glibc
import HDF5
import Logging
import Synchronization

/// Opens /dev/null as whichever of standard input, output and error is closed, so that no file of a run is opened as
/// one of them; for reading, so that what is written to a closed standard output is a fault as on a full disk.
func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
        _ = open("/dev/null", O_RDONLY)  // the lowest that is free
    }
}

/// Writes text to standard output, control characters escaped as JSON does. A closed pipe ends the process quietly, as
/// SIGPIPE does; throws `RunError` for any other failure, such as a full disk.
func printText(_ text: String) throws {
    guard !write(text.printableLines, to: STDOUT_FILENO) else { return }
    if errno == EPIPE { Foundation.exit(128 + SIGPIPE) }
    throw RunError("standard output: cannot be written: \(String(cString: strerror(errno)))")
}

/// Writes a value as JSON; throws as `printText` does.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try printLine(String(decoding: encoder.encode(value), as: UTF8.self))
}

/// The same with a line's end.
func printLine(_ line: String) throws { try printText(line + "\n") }

/// Writes all of a text; false, with `errno`, where the system refuses.
private func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        bytes = bytes.dropFirst(count)
    }
    return true
}

/// Standard error: messages, and the lines of progress that stand below them on a terminal.
final class Console: Sendable {
    static let shared = Console()

    /// Whether standard error is a terminal.
    let isTerminal = isatty(STDERR_FILENO) == 1
    /// The lines of progress that stand there; the cursor is at the end of the last.
    private let standing = Mutex<[String]>([])

    /// The terminal's width in characters; 80 where it does not say.
    var width: Int {
        var size = winsize()
        return ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }

    /// Writes a line, or several, above the lines of progress. What files say stands in them: control characters are
    /// escaped.
    func write(_ line: String) {
        standing.withLock { standing in
            put(erasing(standing) + line.printableLines + "\n" + drawing(standing))
        }
    }

    /// Replaces the lines of progress, control characters escaped; for a terminal. None removes them.
    func show(_ lines: [String]) {
        standing.withLock { standing in
            put(erasing(standing) + drawing(lines))
            standing = lines
        }
    }

    /// Writes a text as it is: for a parent process that reads it.
    func relay(_ text: String) { put(text) }

    /// Goes to where the first of the lines begins, and clears from there. A terminal that was made narrower since has
    /// wrapped them, so their rows are counted by its width of now.
    private func erasing(_ lines: [String]) -> String {
        guard !lines.isEmpty else { return "" }
        let rows = lines.reduce(0) { $0 + max(1, ($1.count + width - 1) / width) }
        return "\r" + (rows > 1 ? "\u{1B}[\(rows - 1)A" : "") + "\u{1B}[J"
    }

    /// The lines, each cut at the terminal's edge and not wrapped.
    private func drawing(_ lines: [String]) -> String {
        guard !lines.isEmpty else { return "" }
        return "\u{1B}[?7l" + lines.map(\.printable).joined(separator: "\r\n") + "\u{1B}[?7h"
    }

    /// Where standard error cannot be written there is nowhere to say so.
    private func put(_ text: String) { _ = Commands.write(text, to: STDERR_FILENO) }
}

/// Brings log messages to standard error, a line each.
struct ConsoleLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { Console.shared.write("\(event.level): \(event.message)") }
}
