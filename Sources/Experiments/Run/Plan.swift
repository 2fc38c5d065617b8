import Foundation
import Torch

/// What the command line asks of a run.
public struct RunRequest: Sendable {
    public var profile: String
    public var overrides: [Override] = []
    /// nil: the replication's own.
    public var seed: UInt64?
    /// nil: all cells.
    public var selection: CellSelection?
    /// Threads in all; a job gets its share, at least one. nil: as many a job as the run in the folder was begun with,
    /// or of this process's where there is none.
    public var threads: Int?
    /// Where tensors lie.
    public var device = Device.cpu
    /// Whether repeated work on a GPU is recorded as graphs; what is computed is the same.
    public var recordsGraphs = false
    /// Processes at a time.
    public var jobs = 1
    /// The run folder; nil: `results/<name>/<profile>-seed<seed>` below the current folder.
    public var output: URL?
    /// Goes on with what an earlier process left; without it, what is there is not overwritten.
    public var resume = false
    /// Goes on also from a checkpoint that carries no checksum.
    public var acceptsUnchecked = false
    /// Seconds between checkpoints.
    public var checkpointInterval = 60.0

    public init(profile: String, threads: Int?) {
        self.profile = profile
        self.threads = threads
    }
}

/// A run, settled: its configuration validated and its cells listed; nothing written yet.
public struct Plan<R: Replication>: Sendable {
    public let replication: R
    public let request: RunRequest
    public let configuration: R.Configuration
    public let seed: UInt64
    public let threadsPerCell: Int
    /// The settings, each once, and which of them a cell has, by the cell's place.
    let settings: [R.Setting]
    let settingOfCell: [Int]
    /// All cells, and those to run.
    public let cells: [Cell]
    public let selected: [Cell]
    public let folder: RunFolder
    /// The configuration by key.
    package let values: [String: Value]
    /// What is shown of the run, and the metrics that it may measure.
    package let shows: Shows

    /// Settles a request. Throws `RunError` and `ConfigurationError` for a profile, key, value or cell that is not
    /// there or cannot be.
    public init(_ replication: R, _ request: RunRequest) throws {
        guard request.device == .cpu || replication.runsOnGPU else {
            throw RunError("\(replication.name) runs on the processor only; the device asked for is \(request.device)")
        }
        guard !request.recordsGraphs || request.device != .cpu else {
            throw RunError(
                "graphs are of work on a GPU, but the device is cpu", cure: "leave out --graphs, or give --device cuda")
        }
        let profiles = try Profiles(replication.declarations.profiles, place: "\(replication.name)/profiles.yaml")
        configuration = try profiles.configuration(
            R.Configuration.self, profile: request.profile, overrides: request.overrides)
        self.replication = replication
        self.request = request
        seed = request.seed ?? replication.defaultSeed
        values = try Profiles.values(configuration)
        shows = try replication.shows()
        (settings, cells, settingOfCell) = try Self.cells(of: replication, configuration, seed: seed)
        selected = try request.selection?(cells) ?? cells
        folder = RunFolder(
            request.output
                ?? URL(fileURLWithPath: "results/\(replication.name)/\(request.profile)-seed\(seed)"))
        let begun = request.threads == nil ? try? RunRecord(in: folder).threadsPerCell : nil
        threadsPerCell = begun ?? max(1, (request.threads ?? Processor.available) / request.jobs)
    }

    /// A plan for what a run's folder holds, to make its tables and pictures anew. Throws `RunError` where the folder is
    /// no run of this replication.
    public init(_ replication: R, of folder: RunFolder) throws {
        let record = try RunRecord(in: folder)
        guard record.replication == replication.name else {
            throw RunError("\(folder.url.path): is a run of \(record.replication), not of \(replication.name)")
        }
        do { configuration = try record.configuration(of: replication) } catch {
            throw RunError("\(folder.record.path): \(error)")
        }
        var request = RunRequest(profile: record.profile, threads: record.threadsPerCell)
        request.output = folder.url
        self.replication = replication
        self.request = request
        (seed, threadsPerCell, self.folder) = (record.seed, record.threadsPerCell, folder)
        values = record.configuration
        shows = try replication.shows()
        (settings, cells, settingOfCell) = try Self.cells(of: replication, configuration, seed: seed)
        selected = cells
    }

    /// The settings, each repeated over its seeds.
    private static func cells(
        of replication: R, _ configuration: R.Configuration, seed: UInt64
    ) throws -> ([R.Setting], [Cell], [Int]) {
        let settings = replication.settings(configuration)
        var cells: [Cell] = [], settingOfCell: [Int] = []
        for (place, setting) in settings.enumerated() {
            let labels = try Labels(of: setting)
            for seed in consecutiveSeeds(replication.seeds(setting, configuration), from: seed) {
                cells.append(Cell(index: cells.count + 1, labels: labels, seed: seed))
                settingOfCell.append(place)
            }
        }
        guard !cells.isEmpty else { throw RunError("the configuration gives \(replication.name) no cells") }
        let ids = Dictionary(grouping: cells, by: \.id)
        if let twice = cells.first(where: { ids[$0.id]!.count > 1 }) {
            throw RunError(
                "the configuration gives the cells \(ids[twice.id]!.map { "\($0.index)" }.joined(separator: " and ")) one id, \(twice.id)",
                cure: "does a list in it name something twice?")
        }
        return (settings, cells, settingOfCell)
    }

    /// What a cell is to run.
    func setting(of cell: Cell) -> R.Setting { settings[settingOfCell[cell.index - 1]] }

    /// A line a selected cell and their totals, with what each is likely to need; of many cells, a line for each value of
    /// the first label. Writes nothing.
    public var estimates: Table {
        let estimates = selected.map {
            replication.estimate(setting(of: $0), configuration, threads: threadsPerCell)
        }
        let atOnce = min(request.jobs, selected.count)
        func row(_ name: [String], _ parts: some Collection<Estimate>, atOnce: Int) -> [String] {
            let seconds = parts.reduce(0) { $0 + $1.seconds } / Double(max(1, atOnce))
            let memory = parts.map(\.memory).sorted(by: >).prefix(atOnce).reduce(0, +)
            return name + [Self.time(seconds), Self.size(memory), Self.size(parts.reduce(0) { $0 + $1.disk })]
        }
        let total = row(["", "\(selected.count) cells, \(atOnce) at a time"], estimates, atOnce: atOnce)
        let columns = ["cell", "id", "time", "memory", "disk"]
        guard selected.count > Self.mostLines else {
            let rows = zip(selected, estimates).map { row(["\($0.index)", $0.id], [$1], atOnce: 1) }
            return Table(columns: columns, rows: rows + [total])
        }
        let groups = Dictionary(grouping: selected.indices) { place -> String in
            let labels = selected[place].labels
            return labels[labels.keys[0]]!
        }
        let rows = groups.values.sorted { $0[0] < $1[0] }.map { places in
            let (cells, labels) = (places.map { selected[$0] }, selected[places[0]].labels)
            let name = [
                CellSelection(cells.map(\.index)).description,
                "\(labels.keys[0]) \(labels[labels.keys[0]]!): \(cells.count) cells",
            ]
            return row(name, places.map { estimates[$0] }, atOnce: 1)
        }
        return Table(columns: columns, rows: rows + [total], notes: ["--cells 3,5-8 lists these alone, one by one."])
    }

    /// The seconds that a cell is likely to take.
    package func expectedSeconds(of cell: Cell) -> Double {
        replication.estimate(setting(of: cell), configuration, threads: threadsPerCell).seconds
    }

    /// The most cells that are listed one by one.
    private static var mostLines: Int { 24 }

    /// What there is of all cells in the folder, missing ones among them: a cell's own files, or else its rows in the
    /// run's. Throws `RunError` for a damaged file, and for measurements of a cell that the run has not.
    public func records() throws -> [CellRecord] {
        let records = try RunContents(folder).records(cells)
        for metric in Set(records.flatMap { $0.measurements.map(\.metric) }).sorted() {
            _ = try shows.vocabulary.entry(metric, place: folder.measurements.path)
        }
        return records
    }

    /// Whose checkpoints a cell's are.
    func owner(_ cell: Cell) -> Checkpoint.Owner {
        Checkpoint.Owner(
            replication: replication.name, cell: cell.id, elementType: replication.elementType, seed: seed,
            configuration: values)
    }

    private static func time(_ seconds: Double) -> String {
        switch seconds {
        case ..<100: String(format: "%.0f s", seconds)
        case ..<6000: String(format: "%.0f min", seconds / 60)
        default: String(format: "%.1f h", seconds / 3600)
        }
    }

    private static func size(_ bytes: Double) -> String {
        switch bytes {
        case ..<1e6: String(format: "%.0f kB", (bytes / 1e3).rounded(.up))
        case ..<1e9: String(format: "%.0f MB", bytes / 1e6)
        default: String(format: "%.1f GB", bytes / 1e9)
        }
    }
}
