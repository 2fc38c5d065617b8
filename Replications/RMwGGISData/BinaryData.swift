import Datasets
import Experiments
import Foundation
import HDF5
import ReplicationShared
import Torch

/// Bits to learn from and to be tested on: those of a file or two, points of the plane in Gray code, or images of bars.
struct BinaryData {
    /// Bits, float32 [n, d].
    let training: Tensor
    let heldOut: Tensor
    /// Where bits came from points: how.
    let code: GrayCode?
    /// Where bits are images of bars, whose probabilities are known.
    let bars: Bars?
    /// SHA-256 of the training and the held-out bits, a byte each.
    let checksums: [String: String]

    var dimension: Int { training.size(1) }

    /// - Throws: `RunError` naming the file and what would be right where the data cannot be read or are too few;
    ///   `DataFileError` and `HDF5Error` likewise.
    init(_ configuration: RMwGGISData.Configuration) throws {
        if configuration.data == RMwGGISData.Configuration.bars {
            let bars = Bars(side: configuration.side)
            let images = bars.sample(configuration.images, using: RandomGenerator(seed: 1, stream: "bars"))
            (training, heldOut) = try Self.split(images, configuration)
            (code, self.bars) = (nil, bars)
        } else {
            (training, heldOut, code) = try Self.read(configuration)
            bars = nil
        }
        checksums = ["training": Self.checksum(training), "held out": Self.checksum(heldOut)]
    }

    private static func read(_ configuration: RMwGGISData.Configuration) throws -> (Tensor, Tensor, GrayCode?) {
        let first = try samples(configuration.data)
        guard !configuration.heldOutData.isEmpty else {
            let (bits, code) = try bits([first], dimension: configuration.dimension)
            let (training, heldOut) = try split(bits[0], configuration)
            return (training, heldOut, code)
        }
        let second = try samples(configuration.heldOutData)
        let (bits, code) = try bits([first, second], dimension: configuration.dimension)
        guard bits.count == 2, bits[0].size(1) == bits[1].size(1) else {
            throw RunError(
                "\(configuration.heldOutData): holds \(what(second)), expected \(what(first)), as \(configuration.data) holds"
            )
        }
        guard bits.allSatisfy({ $0.size(0) >= 2 }) else {
            throw RunError("\(configuration.data), \(configuration.heldOutData): expected at least 2 samples in each")
        }
        return (bits[0], bits[1], code)
    }

    private static func samples(_ path: String) throws -> Samples {
        do { return try SampleFile.read(URL(fileURLWithPath: path)) } catch let fault as ImageError {
            throw RunError(fault.description)
        }
    }

    /// The bits of some sets of samples; points all in one Gray code. Fewer sets where they are of different kinds.
    private static func bits(_ sets: [Samples], dimension: Int) throws -> ([Tensor], GrayCode?) {
        let points = sets.compactMap { if case .points(let points) = $0 { points } else { nil } }
        guard points.isEmpty else {
            let code = try GrayCode(dimension: dimension, reaching: points.flatMap { $0 })
            return (try points.map { tensor(BinaryBatch(bits: try code.bits(of: $0), dimension: dimension)) }, code)
        }
        return (sets.compactMap { if case .bits(let bits) = $0 { tensor(bits) } else { nil } }, nil)
    }

    private static func what(_ samples: Samples) -> String {
        switch samples {
        case .bits(let bits): "bits of \(bits.dimension) columns"
        case .points: "points of the plane"
        }
    }

    private static func tensor(_ batch: BinaryBatch) -> Tensor {
        Tensor(batch.bits, shape: [batch.count, batch.dimension]).converted(to: .float32)
    }

    /// A share of the samples, drawn by `splitSeed`, apart from the others; at least two of each.
    private static func split(
        _ x: Tensor, _ configuration: RMwGGISData.Configuration
    ) throws -> (training: Tensor, heldOut: Tensor) {
        let count = x.size(0)
        guard count >= 4 else {
            throw RunError("\(configuration.data): holds \(count) samples, expected at least 4 to learn and to test")
        }
        let order = RandomGenerator(seed: UInt64(configuration.splitSeed), stream: "split").permutation(count)
        let apart = min(count - 2, max(2, Int((configuration.heldOut * Double(count)).rounded())))
        return (x.indexSelected(0, order[apart..<count]), x.indexSelected(0, order[0..<apart]))
    }

    private static func checksum(_ x: Tensor) -> String {
        var digest = SHA256()
        digest.update(x.array(UInt8.self))
        return digest.hexadecimal
    }
}
