import Foundation

/// The times of a run's cells, and their form on the disk, `timing.csv`: a row a cell, with the labels, the seed, and
/// what `CellTiming` has, in seconds, counts and bytes. Outside a run's identity.
struct CellTimings {
    /// What tells cells apart.
    struct Key: Hashable {
        let labels: Labels, seed: UInt64
    }

    private(set) var rows: [(key: Key, timing: CellTiming)] = []

    init() {}

    mutating func append(_ cell: Cell, _ timing: CellTiming) {
        rows.append((Key(labels: cell.labels, seed: cell.seed), timing))
    }

    private static let columns = [
        "wallSeconds", "iterationSeconds", "iterations", "medianSecondsPerIteration", "peakMemory", "processor",
        "commit",
    ]

    /// The text of `timing.csv`.
    var csv: String {
        let keys = Measurements(
            rows.map { Measurement(labels: $0.key.labels, seed: $0.key.seed, metric: "", value: 0) }
        ).labelKeys
        let lines = rows.map { key, timing in
            keys.map { key.labels[$0] ?? "" } + ["\(key.seed)"] + [
                "\(timing.wallSeconds)", "\(timing.iterationSeconds)", "\(timing.iterations)",
                timing.medianSecondsPerIteration.map { "\($0)" } ?? "", "\(timing.peakMemory)", timing.processor,
                timing.commit,
            ]
        }
        return CommaSeparated.text([keys + ["seed"] + Self.columns] + lines)
    }

    /// Reads the text of `timing.csv`; `place` names it in messages. Throws `RunError` naming the line.
    init(csv text: String, place: String) throws {
        let (header, records) = try CommaSeparated.records(
            text, place: place, header: "labels, seed, \(Self.columns.joined(separator: ", "))"
        ) { header in header.suffix(Self.columns.count + 1) == (["seed"] + Self.columns)[...] }
        let seed = header.firstIndex(of: "seed")!
        for (line, fields) in records {
            func number<Number: LosslessStringConvertible & Comparable>(_ column: Int, _ range: ClosedRange<Number>)
                throws
                -> Number
            {
                guard let value = Number(fields[column]), range ~= value else {
                    throw RunError(
                        "\(place), line \(line): \(header[column]) is '\(fields[column])', expected a number from \(range.lowerBound)"
                    )
                }
                return value
            }
            var timing = CellTiming()
            let (seconds, counts) = (0.0...1e12, 0...1 << 53)
            timing.wallSeconds = try number(seed + 1, seconds)
            timing.iterationSeconds = try number(seed + 2, seconds)
            timing.iterations = try number(seed + 3, counts)
            timing.medianSecondsPerIteration = fields[seed + 4].isEmpty ? nil : try number(seed + 4, seconds)
            timing.peakMemory = try number(seed + 5, counts)
            (timing.processor, timing.commit) = (fields[seed + 6], fields[seed + 7])
            let key = Key(labels: Labels(zip(header[..<seed], fields)), seed: try number(seed, 0...UInt64.max))
            rows.append((key, timing))
        }
    }
}

extension CellTiming {
    /// The times as measurements of a cell, by the names that the suite's vocabulary has for them.
    func measurements(of cell: Cell) -> [Measurement] {
        let values: [(String, Double?)] = [
            ("secondsPerIteration", secondsPerIteration), ("medianSecondsPerIteration", medianSecondsPerIteration),
            ("wallSeconds", wallSeconds), ("peakMemory", Double(peakMemory)),
        ]
        return values.compactMap { metric, value in
            value.map { Measurement(labels: cell.labels, seed: cell.seed, metric: metric, value: $0) }
        }
    }
}
