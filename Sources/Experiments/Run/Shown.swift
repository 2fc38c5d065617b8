import Figures
import Foundation

/// What a reader is shown of a run: its tables and charts, made from the cells that have ended.
package struct Shown {
    /// A record a cell, missing ones among them.
    package let records: [CellRecord]
    /// What the cells found, their times among it.
    package let measurements: Measurements
    package let shows: Shows
    let logs: RunLogs

    /// - Throws: `RunError` where a file of the run is damaged.
    init(_ shows: Shows, _ records: [CellRecord], in folder: RunFolder) throws {
        (self.shows, self.records) = (shows, records)
        measurements = Measurements(records.withTimes)
        logs = try RunLogs(records, in: folder)
    }

    /// Whether the logs of all cells that have ended are at hand; a checkout may leave them out.
    package var hasLogs: Bool { logs.absent.isEmpty }

    /// What was logged under a name, read out at `iteration`.
    package func logged(_ metric: String) throws -> [Measurement] { try logs.rows(metric) }

    /// A table of the run as it was declared; its rows are empty where nothing of it was measured.
    package func table(_ declaration: TableDeclaration) throws -> Table {
        try declaration.table(measurements, shows.vocabulary, place: shows.place)
    }

    /// The charts of a declaration by the names of their files; none of logs where those are not at hand.
    package func charts(_ declaration: ChartDeclaration) throws -> [(name: String, chart: Chart)] {
        guard hasLogs || !declaration.isOfLogs else { return [] }
        return try declaration.charts(measurements, shows.vocabulary, place: shows.place, logged: logs.rows)
            .map { ($0.name.fileName, $0.chart) }
    }
}

extension Plan {
    /// What is shown of the cells that have ended. Throws `RunError` for a damaged file.
    package func shown() throws -> Shown { try Shown(shows, records(), in: folder) }

    /// Whether a cell is being run: some process holds it.
    package var isGoing: Bool {
        cells.contains { cell in
            let lock = folder.cell(cell.id).lock
            guard FileManager.default.fileExists(atPath: lock.path) else { return false }
            do { return try Lock(lock, waiting: false) == nil } catch { return false }
        }
    }
}
