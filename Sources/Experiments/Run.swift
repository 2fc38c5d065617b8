import Foundation
import Logging

/// A run whose cells this process holds: nobody else writes them until it ends.
///
/// Made from a plan; `cells(…)` runs the cells here, or child processes are handed the `lockDescriptors`; `assemble` makes the
/// run's own files from whichever cells are there.
public final class Run<R: Replication> {
    public let plan: Plan<R>
    /// The selected cells that have no result yet.
    public let remaining: [Cell]
    /// The selected cells that an earlier process finished.
    public let finished: [Cell]

    private let environment: RunEnvironment
    private let logger: Logger
    private let locks: [String: Lock]

    /// Takes the selected cells. Throws `RunError`, and writes nothing but empty folders and lock files, where the folder cannot be written,
    /// holds another run, a cell is being written by another process, was begun and `resume` is not asked for, or has a checkpoint that is
    /// damaged or of another run.
    ///
    /// `inheritedLock` is the lock of the one selected cell where the parent process holds it.
    public init(_ plan: Plan<R>, environment: RunEnvironment, logger: Logger, inheritedLock: Int32? = nil) throws {
        self.plan = plan
        self.environment = environment
        self.logger = logger
        let folder = plan.folder
        let record = RunRecord(
            replication: plan.replication.name, profile: plan.request.profile, seed: plan.seed,
            threadsPerCell: plan.threadsPerCell, device: plan.request.device, configuration: plan.values, commit: environment.commit,
            libraries: environment.libraries)
        if let begun = try Self.check(folder, is: record),
            begun.commit != record.commit || begun.libraries != record.libraries
        {
            logger.warning("\(folder.url.path) was begun by another build, at commit \(begun.commit)")
        }

        try makeFolder(folder.url)
        try makeFolder(folder.cells)
        var locks: [String: Lock] = [:]
        for cell in plan.selected {
            let files = folder.cell(cell.id)
            try makeFolder(files.url)
            let lock =
                try inheritedLock.map { Lock(files.lock, inherited: $0) } ?? Lock(files.lock, waiting: false)
            guard let lock else {
                let holder = (try? String(contentsOf: files.lock, encoding: .utf8))?.split(separator: "\n").first
                throw RunError(
                    "\(files.url.path): is being written by another process\(holder.map { " (\($0))" } ?? "")",
                    cure: "wait for it, choose other --cells, or another --output")
            }
            locks[cell.id] = lock
        }
        self.locks = locks

        let exists = { (url: URL) in FileManager.default.fileExists(atPath: url.path) }
        finished = plan.selected.filter { exists(folder.cell($0.id).result) }
        if !plan.request.resume {
            if let cell = finished.first {
                throw RunError(
                    "\(folder.url.path): cell \(cell.index) (\(cell.id)) has already run",
                    cure: "--resume runs what is missing, another --output starts anew")
            }
            if let cell = plan.selected.first(where: { exists(folder.cell($0.id).checkpoint) }) {
                throw RunError(
                    "\(folder.url.path): cell \(cell.index) (\(cell.id)) was begun",
                    cure: "--resume goes on with it, another --output starts anew")
            }
        }
        remaining = plan.selected.filter { !exists(folder.cell($0.id).result) }
        for cell in remaining where exists(folder.cell(cell.id).checkpoint) {
            let files = folder.cell(cell.id)
            let checkpoint = try Checkpoint.load(
                files.checkpoint, owner: plan.owner(cell), arrays: false,
                acceptsUnchecked: plan.request.acceptsUnchecked)
            let length = (try? FileManager.default.attributesOfItem(atPath: files.metrics.path))?[.size] as? Int ?? 0
            guard length >= checkpoint.metricsOffset else {
                throw RunError(
                    "\(files.metrics.path): has \(length) bytes, but the checkpoint covers \(checkpoint.metricsOffset)",
                    cure: "remove \(files.checkpoint.path) to start the cell from its beginning")
            }
        }

        let lock = try Lock(folder.lock, waiting: true)
        try Self.check(folder, is: record)
        removePartialFiles(in: folder.url)
        if !exists(folder.record) { try atomically(replacing: folder.record, by: JSON.encode(record)) }
        withExtendedLifetime(lock) {}
        for cell in remaining {
            removePartialFiles(in: folder.cell(cell.id).url)
            locks[cell.id]!.sign()
        }
    }

    /// Descriptors of the held locks by cell id, to be handed to child processes.
    public var lockDescriptors: [String: Int32] { locks.mapValues(\.descriptor) }

    /// Runs the remaining cells, one after the other. A cell that diverges is recorded as diverged, with a warning.
    ///
    /// Throws `Interrupted` after a checkpoint once `interruption` gives a signal, and whatever a cell throws.
    public func cells(interruption: @escaping @Sendable () -> Int32?, progress: @escaping (RunProgress) -> Void) throws {
        environment.setThreads(plan.threadsPerCell)
        if !finished.isEmpty { progress(.skipped(finished)) }
        for (position, cell) in remaining.enumerated() {
            if let signal = interruption() { throw Interrupted(signal: signal) }
            let files = plan.folder.cell(cell.id)
            let owner = plan.owner(cell)
            let restored =
                FileManager.default.fileExists(atPath: files.checkpoint.path)
                ? try Checkpoint.load(
                    files.checkpoint, owner: owner, acceptsUnchecked: plan.request.acceptsUnchecked) : nil
            progress(
                .started(cell, position: position + 1, count: remaining.count, iteration: restored?.iteration ?? 0))
            let context = try CellContext(
                cell: cell, files: files, owner: owner, restored: restored,
                device: plan.request.device, recordsGraphs: plan.request.recordsGraphs,
                checkpointInterval: plan.request.checkpointInterval, commit: environment.commit,
                interruption: interruption, progress: progress)
            var result = ResultRecord(
                cell: cell.id, labels: Dictionary(uniqueKeysWithValues: cell.labels), seed: cell.seed,
                status: .finished, values: [:])
            do {
                result.values = try plan.replication.run(cell, plan.configuration, context).values
            } catch let divergence as Divergence {
                (result.status, result.iteration) = (.diverged, divergence.iteration)
                result.quantity = divergence.quantity
                logger.warning(
                    "cell \(cell.index) (\(cell.id)) diverged: \(divergence.quantity) is not finite at iteration \(divergence.iteration)"
                )
            }
            progress(.ended(try context.finish(result)))
        }
    }

    /// Makes `metrics.jsonl`, `timing.json`, `table.md`, `table.json` and the pictures of the run from the cells that have a result, this
    /// process's or another's; the table.
    ///
    /// Where the logs of finished cells are not there, as in a checkout that leaves them out, `metrics.jsonl` and the pictures stay as they
    /// are, with a warning: made without those cells they would replace what was made with them.
    @discardableResult
    public func assemble() throws -> Table {
        let folder = plan.folder
        let lock = try Lock(folder.lock, waiting: true)
        defer { withExtendedLifetime(lock) {} }
        let records = try plan.records()
        let present = records.filter { $0.status != .missing }
        let unlogged = present.filter { !FileManager.default.fileExists(atPath: folder.cell($0.cell.id).metrics.path) }
        if let first = unlogged.first {
            logger.warning(
                """
                \(folder.url.path): \(unlogged.count) of the finished cells, \(first.cell.id) first, have no metrics.jsonl here: \
                the run's own and its pictures stay as they are
                """)
        } else {
            try assembleMetrics(of: present)
        }
        let timings = Dictionary(uniqueKeysWithValues: present.map { ($0.cell.id, $0.timing ?? CellTiming()) })
        try atomically(replacing: folder.timing, by: JSON.encode(timings))
        let table = plan.replication.table(records)
        try atomically(replacing: folder.table, by: Data(table.markdown.utf8))
        try atomically(replacing: folder.tableData, by: JSON.encode(records.map(TableRow.init)))
        if !present.isEmpty && unlogged.isEmpty { try plan.replication.pictures(records, in: folder) }
        return table
    }

    /// The cells' logs, one after the other.
    private func assembleMetrics(of records: [CellRecord]) throws {
        let folder = plan.folder
        try atomically(replacing: folder.metrics) { beside in
            guard FileManager.default.createFile(atPath: beside.path, contents: nil),
                let all = try? FileHandle(forWritingTo: beside)
            else { throw systemFault(folder.metrics, "cannot be written") }
            defer { try? all.close() }
            for record in records {
                let source = folder.cell(record.cell.id).metrics
                guard let part = try? FileHandle(forReadingFrom: source) else {
                    throw RunError("\(source.path): cannot be read")
                }
                defer { try? part.close() }
                while let piece = try part.read(upToCount: 1 << 20), !piece.isEmpty {
                    try writeAll(piece, to: all.fileDescriptor, of: folder.metrics)
                }
            }
        }
    }

    /// What the folder holds already; nil where it holds no run. Throws where it is another run than `record`.
    @discardableResult
    private static func check(_ folder: RunFolder, is record: RunRecord) throws -> RunRecord? {
        guard FileManager.default.fileExists(atPath: folder.record.path) else { return nil }
        let theirs = try JSON.decode(RunRecord.self, from: folder.record)
        let differing = record.differences(from: theirs)
        guard differing.isEmpty else {
            throw RunError(
                "\(folder.url.path): holds another run: \(differing.joined(separator: "; "))",
                cure: "give the settings that it was begun with, or another --output")
        }
        return theirs
    }
}

/// A row of `table.json`.
private struct TableRow: Encodable {
    let cell: Int
    let id: String
    let seed: UInt64
    let labels: [String: String]
    let status: String
    let divergedAt: Int?
    let values: [String: Double]
    let secondsPerIteration: Double?

    init(_ record: CellRecord) {
        cell = record.cell.index
        id = record.cell.id
        seed = record.cell.seed
        labels = Dictionary(uniqueKeysWithValues: record.cell.labels)
        values = record.values
        secondsPerIteration = record.timing?.secondsPerIteration
        switch record.status {
        case .missing: (status, divergedAt) = ("missing", nil)
        case .finished: (status, divergedAt) = ("finished", nil)
        case .diverged(_, let iteration): (status, divergedAt) = ("diverged", iteration)
        }
    }
}
