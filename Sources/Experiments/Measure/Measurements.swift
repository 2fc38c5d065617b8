import Foundation

/// The measurements of a run, and their form on the disk, `measurements.csv`: a row a measurement, in the order of the
/// cells, of the metrics as they were measured. Its columns are the labels in the settings' order, `seed`, `metric`,
/// the read-outs by name, `value`, `error`, `status`.
///
/// Numbers are the shortest texts that read back the same, so that the same run gives the same bytes. A text with a
/// comma, a quote or a line end is quoted as RFC 4180 has it.
public struct Measurements: Equatable, Sendable {
    public private(set) var rows: [Measurement]

    public init(_ rows: [Measurement] = []) { self.rows = rows }

    /// Every key that a row's labels have, in the order of their first.
    public var labelKeys: [String] { Self.distinct(rows.flatMap(\.labels.keys)) }

    /// Every key that a row was read out at, by name.
    public var readOutKeys: [String] { Set(rows.flatMap { $0.readOut.keys }).sorted() }

    /// Every metric, in the order of their first.
    public var metrics: [String] { Self.distinct(rows.map(\.metric)) }

    public mutating func append(_ row: Measurement) { rows.append(row) }

    private static func distinct(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}

// MARK: - On the disk

extension Measurements {
    private static let fixed = ["seed", "metric", "value", "error", "status"]

    /// The text of `measurements.csv`.
    public var csv: String {
        let (labels, readOuts) = (labelKeys, readOutKeys)
        let header = labels + ["seed", "metric"] + readOuts + ["value", "error", "status"]
        let lines = rows.map { row in
            labels.map { row.labels[$0] ?? "" } + ["\(row.seed)", row.metric] + readOuts.map { row.readOut[$0] ?? "" }
                + ["\(row.value)", row.error.map { "\($0)" } ?? "", row.status]
        }
        return ([header] + lines).map { $0.map(Self.quoted).joined(separator: ",") + "\n" }.joined()
    }

    private static func quoted(_ field: String) -> String {
        field.contains { ",\"\n\r".contains($0) }
            ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
    }

    /// Reads the text of `measurements.csv`; `place` names it in messages.
    ///
    /// - Throws: `RunError` naming the line, and what would be right, where the text is not what `csv` gives: cut
    ///   short, with another header, line ends or byte order mark of another program, a row twice, or a value that is
    ///   no number.
    public init(csv text: String, place: String) throws {
        func fault(_ line: Int, _ what: String) -> RunError { RunError("\(place), line \(line): \(what)") }
        let restore = "it was changed by another program: take the file as it was written"
        guard !text.isEmpty else { throw RunError("\(place): is empty") }
        guard text.unicodeScalars.first != "\u{feff}" else {
            throw RunError("\(place): begins with a byte order mark", cure: restore)
        }
        guard !text.unicodeScalars.contains("\r") else {
            throw RunError("\(place): has line ends of Windows (CRLF)", cure: restore)
        }
        guard text.last == "\n" else { throw RunError("\(place): is cut short: its last line does not end") }
        let header = try Self.records(text.prefix { $0 != "\n" } + "\n") { fault($0, $1) }[0].fields
        guard let seed = header.firstIndex(of: "seed"), header.count >= seed + 5, header[seed + 1] == "metric",
            header.suffix(3) == ["value", "error", "status"], Set(header).count == header.count, seed >= 1
        else {
            throw fault(
                1,
                "the header is '\(header.joined(separator: ","))', expected labels, seed, metric, read-outs, value, error, status"
            )
        }
        let records = try Self.records(text) { fault($0, $1) }
        let labelKeys = header[..<seed], readOutKeys = header[(seed + 2)..<(header.count - 3)]
        var rows: [Measurement] = [], seen: [Key: Int] = [:]
        for (line, fields) in records.dropFirst() {
            guard fields.count == header.count else {
                throw fault(line, "has \(fields.count) fields, expected \(header.count) as the header has")
            }
            func number(_ text: String, _ column: String) throws -> Double {
                guard let value = Double(text), value.isFinite else {
                    throw fault(line, "\(column) is '\(text)', expected a finite number with a decimal point")
                }
                return value
            }
            var labels = Labels()
            for (key, value) in zip(labelKeys, fields) where !value.isEmpty { labels[key] = value }
            guard let seedValue = UInt64(fields[seed]) else {
                throw fault(line, "seed is '\(fields[seed])', expected a whole number from 0")
            }
            var readOut: [String: String] = [:]
            for (key, value) in zip(readOutKeys, fields[(seed + 2)...]) where !value.isEmpty { readOut[key] = value }
            let tail = Array(fields.suffix(3))
            let row = Measurement(
                labels: labels, seed: seedValue, metric: fields[seed + 1], readOut: readOut,
                value: try number(tail[0], "value"),
                error: tail[1].isEmpty ? nil : try number(tail[1], "error"), status: tail[2])
            guard !row.metric.isEmpty, !row.status.isEmpty else {
                throw fault(line, "names no \(row.metric.isEmpty ? "metric" : "status")")
            }
            if let other = seen.updateValue(line, forKey: Key(row)) {
                throw fault(line, "stands in line \(other) already")
            }
            rows.append(row)
        }
        self.rows = rows
    }

    /// What two measurements of a run differ in.
    private struct Key: Hashable {
        let labels: Labels, seed: UInt64, metric: String, readOut: [String: String]
        init(_ row: Measurement) { (labels, seed, metric, readOut) = (row.labels, row.seed, row.metric, row.readOut) }
    }

    /// The fields of each line, with the number of the line that it begins in.
    private static func records(_ text: String, _ fault: (Int, String) -> RunError) throws -> [(
        line: Int, fields: [String]
    )] {
        var records: [(Int, [String])] = []
        var fields: [String] = [], field = "", line = 1, begin = 1
        var isQuoted = false, wasQuoted = false
        var characters = text.unicodeScalars.makeIterator()
        var pending: Unicode.Scalar?
        while let scalar = pending ?? characters.next() {
            pending = nil
            if isQuoted {
                guard scalar == "\"" else {
                    if scalar == "\n" { line += 1 }
                    field.unicodeScalars.append(scalar)
                    continue
                }
                let next = characters.next()
                if next == "\"" {
                    field.unicodeScalars.append("\"")
                } else {
                    (isQuoted, wasQuoted, pending) = (false, true, next)
                }
                continue
            }
            switch scalar {
            case "\"" where field.isEmpty && !wasQuoted: isQuoted = true
            case ",", "\n":
                fields.append(field)
                (field, wasQuoted) = ("", false)
                if scalar == "\n" {
                    records.append((begin, fields))
                    fields = []
                    line += 1
                    begin = line
                }
            default:
                guard !wasQuoted, scalar != "\"" else { throw fault(line, "has a quote within a field") }
                field.unicodeScalars.append(scalar)
            }
        }
        guard !isQuoted else { throw fault(begin, "a quoted field does not end: the file is cut short") }
        return records
    }
}
