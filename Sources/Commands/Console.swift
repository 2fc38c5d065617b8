import Experiments
import Foundation
import Glibc
import HDF5
import Logging
import Synchronization

/// Opens /dev/null as whichever of standard input, output and error is closed, so that no file of a run is opened as
/// one of them.
func openStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 {
        _ = open("/dev/null", O_RDWR)  // the lowest that is free
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

/// Standard error: messages, and the line of progress that stands below them on a terminal.
final class Console: Sendable {
    static let shared = Console()

    /// Whether standard error is a terminal.
    let isTerminal = isatty(STDERR_FILENO) == 1
    private let hasLine = Mutex(false)

    /// Writes a line, or several, above the line of progress. What files say stands in them: control characters are
    /// escaped.
    func write(_ line: String) {
        let text = line.printableLines
        hasLine.withLock { hasLine in
            put((hasLine ? "\r\u{1B}[K" : "") + text + "\n")
            hasLine = false
        }
    }

    /// Replaces the line of progress, control characters escaped; for a terminal.
    func show(_ line: String) {
        hasLine.withLock { hasLine in
            put("\r\u{1B}[K\u{1B}[?7l" + line.printable + "\u{1B}[?7h")  // cut at the terminal's edge, not wrapped
            hasLine = true
        }
    }

    /// Where standard error cannot be written there is nowhere to say so.
    private func put(_ text: String) { _ = Commands.write(text, to: STDERR_FILENO) }
}

/// Renders progress: on a terminal a line in place with the rate and the time left, else a line every few seconds.
final class ProgressLine {
    private let interval = Console.shared.isTerminal ? 0.1 : 5.0
    private var place = ""
    private var cellStart = Date()
    private var firstIteration = 0
    private var lastShown = Date.distantPast

    func show(_ progress: RunProgress) {
        switch progress {
        case .started(let cell, let position, let count, let iteration):
            place = "[\(position)/\(count)] \(cell.id)"
            (cellStart, firstIteration, lastShown) = (Date(), iteration, Date())
            if iteration > 0 { Console.shared.write("\(place): resumes after iteration \(iteration)") }
        case .iterated(_, let iteration, let total):
            let now = Date()
            guard now.timeIntervalSince(lastShown) >= interval else { return }
            lastShown = now
            let rate = Double(iteration - firstIteration) / max(1e-9, now.timeIntervalSince(cellStart))
            let left = Self.time(Double(total - iteration) / max(1e-9, rate))
            let line = "\(place): \(iteration)/\(total), \(String(format: "%.1f", rate)) iterations/s, \(left) left"
            Console.shared.isTerminal ? Console.shared.show(line) : Console.shared.write(line)
        case .skipped(let cells):
            Console.shared.write(
                cells.count == 1 ? "\(cells[0].id): has run already" : "\(cells.count) cells have run already")
        case .ended(let record):
            let headlines = record.measurements.filter { $0.readOut.isEmpty && $0.status == Measurement.finished }
            let values = headlines.prefix(3).map { "\($0.metric) \(String(format: "%.4g", $0.value))" }
            let seconds = record.timing.map { " in \(Self.time($0.wallSeconds))" } ?? ""
            let end = record.status == .finished ? "done" : "diverged"
            Console.shared.write(
                "\(place): \(end)\(seconds)\(values.isEmpty ? "" : ": ")\(values.joined(separator: ", "))")
        case .relayed(let line):
            Console.shared.write(line)
        }
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<100: String(format: "%.0f s", seconds)
        case ..<6000: String(format: "%.0f min", seconds / 60)
        case ..<360_000: String(format: "%.1f h", seconds / 3600)
        default: "days"
        }
    }
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
