import Experiments
import Foundation
import Logging
import Synchronization
import Torch

/// A run of the smoke profile with some settings changed.
package func smokePlan<R: Replication>(
    _ replication: R, _ output: URL, set overrides: [String], resume: Bool, threads: Int
) throws -> Plan<R> {
    var request = RunRequest(profile: "smoke", threads: threads)
    request.output = output
    request.overrides = try overrides.map { try Override($0) }
    request.resume = resume
    return try Plan(replication, request)
}

/// Throws for the first fault in what a replication declares: its metrics, tables, charts and sheets, its pinned values,
/// its profiles and what their keys mean.
package func validateDeclarations<R: Replication>(of replication: R) throws {
    _ = try replication.shows()
    _ = try ExpectedValue.read(
        replication.declarations.expected, place: "expected.yaml", vocabulary: replication.vocabulary())
    _ = try replication.claims()
    let profiles = try Profiles(replication.declarations.profiles, place: "profiles.yaml")
    var settings: [Labels] = []
    for profile in profiles.summaries {
        _ = try profiles.table(R.Configuration.self, profile: profile.name)
        settings += try replication.settings(profiles.configuration(R.Configuration.self, profile: profile.name))
            .map { try Labels(of: $0) }
    }
    try validateTables(replication.shows().tables, settings)
}

/// Throws for a table that would ask for more than one setting at once where a user varies a label that neither its rows
/// nor its columns name: `--set` can vary every one.
private func validateTables(_ tables: [TableDeclaration], _ settings: [Labels]) throws {
    for table in tables {
        for column in table.columns {
            let asked = table.labels.merging(column.query.labels) { $1 }
            let keys = settings.filter { own in asked.allSatisfy { own[$0.key] == $0.value } }.flatMap(\.keys)
            let named = Set(table.rows).union(asked.keys).union(column.query.pool)
            if let left = keys.first(where: { !named.contains($0) }) {
                throw RunError(
                    "shows.yaml, table '\(table.name)', \(column.query.metric): '\(left)' is no row and not given")
            }
        }
    }
}

/// What a replication says when one setting of its smoke profile is changed so; empty where it takes the setting.
package func refusal<R: Replication>(_ replication: R, of override: String) throws -> String {
    var request = RunRequest(profile: "smoke", threads: 1)
    request.overrides = [try Override(override)]
    do { _ = try Plan(replication, request) } catch { return "\(error)" }
    return ""
}

/// Runs a plan in this process; what there is of its cells.
@discardableResult
package func run<R: Replication>(
    _ plan: Plan<R>, interruption: @escaping @Sendable () -> Int32? = { nil }
) throws -> [CellRecord] {
    let environment = RunEnvironment(commit: "test", libraries: [:], setThreads: { Runtime.threads = $0 })
    let run = try Run(
        plan, environment: environment, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    try run.cells(interruption: interruption, progress: { _ in })
    try run.assemble()
    return try plan.records()
}

/// Runs a plan, and in another folder again, stopped at every `interval`-th question whether to go on and resumed until
/// it is done.
///
/// - Parameter plan: the plan for a folder and whether it resumes.
/// - Returns: the undisturbed run's records, how many attempts the other took, and how the two differ.
package func compareWithInterrupted<R: Replication>(
    every interval: Int, _ plan: (_ output: URL, _ resume: Bool) throws -> Plan<R>
) throws -> (records: [CellRecord], attempts: Int, comparison: Comparison) {
    try withFolder { once in
        try withFolder { stopped in
            let records = try run(plan(once, false))
            let asked = Mutex(0)
            var attempts = 0
            while true {
                attempts += 1
                do {
                    try run(plan(stopped, attempts > 1)) {
                        asked.withLock { count in
                            count += 1
                            return count.isMultiple(of: interval) ? SIGTERM : nil
                        }
                    }
                    return (records, attempts, try Comparison(RunFolder(once), RunFolder(stopped)))
                } catch is Interrupted {}
            }
        }
    }
}

/// A folder that is not there yet, removed in the end.
package func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}
