import Foundation
import Logging

/// How a run's numbers stand to the pinned ones.
public struct CheckReport: Sendable, Equatable {
    /// A row a pinned number and cell.
    public let table: Table
    /// What moved beyond its tolerance, a line each.
    public let moved: [String]
    /// What is pinned but not there, a line each.
    public let absent: [String]

    /// 0 where all numbers stand, 1 where one moved, 2 where one is not there.
    public var exitCode: Int32 { !absent.isEmpty ? 2 : !moved.isEmpty ? 1 : 0 }

    /// Compares a profile's records with the rows for it. Throws `RunError` where there are none.
    package init(
        _ records: [CellRecord], profile: String, expected: [ExpectedValue], relations: [ExpectedRelation] = []
    ) throws {
        let pinned = expected.filter { $0.profile == profile }
        let relations = relations.filter { $0.profile == profile }
        guard !pinned.isEmpty || !relations.isEmpty else {
            throw RunError("expected.yaml pins nothing for the profile '\(profile)'")
        }
        var rows: [[String]] = [], moved: [String] = [], absent: [String] = []
        for value in pinned {
            let matching = records.filter { value.matches($0.cell) }
            if matching.isEmpty {
                let name =
                    switch value.cells {
                    case .id(let id): id
                    case .labels(let labels): Value.map(labels.mapValues { .text($0) }).description
                    }
                absent.append("\(name): no such cell")
            }
            for record in matching {
                let paper = value.paper.map { Self.text($0) } ?? "not at hand"
                var row = [
                    record.cell.id, value.metric, "–", Self.text(value.reference), "–", Self.text(value.tolerance),
                ]
                var verdict = "absent"
                let name = "\(record.cell.id): \(value.metric)"
                switch record.status {
                case .missing: absent.append("\(name): the cell has not run")
                case .diverged(let quantity, let iteration):
                    verdict = "diverged"
                    moved.append("\(name): the cell diverged (\(quantity) at iteration \(iteration))")
                case .finished:
                    guard let ours = record.values[value.metric] else {
                        absent.append("\(name): the cell has no such metric")
                        break
                    }
                    let difference = ours - value.reference
                    (row[2], row[4]) = (Self.text(ours), Self.text(difference))
                    let stands = abs(difference) <= value.tolerance
                    verdict = stands ? "ok" : "moved"
                    if !stands {
                        moved.append(
                            "\(name) is \(Self.text(ours)), pinned at \(Self.text(value.reference)) ± \(Self.text(value.tolerance))"
                        )
                    }
                }
                rows.append(row + [paper, verdict])
            }
        }
        for relation in relations {
            var row = [
                relation.claim, relation.metric, "–", Self.text(relation.reference), "–", Self.text(relation.tolerance),
            ]
            var verdict = "absent"
            if let ours = SampleStatistics(relation.pairs(records))?.mean {
                let stands = abs(ours - relation.reference) <= relation.tolerance
                (row[2], row[4]) = (Self.text(ours), Self.text(ours - relation.reference))
                verdict = stands ? "ok" : "moved"
                if !stands {
                    moved.append(
                        "\(relation.claim): \(relation.kind == .ratio ? "ratio" : "difference") of \(relation.metric) is \(Self.text(ours)), "
                            + "pinned at \(Self.text(relation.reference)) ± \(Self.text(relation.tolerance))")
                }
            } else {
                absent.append("\(relation.claim): no two finished cells to compare \(relation.metric) of")
            }
            rows.append(row + ["not at hand", verdict])
        }
        table = Table(
            columns: ["cell or relation", "metric", "ours", "pinned", "difference", "tolerance", "paper", "verdict"],
            rows: rows)
        self.moved = moved
        self.absent = absent
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
        let source = "\(name)/expected.yaml"
        let relations = try ExpectedRelation.read(expected, place: source)
        let expected = try ExpectedValue.read(expected, place: source)
        if let folder {
            let record = try RunRecord(in: folder)
            guard record.replication == name else {
                throw RunError("\(folder.url.path): is a run of \(record.replication), not of \(name)")
            }
            let configuration: Configuration
            do { configuration = try record.configuration(of: self) } catch {
                throw RunError("\(folder.record.path): \(error)")
            }
            let records = try cells(configuration, seed: record.seed).map { try CellRecord($0, in: folder) }
            return try CheckReport(records, profile: record.profile, expected: expected, relations: relations)
        }
        let place = FileManager.default.temporaryDirectory
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw RunError(
                "TMPDIR is \(place.path), which is no folder",
                cure: "set it to the folder for temporary files, such as /tmp")
        }
        let temporary = place.appendingPathComponent("\(name)-check-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: temporary) }
        var request = RunRequest(profile: "smoke", threads: threads)
        request.output = temporary
        let plan = try Plan(self, request)
        try Run(plan, environment: environment, logger: logger).cells(interruption: interruption, progress: progress)
        return try CheckReport(plan.records(), profile: "smoke", expected: expected, relations: relations)
    }
}
