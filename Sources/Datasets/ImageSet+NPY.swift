import Foundation

extension ImageSet {
    /// Images of a `.npy` file: uint8 [N, C, H, W] with C of 1 or 3, or [N, H, W], grey. There are no labels in it.
    ///
    /// - Throws: `DataFileError` where the file cannot be read, or `ImageError` where it holds no images.
    public init(npy url: URL) throws {
        let array = try NPY(contentsOf: url)
        guard array.elementType == .uint8, let pixels = array.uint8s else {
            throw ImageError(url.path, "holds \(array.elementType), images are uint8, 0 to 255: a.astype('uint8')")
        }
        var extents = array.shape
        if extents.count == 3 { extents.insert(1, at: 1) }
        guard extents.count == 4, extents[0] >= 1 else {
            throw ImageError(
                url.path,
                "has the shape \(array.shape), expected [images, channels, height, width] or [images, height, width]"
            )
        }
        guard extents[1] == 1 || extents[1] == 3 || !(extents[3] == 1 || extents[3] == 3) else {
            throw ImageError(
                url.path,
                "has the shape \(array.shape), channels last, expected [images, channels, height, width]: a.transpose(0, 3, 1, 2)"
            )
        }
        let shape = ImageShape(channels: extents[1], height: extents[2], width: extents[3])
        try Self.check(shape, url.path)
        try self.init(name: url.lastPathComponent, shape: shape, pixels: pixels)
    }
}

extension ImageSource {
    /// Writes a `.npy` file of the pixels, uint8 [N, C, H, W]. The labels are not in it. What is at the path is written
    /// over.
    ///
    /// - Throws: `DataFileError` where the file cannot be written, and what the source throws.
    public func writeNPY(to path: String) throws {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(count * shape.pixelCount)
        for part in parts() { pixels += try self.pixels(part) }
        try writeDataFile(NPY(pixels, shape: [count, shape.channels, shape.height, shape.width]).contents, to: path)
    }

    /// The pixels as bits, those above a threshold 1: [count, channels · height · width].
    ///
    /// - Throws: what the source throws.
    public func bits(above threshold: UInt8) throws -> BinaryBatch {
        var bits: [UInt8] = []
        bits.reserveCapacity(count * shape.pixelCount)
        for part in parts() { bits += try pixels(part).map { $0 > threshold ? 1 : 0 } }
        return BinaryBatch(bits: bits, dimension: shape.pixelCount)
    }
}
