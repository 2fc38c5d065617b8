/// Pixels of 8 bits, grey or RGB.
///
/// ```swift
/// let heat = try Image.heatMap(values: density, rows: 100, columns: 100)
/// let sheet = try Image.grid(of: [heat, samples], columns: 2)
/// try sheet.writePNG(to: url, text: [("Seed", "1023")])
/// ```
public struct Image: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// 1 (grey) or 3 (RGB).
    public let channels: Int
    /// Shape [height, width, channels], row-major, the first row at the top. Keep its length.
    public internal(set) var pixels: [UInt8]

    /// The largest width and height, which is libpng's.
    public static let largestSide = 1_000_000
    /// The largest number of pixels.
    public static let largestArea = 1 << 28

    /// - Parameter pixels: shape [height, width, channels], row-major.
    /// - Throws: ``FigureError/size(_:)`` unless width and height are from 1 to ``largestSide``, their product is at
    ///   most ``largestArea``, there are 1 or 3 channels, and the number of pixels agrees.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) throws(FigureError) {
        try Self.check(width: width, height: height)
        guard channels == 1 || channels == 3 else {
            throw .size("an image of \(channels) channels: there must be 1 (grey) or 3 (RGB)")
        }
        guard pixels.count == width * height * channels else {
            throw .size(
                "\(pixels.count) values for an image of \(width) × \(height) × \(channels): there must be \(width * height * channels)"
            )
        }
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// An image of one colour.
    init(width: Int, height: Int, filledWith colour: [UInt8]) throws(FigureError) {
        try Self.check(width: width, height: height)
        self.width = width
        self.height = height
        channels = colour.count
        pixels = [UInt8](unsafeUninitializedCapacity: width * height * colour.count) { pixels, count in
            count = width * height * colour.count
            for i in 0..<count { pixels[i] = colour[i % colour.count] }
        }
    }

    private static func check(width: Int, height: Int) throws(FigureError) {
        guard (1...largestSide).contains(width), (1...largestSide).contains(height) else {
            throw .size("an image of \(width) × \(height) pixels: each side must be from 1 to \(largestSide)")
        }
        guard width * height <= largestArea else {
            throw .size("an image of \(width) × \(height) pixels: there must be at most \(largestArea) in all")
        }
    }
}

extension Image {
    /// Puts images side by side and below one another, in reading order. Every cell has the size of the widest and of
    /// the highest image; a smaller one stands at the top left of its cell. If any image is RGB, so is the result.
    /// - Parameters:
    ///   - images: at least one.
    ///   - columns: at least 1.
    ///   - padding: white pixels around every cell.
    /// - Throws: ``FigureError/parameter(_:)``, or ``FigureError/size(_:)`` if the whole is too large.
    public static func grid(of images: [Image], columns: Int, padding: Int = 2) throws(FigureError) -> Image {
        guard let first = images.first else { throw .parameter("a grid of no images: there must be at least one") }
        guard columns >= 1 else { throw .parameter("a grid of \(columns) columns: there must be at least 1") }
        guard (0...1000).contains(padding) else {
            throw .parameter("padding of \(padding) pixels: it must be from 0 to 1000")
        }
        let used = min(columns, images.count)
        let rows = (images.count + used - 1) / used
        let cellWidth = images.reduce(first.width) { max($0, $1.width) } + padding
        let cellHeight = images.reduce(first.height) { max($0, $1.height) } + padding
        let channels = images.contains { $0.channels == 3 } ? 3 : 1

        let white = [UInt8](repeating: 255, count: channels)
        var sheet = try Image(width: used * cellWidth + padding, height: rows * cellHeight + padding, filledWith: white)
        for (index, image) in images.enumerated() {
            let left = padding + index % used * cellWidth
            let top = padding + index / used * cellHeight
            sheet.paste(image, left: left, top: top)
        }
        return sheet
    }

    /// Copies an image that fits; grey becomes RGB where this image is.
    private mutating func paste(_ image: Image, left: Int, top: Int) {
        for y in 0..<image.height {
            let source = image.pixels[y * image.width * image.channels..<(y + 1) * image.width * image.channels]
            let start = ((top + y) * width + left) * channels
            if image.channels == channels {
                pixels.replaceSubrange(start..<start + source.count, with: source)
            } else {
                for (x, grey) in source.enumerated() {
                    for channel in 0..<channels { pixels[start + x * channels + channel] = grey }
                }
            }
        }
    }

    /// Every pixel as a square of `factor` by `factor` pixels.
    public func magnified(by factor: Int) throws(FigureError) -> Image {
        guard (1...1000).contains(factor) else {
            throw .parameter("magnification \(factor): it must be from 1 to 1000")
        }
        var large = try Image(
            width: width * factor, height: height * factor, filledWith: [UInt8](repeating: 0, count: channels))
        var index = 0
        for y in 0..<large.height {
            for x in 0..<large.width {
                let source = (y / factor * width + x / factor) * channels
                for channel in 0..<channels {
                    large.pixels[index] = pixels[source + channel]
                    index += 1
                }
            }
        }
        return large
    }
}
