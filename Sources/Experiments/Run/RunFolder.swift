import Foundation
import Torch

/// The files of a run: `results/<name>/<run>/`.
public struct RunFolder: Sendable, Equatable {
    public let url: URL

    public init(_ url: URL) { self.url = url.standardizedFileURL }

    /// What the run is: configuration, seed, threads, versions.
    public var record: URL { url.appendingPathComponent("run.json") }
    /// What the cells found: see `Measurements`.
    public var measurements: URL { url.appendingPathComponent("measurements.csv") }
    /// The cells' times: see `CellTimings`.
    public var timing: URL { url.appendingPathComponent("timing.csv") }
    /// The cells' logged values, in order.
    public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
    /// The folder of the tables, one Markdown file each.
    public var tables: URL { url.appendingPathComponent("tables") }
    /// The folder of charts and sheets.
    public var pictures: URL { url.appendingPathComponent("pictures") }
    /// The page that shows all of it.
    public var report: URL { url.appendingPathComponent("report.html") }
    /// The folder of the cells' folders.
    public var cells: URL { url.appendingPathComponent("cells") }
    /// The name of the replication that a folder holds a run of. Throws `RunError` where it holds none.
    public static func replication(of folder: RunFolder) throws -> String { try RunRecord(in: folder).replication }

    /// Held for the moments in which a file of the whole run is written.
    var lock: URL { url.appendingPathComponent(".lock") }

    /// The files of one cell.
    public func cell(_ id: String) -> CellFolder { CellFolder(url: cells.appendingPathComponent(id)) }
}

/// The files of one cell: `cells/<id>/`.
public struct CellFolder: Sendable, Equatable {
    public let url: URL

    public var metrics: URL { url.appendingPathComponent("metrics.jsonl") }
    /// What the cell found, in the form of the run's: written last, so that it says that the cell has ended.
    public var measurements: URL { url.appendingPathComponent("measurements.csv") }
    public var timing: URL { url.appendingPathComponent("timing.json") }
    public var checkpoint: URL { url.appendingPathComponent("checkpoint.h5") }
    /// Held by the process that runs the cell.
    var lock: URL { url.appendingPathComponent(".lock") }

    /// What the cell has logged under a name, in order; nothing where its log is not there. Throws `RunError` where it
    /// cannot be read.
    public func logged(_ name: String) throws -> [(iteration: Int, value: Double)] {
        try MetricsLog.values(name, in: metrics)
    }

    /// The pictures in the folder, sorted by name.
    public var pictures: [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
        return names.filter { $0.hasSuffix(".png") && !$0.hasPrefix(".") }.sorted().map {
            url.appendingPathComponent($0)
        }
    }
}

/// `run.json`: what a run is, and what it was begun with.
public struct RunRecord: Codable, Sendable, Equatable {
    public private(set) var format = Self.format
    public var replication: String
    public var profile: String
    public var seed: UInt64
    public var threadsPerCell: Int
    /// Where tensors lie, such as `cuda:0`; nil for the processor.
    public var device: String?
    public var configuration: [String: Value]
    /// The SHA-256 of the data that it learns from, by name; nil where it takes none.
    public var data: [String: String]?
    /// The git commit and library versions that the run was begun with; a later process's stand in its cells' timing.
    public var commit: String
    public var libraries: [String: String]

    init(
        replication: String, profile: String, seed: UInt64, threadsPerCell: Int, device: Device = .cpu,
        configuration: [String: Value], data: [String: String] = [:], commit: String, libraries: [String: String]
    ) {
        self.replication = replication
        self.profile = profile
        self.seed = seed
        self.threadsPerCell = threadsPerCell
        self.device = device == .cpu ? nil : device.description
        self.configuration = configuration
        self.data = data.isEmpty ? nil : data
        self.commit = commit
        self.libraries = libraries
    }

    /// Reads a run's record. Throws `RunError` where the folder is no run, or the record is damaged.
    package init(in folder: RunFolder) throws {
        guard FileManager.default.fileExists(atPath: folder.record.path) else {
            throw RunError("\(folder.url.path): is no run folder: it has no run.json")
        }
        struct Form: Decodable { var format: Int }
        if let form = try? JSON.decode(Form.self, from: folder.record), form.format != Self.format {
            throw RunError(
                "\(folder.url.path): is a run of the form \(form.format), this program reads and writes form \(Self.format)",
                cure: "run it anew into another --output, or read it with the program that wrote it")
        }
        self = try JSON.decode(RunRecord.self, from: folder.record)
        guard Self.threadCounts ~= threadsPerCell else {
            let range = "\(Self.threadCounts.lowerBound) to \(Self.threadCounts.upperBound)"
            throw RunError("\(folder.record.path): threadsPerCell is \(threadsPerCell), expected \(range)")
        }
    }

    private static let format = 2
    private static let threadCounts = 1...65_536

    /// The configuration, decoded and validated. Throws `RunError` where it cannot be decoded, and `ConfigurationError`
    /// for the first value that cannot be.
    func configuration<R: Replication>(of replication: R) throws -> R.Configuration {
        let data = try JSON.encode(configuration)
        guard let decoded = try? JSONDecoder().decode(R.Configuration.self, from: data) else {
            throw RunError("its configuration is not one of \(replication.name) as it is now")
        }
        try decoded.validate()
        return decoded
    }

    /// What makes `other` another run, a sentence each; empty where they are one.
    func differences(from other: RunRecord) -> [String] {
        Experiments.differences(other.identity, identity)
            + Experiments.differences(other.configuration, configuration)
            + Experiments.differences(
                (other.data ?? data ?? [:]).mapValues { .text($0) }, (data ?? [:]).mapValues { .text($0) }
            ).map { "data: " + $0 }
    }

    /// The options that make a run of `other`'s replication this one, by so many jobs; empty where none do.
    func options(where other: RunRecord, jobs: Int) -> [String] {
        guard replication == other.replication else { return [] }
        var options: [String] = []
        if profile != other.profile { options.append("--profile \(profile)") }
        if seed != other.seed { options.append("--seed \(seed)") }
        if threadsPerCell != other.threadsPerCell { options.append("--threads \(threadsPerCell * jobs)") }
        if device != other.device { options.append("--device \(device ?? Device.cpu.description)") }
        for (key, value) in configuration.sorted(by: { $0.key < $1.key }) where value != other.configuration[key] {
            options.append("--set '\(key)=\(value)'")
        }
        return options
    }

    var identity: [String: Value] {
        [
            "replication": .text(replication), "profile": .text(profile), "seed": .text("\(seed)"),
            "threads per cell": .integer(threadsPerCell), "device": .text(device ?? Device.cpu.description),
        ]
    }
}

/// A cell's `timing.json`, over all the processes that worked on it.
public struct CellTiming: Codable, Sendable, Equatable {
    /// Seconds from the cell's start, without what was lost by a kill.
    public var wallSeconds = 0.0
    /// Seconds in iterations: the wall time of the loop less `CellContext.untimed`.
    public var iterationSeconds = 0.0
    public var iterations = 0
    /// The median of the iterations' seconds in the last of those processes, which other work on the machine moves less
    /// than their mean; nil where none ended, or the run is older than this.
    public var medianSecondsPerIteration: Double?
    /// The most memory that a process held while it ran the cell, in bytes.
    public var peakMemory = 0
    public var processor = ""
    /// The git commit of the process that ended the cell.
    public var commit = ""

    /// Reads a cell's times. Throws `RunError` where the file is damaged.
    init(from file: URL) throws {
        self = try JSON.decode(CellTiming.self, from: file)
        let (counts, seconds) = (0...1 << 53, 0.0...1e12)
        guard counts ~= iterations, counts ~= peakMemory, seconds ~= wallSeconds, seconds ~= iterationSeconds,
            medianSecondsPerIteration.map({ seconds ~= $0 }) != false
        else { throw RunError("\(file.path): is damaged: it holds times or counts that cannot be") }
    }

    init() {}

    /// Seconds an iteration, their mean; nil before the first.
    public var secondsPerIteration: Double? { iterations > 0 ? iterationSeconds / Double(iterations) : nil }
}

/// What there is of a cell.
public struct CellRecord: Sendable, Equatable {
    public enum Status: Sendable, Equatable {
        case missing
        case finished
        /// The quantity that left the finite numbers, and when.
        case diverged(quantity: String, iteration: Int)

        public var isDiverged: Bool { if case .diverged = self { true } else { false } }
    }

    public let cell: Cell
    public let status: Status
    /// What it found; empty where it is missing, one row that says how it ended where it diverged.
    public let measurements: [Measurement]
    /// nil where it is missing, or its times are.
    public let timing: CellTiming?

    public init(cell: Cell, status: Status, measurements: [Measurement], timing: CellTiming?) {
        (self.cell, self.status, self.measurements, self.timing) = (cell, status, measurements, timing)
    }

    /// From the rows of a cell; missing where there are none.
    init(_ cell: Cell, _ rows: [Measurement], _ timing: CellTiming?) {
        let status: Status =
            switch rows.first {
            case nil: .missing
            case let row? where row.status == Measurement.finished: .finished
            case let row?:
                .diverged(
                    quantity: row.status.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
                        ?? "?",
                    iteration: Int(exactly: row.value) ?? 0)
            }
        self.init(cell: cell, status: status, measurements: rows, timing: rows.isEmpty ? nil : timing)
    }

    /// What was measured under a name at a read-out; nil where it was not.
    public func value(_ metric: String, at readOut: [String: String] = [:]) -> Double? {
        measurements.first { $0.metric == metric && $0.readOut == readOut && $0.status == Measurement.finished }?.value
    }
}
