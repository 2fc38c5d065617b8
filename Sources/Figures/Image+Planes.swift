import Datasets

extension Image {
    /// Shape [channels, height, width], as images of data sets lie.
    public var planes: [UInt8] {
        guard channels > 1 else { return pixels }
        let area = width * height
        return [UInt8](unsafeUninitializedCapacity: pixels.count) { planes, filled in
            for channel in 0..<channels {
                for place in 0..<area { planes[channel * area + place] = pixels[place * channels + channel] }
            }
            filled = pixels.count
        }
    }

    /// An image from bytes [channels, height, width].
    /// - Throws: ``FigureError/size(_:)``, as ``init(width:height:channels:pixels:)`` does.
    public init(planes: [UInt8], shape: ImageShape) throws(FigureError) {
        guard planes.count == shape.pixelCount else {
            throw .size("\(planes.count) values for an image of \(shape): there must be \(shape.pixelCount)")
        }
        let area = shape.width * shape.height
        let pixels = [UInt8](unsafeUninitializedCapacity: planes.count) { pixels, filled in
            for channel in 0..<shape.channels {
                for place in 0..<area { pixels[place * shape.channels + channel] = planes[channel * area + place] }
            }
            filled = planes.count
        }
        try self.init(width: shape.width, height: shape.height, channels: shape.channels, pixels: pixels)
    }

    /// The first images of a source side by side, in reading order.
    /// - Parameters:
    ///   - count: at least 1; all where the source has fewer.
    ///   - columns: at least 1.
    ///   - magnification: side of the square of pixels for a pixel, 1 to 1000.
    /// - Throws: ``FigureError/parameter(_:)``, ``FigureError/size(_:)``, or what the source throws.
    public static func samples(
        _ source: some ImageSource, count: Int, columns: Int, magnification: Int = 1
    ) throws -> Image {
        guard count >= 1 else { throw FigureError.parameter("a grid of \(count) samples: there must be at least 1") }
        let used = min(count, source.count)
        let bytes = try source.pixels(0..<used)
        let size = source.shape.pixelCount
        let images = try (0..<used).map { index in
            try Image(planes: Array(bytes[index * size..<(index + 1) * size]), shape: source.shape).magnified(
                by: magnification)
        }
        return try grid(of: images, columns: columns)
    }
}
