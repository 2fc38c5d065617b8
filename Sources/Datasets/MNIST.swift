import Foundation

/// The handwritten digits of LeCun, Cortes and Burges: 60,000 to train with, 10,000 to test with.
public struct MNIST: Sendable {
    public enum Part: String, Sendable, CaseIterable {
        case train
        case test = "t10k"
    }

    /// Grey values, 0 (background) to 255, shape [count, 28, 28].
    public let images: [UInt8]
    /// 0 to 9.
    public let labels: [UInt8]

    public static let side = 28
    public var count: Int { labels.count }

    /// Reads a part from a folder that holds the four files as they are published, gzip-compressed or not, or with a
    /// dot before `idx`.
    ///
    /// - Throws: `IDXError` where a file is damaged, is not there, which `make data` cures, or does not hold digits.
    public init(_ part: Part, in folder: URL) throws(IDXError) {
        func file(_ name: String) throws(IDXError) -> URL {
            let candidates = IDX.spellings(part.rawValue, name).map(folder.appendingPathComponent)
            for url in candidates where FileManager.default.fileExists(atPath: url.path) { return url }
            throw IDXError(
                candidates[0], "is not there: `make data` fetches it, `make data FROM=folder` takes it from a folder")
        }
        let (imageFile, labelFile) = (try file("images-idx3"), try file("labels-idx1"))
        let (images, labels) = (try IDX(contentsOf: imageFile), try IDX(contentsOf: labelFile))
        guard images.shape.count == 3, images.shape[1...] == [Self.side, Self.side] else {
            throw IDXError(imageFile, "has the shape \(images.shape), expected [count, \(Self.side), \(Self.side)]")
        }
        guard labels.shape == [images.shape[0]] else {
            throw IDXError(
                labelFile, "has the shape \(labels.shape), expected a label for each of \(images.shape[0]) images")
        }
        if let index = labels.elements.firstIndex(where: { $0 > 9 }) {
            throw IDXError(labelFile, "label \(index) is \(labels.elements[index]), expected 0 to 9")
        }
        self.images = images.elements
        self.labels = labels.elements
    }

    /// Whether a folder holds a part's images under one of their names.
    public static func isPresent(_ part: Part, in folder: URL) -> Bool {
        IDX.spellings(part.rawValue, "images-idx3").contains {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }
    }

    /// Each pixel as a bit: 1 where its grey value is above half of the range.
    public var binarized: [UInt8] { images.map { $0 > 127 ? 1 : 0 } }
}
