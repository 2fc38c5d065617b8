import Foundation
import Logging

/// How a run's numbers stand to the pinned ones.
public struct CheckReport: Sendable, Equatable {
    /// A row a pinned number.
    public let table: Table
    /// What moved beyond its tolerance, a line each.
    public let moved: [String]
    /// What is pinned but not there, a line each.
    public let absent: [String]
    /// How many numbers are pinned.
    public let count: Int
    /// Settings in which the run is not the profile that is pinned, a line each: its numbers may differ for that.
    public var departures: [String] = []

    /// 0 where all numbers stand, 1 where one moved, 2 where one is not there.
    public var exitCode: Int32 { !absent.isEmpty ? 2 : !moved.isEmpty ? 1 : 0 }

    /// `12 of 12 pinned values ok`.
    public var summary: String { "\(count - moved.count - absent.count) of \(count) pinned values ok" }

    /// Compares a profile's measurements, times among them, with what is pinned for it. Throws `RunError` where nothing
    /// is.
    package init(_ records: [CellRecord], profile: String, expected: [ExpectedValue], place: String) throws {
        let pinned = expected.filter { $0.profile == profile }
        guard !pinned.isEmpty else {
            let profiles = Set(expected.map(\.profile)).sorted().joined(separator: ", ")
            throw RunError(
                "\(place) pins nothing for the profile '\(profile)'",
                cure: profiles.isEmpty ? "it pins nothing yet" : "it does for: \(profiles)")
        }
        let all = records.withTimes
        var rows: [[String]] = [], moved: [String] = [], absent: [String] = []
        for value in pinned {
            let measured = Measurements(value.seed.map { seed in all.filter { $0.seed == seed } } ?? all)
            var row = [value.title, "–", Self.text(value.reference), "–", Self.text(value.tolerance)]
            var verdict = "absent"
            do {
                // What diverged has measured nothing, which a query that takes no gaps would call unknown.
                let partial = try value.query.answer(measured, isPartial: true, place: value.title)
                let isSettled = partial.value != nil || !partial.diverged.isEmpty || measured.rows.isEmpty
                let result = try isSettled ? partial : value.query.answer(measured, place: value.title)
                if let ours = result.value {
                    let difference = ours - value.reference
                    (row[1], row[3]) = (Self.text(ours), Self.text(difference))
                    verdict = abs(difference) <= value.tolerance ? "ok" : "moved"
                    if verdict == "moved" {
                        moved.append(
                            "\(value.title) is \(Self.text(ours)), pinned at \(Self.text(value.reference)) ± \(Self.text(value.tolerance))"
                        )
                    }
                } else if !result.diverged.isEmpty {
                    verdict = "diverged"
                    moved.append("\(value.title): the cell diverged")
                } else {
                    absent.append("\(value.title): was not measured, or its cell has not run")
                }
            } catch let fault as RunError {
                absent.append(fault.message)
            }
            rows.append(row + [value.paper.map(Self.text) ?? "", verdict])
        }
        var columns = ["value", "ours", "pinned", "difference", "tolerance", "paper", "verdict"]
        if let paper = columns.firstIndex(of: "paper"), rows.allSatisfy({ $0[paper].isEmpty }) {
            columns.remove(at: paper)
            for index in rows.indices { rows[index].remove(at: paper) }
        }
        table = Table(columns: columns, rows: rows)
        (self.moved, self.absent, count) = (moved, absent, pinned.count)
    }

    private static func text(_ value: Double) -> String { String(format: "%.6g", value) }
}

extension Replication {
    /// Compares a run with the pinned numbers: the run in a folder, or, where none is given, a run of the profile
    /// `smoke` in a temporary folder.
    ///
    /// Throws `RunError` where the folder is no run of this replication, or nothing is pinned for its profile, and what
    /// a run throws.
    public func check(
        run folder: RunFolder?, threads: Int, environment: RunEnvironment, logger: Logger,
        interruption: @escaping @Sendable () -> Int32?, progress: @escaping (RunProgress) -> Void
    ) throws -> CheckReport {
        let place = "\(name)/expected.yaml"
        let expected = try ExpectedValue.read(declarations.expected, place: place, vocabulary: vocabulary())
        if let folder {
            let plan = try Plan(self, of: folder)
            var report = try CheckReport(
                plan.records(), profile: plan.request.profile, expected: expected, place: place)
            report.departures = try plan.departures()
            return report
        }
        let temporaries = FileManager.default.temporaryDirectory
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: temporaries.path, isDirectory: &isFolder), isFolder.boolValue
        else {
            throw RunError(
                "TMPDIR is \(temporaries.path), which is no folder",
                cure: "set it to the folder for temporary files, such as /tmp")
        }
        let temporary = temporaries.appendingPathComponent("\(name)-check-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: temporary) }
        var request = RunRequest(profile: "smoke", threads: threads)
        request.output = temporary
        let plan = try Plan(self, request)
        try Run(plan, environment: environment, logger: logger).cells(interruption: interruption, progress: progress)
        return try CheckReport(plan.records(), profile: "smoke", expected: expected, place: place)
    }
}
