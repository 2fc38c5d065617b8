import Experiments
import Foundation

/// The tables of a run whose cells belong to parts by their label `part`, one for each.
package struct PartTables<Part: Choice> {
    private let records: [CellRecord]
    private let table: (Part, [CellRecord]) -> Table

    /// - Parameter table: of a part, from its cells that are there.
    package init(_ records: [CellRecord], _ table: @escaping (Part, [CellRecord]) -> Table) {
        (self.records, self.table) = (records, table)
    }

    /// That of the first part of the run, with a note that names the files of the others.
    package var first: Table {
        let parts = Part.allCases.filter { part in records.contains { $0.cell.label("part") == part.rawValue } }
        var table = parts.first.map { self.table($0, records.part($0.rawValue)) } ?? Table(columns: ["part"], rows: [])
        if parts.count > 1 {
            table.notes.append(
                "Other parts: " + parts.dropFirst().map { "table-\($0.rawValue).md" }.joined(separator: ", ") + ".")
        }
        table.notes += [Table.missingNote(records)].compactMap { $0 }
        return table
    }

    /// Writes `table-….md` for each part with a finished cell, and calls `draw` with that part's cells.
    package func write(
        in folder: RunFolder, _ draw: (_ part: Part, _ all: [CellRecord], _ finished: [CellRecord]) throws -> Void
    ) throws {
        for part in Part.allCases {
            let all = records.part(part.rawValue)
            let finished = all.filter { $0.status == .finished }
            guard !finished.isEmpty else { continue }
            try atomically(
                replacing: folder.url.appendingPathComponent("table-\(part.rawValue).md"),
                by: Data(table(part, all).markdown.utf8))
            try draw(part, all, finished)
        }
    }
}

extension [CellRecord] {
    /// A row a setting: the labels' values, then means ± standard deviations over seeds, then what `more` adds.
    package func rows(by keys: [String], _ names: [String], _ more: (CellGroup) -> [String] = { _ in [] }) -> [[String]]
    {
        grouped(by: keys).map { group in
            group.labels + names.map { name in meanAndSpread(group.records.compactMap { $0.values[name] }) }
                + more(group)
        }
    }
}
