import Experiments
import Foundation
import Logging
import NoisyQuadratic
import Synchronization
import Testing

/// A new, empty folder, to be removed by its caller.
func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("experiments-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
}

let environment = RunEnvironment(commit: "test", libraries: ["none": "0"], setThreads: { _ in })

/// Logs nothing.
let quiet = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

/// A request for the smoke profile into a folder.
func request(_ output: URL, _ change: (inout RunRequest) throws -> Void = { _ in }) rethrows -> RunRequest {
    var request = RunRequest(profile: "smoke", threads: 1)
    request.output = output
    try change(&request)
    return request
}

/// Runs the noisy quadratic in this process; the run's one table.
@discardableResult
func run(
    _ request: RunRequest, _ replication: NoisyQuadratic = NoisyQuadratic(),
    interruption: @escaping @Sendable () -> Int32? = { nil }, progress: @escaping (RunProgress) -> Void = { _ in }
) throws -> Table {
    let run = try Run(Plan(replication, request), environment: environment, logger: quiet)
    try run.cells(interruption: interruption, progress: progress)
    return try run.assemble().first?.table ?? Table(columns: [], rows: [])
}

/// Gives SIGINT from the n-th question on.
final class Countdown: Sendable {
    private let left: Mutex<Int>
    init(_ n: Int) { left = Mutex(n) }
    @Sendable func signal() -> Int32? {
        left.withLock { left in
            left -= 1
            return left <= 0 ? SIGINT : nil
        }
    }
}

/// The message of the fault that `body` throws; "none" where it throws none.
///
/// Not to be called within `#expect` inside another closure: Swift 6.3 gives the macro's closure and the next one
/// outside it the same symbol, and the second call then runs the first one's body.
func fault(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "none"
}

/// All files below a folder and their bytes, without locks.
func snapshot(_ folder: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for case let path as String in FileManager.default.enumerator(atPath: folder.path)! where !path.hasSuffix(".lock") {
        let url = folder.appendingPathComponent(path)
        if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
            files[path] = try Data(contentsOf: url)
        }
    }
    return files
}

/// The files of a run that one seed must give byte for byte.
func identity(_ folder: URL) throws -> [String: Data] {
    try snapshot(folder).filter { path, _ in
        let name = (path as NSString).lastPathComponent
        return ["metrics.jsonl", "measurements.csv", "checkpoint.h5", "x.png"].contains(name)
    }
}

/// What a process ended with.
struct Outcome {
    var code: Int32
    var output: String
    var messages: String
}

/// The fixture's command line as a process.
final class Fixture {
    let process = Process()
    private let output: URL, messages: URL

    static let executable = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appendingPathComponent("harness-fixture")

    /// - Parameter program: what is started; the fixture where it is nil.
    init(_ arguments: [String], in folder: URL, program: String? = nil, environment: [String: String] = [:]) throws {
        let name = UUID().uuidString
        output = folder.appendingPathComponent("\(name).out")
        messages = folder.appendingPathComponent("\(name).err")
        process.executableURL = program.map { URL(fileURLWithPath: $0) } ?? Self.executable
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        for (url, isError) in [(output, false), (messages, true)] {
            try Data().write(to: url)
            let handle = try FileHandle(forWritingTo: url)
            if isError { process.standardError = handle } else { process.standardOutput = handle }
        }
        try process.run()
    }

    func wait() throws -> Outcome {
        process.waitUntilExit()
        let code = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
        return Outcome(
            code: code, output: try String(contentsOf: output, encoding: .utf8),
            messages: try String(contentsOf: messages, encoding: .utf8))
    }

    static func run(_ arguments: [String], in folder: URL, environment: [String: String] = [:]) throws -> Outcome {
        try Fixture(arguments, in: folder, environment: environment).wait()
    }

    /// A script of the shell, in which `"$0"` is the fixture and `$1`, `$2` … are the arguments.
    static func shell(_ script: String, _ arguments: [String], in folder: URL, environment: [String: String] = [:])
        throws -> Outcome
    {
        try Fixture(
            ["-c", script, executable.path] + arguments, in: folder, program: "/bin/bash", environment: environment
        ).wait()
    }
}

/// Waits until a condition holds; records an issue after half a minute.
func wait(for what: Comment, _ condition: () -> Bool) {
    let deadline = Date().addingTimeInterval(30)
    while !condition() {
        if Date() > deadline {
            Issue.record(what)
            return
        }
        Thread.sleep(forTimeInterval: 0.01)
    }
}
