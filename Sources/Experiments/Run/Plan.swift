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
    /// All cells, and those to run.
    public let cells: [Cell]
    public let selected: [Cell]
    public let folder: RunFolder
    let values: [String: Value]

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
        let profiles = try Profiles(replication.profiles, place: "\(replication.name)/profiles.yaml")
        configuration = try profiles.configuration(
            R.Configuration.self, profile: request.profile, overrides: request.overrides)
        self.replication = replication
        self.request = request
        seed = request.seed ?? replication.defaultSeed
        values = try Profiles.values(configuration)
        cells = replication.cells(configuration, seed: seed)
        precondition(
            cells.enumerated().allSatisfy { $0 + 1 == $1.index }, "\(replication.name): cells must count from 1")
        guard !cells.isEmpty else { throw RunError("the configuration gives \(replication.name) no cells") }
        let ids = Dictionary(grouping: cells, by: \.id)
        if let twice = cells.first(where: { ids[$0.id]!.count > 1 }) {
            throw RunError(
                "the configuration gives the cells \(ids[twice.id]!.map { "\($0.index)" }.joined(separator: " and ")) one id, \(twice.id)",
                cure: "does a list in it name something twice?")
        }
        selected = try request.selection?(cells) ?? cells
        folder = RunFolder(
            request.output
                ?? URL(fileURLWithPath: "results/\(replication.name)/\(request.profile)-seed\(seed)"))
        let begun = request.threads == nil ? try? RunRecord(in: folder).threadsPerCell : nil
        threadsPerCell = begun ?? max(1, (request.threads ?? Processor.available) / request.jobs)
    }

    /// A line a selected cell and their totals, with what each is likely to need. Writes nothing.
    public var estimates: Table {
        let estimates = selected.map { replication.estimate($0, configuration, threads: threadsPerCell) }
        let rows = zip(selected, estimates).map { cell, estimate in
            [
                "\(cell.index)", cell.id, Self.time(estimate.seconds), Self.size(estimate.memory),
                Self.size(estimate.disk),
            ]
        }
        let atOnce = min(request.jobs, selected.count)
        let seconds = estimates.map(\.seconds).reduce(0, +) / Double(max(1, atOnce))
        let memory = estimates.map(\.memory).sorted(by: >).prefix(atOnce).reduce(0, +)
        let total = [
            "", "\(selected.count) cells, \(atOnce) at a time", Self.time(seconds), Self.size(memory),
            Self.size(estimates.map(\.disk).reduce(0, +)),
        ]
        return Table(columns: ["cell", "id", "time", "memory", "disk"], rows: rows + [total])
    }

    /// The records of all cells that there are in the folder, missing ones among them. Throws `RunError` for a damaged
    /// file.
    public func records() throws -> [CellRecord] { try cells.map { try CellRecord($0, in: folder) } }

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
