import Foundation
import HDF5

/// CIFAR-10 (Krizhevsky 2009): 32 × 32 colour images of ten classes, 50,000 to train with, 10,000 to test with, in its
/// binary layout. A file holds 10,000 records of 3,073 bytes: a label, then 1,024 red, green and blue bytes each, row
/// by row.
public enum CIFAR10 {
    public enum Part: String, Sendable, CaseIterable {
        case train, test

        var files: [String] {
            switch self {
            case .train: (1...5).map { "data_batch_\($0).bin" }
            case .test: ["test_batch.bin"]
            }
        }
    }

    public static let shape = ImageShape(channels: 3, height: 32, width: 32)
    public static let imagesPerFile = 10_000
    public static let classes = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]
    static let recordSize = 1 + 3072

    /// Reads the records of one file, whichever number of whole records it holds up to `imagesPerFile`.
    ///
    /// - Throws: `ImageError` where the file is not there, is empty, ends within a record or goes on after the last, or
    ///   a label is above 9.
    public static func records(contentsOf url: URL) throws(ImageError) -> (pixels: [UInt8], labels: [Int]) {
        let file = try contents(of: url)
        guard !file.isEmpty else { throw ImageError(url.path, "is empty, expected records of \(recordSize) bytes") }
        guard file.count.isMultiple(of: recordSize) else {
            throw ImageError(
                url.path,
                "ends within record \(file.count / recordSize): \(file.count) bytes are no whole number of records of \(recordSize)"
            )
        }
        var pixels: [UInt8] = []
        var labels: [Int] = []
        pixels.reserveCapacity(file.count)
        for start in stride(from: 0, to: file.count, by: recordSize) {
            guard file[start] < 10 else {
                throw ImageError(
                    url.path, "the label of record \(start / recordSize) is \(file[start]), expected 0 to 9")
            }
            labels.append(Int(file[start]))
            pixels += file[start + 1..<start + recordSize]
        }
        return (pixels, labels)
    }

    /// The bytes of a file; not more than one above what a whole one has, however long it is.
    private static func contents(of url: URL) throws(ImageError) -> [UInt8] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw ImageError(
                url.path, "is not there: `make data` fetches CIFAR-10, `make data FROM=folder` takes it from a folder")
        }
        guard !isFolder.boolValue else { throw ImageError(url.path, "is a folder, expected a file of records") }
        let whole = imagesPerFile * recordSize
        let bytes: Data?
        do {
            let file = try FileHandle(forReadingFrom: url)
            defer { try? file.close() }
            bytes = try file.read(upToCount: whole + 1)
        } catch {
            throw ImageError(url.path, "cannot be read")
        }
        guard (bytes?.count ?? 0) <= whole else {
            throw ImageError(
                url.path, "goes on after record \(imagesPerFile - 1), the last of a file of \(whole) bytes")
        }
        return Array(bytes ?? Data())
    }

    /// SHA-256 of the files as published, by which other data in their layout are told apart.
    static let published = [
        "data_batch_1.bin": "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
        "data_batch_2.bin": "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
        "data_batch_3.bin": "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
        "data_batch_4.bin": "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
        "data_batch_5.bin": "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
        "test_batch.bin": "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
    ]
}

extension ImageSet {
    /// A part of CIFAR-10 from a folder that holds `cifar-10-batches-bin`, or is it. The name is "CIFAR-10 train" or "…
    /// test" where the published checksums hold, and "CIFAR-10 variant, train" where they do not, as for a set that was
    /// made from JPEGs.
    ///
    /// - Throws: `ImageError` where a file is not there, which `make data` cures, or is not 10,000 whole records.
    public init(cifar10 part: CIFAR10.Part, in folder: URL) throws(ImageError) {
        let inner = folder.appendingPathComponent("cifar-10-batches-bin")
        let place = FileManager.default.fileExists(atPath: inner.path) ? inner : folder
        var (pixels, labels): ([UInt8], [Int]) = ([], [])
        var isPublished = true
        for file in part.files {
            let url = place.appendingPathComponent(file)
            let records = try CIFAR10.records(contentsOf: url)
            guard records.labels.count == CIFAR10.imagesPerFile else {
                throw ImageError(
                    url.path,
                    "holds \(records.labels.count) records, expected \(CIFAR10.imagesPerFile): it is cut short")
            }
            if isPublished {
                let checksum = CIFAR10.checksum(records.pixels, records.labels)
                isPublished = checksum == CIFAR10.published[file]
            }
            pixels += records.pixels
            labels += records.labels
        }
        let name = isPublished ? "CIFAR-10 \(part.rawValue)" : "CIFAR-10 variant, \(part.rawValue)"
        try self.init(name: name, shape: CIFAR10.shape, pixels: pixels, labels: labels)
    }
}

extension CIFAR10 {
    /// SHA-256 of the records as they stand in a file.
    static func checksum(_ pixels: [UInt8], _ labels: [Int]) -> String {
        var digest = SHA256()
        pixels.withUnsafeBytes { bytes in
            for (index, label) in labels.enumerated() {
                digest.update([UInt8(label)])
                digest.update(UnsafeRawBufferPointer(rebasing: bytes[index * 3072..<(index + 1) * 3072]))
            }
        }
        return digest.hexadecimal
    }
}
