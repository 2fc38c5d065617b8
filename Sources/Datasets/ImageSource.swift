import HDF5
import Torch

/// The size of an image: bytes [channels, height, width].
public struct ImageShape: Hashable, Sendable, CustomStringConvertible {
    /// 1 (grey) or 3 (red, green, blue).
    public let channels: Int
    public let height: Int
    public let width: Int

    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Bytes of an image.
    public var pixelCount: Int { channels * height * width }
    public var description: String { "\(channels) × \(height) × \(width)" }
}

/// Images of one size, 8 bits a channel, in an order: in memory (`ImageSet`), or read in parts from where they lie.
public protocol ImageSource {
    /// What they are, as it stands beside results: "CIFAR-10 train", or a file's name.
    var name: String { get }
    var count: Int { get }
    var shape: ImageShape { get }
    /// The pixels of some images, 0 to 255, [range.count, channels, height, width]. Throws where they cannot be read.
    func pixels(_ range: Range<Int>) throws -> [UInt8]
    /// A class for each image, from 0; nil where there are none.
    func labels() throws -> [Int]?
    /// What a user should know of how the images were found, each a sentence: which files were passed over, where
    /// labels come from.
    var remarks: [String] { get }
}

extension ImageSource {
    public var remarks: [String] { [] }

    /// Some images as a uint8 tensor [range.count, channels, height, width].
    public func tensor(_ range: Range<Int>) throws -> Tensor {
        Tensor(try pixels(range), shape: [range.count, shape.channels, shape.height, shape.width])
    }

    /// SHA-256 of the pixels alone, image by image, [count, channels, height, width]: equal for equal images, whatever
    /// file they come from.
    public func checksum() throws -> String {
        var digest = SHA256()
        for part in parts() { digest.update(try pixels(part)) }
        return digest.hexadecimal
    }

    /// 0 ..< count in ranges of about 4 MiB of pixels.
    func parts() -> [Range<Int>] {
        let step = max(1, (4 << 20) / max(1, shape.pixelCount))
        return stride(from: 0, to: count, by: step).map { $0..<min(count, $0 + step) }
    }
}

/// What is wrong with a set of images, in a line that names the file, or the number.
public struct ImageError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
    init(_ path: String, _ what: String) { description = "\(path.printable): \(what)" }
}
