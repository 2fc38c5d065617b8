import Foundation
import HDF5

/// How two runs differ in what one seed must give byte for byte: logged values, results, pictures other than charts,
/// and checkpoints' payload.
public struct Comparison: Sendable, Equatable {
    /// The cells and files that were compared.
    public let compared: Int
    /// A row a difference: cell, what differs, and both values.
    public let differences: Table

    public var identical: Bool { differences.rows.isEmpty }

    /// Compares two run folders. Throws `RunError` where one is no run, or a file is damaged.
    public init(_ a: RunFolder, _ b: RunFolder) throws {
        let records = (try RunRecord(in: a), try RunRecord(in: b))
        var rows: [[String]] = []
        var compared = 0
        let contents = (try Self.cells(a), try Self.cells(b))
        let logs = (try RunTexts(a), try RunTexts(b))
        let ids = contents.0.merging(contents.1) { own, _ in own }.mapValues(\.id)
        for (key, id) in ids.sorted(by: { $0.value < $1.value }) {
            guard let (ownID, own) = contents.0[key], let (othersID, others) = contents.1[key] else {
                rows.append(
                    [id, "measurements"] + [contents.0, contents.1].map { $0[key] == nil ? "absent" : "present" })
                continue
            }
            let (first, second) = (a.cell(ownID), b.cell(othersID))
            compared += 1
            rows += Self.measurements(own, others).map { [id] + $0 }
            let logs = [logs.0.text(ownID, in: a), logs.1.text(othersID, in: b)]
            if logs[0] != nil || logs[1] != nil {
                compared += 1
                rows += Self.metrics(logs[0], logs[1]).map { [id] + $0 }
            }
            // A diverged cell's checkpoint is the last one that was due, and so a matter of time.
            // A checkout that leaves the cells' files out has neither checkpoints nor pictures to compare.
            guard [first, second].allSatisfy({ FileManager.default.fileExists(atPath: $0.url.path) }) else { continue }
            let hasCheckpoint = [first, second].contains { FileManager.default.fileExists(atPath: $0.checkpoint.path) }
            if hasCheckpoint, (own + others).allSatisfy({ $0.status == Measurement.finished }) {
                compared += 1
                rows += try Self.checkpoints(first.checkpoint, second.checkpoint).map { [id] + $0 }
            }
            for name in Set(first.pictures.map(\.lastPathComponent)).union(second.pictures.map(\.lastPathComponent))
                .sorted()
            {
                compared += 1
                let pictures = [first, second].map { try? plainContents(of: $0.url.appendingPathComponent(name)) }
                if pictures[0] != pictures[1] {
                    rows.append([id, name] + pictures.map { $0.map { "\($0.count) bytes" } ?? "absent" })
                }
            }
        }
        guard !ids.isEmpty else {
            throw RunError(
                "\(a.url.path) and \(b.url.path): no cell of either has ended, so there is nothing to compare")
        }
        // Why two runs differ stands first; alone it is no difference.
        if !rows.isEmpty {
            let context = records.1.settings.filter { records.0.settings[$0.key] != $0.value }.keys
            let missing = records.0.settings.keys.filter { records.1.settings[$0] == nil }
            rows =
                (Set(context).union(missing)).sorted().map { key in
                    ["run.json", key] + [records.0, records.1].map { $0.settings[key]?.description ?? "absent" }
                } + rows
        }
        self.compared = compared
        differences = Table(columns: ["cell", "what", a.url.lastPathComponent, b.url.lastPathComponent], rows: rows)
    }

    /// What each cell has measured, with the name of its folder: the run's own file, with those of cells that ended
    /// since.
    private static func cells(_ folder: RunFolder) throws -> [CellTimings.Key: (id: String, rows: [Measurement])] {
        func rows(_ url: URL) throws -> [Measurement] {
            guard FileManager.default.fileExists(atPath: url.path) else { return [] }
            return try Measurements(csv: String(decoding: plainContents(of: url), as: UTF8.self), place: url.path).rows
        }
        func key(_ row: Measurement) -> CellTimings.Key { .init(labels: row.labels, seed: row.seed) }
        var cells = Dictionary(grouping: try rows(folder.measurements), by: key).mapValues { rows in
            (id: Cell(index: 1, labels: rows[0].labels, seed: rows[0].seed).id, rows: rows)
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.cells.path)) ?? []
        for name in names {
            let own = try rows(folder.cell(name).measurements)
            if let first = own.first { cells[key(first)] = (name, own) }
        }
        return cells
    }

    private static func measurements(_ a: [Measurement], _ b: [Measurement]) -> [[String]] {
        func texts(_ rows: [Measurement]) -> [String: String] {
            let named = rows.map { row in
                let readOut = row.readOut.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                let error = row.error.map { " ± \($0)" } ?? ""
                let end = row.status == Measurement.finished ? "" : ", \(row.status)"
                return (([row.metric] + readOut).joined(separator: ", "), "\(row.value)\(error)\(end)")
            }
            return Dictionary(named) { $1 }
        }
        let (first, second) = (texts(a), texts(b))
        return Set(first.keys).union(second.keys).sorted().filter { first[$0] != second[$0] }
            .map { [$0, first[$0] ?? "absent", second[$0] ?? "absent"] }
    }

    /// The first line in which two logs differ.
    private static func metrics(_ a: Data?, _ b: Data?) -> [[String]] {
        // A cell that has logged nothing has an empty log, and no line in the run's.
        if (a ?? Data()).isEmpty && (b ?? Data()).isEmpty { return [] }
        guard let a, let b else { return [["metrics.jsonl"] + [a, b].map { $0 == nil ? "absent" : "present" }] }
        guard a != b else { return [] }
        let lines = [a, b].map { $0.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) }
        let place =
            zip(lines[0], lines[1]).enumerated().first { $1.0 != $1.1 }?.offset ?? min(lines[0].count, lines[1].count)
        let texts = lines.map { place < $0.count ? String(decoding: $0[place], as: UTF8.self) : "no such line" }
        return [["metrics.jsonl, line \(place + 1)"] + texts]
    }

    /// The arrays and attributes in which two checkpoints differ.
    private static func checkpoints(_ a: URL, _ b: URL) throws -> [[String]] {
        let present = [a, b].map { FileManager.default.fileExists(atPath: $0.path) }
        guard present == [true, true] else {
            return present[0] == present[1] ? [] : [["checkpoint.h5"] + present.map { $0 ? "present" : "absent" }]
        }
        do {
            let (first, second) = (try HDF5File(path: a.path), try HDF5File(path: b.path))
            let attributes = (try first.attributes(), try second.attributes())
            var rows = Set(attributes.0.keys).union(attributes.1.keys).sorted()
                .filter { attributes.0[$0] != attributes.1[$0] }
                .map { ["checkpoint.h5, \($0)", attributes.0[$0] ?? "absent", attributes.1[$0] ?? "absent"] }
            let names = (try first.names(), try second.names())
            for name in Set(names.0).union(names.1).sorted() {
                guard names.0.contains(name), names.1.contains(name) else {
                    rows.append(
                        ["checkpoint.h5, \(name)"]
                            + [names.0, names.1].map { $0.contains(name) ? "present" : "absent" })
                    continue
                }
                let arrays = (try first.read(name), try second.read(name))
                if arrays.0 != arrays.1 {
                    rows.append(
                        ["checkpoint.h5, \(name)"]
                            + [arrays.0, arrays.1].map { "\($0.elementType.rawValue)\($0.shape)" })
                }
            }
            return rows
        } catch let error as HDF5Error {
            throw RunError(error.description)
        }
    }
}

/// The lines of a run's own log, by the ids of the cells.
private struct RunTexts {
    private let lines: [String: Data]

    init(_ folder: RunFolder) throws {
        guard FileManager.default.fileExists(atPath: folder.metrics.path) else {
            lines = [:]
            return
        }
        lines = try RunLogs.lines(of: folder.metrics).reduce(into: [:]) { all, line in
            all[line.id, default: Data()] += line.text + [UInt8(ascii: "\n")]
        }
    }

    /// A cell's own log, or else its lines in the run's; nil where it has neither.
    func text(_ id: String, in folder: RunFolder) -> Data? {
        let own = folder.cell(id).metrics
        return FileManager.default.fileExists(atPath: own.path) ? try? plainContents(of: own) : lines[id]
    }
}

extension RunRecord {
    /// All settings by key, the configuration's among them.
    fileprivate var settings: [String: Value] { configuration.merging(identity) { own, _ in own } }
}
