import Datasets
import Foundation

/// The PNG files of a folder as images of one size, read in parts, in the order of their names with numbers by value:
/// 2.png before 10.png; or those of its sub-folders, a class each. Palettes and small depths are widened, 16 bits are scaled to 8, alpha is dropped; a grey file
/// among colour ones counts as grey, and is refused.
public struct PNGFolder: ImageSource {
    public let name: String
    public let shape: ImageShape
    public let files: [URL]
    public let remarks: [String]
    /// Of files in sub-folders, the number of each file's sub-folder in the order of their names; nil of others.
    private let classes: [Int]?

    public var count: Int { files.count }

    /// The most pixels, width · height, that a file may declare; a file of more is refused before it is unpacked.
    public static let largestArea = ImageSet.largestSide * ImageSet.largestSide

    /// Lists a folder and reads the first file, whose size the others must have. A folder without PNG files whose
    /// sub-folders hold some has a class for each of these. Hidden files are passed over; so are files that are no PNG
    /// by their name, and sub-folders beside PNG files, which `remarks` then counts.
    ///
    /// - Throws: `FigureError` where the folder is not there, holds no PNG file, or the first one cannot be read.
    public init(_ folder: URL) throws(FigureError) {
        let listing = try Listing(folder)
        let (own, subfolders) = (listing.pngs, listing.folders)
        var classed: [(name: String, listing: Listing)] = []
        if own.isEmpty {
            for subfolder in subfolders {
                let listing = try Listing(subfolder)
                if !listing.pngs.isEmpty { classed.append((subfolder.lastPathComponent, listing)) }
            }
        }
        files = own + classed.flatMap(\.listing.pngs)
        classes =
            classed.isEmpty ? nil : classed.enumerated().flatMap { index, one in one.listing.pngs.map { _ in index } }
        let passedOver = [
            (listing.jpegs + classed.reduce(0) { $0 + $1.listing.jpegs }, "JPEG file"),
            (listing.others + classed.reduce(0) { $0 + $1.listing.others }, "other file"),
            (subfolders.count - classed.count, "sub-folder"),
        ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }.joined(separator: ", ")
        guard !files.isEmpty else {
            throw .folder(
                path: folder.path,
                fault: "holds no PNG file" + (passedOver.isEmpty ? "" : ", only \(passedOver)")
                    + (listing.jpegs == 0 ? "" : ": JPEG is not read (ImageMagick: mogrify -format png *.jpg)"))
        }
        let read = "\(files.count) PNG file\(files.count == 1 ? " is" : "s are") read"
        let names = classed.map(\.name).joined(separator: ", ")
        remarks =
            (passedOver.isEmpty ? [] : ["\(folder.lastPathComponent): \(read), not read: \(passedOver)"])
            + (classed.isEmpty
                ? [] : ["\(folder.lastPathComponent): labels from \(classed.count) sub-folders: \(names)"])
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

    /// The number of each file's sub-folder; nil where the files lie in the folder itself.
    public func labels() -> [Int]? { classes }

    /// What a folder holds, each kind in the order of the names with numbers by value.
    private struct Listing {
        let pngs: [URL]
        let folders: [URL]
        let jpegs: Int
        let others: Int

        init(_ folder: URL) throws(FigureError) {
            let names: [String]
            do { names = try FileManager.default.contentsOfDirectory(atPath: folder.path) } catch {
                throw .folder(path: folder.path, fault: "cannot be listed: it is no folder, or may not be read")
            }
            let entries = names.filter { !$0.hasPrefix(".") }.sorted(by: Self.precedes).map {
                folder.appendingPathComponent($0)
            }
            folders = entries.filter(Self.isFolder)
            let plain = entries.filter { !Self.isFolder($0) }
            pngs = plain.filter { $0.pathExtension.lowercased() == "png" }
            jpegs = plain.count { ["jpg", "jpeg"].contains($0.pathExtension.lowercased()) }
            others = plain.count - pngs.count - jpegs
        }

        private static func precedes(_ a: String, _ b: String) -> Bool {
            let order = a.compare(b, options: [.numeric, .literal])
            return order == .orderedSame ? a < b : order == .orderedAscending
        }

        private static func isFolder(_ url: URL) -> Bool {
            var status = stat()
            return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
        }
    }
}
