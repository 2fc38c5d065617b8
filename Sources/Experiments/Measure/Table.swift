import Foundation
import HDF5

/// A column of a replication's table.
public struct Column: Sendable {
    let title: String
    let text: @Sendable (CellRecord) -> String

    /// A cell's label.
    public static func label(_ key: String, title: String? = nil) -> Column {
        Column(title: title ?? key) { $0.cell.label(key) ?? "" }
    }

    /// A number that the cell found, with this many decimals; "–" where it did not.
    public static func value(_ name: String, title: String? = nil, decimals: Int) -> Column {
        Column(title: title ?? name) { record in
            record.values[name].map { String(format: "%.\(decimals)f", $0) } ?? "–"
        }
    }

    /// The seed of the cell.
    public static let seed = Column(title: "seed") { "\($0.cell.seed)" }

    /// Milliseconds an iteration.
    public static let timePerIteration = Column(title: "ms/iteration") { record in
        record.timing?.secondsPerIteration.map { String(format: "%.2f", $0 * 1000) } ?? "–"
    }

    /// A column of one's own.
    public static func custom(_ title: String, _ text: @escaping @Sendable (CellRecord) -> String) -> Column {
        Column(title: title, text: text)
    }
}

/// A table of text.
public struct Table: Sendable, Equatable {
    public var columns: [String]
    /// As many entries a row as there are columns.
    public var rows: [[String]]
    /// Sentences under the table.
    public var notes: [String]

    public init(columns: [String], rows: [[String]], notes: [String] = []) {
        self.columns = columns
        self.rows = rows
        self.notes = notes
    }

    /// A row a cell. Where a cell is missing or diverged, a column "status" says so, and a note how to run what is
    /// missing.
    public init(_ records: [CellRecord], columns: [Column]) {
        let complete = records.allSatisfy { $0.status == .finished }
        self.columns = columns.map(\.title) + (complete ? [] : ["status"])
        rows = records.map { record in
            let status =
                switch record.status {
                case .missing: "not run"
                case .finished: "finished"
                case .diverged(let quantity, let iteration): "diverged: \(quantity) at iteration \(iteration)"
                }
            return columns.map { $0.text(record) } + (complete ? [] : [status])
        }
        notes = [Self.missingNote(records)].compactMap { $0 }
    }

    /// How many cells have not run, and how to run them; nil where all have.
    public static func missingNote(_ records: [CellRecord]) -> String? {
        let missing = records.filter { $0.status == .missing }.map(\.cell.index)
        guard !missing.isEmpty else { return nil }
        var ranges: [ClosedRange<Int>] = []
        for index in missing {
            if let last = ranges.last, last.upperBound + 1 == index {
                ranges[ranges.count - 1] = last.lowerBound...index
            } else {
                ranges.append(index...index)
            }
        }
        let list = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        return "\(missing.count) of \(records.count) cells have not run: --cells \(list.joined(separator: ","))"
    }

    /// Markdown, its columns aligned to be read as text too. Control characters, which files can bring, are escaped.
    public var markdown: String {
        let rows = rows.map { $0.map(\.printable) }, lines = [columns] + rows
        let notes = notes.map(\.printableLines)
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max()! }
        func row(_ entries: [String]) -> String {
            let padded = zip(entries, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = "| " + widths.map { String(repeating: "-", count: $0) }.joined(separator: " | ") + " |"
        let body = [row(columns), rule] + rows.map(row)
        return (body + (notes.isEmpty ? [] : [""]) + notes).joined(separator: "\n") + "\n"
    }
}
