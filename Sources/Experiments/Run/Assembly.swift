import Figures
import Foundation
import Logging

/// The run's own files, made from whichever cells are there.
struct Assembly<R: Replication> {
    private let plan: Plan<R>
    private let logger: Logger
    private let shown: Shown

    /// For one who holds the run's lock.
    init(_ plan: Plan<R>, _ logger: Logger) throws {
        (self.plan, self.logger) = (plan, logger)
        shown = try plan.shown()
    }

    private var folder: RunFolder { plan.folder }
    private var records: [CellRecord] { shown.records }
    private var logs: RunLogs { shown.logs }

    /// Writes `measurements.csv`, `timing.csv`, `metrics.jsonl`, the tables and the pictures; the tables.
    ///
    /// Where the logs of finished cells are not there, as in a checkout that leaves them out, `metrics.jsonl` and the
    /// charts of logs stay as they are, with a warning: made without those cells they would replace what was made with
    /// them. Sheets likewise, where cells' pictures are not there.
    func write() throws -> [ShownTable] {
        guard records.contains(where: { $0.status != .missing }) else { return [] }
        let measurements = Measurements(records.flatMap(\.measurements))
        var timings = CellTimings()
        for record in records { if let timing = record.timing { timings.append(record.cell, timing) } }
        try atomically(replacing: folder.measurements, by: Data(measurements.csv.utf8))
        try atomically(replacing: folder.timing, by: Data(timings.csv.utf8))
        try writeLogs()
        let tables = try writeTables()
        try drawCharts()
        try drawSheets()
        return tables
    }

    private func writeLogs() throws {
        if let first = logs.absent.first {
            logger.warning(
                """
                \(folder.url.path): \(logs.absent.count) of the finished cells, \(first.id) first, have no metrics.jsonl here: \
                the run's own and the charts of it stay as they are
                """)
        } else {
            try logs.write(to: folder.metrics)
        }
    }

    private func writeTables() throws -> [ShownTable] {
        try makeFolderOfRun(folder.tables)
        var tables: [ShownTable] = []
        for declaration in plan.shows.tables {
            let table = try shown.table(declaration)
            let file = folder.tables.appendingPathComponent("\(declaration.name).md")
            guard !table.rows.isEmpty else {
                try? FileManager.default.removeItem(at: file)
                continue
            }
            try atomically(replacing: file, by: Data(declaration.markdown(table).utf8))
            tables.append(ShownTable(title: declaration.title, table: table, file: file))
        }
        return tables
    }

    private func drawCharts() throws {
        try makeFolderOfRun(folder.pictures)
        for (name, chart) in try plan.shows.charts.flatMap(shown.charts) {
            try chart.draw(named: name, in: folder.pictures)
        }
    }

    private func drawSheets() throws {
        var fault: (any Error)?
        func picture(_ cell: Cell, _ name: String) -> URL? {
            let url = folder.cell(cell.id).url.appendingPathComponent("\(name).png")
            guard FileManager.default.fileExists(atPath: url.path) else { return nil }
            do { close(try openPlain(url, O_RDONLY, failing: "cannot be read")) } catch { fault = fault ?? error }
            return url
        }
        // Cells of a checkout that leaves their files out: a sheet without them would replace one with them.
        let isWhole = records.allSatisfy { $0.status != .finished || logs.hasFolder($0.cell) }
        for declaration in plan.shows.sheets {
            for (name, sheet) in declaration.sheets(records, picture) {
                let name = name.fileName
                if let fault { throw fault }
                let file = folder.pictures.appendingPathComponent("\(name).png")
                guard isWhole || !FileManager.default.fileExists(atPath: file.path) else {
                    logger.warning("\(file.path) stays as it is: some cells' pictures are not here")
                    continue
                }
                do { try sheet.write(named: name, in: folder.pictures) } catch {
                    switch error {
                    case .gnuplotMissing, .gnuplotFailed: logger.warning("\(error)")
                    default: throw error
                    }
                }
            }
        }
    }
}

/// A table of a run as it is shown.
public struct ShownTable: Sendable {
    public let title: String
    public let table: Table
    public let file: URL
}

/// What the cells of a run have logged: their own logs, or else their lines in the run's.
struct RunLogs {
    private let cells: [Cell]
    private let folder: RunFolder
    /// Lines of the run's own log by the cells' ids.
    private let lines: [String: [Data]]
    /// The cells that have none, where there is no log of the run either.
    let absent: [Cell]

    /// - Throws: `RunError` where a log does not end with a line, or has lines of another cell, or of none of the run's.
    init(_ records: [CellRecord], in folder: RunFolder) throws {
        let cells = records.filter { $0.status != .missing }.map(\.cell)
        (self.cells, self.folder) = (cells, folder)
        func hasLog(_ cell: Cell) -> Bool { FileManager.default.fileExists(atPath: folder.cell(cell.id).metrics.path) }
        for cell in cells where hasLog(cell) {
            let file = folder.cell(cell.id).metrics
            for (id, _) in try Self.lines(of: file) where id != cell.id {
                throw RunError("\(file.path): has a line of another cell, \(id)")
            }
        }
        let without = cells.filter { !hasLog($0) }
        guard !without.isEmpty, FileManager.default.fileExists(atPath: folder.metrics.path) else {
            (lines, absent) = ([:], without)
            return
        }
        // The run's own has all that had ended when it was made; a cell without a line in it has logged nothing.
        absent = []
        let all = try Self.lines(of: folder.metrics)
        let known = Set(records.map(\.cell.id))
        if let (id, _) = all.first(where: { !known.contains($0.id) }) {
            throw RunError("\(folder.metrics.path): has a line of a cell that this run has not, \(id)")
        }
        lines = Dictionary(grouping: all, by: \.id).mapValues { $0.map(\.text) }
    }

    /// The lines of a log with the cells that they are of.
    static func lines(of file: URL) throws -> [(id: String, text: Data)] {
        struct Line: Decodable { var cell: String }
        let text = try plainContents(of: file)
        guard text.isEmpty || text.last == UInt8(ascii: "\n") else {
            throw RunError("\(file.path): is cut short: its last line does not end")
        }
        return try text.split(separator: UInt8(ascii: "\n")).enumerated().map { number, line in
            guard let cell = try? JSONDecoder().decode(Line.self, from: line).cell else {
                throw RunError("\(file.path), line \(number + 1): is damaged: it cannot be read")
            }
            return (cell, Data(line))
        }
    }

    func hasFolder(_ cell: Cell) -> Bool {
        FileManager.default.fileExists(atPath: folder.cell(cell.id).measurements.path)
    }

    /// The text of a cell's log, and the file that it stands in.
    private func text(_ cell: Cell) throws -> (text: Data, file: URL) {
        let own = folder.cell(cell.id).metrics
        if FileManager.default.fileExists(atPath: own.path) { return (try plainContents(of: own), own) }
        return ((lines[cell.id] ?? []).reduce(into: Data()) { $0 += $1 + [UInt8(ascii: "\n")] }, folder.metrics)
    }

    /// What a cell has logged, line by line: the iteration, and the values in the order of their names.
    func lines(of cell: Cell) throws -> [LoggedLine] {
        let (text, file) = try text(cell)
        return try text.split(separator: UInt8(ascii: "\n")).map { line in
            guard let record = try? JSONDecoder().decode([String: Value].self, from: line),
                case .integer(let iteration)? = record["iteration"]
            else { throw RunError("\(file.path): is damaged: a line of it cannot be read") }
            let values = record.sorted { $0.key < $1.key }.compactMap { name, value -> (name: String, value: Double)? in
                switch value {
                case _ where name == "iteration": nil
                case .number(let number): (name, number)
                case .integer(let number): (name, Double(number))
                // Numbers that are not finite stand as texts.
                case .text(let text) where name != "cell": Double(text).map { (name, $0) }
                default: nil
                }
            }
            return LoggedLine(iteration: iteration, values: values)
        }
    }

    /// Writes the cells' logs, one after the other.
    func write(to url: URL) throws {
        try atomically(replacing: url) { beside in
            let all = try openPlain(beside, O_WRONLY | O_CREAT | O_EXCL, failing: "cannot be written")
            defer { close(all) }
            for cell in cells { try writeAll(text(cell).text, to: all, of: url) }
        }
    }

    /// What was logged under a name, as measurements that are read out at `iteration`; numbers that are not finite are
    /// left out.
    func rows(_ name: String) throws -> [Measurement] {
        try cells.flatMap { cell in
            let log = try text(cell)
            return try MetricsLog.values(name, in: log.text, of: log.file).filter(\.value.isFinite).map {
                Measurement(
                    labels: cell.labels, seed: cell.seed, metric: name,
                    readOut: [ChartDeclaration.iteration: "\($0.iteration)"], value: $0.value)
            }
        }
    }
}

extension String {
    /// A name of a file: whatever is no letter, digit, `.`, `_` or `-` made a hyphen.
    var fileName: String {
        String(map { $0.isASCII && ($0.isLetter || $0.isNumber || "._".contains($0)) ? $0 : "-" })
    }
}

/// A line of a cell's log.
package struct LoggedLine: Sendable {
    package let iteration: Int
    package let values: [(name: String, value: Double)]
}

extension Plan {
    /// What the cells that have ended have logged, in the order of the cells; those that have logged nothing left out.
    ///
    /// - Throws: `RunError` where a log is damaged.
    package func curves() throws -> [(cell: Cell, lines: [LoggedLine])] {
        let records = try records()
        let logs = try RunLogs(records, in: folder)
        return try records.filter { $0.status != .missing }.compactMap { record in
            let lines = try logs.lines(of: record.cell)
            return lines.isEmpty ? nil : (record.cell, lines)
        }
    }
}
