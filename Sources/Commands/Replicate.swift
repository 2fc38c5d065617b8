import ArgumentParser
import Experiments
import Foundation
import Logging
import Report

/// What an executable brings: its replications, and what it can say of itself.
public protocol Catalogue: Sendable {
    static var replications: [any Replication] { get }
    static var environment: RunEnvironment { get }
}

/// The command line over a catalogue.
///
/// ```swift
/// @main enum Main: Catalogue {
///     static let replications: [any Replication] = [RMwGGISSynthetic()]
///     static var environment: RunEnvironment { … }
///     static func main() { Replicate<Main>.start() }
/// }
/// ```
public struct Replicate<C: Catalogue>: ParsableCommand {
    public static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "replicate",
            abstract: "Recreates published results on energy-based models and re-checks them.",
            discussion: """
                Exit codes: 0 done; 1 a check or a replay failed, or every cell diverged; 2 bad data, configuration or environment; 64 wrong usage;
                75 try again later, since another process holds a cell.
                """,
            subcommands: [
                ListCommand<C>.self, SettingsCommand<C>.self, RunCommand<C>.self, TableCommand<C>.self,
                ClaimsCommand<C>.self, ReportCommand<C>.self, SpliceCommand<C>.self, CheckCommand<C>.self,
                CompareCommand.self,
                ReplayCommand<C>.self,
                SampleCommand<C>.self, ScoreCommand.self, ConvertCommand.self, DeviceCommand.self,
            ])
    }

    @Flag(help: "Print the version, the commit that was built, and the libraries' versions.") var version = false

    public init() {}

    public func run() throws {
        guard version else { throw CleanExit.helpRequest(self) }
        try printLine("replicate \(suiteVersion), commit \(C.environment.commit)")
        for (name, version) in C.environment.libraries.sorted(by: { $0.key < $1.key }) {
            try printLine("\(name) \(version)")
        }
    }

    /// Parses the process's arguments, runs the command and ends the process with its exit code.
    public static func start() -> Never {
        openStandardDescriptors()
        LoggingSystem.bootstrap { _ in ConsoleLog() }
        do {
            do {
                try checkCommand()
                var command = try parseAsRoot()
                try command.run()
            } catch let error where !(error is ExitCode) && exitCode(for: error) == .success {
                try printLine(fullMessage(for: error))  // help
            }
            Foundation.exit(0)
        } catch let error as RunError {
            fail(error.description, code: error.exitCode)
        } catch let error as ConfigurationError {
            fail(error.description)
        } catch let interruption as Interrupted {
            Foundation.exit(128 + interruption.signal)
        } catch let code as ExitCode {
            Foundation.exit(code.rawValue)
        } catch let error where exitCode(for: error) != .failure {
            Console.shared.write(fullMessage(for: error))  // wrong usage
            Foundation.exit(exitCode(for: error).rawValue)
        } catch {
            fail("\(error)")
        }
    }

    /// Throws `ValidationError` with the nearest command where the first argument is none.
    private static func checkCommand() throws {
        let commands = configuration.subcommands.compactMap { $0.configuration.commandName } + ["help"]
        guard let first = CommandLine.arguments.dropFirst().first, !first.hasPrefix("-"), !commands.contains(first)
        else { return }
        throw ValidationError(unknownName("command", first, among: commands).description)
    }

    private static func fail(_ message: String, code: Int32 = 2) -> Never {
        Console.shared.write("error: \(message)")
        Foundation.exit(code)
    }

    /// The replication of a name. Throws `RunError` with the nearest one where there is none.
    static func replication(_ name: String) throws -> any Replication {
        guard let replication = C.replications.first(where: { $0.name == name }) else {
            throw unknownName("replication", name, among: C.replications.map(\.name))
        }
        return replication
    }
}

let logger = Logger(label: "replicate")

/// The version of the suite, as CITATION.cff and CHANGELOG.md have it.
private let suiteVersion = "0.1.0"

/// The counts that options take: threads, processes, images at a time.
let countRange = 1...65_536

/// Throws `ValidationError` for the first option whose count is out of range.
func requireCounts(_ options: KeyValuePairs<String, Int>) throws {
    for (name, value) in options where !(countRange ~= value) {
        throw ValidationError("--\(name) is \(value), expected \(countRange.lowerBound) to \(countRange.upperBound)")
    }
}

/// Folder arguments are paths from where the command is typed.
func folder(_ path: String) -> RunFolder { RunFolder(URL(fileURLWithPath: path)) }

struct ListCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "Lists the replications and their profiles.")
    }

    @Flag(help: "Print the replications' names alone, a line each.") var names = false

    func run() throws {
        if names { return try C.replications.forEach { try printLine($0.name) } }
        for replication in C.replications {
            try printLine("\(replication.name): \(replication.summary)")
            let profiles = try Profiles(replication.declarations.profiles, place: "\(replication.name)/profiles.yaml")
                .summaries
            let width = profiles.map(\.name.count).max() ?? 0
            for (name, summary) in profiles {
                try printLine("  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(summary)")
            }
        }
    }
}

struct SettingsCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "settings", abstract: "Lists a profile's settings: key, value, and what it means.")
    }

    @Argument(help: "The replication.") var name: String
    @Option(help: "The profile.") var profile = "quick"

    func run() throws { try list(Replicate<C>.replication(name)) }

    private func list<R: Replication>(_ replication: R) throws {
        let profiles = try Profiles(replication.declarations.profiles, place: "\(name)/profiles.yaml")
        try printText(profiles.table(R.Configuration.self, profile: profile).markdown)
    }
}

struct TableCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "table",
            abstract: "Makes a run's tables and pictures anew from the cells that have ended, and prints the tables.")
    }

    @Argument(help: "The run folder.") var path: String
    @Option(help: ArgumentHelp("Write curves and pictures as event files for TensorBoard too.", valueName: "folder"))
    var tensorboard: String?

    func run() throws {
        let folder = folder(path)
        try make(Replicate<C>.replication(RunFolder.replication(of: folder)), folder)
    }

    private func make(_ replication: some Replication, _ folder: RunFolder) throws {
        let plan = try Plan(replication, of: folder)
        try Commands.show(plan.assemble(logger), of: plan)
        if let tensorboard { try writeEvents(of: plan, to: tensorboard) }
    }
}

/// Prints a run's tables, what has not run yet, and where the files are.
func show(_ tables: [ShownTable], of plan: Plan<some Replication>) throws {
    for shown in tables { try printText("\(shown.title)\n\n\(shown.table.markdown)\n") }
    if let note = try plan.missingNote() { try printLine(note) }
    for line in try plan.verdict().lines { try printLine(line) }
    try printLine("tables: \(plan.folder.tables.path)")
    if let pictures = pictures(of: plan) { try printLine(pictures) }
    // What was computed is on the disk: a page that cannot be written is no fault of the run.
    do { try printLine("report: \(RunReport.write(plan).path)") } catch let fault as RunError {
        logger.warning("the page of the run is not written: \(fault)")
    }
}

/// Where a run's pictures are, and the names of the first three: sheets of samples before charts. nil where there are
/// none.
private func pictures(of plan: Plan<some Replication>) -> String? {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: plan.folder.pictures.path)) ?? []
    let names = files.filter { $0.hasSuffix(".png") }.sorted()
    guard !names.isEmpty else { return nil }
    let sheets = plan.shows.sheets.map(\.name)
    func isSheet(_ name: String) -> Bool { sheets.contains { name.hasPrefix($0) } }
    let first = (names.filter(isSheet) + names.filter { !isSheet($0) }).prefix(3)
    let more = names.count > first.count ? " and \(names.count - first.count) more" : ""
    return "pictures: \(plan.folder.pictures.path): \(first.joined(separator: ", "))\(more)"
}

struct ClaimsCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "claims",
            abstract: "Lists what the papers state, and whether it holds by the runs at hand.",
            discussion:
                "A claim holds, or does not, where the interval of 95 % over seeds lies on one side of what the paper's words come to."
        )
    }

    @Argument(help: "The replication; all of them where none is named.") var name: String?
    @Option(help: ArgumentHelp("Where the runs are, a folder for each replication.", valueName: "folder"))
    var results = "results"
    @Flag(help: "Print the evidence too: each number with its spread, its seeds and its bound.") var evidence = false

    func run() throws {
        let replications = try name.map { [try Replicate<C>.replication($0)] } ?? C.replications
        for replication in replications {
            let judgements = try replication.judgements(results: URL(fileURLWithPath: results))
            guard !judgements.isEmpty else { continue }
            let rows = judgements.map { judgement in
                [
                    judgement.claim.claim, "\(judgement.claim.source), \(judgement.claim.place)",
                    judgement.verdict.rawValue,
                ]
            }
            try printText(
                "\(replication.name)\n\n\(Table(columns: ["claim", "source", "verdict"], rows: rows).markdown)\n")
            for judgement in judgements where evidence {
                let lines = judgement.missing.isEmpty ? judgement.evidence.map(\.text) : [judgement.missing]
                try printLine("\(judgement.claim.name): \(judgement.verdict.rawValue)")
                for line in lines { try printLine("  \(line)") }
            }
            try printLine(summary(of: judgements) + "\n")
        }
    }
}

/// `9 claims: 5 hold, 2 in part, 2 do not`.
func summary(of judgements: [Judgement]) -> String {
    let words: [(Claim.Verdict, String)] = [
        (.holds, "hold"), (.holdsInPart, "in part"), (.doesNotHold, "do not"), (.undecided, "undecided"),
        (.notTested, "not tested"),
    ]
    let counts = words.compactMap { verdict, word -> String? in
        let count = judgements.count { $0.verdict == verdict }
        return count > 0 ? "\(count) \(word)" : nil
    }
    return "\(judgements.count) \(judgements.count == 1 ? "claim" : "claims"): \(counts.joined(separator: ", "))"
}

struct CheckCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "check",
            abstract: "Compares a replication with its pinned values.",
            discussion:
                "Runs the profile 'smoke' in a temporary folder, or takes a run that is there. Exit code 1 where a value moved, 2 where one is absent."
        )
    }

    @Argument(help: "The replication.") var name: String
    @Option(
        name: .customLong("run"), help: ArgumentHelp("Compare this run instead of a new one.", valueName: "folder"))
    var existing: String?
    @Option(help: "Threads to compute with.") var threads: Int = Processor.available

    func validate() throws { try requireCounts(["threads": threads]) }

    func run() throws {
        Interruption.catchSignals()
        let report = try report(of: Replicate<C>.replication(name))
        try printText(report.table.markdown)
        let judgements = try Replicate<C>.replication(name).judgements(results: URL(fileURLWithPath: "results"))
        // Where the runs are not at hand there is nothing to compare.
        let moved = judgements.filter { $0.verdict != $0.claim.verdict && $0.verdict != .notTested }
        try printLine(report.summary + (judgements.isEmpty ? "" : "; \(summary(of: judgements))"))
        for judgement in moved {
            Console.shared.write(
                "moved: claim '\(judgement.claim.name)' is \(judgement.verdict.rawValue), was \(judgement.claim.verdict.rawValue)"
            )
        }
        for line in report.departures { Console.shared.write("note: \(line)") }
        for line in report.absent { Console.shared.write("absent: \(line)") }
        for line in report.moved { Console.shared.write("moved: \(line)") }
        let code = max(report.exitCode, moved.isEmpty ? 0 : 1)
        if code != 0 { throw ExitCode(code) }
    }

    private func report(of replication: some Replication) throws -> CheckReport {
        var progress: ProgressDisplay?
        if existing == nil {
            let plan = try Plan(replication, RunRequest(profile: "smoke", threads: threads))
            progress = ProgressDisplay(plan, plan.cells, atOnce: 1, isTemporary: true)
        }
        defer { progress?.end() }
        return try replication.check(
            run: existing.map(folder), threads: threads, environment: C.environment, logger: logger,
            interruption: Interruption.signal, progress: { progress?.show($0) })
    }
}

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two runs byte for byte in what one seed must give the same.",
        discussion:
            "That is logged values, measurements, the cells' pictures, and checkpoints. Exit code 1 where they differ, 2 where one is no run."
    )

    @Argument(help: "A run folder.") var a: String
    @Argument(help: "Another run folder.") var b: String

    func run() throws {
        let comparison = try Comparison(folder(a), folder(b))
        guard !comparison.identical else { return try printLine("identical: \(comparison.compared) files") }
        try printText(comparison.differences.markdown)
        throw ExitCode(1)
    }
}

struct ReplayCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "replay",
            abstract: "Re-traces a golden file from its seed, on one thread.",
            discussion: "Exit code 1 where it misses.")
    }

    @Argument(help: "The replication.") var name: String
    @Option(help: ArgumentHelp("The golden file.", valueName: "file")) var golden: String

    func run() throws {
        let replication = try Replicate<C>.replication(name)
        guard let replayable = replication as? any Replayable else {
            let able = C.replications.filter { $0 is any Replayable }.map(\.name)
            throw RunError("\(name) has no replay", cure: "those that have: \(able.joined(separator: ", "))")
        }
        C.environment.setThreads(1)
        var unwritten: (any Error)?
        let passed = try replayable.replay(golden: URL(fileURLWithPath: golden)) { line in
            do { try printLine(line) } catch { unwritten = unwritten ?? error }
        }
        if let unwritten { throw unwritten }
        guard passed else { throw ExitCode(1) }
    }
}
