import ArgumentParser
import Foundation
import Glibc
import HDF5

/// Feeds damaged files to every reader of the suite, each reader in a process of its own.
///
/// Every input is either read, or refused by an error of the suite's own that names the file and holds no control
/// character, within time and memory limits; a file that carries a checksum is refused unless it is whole. Anything
/// else is a fault: it is printed with the command that repeats it, its input is kept, and the reader goes on behind it
/// in a new process. The same seed gives the same inputs.
@main struct Fuzz: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Feeds damaged files to the suite's readers.",
        discussion: "Exit codes: 0 no fault; 1 faults; 64 wrong usage.")

    @Option(help: "Seconds in all.") var seconds = 10.0
    @Option(help: "Where the inputs start.") var seed: UInt64 = 1
    @Option(
        name: .customLong("reader"),
        help: "Only this reader; may be repeated. One of: \(Reader.names.joined(separator: ", ")).")
    var readers: [String] = []
    @Option(help: "Only the case of this number.") var only: Int?
    @Option(help: "Read this file instead of damaged ones, by the one --reader.") var input: String?
    @Option(help: ArgumentHelp("Where inputs that show a fault are kept.", valueName: "folder")) var faults =
        "build/fuzz"
    /// The parent's hold on a worker: the file of its progress, the case that it begins with and the folder that it
    /// works in.
    @Option(help: .hidden) var progress: String?
    @Option(help: .hidden) var from = 0
    @Option(help: .hidden) var folder: String?

    func validate() throws {
        guard seconds > 0 else { throw ValidationError("--seconds is \(seconds), expected more than 0") }
        for name in readers where !Reader.names.contains(name) && name != Reader.planted {
            throw ValidationError("--reader is \(name), expected one of: \(Reader.names.joined(separator: ", "))")
        }
        guard input == nil || readers.count == 1 else { throw ValidationError("--input needs one --reader") }
    }

    func run() throws {
        if let progress, let folder {
            try Worker(
                reader: Reader(readers[0], in: URL(fileURLWithPath: folder)), seed: seed, progress: progress,
                input: input
            )
            .run(from: from, seconds: seconds, only: only)
            return
        }
        let names = readers.isEmpty ? Reader.names : readers
        var isSound = true
        print("reader              cases      read   refused    caught    faults")
        for name in names {
            var campaign = Campaign(
                reader: name, seed: seed, seconds: seconds / Double(names.count), only: only, input: input,
                faults: faults)
            try campaign.run()
            func column(_ number: Int) -> String {
                String(repeating: " ", count: max(1, 10 - "\(number)".count)) + "\(number)"
            }
            let counts = [campaign.cases, campaign.read, campaign.refused, campaign.caught, campaign.faultCount].map(
                column)
            print(name.padding(toLength: 15, withPad: " ", startingAt: 0) + counts.joined())
            isSound = isSound && campaign.faultCount == 0
        }
        guard isSound else { throw ExitCode(1) }
    }
}

/// A reader's inputs, in worker processes one after the other.
struct Campaign {
    let reader: String
    let seed: UInt64
    let seconds: Double
    let only: Int?
    let input: String?
    let faults: String
    private(set) var (cases, read, refused, caught, faultCount) = (0, 0, 0, 0, 0)
    /// So many faults of a reader say enough.
    private static let mostFaults = 12

    init(reader: String, seed: UInt64, seconds: Double, only: Int?, input: String?, faults: String) {
        (self.reader, self.seed, self.seconds) = (reader, seed, seconds)
        (self.only, self.input, self.faults) = (only, input, faults)
    }

    mutating func run() throws {
        // In memory, where there is such a place.
        let memory = URL(fileURLWithPath: "/dev/shm")
        let place = access(memory.path, W_OK) == 0 ? memory : FileManager.default.temporaryDirectory
        let folder = place.appendingPathComponent("fuzz-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let end = Date().addingTimeInterval(seconds)
        var next = only ?? 0
        repeat {
            let progress = folder.appendingPathComponent("progress")
            try Data(count: MemoryLayout<Progress>.size).write(to: progress)
            let work = folder.appendingPathComponent("work")
            try? FileManager.default.removeItem(at: work)
            try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
            process.arguments =
                [
                    "--reader", reader, "--seed", "\(seed)", "--seconds", "\(max(0.1, end.timeIntervalSinceNow))",
                    "--from", "\(next)",
                    "--progress", progress.path, "--folder", work.path,
                ] + (only.map { ["--only", "\($0)"] } ?? []) + (input.map { ["--input", $0] } ?? [])
            // A trap ends the worker at once, without a trace of its stack.
            process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            let reached = try Progress(at: progress.path)
            cases += Int(reached.cases)
            read += Int(reached.read)
            refused += Int(reached.refused)
            caught += Int(reached.caught)
            if process.terminationReason == .exit && process.terminationStatus == 0 { return }
            guard reached.isRunning != 0 else {
                throw Failure(
                    description: "\(reader): the worker ended before its first case (\(process.terminationStatus))")
            }
            let note = try? String(contentsOf: work.appendingPathComponent(Worker.note), encoding: .utf8)
            try report(Int(reached.index), note ?? Self.end(of: process), in: work)
            next = Int(reached.index) + 1
        } while faultCount < Self.mostFaults && Date() < end && only == nil && input == nil
    }

    private static func end(of process: Process) -> String {
        let number = process.terminationStatus
        guard process.terminationReason == .uncaughtSignal else { return "the process ended with \(number)" }
        return number == SIGALRM
            ? "comes to no end within \(Worker.secondsPerCase) s" : "crashes: \(String(cString: strsignal(number)))"
    }

    /// Prints a fault and keeps its input, unless that is a file that was given.
    private mutating func report(_ index: Int, _ what: String, in folder: URL) throws {
        faultCount += 1
        if let input {
            print("fault: \(reader), \(input): \(what.printable)")
            return
        }
        let kept = URL(fileURLWithPath: faults).appendingPathComponent("\(reader)-seed\(seed)-\(index)")
        try FileManager.default.createDirectory(at: kept.deletingLastPathComponent(), withIntermediateDirectories: true)
        try? FileManager.default.removeItem(at: kept)
        try FileManager.default.copyItem(at: folder.appendingPathComponent(Worker.copy), to: kept)
        print("fault: \(reader), seed \(seed), case \(index): \(what.printable)")
        print("  again: fuzz --reader \(reader) --input \(kept.path)     (or --seed \(seed) --only \(index))")
    }
}

struct Failure: Error, CustomStringConvertible { let description: String }

/// How far a worker came, in a file that outlives it.
struct Progress {
    /// The case that runs, and whether one does.
    var index: Int64 = 0, isRunning: Int64 = 0
    /// Inputs so far: all that ended, those that were read, those that were refused, and of these the ones on which
    /// HDF5's library crashed or came to no end in a child process.
    var cases: Int64 = 0, read: Int64 = 0, refused: Int64 = 0, caught: Int64 = 0

    init() {}

    init(at path: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        guard bytes.count == MemoryLayout<Progress>.size else { throw Failure(description: "\(path): is no progress") }
        self = bytes.withUnsafeBytes { $0.loadUnaligned(as: Progress.self) }
    }
}
