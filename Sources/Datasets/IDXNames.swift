import Foundation

extension IDX {
    /// The names that one file of MNIST's layout goes by: `train-images-idx3-ubyte` as published,
    /// `train-images.idx3-ubyte` as some archives unpack it, each compressed or not.
    static func spellings(_ part: String, _ kind: String) -> [String] {
        ["\(part)-\(kind)-ubyte", "\(part)-\(kind.replacingOccurrences(of: "-", with: "."))-ubyte"].flatMap {
            ["\($0).gz", $0]
        }
    }

    /// The file of labels that belongs to a file of images by its name: `images` made `labels` and `idx3` made `idx1`,
    /// beside it, compressed or not; the one that is compressed as the images are where both are there. Nil where the
    /// name does not say images, or there is none.
    package static func labels(beside images: URL) -> URL? {
        let name = images.lastPathComponent
        guard name.contains("images") else { return nil }
        let isCompressed = name.hasSuffix(".gz")
        let plain = (isCompressed ? String(name.dropLast(3)) : name)
            .replacingOccurrences(of: "images", with: "labels").replacingOccurrences(of: "idx3", with: "idx1")
        let folder = images.deletingLastPathComponent()
        return (isCompressed ? ["\(plain).gz", plain] : [plain, "\(plain).gz"]).map(folder.appendingPathComponent)
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
