import CPNG
import Foundation

extension Image {
    /// The text entry of a map's file that says which numbers the first and the last colour stand for, as `0.0 0.35`.
    public static let colourScaleKey = "Colour scale"

    /// The text entry of this scale.
    public static func colourScaleText(_ scale: ClosedRange<Double>) -> (key: String, value: String) {
        (colourScaleKey, "\(scale.lowerBound) \(scale.upperBound)")
    }

    /// The scale that such an entry says; nil where it says none.
    static func colourScale(_ value: String) -> ClosedRange<Double>? {
        let ends = value.split(separator: " ").compactMap { Double($0) }
        return ends.count == 2 && ends[0] < ends[1] && ends.allSatisfy(\.isFinite) ? ends[0]...ends[1] : nil
    }

    /// Writes a PNG file, straight to this place: a caller that must not leave half a file writes beside and renames.
    ///
    /// The same image and text give the same bytes: no time is stored, and compression is fixed.
    /// - Parameter text: entries that stay with the picture, such as the seed that made it (tEXt chunks; iTXt where a
    ///   value is not ASCII). A key has 1 to 79 printable ASCII characters without a space at either end or two in a
    ///   row; a value has no NUL character.
    /// - Throws: ``FigureError/text(key:rule:)``, ``FigureError/cannotOpen(path:reason:)``,
    ///   ``FigureError/cannotWrite(path:reason:)`` (the partial file is then removed) or
    ///   ``FigureError/outOfMemory(path:)``.
    public func writePNG(to url: URL, text: [(key: String, value: String)] = []) throws(FigureError) {
        for entry in text {
            let printable = entry.key.utf8.allSatisfy { (0x20...0x7e).contains($0) }
            guard (1...79).contains(entry.key.utf8.count), printable, !entry.key.hasPrefix(" "),
                !entry.key.hasSuffix(" "),
                !entry.key.contains("  ")
            else {
                throw .text(
                    key: entry.key,
                    rule: "a key has 1 to 79 printable ASCII characters, with single spaces between words")
            }
            guard !entry.value.utf8.contains(0) else {
                throw .text(key: entry.key, rule: "a value cannot hold a NUL character")
            }
        }
        let texts = text.map { cpng_text(key: strdup($0.key), value: strdup($0.value), is_utf8: 1) }
        defer {
            for text in texts {
                free(text.key)
                free(text.value)
            }
        }
        var message = [CChar](repeating: 0, count: 256)
        let status = cpng_write(
            url.path, Int32(width), Int32(height), Int32(channels), pixels, texts, Int32(texts.count), &message,
            message.count)
        if status != CPNG_OK { throw FigureError(status, path: url.path, message) }
    }

    /// Reads a PNG file: palettes and small depths are widened, 16 bits are scaled to 8, alpha is dropped.
    /// - Parameter largestArea: the most pixels that are unpacked; an image of more is refused by its header.
    /// - Throws: ``FigureError/cannotOpen(path:reason:)``, ``FigureError/notPNG(path:)``,
    ///   ``FigureError/damagedPNG(path:reason:)``, ``FigureError/tooLargePNG(path:reason:)`` or
    ///   ``FigureError/outOfMemory(path:)``.
    public init(png url: URL, largestArea: Int = Image.largestArea) throws(FigureError) {
        self = try Self.read(url, largestArea: largestArea, text: false).image
    }

    /// Reads a PNG file with its text entries, in the order of the file: the first 64, and none of more than 1 MiB.
    /// - Throws: as ``init(png:largestArea:)``.
    public static func readPNG(
        _ url: URL, largestArea: Int = Image.largestArea
    ) throws(FigureError) -> (image: Image, text: [(key: String, value: String)]) {
        try read(url, largestArea: largestArea, text: true)
    }

    private static func read(
        _ url: URL, largestArea: Int, text readsText: Bool
    ) throws(FigureError) -> (image: Image, text: [(key: String, value: String)]) {
        var read = cpng_image()
        var message = [CChar](repeating: 0, count: 256)
        let status = cpng_read(url.path, Int64(largestArea), readsText ? 1 : 0, &read, &message, message.count)
        if status != CPNG_OK { throw FigureError(status, path: url.path, message) }
        defer { cpng_free(&read) }
        let (width, height, channels) = (Int(read.width), Int(read.height), Int(read.channels))
        let pixels = Array(UnsafeBufferPointer(start: read.pixels, count: width * height * channels))
        let text = UnsafeBufferPointer(start: read.texts, count: Int(read.text_count)).map { entry in
            (
                key: string(entry.key, isUTF8: false),
                value: string(entry.value, isUTF8: entry.is_utf8 != 0)
            )
        }
        return (try Image(width: width, height: height, channels: channels, pixels: pixels), text)
    }

    /// Text of a PNG file: UTF-8, or Latin-1, whose bytes are the first 256 Unicode scalars.
    private static func string(_ text: UnsafeMutablePointer<CChar>, isUTF8: Bool) -> String {
        if isUTF8 { return String(cString: text) }
        var result = String.UnicodeScalarView()
        for byte in UnsafeBufferPointer(start: text, count: strlen(text)) {
            result.append(Unicode.Scalar(UInt8(bitPattern: byte)))
        }
        return String(result)
    }
}

extension FigureError {
    fileprivate init(_ status: cpng_status, path: String, _ message: [CChar]) {
        let reason = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        switch status {
        case CPNG_OPEN_FAILED: self = .cannotOpen(path: path, reason: reason)
        case CPNG_NOT_PNG: self = .notPNG(path: path)
        case CPNG_DAMAGED: self = .damagedPNG(path: path, reason: reason)
        case CPNG_TOO_LARGE: self = .tooLargePNG(path: path, reason: reason)
        case CPNG_OUT_OF_MEMORY: self = .outOfMemory(path: path)
        default: self = .cannotWrite(path: path, reason: reason)
        }
    }
}
