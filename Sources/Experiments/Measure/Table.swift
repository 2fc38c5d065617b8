import Foundation
import HDF5

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
        return (body + notes.flatMap { ["", $0] }).joined(separator: "\n") + "\n"
    }
}
