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
    /// The text of `measurements.csv`.
    public var csv: String {
        let (labels, readOuts) = (labelKeys, readOutKeys)
        let header = labels + ["seed", "metric"] + readOuts + Self.last
        let lines = rows.map { row in
            labels.map { row.labels[$0] ?? "" } + ["\(row.seed)", row.metric] + readOuts.map { row.readOut[$0] ?? "" }
                + ["\(row.value)", row.error.map { "\($0)" } ?? "", row.status]
        }
        return CommaSeparated.text([header] + lines)
    }

    private static let last = ["value", "error", "status"]

    /// Reads the text of `measurements.csv`; `place` names it in messages.
    ///
    /// - Throws: `RunError` naming the line, and what would be right, where the text is not what `csv` gives: cut
    ///   short, with another header, line ends or byte order mark of another program, a row twice, or a value that is
    ///   no number.
    public init(csv text: String, place: String) throws {
        func fault(_ line: Int, _ what: String) -> RunError { RunError("\(place), line \(line): \(what)") }
        let (header, records) = try CommaSeparated.records(
            text, place: place, header: "labels, seed, metric, read-outs, value, error, status"
        ) { header in
            guard let seed = header.firstIndex(of: "seed"), header.count >= seed + 5 else { return false }
            return seed >= 1 && header[seed + 1] == "metric" && header.suffix(3) == Self.last[...]
        }
        let seed = header.firstIndex(of: "seed")!
        let labelKeys = header[..<seed], readOutKeys = header[(seed + 2)..<(header.count - 3)]
        var rows: [Measurement] = [], seen: [Key: Int] = [:]
        for (line, fields) in records {
            func number(_ text: String, _ column: String) throws -> Double {
                // Swift reads hexadecimal numbers too.
                guard !text.lowercased().contains("x"), let value = Double(text), value.isFinite else {
                    throw fault(line, "\(column) is '\(text)', expected a finite number with a decimal point")
                }
                return value
            }
            let labels = Labels(zip(labelKeys, fields))
            guard let seedValue = UInt64(fields[seed]), "\(seedValue)" == fields[seed] else {
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
            if let fault = row.fault { throw RunError("\(place), line \(line): \(fault)") }
            if let other = seen.updateValue(line, forKey: Key(row)) {
                throw fault(line, "stands in line \(other) already")
            }
            rows.append(row)
        }
        self.rows = rows
    }

    /// What two measurements of a run differ in.
    struct Key: Hashable {
        let labels: Labels, seed: UInt64, metric: String, readOut: [String: String]
        init(_ row: Measurement) { (labels, seed, metric, readOut) = (row.labels, row.seed, row.metric, row.readOut) }
    }
}
