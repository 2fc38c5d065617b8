import Foundation

/// What a run's folder holds of its cells: the files of each, and the run's own, which stand for the cells that have
/// none, as in a fresh clone.
struct RunContents {
    private let folder: RunFolder
    private let rows: [CellTimings.Key: [Measurement]]
    private let timings: [CellTimings.Key: CellTiming]

    /// Reads the run's own files. Throws `RunError` where one is damaged.
    init(_ folder: RunFolder) throws {
        self.folder = folder
        func text(_ url: URL) throws -> String? {
            guard FileManager.default.fileExists(atPath: url.path) else { return nil }
            guard let text = String(data: try plainContents(of: url), encoding: .utf8) else {
                throw RunError("\(url.path): is damaged: it is no text")
            }
            return text
        }
        let measurements = try text(folder.measurements).map {
            try Measurements(csv: $0, place: folder.measurements.path)
        }
        rows = Dictionary(grouping: measurements?.rows ?? []) { CellTimings.Key(labels: $0.labels, seed: $0.seed) }
        let times = try text(folder.timing).map { try CellTimings(csv: $0, place: folder.timing.path) }
        timings = Dictionary((times?.rows ?? []).map { ($0.key, $0.timing) }) { $1 }
    }

    /// The records of these cells, which are all of the run's. Throws `RunError` for a damaged file, and where the run's
    /// own holds measurements of another cell.
    func records(_ cells: [Cell]) throws -> [CellRecord] {
        let known = Set(cells.map { CellTimings.Key(labels: $0.labels, seed: $0.seed) })
        if let foreign = rows.keys.first(where: { !known.contains($0) }) {
            throw RunError(
                "\(folder.measurements.path): holds measurements of a cell that this run has not: \(foreign.labels), seed \(foreign.seed)"
            )
        }
        return try cells.map(record)
    }

    /// Whether a cell has ended, by its own file or the run's.
    func hasEnded(_ cell: Cell) -> Bool {
        rows[CellTimings.Key(labels: cell.labels, seed: cell.seed)] != nil
            || FileManager.default.fileExists(atPath: folder.cell(cell.id).measurements.path)
    }

    private func record(_ cell: Cell) throws -> CellRecord {
        let key = CellTimings.Key(labels: cell.labels, seed: cell.seed)
        let files = folder.cell(cell.id)
        guard FileManager.default.fileExists(atPath: files.measurements.path) else {
            return CellRecord(cell, named(rows[key] ?? [], cell), timings[key])
        }
        let text = String(decoding: try plainContents(of: files.measurements), as: UTF8.self)
        let own = try Measurements(csv: text, place: files.measurements.path).rows
        if let foreign = own.first(where: { $0.labels != cell.labels || $0.seed != cell.seed }) {
            throw RunError(
                "\(files.measurements.path): is of another cell: \(foreign.labels), seed \(foreign.seed)")
        }
        guard !own.isEmpty else { throw RunError("\(files.measurements.path): holds no measurement") }
        let timing =
            FileManager.default.fileExists(atPath: files.timing.path) ? try CellTiming(from: files.timing) : nil
        return CellRecord(cell, named(own, cell), timing)
    }

    /// The rows with the labels in the setting's own order, whichever the file had, so that the same is written again.
    private func named(_ rows: [Measurement], _ cell: Cell) -> [Measurement] {
        rows.map { row in
            var row = row
            row.labels = cell.labels
            return row
        }
    }
}
