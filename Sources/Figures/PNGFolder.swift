import Datasets
import Foundation

/// The PNG files of a folder as images of one size, read in parts, in the order of their names with numbers by value:
/// 2.png before 10.png. Palettes and small depths are widened, 16 bits are scaled to 8, alpha is dropped; a grey file
/// among colour ones counts as grey, and is refused.
public struct PNGFolder: ImageSource {
    public let name: String
    public let shape: ImageShape
    public let files: [URL]
    public let remarks: [String]

    public var count: Int { files.count }

    /// The most pixels, width · height, that a file may declare; a file of more is refused before it is unpacked.
    public static let largestArea = ImageSet.largestSide * ImageSet.largestSide

    /// Lists a folder and reads the first file, whose size the others must have. Hidden files are passed over; so are
    /// files that are no PNG by their name, and sub-folders, which `remarks` then counts.
    ///
    /// - Throws: `FigureError` where the folder is not there, holds no PNG file, or the first one cannot be read.
    public init(_ folder: URL) throws(FigureError) {
        let entries: [URL]
        do {
            entries = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
                .map(folder.appendingPathComponent)
        } catch {
            throw .folder(path: folder.path, fault: "cannot be listed: it is no folder, or may not be read")
        }
        func isFolder(_ url: URL) -> Bool {
            var status = stat()
            return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
        let folders = entries.filter(isFolder)
        let plain = entries.filter { !isFolder($0) }
        func ofKind(_ endings: String...) -> [URL] { plain.filter { endings.contains($0.pathExtension.lowercased()) } }
        let (pngs, jpegs) = (ofKind("png"), ofKind("jpg", "jpeg"))
        files = pngs.map(\.lastPathComponent)
            .sorted { a, b in
                let order = a.compare(b, options: [.numeric, .literal])
                return order == .orderedSame ? a < b : order == .orderedAscending
            }
            .map(folder.appendingPathComponent)
        let passedOver = [
            (jpegs.count, "JPEG file"), (plain.count - pngs.count - jpegs.count, "other file"),
            (folders.count, "sub-folder"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
        guard !files.isEmpty else {
            throw .folder(
                path: folder.path,
                fault: "holds no PNG file" + (passedOver.isEmpty ? "" : ", only \(passedOver)")
                    + (jpegs.isEmpty ? "" : ": JPEG is not read (ImageMagick: mogrify -format png *.jpg)"))
        }
        remarks =
            passedOver.isEmpty
            ? []
            : [
                "\(folder.lastPathComponent): \(files.count) PNG file\(files.count == 1 ? " is" : "s are") read, not read: \(passedOver)"
            ]
        let first = files[0]
        let image = try Image(png: first, largestArea: Self.largestArea)
        shape = ImageShape(channels: image.channels, height: image.height, width: image.width)
        guard image.height <= ImageSet.largestSide, image.width <= ImageSet.largestSide else {
            throw .folder(
                path: first.path,
                fault: "is \(image.width) × \(image.height) pixels, each side must be at most \(ImageSet.largestSide)")
        }
        name = folder.lastPathComponent
    }

    /// - Throws: `FigureError` where a file cannot be read, or has another size than the first.
    public func pixels(_ range: Range<Int>) throws -> [UInt8] {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(range.count * shape.pixelCount)
        for file in files[range] {
            let image = try Image(png: file, largestArea: Self.largestArea)
            let found = ImageShape(channels: image.channels, height: image.height, width: image.width)
            guard found == shape else {
                throw FigureError.folder(
                    path: file.path,
                    fault: "is an image of \(found), expected \(shape) as \(files[0].lastPathComponent) is")
            }
            pixels += image.planes
        }
        return pixels
    }

    /// A folder has no labels.
    public func labels() -> [Int]? { nil }
}
