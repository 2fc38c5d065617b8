import Datasets
import Foundation
import Torch

/// What is asked of a draw of samples.
public struct DrawRequest: Sendable {
    /// How many samples.
    public var count: Int
    /// Steps of the sampler; nil: as many as the run's own evaluation takes.
    public var steps: Int?
    /// Where the draw's randomness starts.
    public var seed: UInt64
    /// β: samples of p ∝ e^{−βE}.
    public var inverseTemperature: Double

    public init(count: Int, steps: Int? = nil, seed: UInt64 = 1, inverseTemperature: Double = 1) {
        (self.count, self.steps, self.seed) = (count, steps, seed)
        self.inverseTemperature = inverseTemperature
    }

    /// The generator of the draw.
    public func generator(device: Device = .cpu) -> RandomGenerator {
        RandomGenerator(seed: seed, stream: "sample", device: device)
    }
}

/// Samples of a trained model.
public struct DrawnSamples: Sendable {
    public enum Content: Sendable {
        case samples(Samples)
        case images(ImageSet)
    }

    public let content: Content
    /// A line on how well the chains have mixed.
    public let diagnostics: String

    public init(_ content: Content, diagnostics: String) { (self.content, self.diagnostics) = (content, diagnostics) }
}

/// A cell of a run with the state that its training ended with, or stopped at.
public struct TrainedCell<R: Replication>: Sendable {
    public let cell: Cell
    public let setting: R.Setting
    public let configuration: R.Configuration
    public let checkpoint: Checkpoint
}

/// A replication from whose trained models samples can be drawn.
public protocol Sampleable: Replication {
    /// Restores the model from the cell's checkpoint and draws from it by its sampler. The same request gives the same
    /// samples. Throws `RunError` where the checkpoint does not fit, or the request cannot be met.
    func draw(_ request: DrawRequest, from trained: TrainedCell<Self>) throws -> DrawnSamples
}

extension Plan {
    /// A cell of the run with its checkpoint, by id or number; the only cell where neither is given.
    ///
    /// - Throws: `RunError` where there is no such cell, it has no checkpoint, or its checkpoint is damaged.
    public func trained(cell name: String?) throws -> TrainedCell<R> {
        let cell = try cell(name)
        let file = folder.cell(cell.id).checkpoint
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw RunError(
                "\(folder.url.path): cell \(cell.index) (\(cell.id)) has no checkpoint: \(file.path) is not there",
                cure:
                    "run the cell in this folder: run \(replication.name) … --cells \(cell.index) --output \(folder.url.path)"
            )
        }
        return TrainedCell(
            cell: cell, setting: setting(of: cell), configuration: configuration,
            checkpoint: try Checkpoint.load(file, owner: owner(cell)))
    }

    private func cell(_ name: String?) throws -> Cell {
        guard let name else {
            guard cells.count == 1 else {
                let first = cells.prefix(3).map(\.id).joined(separator: ", ")
                throw RunError(
                    "\(folder.url.path): has \(cells.count) cells",
                    cure: "say which by --cell, its number or its id: \(first)\(cells.count > 3 ? " …" : "")")
            }
            return cells[0]
        }
        if let number = Int(name), 1...cells.count ~= number { return cells[number - 1] }
        guard let cell = cells.first(where: { $0.id == name }) else {
            if Int(name) != nil { throw RunError("there is no cell \(name): there are \(cells.count) cells") }
            throw unknownName("cell", name, among: cells.map(\.id))
        }
        return cell
    }
}
