import ArgumentParser
import Experiments
import Foundation
import Report
import Torch

struct RunCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "run",
            abstract: "Runs a replication, or some of its cells, and prints its table.",
            discussion:
                "Ctrl-C writes a checkpoint; --resume goes on from it. Processes that are given different --cells may share one --output."
        )
    }

    @Argument(help: "The replication; 'replicate list' lists them.") var name: String
    @Option(help: "The profile.") var profile = "quick"
    @Option(
        parsing: .unconditional,
        help: "Where all randomness starts: a whole number from 0 (default: the replication's own).")
    var seed: UInt64?
    @Option(
        help:
            "Threads to compute with, in all (default: as the run was begun with, else those that this process may use)."
    )
    var threads: Int?
    @Option(
        help: ArgumentHelp(
            "Where tensors lie: cpu, cuda or cuda:N, for replications that run on a GPU.", valueName: "device"))
    var device = "cpu"
    @Flag(
        help:
            "On a GPU, record the steps of chains once and issue them as CUDA graphs. The same numbers; not yet tried on a GPU."
    )
    var graphs = false
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Override a setting of the profile; may be repeated.", valueName: "key=value"),
        transform: { text in try usage { try Override(text) } })
    var overrides: [Override] = []
    @Option(
        help: ArgumentHelp("Run these cells only, such as 3,5-8.", valueName: "list"),
        transform: { text in try usage { try CellSelection(text) } })
    var cells: CellSelection?
    @Option(help: "Processes at a time, which share the threads.") var jobs = 1
    @Option(help: ArgumentHelp("The run's folder (default: results/<name>/<profile>-seed<seed>).", valueName: "folder"))
    var output: String?
    @Option(help: ArgumentHelp("Seconds between checkpoints.", valueName: "seconds")) var checkpointEvery = 60.0
    @Flag(help: "Go on with a run: finished cells are skipped, begun ones restored.") var resume = false
    @Flag(help: "Go on also from checkpoints that carry no checksum, as those written before files had one.")
    var acceptUnchecked = false
    @Option(
        help: ArgumentHelp("Write curves and pictures as event files for TensorBoard at the end.", valueName: "folder"))
    var tensorboard: String?
    @Flag(help: "List the cells with estimated time, memory and disk; write nothing.") var dryRun = false
    /// The process whose child this is, one of `--jobs`, to run one cell.
    @Option(help: .hidden) var parent: Int32?

    func validate() throws {
        try requireCounts(["threads": threads ?? 1, "jobs": jobs])
        guard checkpointEvery >= 0 else {
            throw ValidationError("--checkpoint-every is \(checkpointEvery), expected at least 0")
        }
    }

    func run() throws { try run(Replicate<C>.replication(name)) }

    private func run(_ replication: some Replication) throws {
        var request = RunRequest(profile: profile, threads: threads)
        do { request.device = try Device(validating: device) } catch let fault as DeviceError {
            throw RunError(fault.description)
        }
        request.recordsGraphs = graphs
        request.overrides = overrides
        request.seed = seed
        request.selection = cells
        request.jobs = jobs
        request.output = output.map { URL(fileURLWithPath: $0) }
        request.resume = resume
        request.acceptsUnchecked = acceptUnchecked
        request.checkpointInterval = checkpointEvery
        let plan = try Plan(replication, request)
        if dryRun { return try printText(plan.estimates.markdown) }

        if let parent { Interruption.endWith(parent: parent) }
        Interruption.catchSignals(secondEnds: parent == nil)
        let run = try Run(plan, environment: C.environment, logger: logger)
        if parent != nil {  // which makes the table, and says how to go on
            try run.cells(interruption: Interruption.signal, progress: ProgressRelay.sender())
            if !run.passedOver.isEmpty { throw ExitCode(RunError.tryAgain) }
            return
        }
        let progress = ProgressDisplay(plan, run.remaining, atOnce: jobs)
        defer { progress.end() }
        var code: Int32 = 0
        let page = LiveReport(plan)
        let show = { (event: RunProgress) in
            progress.show(event)
            page.update(event)
        }
        do {
            if jobs > 1 || replication.cellsAreProcesses {
                code = try runJobs(run, show)
            } else {
                try run.cells(interruption: Interruption.signal, progress: show)
            }
            progress.end()
        } catch let interruption as Interrupted {
            progress.end()
            try run.assemble()
            page.end()
            Console.shared.write("stopped; the state is kept in \(plan.folder.url.path)\ngo on with: \(resumeCommand)")
            throw interruption
        }
        try Commands.show(run.assemble(), of: plan)
        if let tensorboard { try writeEvents(of: plan, to: tensorboard) }
        let indices = plan.selected.map(\.index)
        let ends = try plan.records().filter { indices.contains($0.cell.index) }.map(\.status)
        if ends.allSatisfy(\.isDiverged) {
            Console.shared.write(
                "error: \(ends.count == 1 ? "the cell" : "every one of the \(ends.count) cells") diverged")
            code = max(code, 1)
        }
        if !run.passedOver.isEmpty { code = max(code, RunError.tryAgain) }
        if code != 0 { throw ExitCode(code) }
    }

    /// Runs the remaining cells in child processes; the highest of their exit codes.
    private func runJobs(
        _ run: Run<some Replication>, _ show: @escaping (RunProgress) -> Void
    ) throws -> Int32 {
        let plan = run.plan
        if !run.finished.isEmpty { show(.skipped(cells: run.finished.map(\.id))) }
        let processes = run.remaining.map { cell in
            var arguments = [
                "run", name, "--profile", profile, "--seed", "\(plan.seed)", "--threads", "\(plan.threadsPerCell)",
            ]
            arguments += ["--device", device] + (graphs ? ["--graphs"] : [])
            for override in overrides { arguments += ["--set", override.description] }
            arguments += ["--cells", "\(cell.index)", "--output", plan.folder.url.path, "--resume"]
            arguments += ["--checkpoint-every", "\(checkpointEvery)", "--parent", "\(getpid())"]
            arguments += acceptUnchecked ? ["--accept-unchecked"] : []
            return CellProcess(cell: cell.id, arguments: arguments)
        }
        let code = try runChildren(processes, atOnce: jobs, interruption: Interruption.signal) {
            show(ProgressRelay.read($0))
        }
        if let signal = Interruption.signal() { throw Interrupted(signal: signal) }
        return code
    }

    /// The command as it was typed, with `--resume`.
    private var resumeCommand: String {
        let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_./=,:+@%"))
        let words = CommandLine.arguments + (resume ? [] : ["--resume"])
        return words.map { word in
            !word.isEmpty && word.unicodeScalars.allSatisfy(plain.contains)
                ? word : "'" + word.replacingOccurrences(of: "'", with: "'\\''") + "'"
        }.joined(separator: " ")
    }
}

/// Makes a fault in how an option is written the parser's: exit code 64.
private func usage<T>(_ body: () throws -> T) throws -> T {
    do { return try body() } catch let error as RunError { throw ValidationError(error.message) }
}

/// Writes a run's event files and says where they are and how they are looked at.
func writeEvents(of plan: Plan<some Replication>, to path: String) throws {
    let count = try TensorBoard.write(plan, to: URL(fileURLWithPath: path))
    try printLine("event files of \(count) cell\(count == 1 ? "" : "s"): tensorboard --logdir \(path)")
}
