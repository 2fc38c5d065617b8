import Foundation
import Logging
import Torch

/// A run of some of a plan's cells. A cell is held by a lock while it runs: nobody else writes it until it ends.
///
/// Made from a plan; `cells(…)` runs the cells here, or child processes run one each; `assemble` makes the run's own
/// files from whichever cells are there.
public final class Run<R: Replication> {
    public let plan: Plan<R>
    /// The selected cells that have no result yet.
    public let remaining: [Cell]
    /// The selected cells that an earlier process finished.
    public let finished: [Cell]
    /// The cells that `cells(…)` left to other processes, which were writing them.
    public private(set) var passedOver: [Cell] = []

    private let environment: RunEnvironment
    private let logger: Logger

    /// Makes the run's folder and its record. Throws `RunError`, and writes nothing, where the folder cannot be
    /// written, holds another run or files that are no run's, something within it is a symbolic link, a selected cell
    /// is being written by another process, was begun and `resume` is not asked for, or has a checkpoint that is
    /// damaged or of another run.
    public init(_ plan: Plan<R>, environment: RunEnvironment, logger: Logger) throws {
        self.plan = plan
        self.environment = environment
        self.logger = logger
        let folder = plan.folder
        let record = RunRecord(
            replication: plan.replication.name, profile: plan.request.profile, seed: plan.seed,
            threadsPerCell: plan.threadsPerCell, device: plan.request.device, configuration: plan.values,
            data: try plan.replication.dataChecksums(plan.configuration), commit: environment.commit,
            libraries: environment.libraries)
        if let begun = try Self.check(folder, is: record, jobs: plan.request.jobs),
            begun.commit != record.commit || begun.libraries != record.libraries
        {
            logger.warning("\(folder.url.path) was begun by another build, at commit \(begun.commit)")
        }
        // What is there must be such that the run's own files can be made of it in the end.
        let records = try plan.records()
        _ = try RunLogs(records, in: folder)
        for part in [folder.tables, folder.pictures] { _ = try isFolderOfRun(part) }
        let ended = Set(records.filter { $0.status != .missing }.map(\.cell.index))
        finished = plan.selected.filter { ended.contains($0.index) }
        remaining = plan.selected.filter { !ended.contains($0.index) }
        try Self.checkCells(of: plan, finished: finished, remaining: remaining)

        try makeFolder(folder.url)
        try makeFolderOfRun(folder.cells)
        let lock = try Lock(folder.lock, waiting: true)
        try Self.check(folder, is: record, jobs: plan.request.jobs)
        removePartialFiles(in: folder.url)
        if !Self.exists(folder.record) { try atomically(replacing: folder.record, by: JSON.encode(record)) }
        withExtendedLifetime(lock) {}
    }

    /// Runs the remaining cells, one after the other. A cell that diverges is recorded as diverged, with a warning; one
    /// that another process is writing is passed over, with a warning.
    ///
    /// Throws `Interrupted` after a checkpoint once `interruption` gives a signal, and whatever a cell throws.
    public func cells(interruption: @escaping @Sendable () -> Int32?, progress: @escaping (RunProgress) -> Void) throws
    {
        environment.setThreads(plan.threadsPerCell)
        if !finished.isEmpty { progress(.skipped(cells: finished.map(\.id))) }
        for cell in remaining {
            if let signal = interruption() { throw Interrupted(signal: signal) }
            let files = plan.folder.cell(cell.id)
            try makeFolderOfRun(files.url)
            guard let lock = try Lock(files.lock, waiting: false) else {
                logger.warning("\(Self.held(files).message): it is passed over")
                passedOver.append(cell)
                continue
            }
            defer { withExtendedLifetime(lock) {} }
            guard !Self.exists(files.measurements) else {
                progress(.skipped(cells: [cell.id]))  // by another process, since this one began
                continue
            }
            removePartialFiles(in: files.url)
            lock.sign()
            try run(cell, interruption: interruption, progress: progress)
        }
    }

    /// Runs a cell that is held, from its checkpoint where it has one.
    private func run(
        _ cell: Cell, interruption: @escaping @Sendable () -> Int32?, progress: @escaping (RunProgress) -> Void
    ) throws {
        let files = plan.folder.cell(cell.id)
        let owner = plan.owner(cell)
        let restored =
            Self.exists(files.checkpoint)
            ? try Checkpoint.load(files.checkpoint, owner: owner, acceptsUnchecked: plan.request.acceptsUnchecked) : nil
        progress(.started(cell: cell.id, iteration: restored?.iteration ?? 0))
        let context = try CellContext(
            cell: cell, vocabulary: plan.shows.vocabulary, files: files, owner: owner, restored: restored,
            device: plan.request.device, recordsGraphs: plan.request.recordsGraphs,
            checkpointInterval: plan.request.checkpointInterval, commit: environment.commit,
            interruption: interruption, progress: progress)
        var status = CellRecord.Status.finished
        do {
            try plan.replication.run(plan.setting(of: cell), plan.configuration, context)
        } catch let fault as any LeftFiniteNumbers {
            let iteration = (fault as? Divergence)?.iteration ?? context.iteration
            status = .diverged(quantity: fault.quantity, iteration: iteration)
            logger.warning(
                "cell \(cell.index) (\(cell.id)) diverged: \(fault.quantity) is not finite at iteration \(iteration)")
        }
        progress(RunProgress(try context.finish(status)))
    }

    /// Makes the run's own files from the cells that have ended, this process's or another's: see `Assembly`.
    @discardableResult
    public func assemble() throws -> [ShownTable] { try plan.assemble(logger) }

    // MARK: - What must hold before anything is written

    private static func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    /// What the folder holds already; nil where it holds no run. Throws where it is another run than `record`, or holds
    /// foreign files.
    @discardableResult
    private static func check(_ folder: RunFolder, is record: RunRecord, jobs: Int) throws -> RunRecord? {
        guard exists(folder.record) else {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.url.path)) ?? []
            // What a process leaves that was killed before it wrote the record.
            let own = [folder.cells, folder.lock].map(\.lastPathComponent)
            if let foreign = names.sorted().first(where: { !own.contains($0) && !$0.hasPrefix(partialPrefix) }) {
                throw RunError(
                    "\(folder.url.path): is not empty and no run folder: it holds \(foreign) and no run.json",
                    cure: "give --output a new or an empty folder")
            }
            return nil
        }
        let theirs = try RunRecord(in: folder)
        let differing = record.differences(from: theirs)
        guard differing.isEmpty else {
            let options = theirs.options(where: record, jobs: jobs)
            throw RunError(
                "\(folder.url.path): holds another run: \(differing.joined(separator: "; "))",
                cure: options.isEmpty
                    ? "give another --output"
                    : "go on with it by \(options.joined(separator: " ")), or give another --output")
        }
        return theirs
    }

    private static func checkCells(of plan: Plan<R>, finished: [Cell], remaining: [Cell]) throws {
        let folder = plan.folder
        guard try isFolderOfRun(folder.cells) else { return }
        let there = try plan.selected.filter { try isFolderOfRun(folder.cell($0.id).url) }
        for files in there.map({ folder.cell($0.id) }) where exists(files.lock) {
            guard try Lock(files.lock, waiting: false) != nil else { throw held(files) }
        }
        if !plan.request.resume {
            if let cell = finished.first {
                throw RunError(
                    "\(folder.url.path): cell \(cell.index) (\(cell.id)) has already run",
                    cure: "--resume runs what is missing, another --output starts anew")
            }
            if let cell = remaining.first(where: { exists(folder.cell($0.id).checkpoint) }) {
                throw RunError(
                    "\(folder.url.path): cell \(cell.index) (\(cell.id)) was begun",
                    cure: "--resume goes on with it, another --output starts anew")
            }
        }
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
    }

    /// The fault of a cell that another process holds.
    private static func held(_ files: CellFolder) -> RunError {
        let holder = (try? plainContents(of: files.lock)).map { String(decoding: $0.prefix(20), as: UTF8.self) }?.split(
            separator: "\n"
        ).first
        return RunError(
            "\(files.url.path): is being written by another process\(holder.map { " (\($0))" } ?? "")",
            cures: ["wait for it, choose other --cells, or another --output"], isTemporary: true)
    }
}

extension Plan {
    /// Makes the run's own files from the cells that have ended; the tables. Throws `RunError` where a file is damaged or
    /// cannot be written.
    @discardableResult
    public func assemble(_ logger: Logger) throws -> [ShownTable] {
        let lock = try Lock(folder.lock, waiting: true)
        defer { withExtendedLifetime(lock) {} }
        return try Assembly(self, logger).write()
    }

    /// How many cells have not run, and how to run them; nil where all have.
    public func missingNote() throws -> String? {
        let missing = try records().filter { $0.status == .missing }.map(\.cell.index)
        guard !missing.isEmpty else { return nil }
        return "\(missing.count) of \(cells.count) cells have not run: --cells \(CellSelection(missing))"
    }
}
