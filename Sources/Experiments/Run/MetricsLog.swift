import Foundation
import Glibc

/// A cell's `metrics.jsonl`: a line per logged iteration, appended; cut back to what the checkpoint covers before the
/// first line.
final class MetricsLog {
    private let url: URL
    private let cell: String
    private let start: Int
    private var descriptor: Int32 = -1

    /// The log of a cell, going on at byte `start`. The file is not touched before the first line or `sync`.
    init(_ url: URL, cell: String, start: Int) {
        self.url = url
        self.cell = cell
        self.start = start
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends a line; its numbers read back the same.
    func append(iteration: Int, _ values: KeyValuePairs<String, Double>) throws {
        var line = "{\"cell\":\(quoted(cell)),\"iteration\":\(iteration)"
        for (name, value) in values {
            line += ",\(quoted(name)):" + (value.isFinite ? "\(value)" : "\"\(value)\"")
        }
        line += "}\n"
        try open()
        try writeAll(Data(line.utf8), to: descriptor, of: url)
    }

    /// What was logged under a name so far, in order; also before a restart.
    func values(_ name: String) throws -> [(iteration: Int, value: Double)] { try Self.values(name, in: url) }

    /// What a log holds under a name, in order; nothing where there is no log. Throws `RunError` where it cannot be
    /// read.
    static func values(_ name: String, in url: URL) throws -> [(iteration: Int, value: Double)] {
        guard FileManager.default.fileExists(atPath: url.path) else { return [] }
        return try values(name, in: plainContents(of: url), of: url)
    }

    /// The same of a log's text; `url` names it in messages.
    static func values(_ name: String, in text: Data, of url: URL) throws -> [(iteration: Int, value: Double)] {
        let key = Data("\"\(name)\":".utf8)
        return try text.split(separator: UInt8(ascii: "\n")).compactMap { line in
            // Most lines of a long log are of other names, and reading them is what takes the time.
            guard line.range(of: key) != nil else { return nil }
            guard let record = try? JSONDecoder().decode([String: Value].self, from: line),
                case .integer(let iteration)? = record["iteration"]
            else { throw RunError("\(url.path): is damaged: a line of it cannot be read") }
            switch record[name] {
            case .number(let value): return (iteration, value)
            case .integer(let value): return (iteration, Double(value))
            case .text(let text): return (iteration, Double(text) ?? .nan)
            default: return nil
            }
        }
    }

    /// Brings the lines to the disk; the file's length.
    @discardableResult
    func sync() throws -> Int {
        try open()
        guard fsync(descriptor) == 0 else { throw systemFault(url.path, "cannot be synced") }
        return Int(lseek(descriptor, 0, SEEK_END))
    }

    private func open() throws {
        if descriptor >= 0 { return }
        let opened = try openPlain(url, O_WRONLY | O_CREAT | O_APPEND, failing: "cannot be written")
        guard ftruncate(opened, start) == 0 else {
            let fault = systemFault(url.path, "cannot be cut back")
            close(opened)
            throw fault
        }
        descriptor = opened
    }

    private func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": quoted += "\\\(character)"
            case " "...: quoted.unicodeScalars.append(character)
            default: quoted += String(format: "\\u%04x", character.value)
            }
        }
        return quoted + "\""
    }
}
