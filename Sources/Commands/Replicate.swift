import ArgumentParser
import Experiments
import Foundation
import Logging

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
            discussion: "Exit codes: 0 done; 1 a check or a replay failed; 2 bad data, configuration or environment; 64 wrong usage.",
            subcommands: [
                ListCommand<C>.self, RunCommand<C>.self, CheckCommand<C>.self, CompareCommand.self, ReplayCommand<C>.self,
                ScoreCommand.self, ConvertCommand.self, DeviceCommand.self,
            ])
    }

    public init() {}

    /// Parses the process's arguments, runs the command and ends the process with its exit code.
    public static func start() -> Never {
        LoggingSystem.bootstrap { _ in ConsoleLog() }
        do {
            var command = try parseAsRoot()
            try command.run()
            Foundation.exit(0)
        } catch let error as RunError {
            fail(error.description)
        } catch let error as ConfigurationError {
            fail(error.description)
        } catch let interruption as Interrupted {
            Foundation.exit(128 + interruption.signal)
        } catch let error where error is ExitCode || exitCode(for: error) != .failure {
            exit(withError: error)  // the parser's own: help, wrong usage, a command's exit code
        } catch {
            fail("\(error)")
        }
    }

    private static func fail(_ message: String) -> Never {
        fflush(nil)  // what was printed comes before
        Console.shared.write("error: \(message)")
        Foundation.exit(2)
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

/// The threads that a command takes where none are given: the processors that this process may use.
let processors = ProcessInfo.processInfo.activeProcessorCount

/// Folder arguments are paths from where the command is typed.
func folder(_ path: String) -> RunFolder { RunFolder(URL(fileURLWithPath: path)) }

struct ListCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(commandName: "list", abstract: "Lists the replications and their profiles.")
    }

    @Flag(help: "Print the replications' names alone, a line each.") var names = false

    func run() throws {
        if names { return C.replications.forEach { print($0.name) } }
        for replication in C.replications {
            print("\(replication.name): \(replication.summary)")
            let profiles = try Profiles(replication.profiles, place: "\(replication.name)/profiles.yaml").summaries
            let width = profiles.map(\.name.count).max() ?? 0
            for (name, summary) in profiles {
                print("  \(name.padding(toLength: width, withPad: " ", startingAt: 0))  \(summary)")
            }
        }
    }
}

struct CheckCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "check",
            abstract: "Compares a replication with its pinned values.",
            discussion: "Runs the profile 'smoke' in a temporary folder, or takes a run that is there. Exit code 1 where a value moved, 2 where one is absent.")
    }

    @Argument(help: "The replication.") var name: String
    @Option(
        name: .customLong("run"), help: ArgumentHelp("Compare this run instead of a new one.", valueName: "folder"))
    var existing: String?
    @Option(help: "Threads to compute with.") var threads: Int = processors

    func validate() throws {
        guard threads >= 1 else { throw ValidationError("--threads is \(threads), expected at least 1") }
    }

    func run() throws {
        Interruption.catchSignals()
        let progress = ProgressLine()
        let report = try Replicate<C>.replication(name).check(
            run: existing.map(folder), threads: threads, environment: C.environment, logger: logger,
            interruption: Interruption.signal, progress: progress.show)
        print(report.table.markdown, terminator: "")
        for line in report.absent { Console.shared.write("absent: \(line)") }
        for line in report.moved { Console.shared.write("moved: \(line)") }
        if report.exitCode != 0 { throw ExitCode(report.exitCode) }
    }
}

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares two runs byte for byte in what one seed must give the same.",
        discussion: "That is logged values, results, pictures other than charts, and checkpoints. Exit code 1 where they differ, 2 where one is no run.")

    @Argument(help: "A run folder.") var a: String
    @Argument(help: "Another run folder.") var b: String

    func run() throws {
        let comparison = try Comparison(folder(a), folder(b))
        guard !comparison.identical else { return print("identical: \(comparison.compared) files") }
        print(comparison.differences.markdown, terminator: "")
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
        guard try replayable.replay(golden: URL(fileURLWithPath: golden), report: { print($0) }) else { throw ExitCode(1) }
    }
}
