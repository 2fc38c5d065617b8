import Foundation
import Logging
import Yams

/// A pinned number: a row under `values` of `expected.yaml`.
///
/// ```yaml
/// values:
///   - metric: loss
///     cell: 2spirals-rm-paper-seed1      # an id, or labels: {data: 2spirals, method: rm}
///     profile: smoke
///     paper: not at hand                 # or a number
///     where: Table 2
///     reference: 25.98
///     spread: 0.11                       # standard deviation over seeds
///     tolerance: 0.4
///     why: four standard deviations
/// ```
package struct ExpectedValue: Sendable, Equatable {
    package enum Cells: Sendable, Equatable {
        case id(String)
        case labels([String: String])
    }

    package var metric: String
    package var cells: Cells
    package var profile: String
    /// The paper's number; nil where it is not at hand.
    package var paper: Double?
    /// Where it stands in the paper.
    package var place: String
    /// Our own number, its spread over seeds, and how far from it a run may be.
    package var reference: Double
    package var spread: Double
    package var tolerance: Double
    package var why: String

    private static let keys = [
        "metric", "cell", "profile", "paper", "where", "reference", "spread", "tolerance", "why",
    ]

    /// Reads `expected.yaml`; `place` names it in messages. Throws `RunError` naming the row's line and key where one is missing, unknown, of the
    /// wrong type, or a tolerance or spread is negative.
    package static func read(_ text: String, place: String) throws -> [ExpectedValue] {
        let root = try composeMap(text, place: place)
        if let foreign = root.keys.first(where: { $0.string != "values" }) {
            throw unknownName("key", foreign.string ?? "?", in: place, among: ["values"])
        }
        guard let rows = root["values"]?.sequence else { throw RunError("\(place): 'values' must be a list of rows") }
        return try rows.map { try ExpectedValue($0, place: "\(place)\(line($0))") }
    }

    private init(_ node: Node, place: String) throws {
        guard let row = node.mapping else { throw RunError("\(place): a row must be a map") }
        if let foreign = row.keys.first(where: { !Self.keys.contains($0.string ?? "") }) {
            throw unknownName("key", foreign.string ?? "?", in: place, among: Self.keys)
        }
        func entry(_ key: String) throws -> Node {
            guard let value = row[key] else { throw RunError("\(place): the key '\(key)' is missing") }
            return value
        }
        func text(_ key: String) throws -> String {
            guard let value = try entry(key).scalar?.string else { throw RunError("\(place): \(key) must be text") }
            return value
        }
        func number(_ key: String, atLeast least: Double = -.infinity) throws -> Double {
            guard let value = Double(try text(key)), value.isFinite, value >= least else {
                let kind = least == 0 ? "a number from 0" : "a number"
                throw RunError("\(place): \(key) is '\(try text(key))', expected \(kind)")
            }
            return value
        }
        metric = try text("metric")
        profile = try text("profile")
        let published = try text("paper")
        paper = Double(published)
        guard paper != nil || published == "not at hand" else {
            throw RunError("\(place): paper is '\(published)', expected a number or 'not at hand'")
        }
        self.place = try text("where")
        reference = try number("reference")
        spread = try number("spread", atLeast: 0)
        tolerance = try number("tolerance", atLeast: 0)
        why = try text("why")
        let cell = try entry("cell")
        if let labels = cell.mapping {
            cells = .labels(
                Dictionary(labels.map { ($0.string ?? "", $1.scalar?.string ?? "") }, uniquingKeysWith: { $1 }))
        } else {
            cells = .id(try text("cell"))
        }
    }

    func matches(_ cell: Cell) -> Bool {
        switch cells {
        case .id(let id): cell.id == id
        case .labels(let labels): labels.allSatisfy { cell.label($0) == $1 }
        }
    }
}

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
    package init(_ records: [CellRecord], profile: String, expected: [ExpectedValue]) throws {
        let pinned = expected.filter { $0.profile == profile }
        guard !pinned.isEmpty else { throw RunError("expected.yaml pins nothing for the profile '\(profile)'") }
        var rows: [[String]] = [], moved: [String] = [], absent: [String] = []
        for value in pinned {
            let matching = records.filter { value.matches($0.cell) }
            if matching.isEmpty {
                let name = switch value.cells {
                case .id(let id): id
                case .labels(let labels): Value.map(labels.mapValues { .text($0) }).description
                }
                absent.append("\(name): no such cell")
            }
            for record in matching {
                let paper = value.paper.map { Self.text($0) } ?? "not at hand"
                var row = [record.cell.id, value.metric, "–", Self.text(value.reference), "–", Self.text(value.tolerance)]
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
                            "\(name) is \(Self.text(ours)), pinned at \(Self.text(value.reference)) ± \(Self.text(value.tolerance))")
                    }
                }
                rows.append(row + [paper, verdict])
            }
        }
        table = Table(
            columns: ["cell", "metric", "ours", "pinned", "difference", "tolerance", "paper", "verdict"], rows: rows)
        self.moved = moved
        self.absent = absent
    }

    private static func text(_ value: Double) -> String { String(format: "%.6g", value) }
}

extension Replication {
    /// Compares a run with the pinned numbers: the run in a folder, or, where none is given, a run of the profile `smoke` in a temporary folder.
    ///
    /// Throws `RunError` where the folder is no run of this replication, or nothing is pinned for its profile, and what a run throws.
    public func check(
        run folder: RunFolder?, threads: Int, environment: RunEnvironment, logger: Logger,
        interruption: @escaping @Sendable () -> Int32?, progress: @escaping (RunProgress) -> Void
    ) throws -> CheckReport {
        let expected = try ExpectedValue.read(expected, place: "\(name)/expected.yaml")
        if let folder {
            let record = try RunRecord(in: folder)
            guard record.replication == name else {
                throw RunError("\(folder.url.path): is a run of \(record.replication), not of \(name)")
            }
            let data = try JSON.encode(record.configuration)
            guard let configuration = try? JSONDecoder().decode(Configuration.self, from: data) else {
                throw RunError("\(folder.record.path): its configuration is not one of \(name) as it is now")
            }
            let records = try cells(configuration, seed: record.seed).map { try CellRecord($0, in: folder) }
            return try CheckReport(records, profile: record.profile, expected: expected)
        }
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("\(name)-check-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        var request = RunRequest(profile: "smoke", threads: threads)
        request.output = place
        let plan = try Plan(self, request)
        try Run(plan, environment: environment, logger: logger).cells(interruption: interruption, progress: progress)
        return try CheckReport(plan.records(), profile: "smoke", expected: expected)
    }
}
