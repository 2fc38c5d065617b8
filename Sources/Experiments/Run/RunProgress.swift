/// What a run reports while it goes on. The command line renders it; a child process hands it to its parent as JSON.
public enum RunProgress: Codable, Equatable, Sendable {
    /// A cell begins; after `iteration`, which is 0 unless it was restored.
    case started(cell: String, iteration: Int)
    /// A cell is in a phase and has done `done` of its `total` steps; `total` is 0 where they are not counted.
    case advanced(cell: String, Phase, done: Int, total: Int, latest: Quantity?)
    /// Cells that other processes finished, one at least.
    case skipped(cells: [String])
    /// A cell's result is on the disk: `headlines` are its first measurements.
    case ended(cell: String, isDiverged: Bool, seconds: Double?, headlines: [Quantity])
    /// A line to be shown as it is.
    case said(String)

    /// What a cell is doing.
    public enum Phase: String, Codable, Sendable { case training, evaluating, drawing }

    /// A number by its name.
    public struct Quantity: Codable, Equatable, Sendable {
        public let name: String
        public let value: Double

        public init(name: String, value: Double) { (self.name, self.value) = (name, value) }
    }
}

extension RunProgress {
    /// The end of a cell, with the first three numbers that it measured at no read-out.
    init(_ record: CellRecord) {
        let plain = record.measurements.filter { $0.readOut.isEmpty && $0.status == Measurement.finished }
        self = .ended(
            cell: record.cell.id, isDiverged: record.status.isDiverged, seconds: record.timing?.wallSeconds,
            headlines: plain.prefix(3).map { Quantity(name: $0.metric, value: $0.value) })
    }
}
