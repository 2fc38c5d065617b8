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
            return try textContents(of: url)
        }
        let measurements = try text(folder.measurements).map {
            try Measurements(csv: $0, place: folder.measurements.path)
        }
        rows = Dictionary(grouping: measurements?.rows ?? []) { CellTimings.Key(labels: $0.labels, seed: $0.seed) }
        let times = try text(folder.timing).map { try CellTimings(csv: $0, place: folder.timing.path) }
        timings = Dictionary((times?.rows ?? []).map { ($0.key, $0.timing) }) { $1 }
        if let times, timings.count < times.rows.count {
            throw RunError("\(folder.timing.path): has the times of a cell twice")
        }
    }

    /// The records of these cells, which are all of the run's. Throws `RunError` for a damaged file, and where the run's
    /// own holds measurements of another cell.
    func records(_ cells: [Cell]) throws -> [CellRecord] {
        let known = Set(cells.map { CellTimings.Key(labels: $0.labels, seed: $0.seed) })
        for (file, keys) in [(folder.measurements, Array(rows.keys)), (folder.timing, Array(timings.keys))] {
            let foreign = keys.filter { !known.contains($0) }.map { "\($0.labels), seed \($0.seed)" }.sorted()
            if let first = foreign.first {
                throw RunError("\(file.path): is not of this run alone: it has a cell that the run has not: \(first)")
            }
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
            return CellRecord(cell, named(try whole(rows[key] ?? [], folder.measurements), cell), timings[key])
        }
        let own = try Measurements(csv: textContents(of: files.measurements), place: files.measurements.path).rows
        if let foreign = own.first(where: { $0.labels != cell.labels || $0.seed != cell.seed }) {
            throw RunError(
                "\(files.measurements.path): is of another cell: \(foreign.labels), seed \(foreign.seed)")
        }
        guard !own.isEmpty else { throw RunError("\(files.measurements.path): holds no measurement") }
        if let others = rows[key], Set(others) != Set(own) {
            throw RunError(
                "\(files.measurements.path): differs from what \(folder.measurements.path) has of the cell",
                cure: "one of them was changed: remove the one that is wrong, or the cell's rows in it")
        }
        let timing =
            FileManager.default.fileExists(atPath: files.timing.path) ? try CellTiming(from: files.timing) : nil
        return CellRecord(cell, named(try whole(own, files.measurements), cell), timing)
    }

    /// The rows of a cell, which has measured things or diverged, not both.
    private func whole(_ rows: [Measurement], _ file: URL) throws -> [Measurement] {
        guard rows.count < 2 || rows.allSatisfy({ $0.status == Measurement.finished }) else {
            throw RunError(
                "\(file.path): a cell has both diverged and measured: \(rows[0].labels), seed \(rows[0].seed)")
        }
        return rows
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
