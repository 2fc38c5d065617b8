import Foundation
import HDF5

/// Images in an HDF5 file, read in parts: `images`, uint8 [N, C, H, W] with C of 1 or 3, and optionally `labels`,
/// integers of any size [N]. Either may be chunked and deflated. A root attribute `name` that is a string says what
/// they are; without it the file's name does. Nothing else in the file is looked at.
///
/// ```swift
/// let faces = try HDF5Images(path: "data/celeba/train.h5")
/// let first = try faces.tensor(0..<128)
/// ```
public final class HDF5Images: ImageSource {
    public let name: String
    public let count: Int
    public let shape: ImageShape
    private let file: HDF5File
    private let images: HDF5Rows
    private let found: HDF5Description

    /// Opens a file and checks type, shape and size of what it holds; reads no pixel.
    ///
    /// - Throws: `HDF5Error` where the file or the array cannot be read, `ImageError` where the array holds no images:
    ///   with all that keeps the file from being read, and a line of h5py that mends it where one does.
    public init(path: String) throws {
        file = try HDF5File(path: path)
        guard let found = try file.describe("images") else { throw ImageError(path, "has no array 'images'") }
        guard HDF5Images.faults(of: found).isEmpty, let extents = found.shape else {
            throw ImageError(path, HDF5Images.message(images: found, labels: try file.describe("labels"), path: path))
        }
        images = try file.rows("images")
        self.found = found
        count = extents[0]
        shape = ImageShape(channels: extents[1], height: extents[2], width: extents[3])
        let title = try file.text("name") ?? ""
        name = title.isEmpty ? URL(fileURLWithPath: path).lastPathComponent : title
    }

    public func pixels(_ range: Range<Int>) throws -> [UInt8] { try images.read(range, as: UInt8.self) }

    /// - Throws: `ImageError` where `labels` is not integers [N], or one is below 0 or above 65,535.
    public func labels() throws -> [Int]? {
        guard let labels = try file.describe("labels") else { return nil }
        guard HDF5Images.faults(ofLabels: labels, count: count).isEmpty,
            let classes = try file.rows("labels").integers()
        else {
            throw ImageError(file.path, HDF5Images.message(images: found, labels: labels, path: file.path))
        }
        if let index = classes.firstIndex(where: { !(0...65_535 ~= $0) }) {
            throw ImageError(file.path, "label \(index) is \(classes[index]), expected 0 to 65535")
        }
        return classes
    }
}

extension ImageSource {
    /// Writes an HDF5 file that `HDF5Images` reads: chunks of about 1 MiB, deflated. The same images give the same
    /// bytes. What is at the path is written over; the file is put together in memory.
    ///
    /// - Parameter deflate: 0 (stored plain) to 9.
    /// - Throws: `HDF5Error` with the system's reason, such as a full disk, or what the source throws.
    public func writeHDF5(to path: String, deflate: Int = 4) throws {
        let writer = try HDF5Writer()
        let chunk = max(1, min(count, (1 << 20) / shape.pixelCount))
        let images = try writer.makeRows(
            .uint8, shape: [count, shape.channels, shape.height, shape.width], named: "images", chunkRows: chunk,
            deflate: deflate)
        // Parts are whole chunks: a chunk that is written twice is packed twice.
        let step = chunk * 4
        for start in stride(from: 0, to: count, by: step) {
            try images.write(pixels(start..<min(count, start + step)), from: start)
        }
        if let labels = try labels() {
            try writer.write(HDF5Array(labels.map(Int64.init), shape: [count]), named: "labels")
        }
        try writer.setAttribute("name", to: name)
        try writer.save(to: path)
    }
}
