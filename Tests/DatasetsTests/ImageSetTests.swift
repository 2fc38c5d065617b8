import Datasets
import Foundation
import HDF5
import Testing
import Torch

/// A folder of its own for the length of a test.
func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
}

/// What is said of a fault, without the path it begins with.
func fault(_ url: URL, _ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)".replacingOccurrences(of: url.path + ": ", with: "") }
    return "none"
}

/// The most memory that the process has held, in bytes.
private func peakMemory() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
}

private struct Generator {
    var state: UInt64

    mutating func callAsFunction(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
    }
}

/// Images of noise: what a filter or a transposition changes shows.
private func noise(_ count: Int, _ shape: ImageShape, labels: Bool = true) throws -> ImageSet {
    var random = Generator(state: 7)
    let pixels = (0..<count * shape.pixelCount).map { _ in UInt8(random(256)) }
    return try ImageSet(name: "noise", shape: shape, pixels: pixels, labels: labels ? (0..<count).map { $0 % 10 } : nil)
}

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4 and its successors (empty, "abc", two blocks, a million times "a"), and lengths
    /// around a block's end against sha256sum.
    @Test func digestsAreThePublishedOnes() {
        #expect(SHA256.hexadecimal([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SHA256.hexadecimal(Array("abc".utf8)) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            SHA256.hexadecimal(Array("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".utf8))
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
        #expect(
            SHA256.hexadecimal([UInt8](repeating: 0x61, count: 1_000_000))
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func partsMakeTheSameDigest() {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let whole = SHA256.hexadecimal(bytes)
        for step in [1, 7, 63, 64, 65, 500] {
            var digest = SHA256()
            for start in stride(from: 0, to: bytes.count, by: step) {
                digest.update(Array(bytes[start..<min(bytes.count, start + step)]))
            }
            #expect(digest.hexadecimal == whole, "parts of \(step)")
        }
    }
}

@Suite struct CIFAR10Tests {
    /// Three records: labels 3, 0, 9; pixel j of record i is (i + j) mod 251.
    private let records: [UInt8] = (0..<3).flatMap { i in [[3, 0, 9][i]] + (0..<3072).map { UInt8((i + $0) % 251) } }

    @Test func recordsComeBack() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("a.bin")
            try Data(records).write(to: url)
            let read = try CIFAR10.records(contentsOf: url)
            #expect(read.labels == [3, 0, 9])
            #expect(read.pixels.count == 3 * 3072)
            #expect(read.pixels[3072 + 1024] == UInt8((1 + 1024) % 251))
        }
    }

    @Test func damageIsNamed() throws {
        try withFolder { (folder) throws in
            let url = folder.appendingPathComponent("a.bin")
            func fault(_ bytes: [UInt8]) throws -> String {
                try Data(bytes).write(to: url)
                return DatasetsTests.fault(url) { _ = try CIFAR10.records(contentsOf: url) }
            }
            #expect(try fault([]) == "is empty, expected records of 3073 bytes")
            #expect(
                try fault(Array(records.dropLast()))
                    == "ends within record 2: 9218 bytes are no whole number of records of 3073")
            #expect(
                try fault(records + [1]) == "ends within record 3: 9220 bytes are no whole number of records of 3073")
            var wrong = records
            wrong[2 * 3073] = 10
            #expect(try fault(wrong) == "the label of record 2 is 10, expected 0 to 9")
            #expect(
                try fault([UInt8](repeating: 0, count: 10_001 * 3073))
                    == "goes on after record 9999, the last of a file of 30730000 bytes")
            let nowhere = folder.appendingPathComponent("nowhere.bin")
            let absent = DatasetsTests.fault(nowhere) { _ = try CIFAR10.records(contentsOf: nowhere) }
            #expect(
                absent == "is not there: `make data` fetches CIFAR-10, `make data FROM=folder` takes it from a folder")
            let ofFolder = DatasetsTests.fault(folder) { _ = try CIFAR10.records(contentsOf: folder) }
            #expect(ofFolder == "is a folder, expected a file of records")
        }
    }

    /// Mutants of three records, cut, grown or changed at random: read as whole records, or refused with a sentence
    /// that names the file.
    @Test func damagedFilesAreRefusedOrReadWhole() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("mutant.bin")
            var random = Generator(state: 3)
            var (read, refused) = (0, 0)
            for _ in 0..<400 {
                var bytes = records
                for _ in 0...random(3) {
                    switch random(4) {
                    case 0: bytes[random(bytes.count)] = UInt8(random(256))
                    case 1: bytes[random(bytes.count / 3073) * 3073] = UInt8(random(12))
                    case 2: bytes.removeLast(random(2) == 0 ? 3073 : random(3073))
                    default: bytes += records.prefix(random(2) == 0 ? 3073 : random(5000))
                    }
                    if bytes.count < 3073 { bytes = records }
                }
                try Data(bytes).write(to: url)
                do {
                    let found = try CIFAR10.records(contentsOf: url)
                    #expect(found.pixels.count == found.labels.count * 3072 && found.labels.count * 3073 == bytes.count)
                    #expect(found.labels.allSatisfy { 0...9 ~= $0 })
                    read += 1
                } catch {
                    #expect("\(error)".hasPrefix(url.path + ": ") && "\(error)".count < url.path.count + 160)
                    refused += 1
                }
            }
            #expect(read > 50 && refused > 100)
        }
    }

    /// A whole part, all zeros: its name says that it is not the published one; a batch short of a record is refused.
    @Test func aPartIsWholeAndItsOriginNamed() throws {
        try withFolder { folder in
            let batches = folder.appendingPathComponent("cifar-10-batches-bin")
            try FileManager.default.createDirectory(at: batches, withIntermediateDirectories: true)
            let url = batches.appendingPathComponent("test_batch.bin")
            try Data(count: 30_730_000).write(to: url)
            let test = try ImageSet(cifar10: .test, in: folder)
            #expect(test.name == "CIFAR-10 variant, test" && test.count == 10_000 && test.shape == CIFAR10.shape)
            try Data(count: 30_730_000 - 3073).write(to: url)
            let short = fault(url) { _ = try ImageSet(cifar10: .test, in: folder) }
            #expect(short == "holds 9999 records, expected 10000: it is cut short")
        }
    }
}

@Suite struct IDXImagesTests {
    /// Three images of 1 × 2 with their labels beside them, if the name is of MNIST's kind.
    @Test func imagesComeWithTheLabelsBesideThem() throws {
        try withFolder { folder in
            func write(_ name: String, _ shape: [UInt8], _ elements: [UInt8]) throws -> URL {
                let url = folder.appendingPathComponent(name)
                try Data([0, 0, 8, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] } + elements).write(to: url)
                return url
            }
            let images = try write("x-images-idx3-ubyte", [3, 1, 2], [1, 2, 3, 4, 5, 6])
            let bare = try ImageSet(idx: images)
            #expect(
                bare.shape == ImageShape(channels: 1, height: 1, width: 2) && bare.count == 3 && bare.classes == nil)
            let labels = try write("x-labels-idx1-ubyte", [3], [7, 0, 255])
            #expect(try ImageSet(idx: images).classes == [7, 0, 255])
            #expect(try ImageSet(idx: images).pixels(1..<2) == [3, 4])
            _ = try write("x-labels-idx1-ubyte", [2], [7, 0])
            let few = fault(labels) { _ = try ImageSet(idx: images) }
            #expect(few == "has the shape [2], expected a label for each of 3 images")
            let flat = try write("flat", [3, 2], [1, 2, 3, 4, 5, 6])
            let rank = fault(flat) { _ = try ImageSet(idx: flat) }
            #expect(rank == "has the shape [3, 2], expected [images, height, width]")
            let none = try write("none", [0, 1, 2], [])
            let empty = fault(none) { _ = try ImageSet(idx: none) }
            #expect(empty == "none: 0 pixels are no whole number of images of 1 × 1 × 2, 1 or more")
            let narrow = try write("narrow", [3, 0, 2], [])
            let side = fault(narrow) { _ = try ImageSet(idx: narrow) }
            #expect(side == "holds images of 1 × 0 × 2, expected 1 or 3 channels and sides from 1 to 4096")
        }
    }
}

@Suite struct HDF5ImagesTests {
    @Test(
        arguments: [0, 4],
        [ImageShape(channels: 3, height: 5, width: 7), ImageShape(channels: 1, height: 28, width: 28)])
    func imagesComeBackInParts(deflate: Int, shape: ImageShape) throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("a.h5").path
            let set = try noise(37, shape)
            try set.writeHDF5(to: path, deflate: deflate)
            let file = try HDF5Images(path: path)
            #expect(file.count == 37 && file.shape == shape && file.name == "noise")
            #expect(try file.pixels(5..<9) == set.pixels(5..<9))
            #expect(try file.pixels(3..<3) == [])
            #expect(try file.labels() == set.classes)
            #expect(try file.checksum() == SHA256.hexadecimal(set.pixels))
            #expect(try file.tensor(36..<37).array(UInt8.self) == set.pixels(36..<37))
            #expect(try ImageSet(reading: file) == set)
            let bare = folder.appendingPathComponent("b.h5").path
            let unlabelled = try noise(3, shape, labels: false)
            try unlabelled.writeHDF5(to: bare, deflate: deflate)
            #expect(try HDF5Images(path: bare).labels() == nil)
        }
    }

    /// More images than a chunk holds, so that parts of the file are written and read apart.
    @Test func manyChunksComeBack() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("a.h5").path
            let shape = ImageShape(channels: 3, height: 256, width: 256)
            let set = try ImageSet(
                name: "ramp", shape: shape,
                pixels: (0..<23 * shape.pixelCount).map { UInt8(truncatingIfNeeded: $0 / 7919) })
            try set.writeHDF5(to: path)
            #expect(try HDF5Images(path: path).pixels(4..<23) == set.pixels(4..<23))
            let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            #expect(try #require(size) < 500_000, "deflated")
        }
    }

    @Test func whatHoldsNoImagesIsNamed() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("a.h5")
            func fault(_ images: HDF5Array?, labels: HDF5Array? = nil) throws -> String {
                let writer = try HDF5Writer()
                if let images { try writer.write(images, named: "images") }
                if let labels { try writer.write(labels, named: "labels") }
                try writer.save(to: url.path)
                return DatasetsTests.fault(url) { _ = try HDF5Images(path: url.path).labels() }
            }
            func mended(_ line: String, scale: String = "") -> String {
                "\n  mended by h5py\(scale): import h5py; a = h5py.File('\(url.path)'); b = h5py.File('mended.h5', 'w'); "
                    + "b['images'] = \(line); b.close()"
            }
            let good = HDF5Array([UInt8](repeating: 1, count: 12), shape: [3, 1, 2, 2])
            #expect(try fault(good) == "none")
            #expect(try fault(nil) == "has no array 'images'")
            #expect(
                try fault(HDF5Array([Float](repeating: 1, count: 12), shape: [3, 1, 2, 2]))
                    == "array 'images' holds float32, expected uint8, 0 to 255"
                    + mended("(a['images'][...] * 255).round().astype('u1')", scale: ", where 1 is white"))
            #expect(
                try fault(HDF5Array([UInt32](repeating: 1, count: 12), shape: [3, 1, 2, 2]))
                    == "array 'images' holds uint32, expected uint8, 0 to 255"
                    + mended("a['images'][...].astype('u1')", scale: ", where all are 0 to 255"))
            #expect(
                try fault(HDF5Array([UInt8](repeating: 1, count: 12), shape: [3, 2, 2]))
                    == "array 'images' has the shape [3, 2, 2], expected [images, channels, height, width]"
                    + mended("a['images'][...][:, None]"))
            #expect(
                try fault(HDF5Array([1] as [UInt8], shape: []))
                    == "array 'images' has the shape [], expected [images, channels, height, width]")
            #expect(
                try fault(HDF5Array([UInt8](repeating: 1, count: 12), shape: [3, 2, 2, 1]))
                    == "array 'images' has the shape [3, 2, 2, 1], channels last, expected [images, channels, height, width]"
                    + mended("a['images'][...].transpose(0, 3, 1, 2)"))
            #expect(
                try fault(HDF5Array([UInt8](), shape: [0, 1, 2, 2]))
                    == "array 'images' has the shape [0, 1, 2, 2]: there is no image in it")
            #expect(
                try fault(HDF5Array([UInt8](), shape: [3, 1, 0, 2]))
                    == "array 'images' has the shape [3, 1, 0, 2], expected 1 or 3 channels and sides from 1 to 4096: "
                    + "[images, channels, height, width]")
            #expect(
                try fault(good, labels: HDF5Array([0, 1] as [Int64], shape: [2]))
                    == "array 'labels' has the shape [2], expected [3], a label for each image")
            #expect(
                try fault(good, labels: HDF5Array([0, 1, 2] as [Double], shape: [3]))
                    == "array 'labels' holds float64, expected integers"
                    + mended("a['images'][...]; b['labels'] = a['labels'][...].astype('i8')"))
            #expect(
                try fault(good, labels: HDF5Array([0, -1, 2] as [Int64], shape: [3]))
                    == "label 1 is -1, expected 0 to 65535")
            try Data("no file of arrays".utf8).write(to: url)
            let ofText = DatasetsTests.fault(url) { _ = try HDF5Images(path: url.path) }
            #expect(ofText == "is not an HDF5 file")
        }
    }

    /// Of h5py, images in two chunks. Of 16,384 bytes: the second unpacks to 32 MiB. Of 16 bytes: the second takes 32
    /// KiB stored, or unpacks to 12. The first is read, the second refused, and memory is not taken. A chunk larger
    /// than the data set, 1 MiB for 16 bytes, is read, and one with a checksum alone.
    @Test func aChunkUnpacksToWhatItDeclares() throws {
        func url(_ name: String) throws -> URL {
            try #require(Bundle.module.url(forResource: name, withExtension: "h5", subdirectory: "Golden"))
        }
        for (name, chunk, fault) in [
            ("images-bomb", 16, "has a chunk that unpacks to"),
            ("images-long-chunk", 4, "stores a chunk in more bytes than it can need"),
            ("images-short-chunk", 4, "has a chunk that unpacks to 12 bytes, not to the 16 of one"),
        ] {
            let url = try url(name)
            let file = try HDF5Images(path: url.path)
            #expect(try file.pixels(0..<chunk) == (0..<chunk * file.shape.pixelCount).map { UInt8($0 % 251) })
            let before = peakMemory()
            for range in [chunk..<2 * chunk, chunk - 1..<chunk + 1, 2 * chunk - 1..<2 * chunk] {
                let found = DatasetsTests.fault(url) { _ = try file.pixels(range) }
                #expect(found.hasPrefix("array 'images': \(fault)"), "\(found)")
            }
            #expect(peakMemory() - before < 8 << 20)
        }
        for name in ["images-wide-chunk", "images-fletcher"] {
            let pixels = try HDF5Images(path: url(name).path).pixels(1..<4)
            #expect(pixels == (4..<16).map { UInt8($0) }, "\(name)")
        }
    }

    /// What h5py writes beside images is not looked at: attributes that are no string, links to nowhere and to a pipe,
    /// which would be waited for.
    @Test(.timeLimit(.minutes(1))) func whatStandsBesideImagesIsLeftAlone() throws {
        try withFolder { folder in
            try #require(mkfifo(folder.appendingPathComponent("pipe").path, 0o600) == 0)
            func copy(_ name: String) throws -> URL {
                let url = try #require(
                    Bundle.module.url(forResource: name, withExtension: "h5", subdirectory: "Golden"))
                let copy = folder.appendingPathComponent("\(name).h5")
                try FileManager.default.copyItem(at: url, to: copy)
                return copy
            }
            let url = try copy("images-odd-neighbours")
            let file = try HDF5Images(path: url.path)
            #expect(try file.name == "four squares" && file.labels() == [3, 1, 2, 0])
            #expect(try file.pixels(0..<4) == (0..<16).map { UInt8($0) })
            #expect(try HDF5File(path: url.path).names() == ["images", "labels"])
            #expect(try HDF5File(path: url.path).attributes() == ["name": "four squares"])
            let link = try copy("images-soft-link")
            let found = DatasetsTests.fault(link) { _ = try HDF5Images(path: link.path) }
            #expect(
                found.hasPrefix("array 'images' is a link to another name, which is not followed here\n"), "\(found)")
            #expect(try HDF5File(path: link.path).names() == [])
        }
    }

    @Test func allFaultsOfAFileAreSaidAtOnceWithTheLineThatMendsThem() throws {
        let url = try #require(
            Bundle.module.url(forResource: "images-all-faults", withExtension: "h5", subdirectory: "Golden"))
        let found = fault(url) { _ = try HDF5Images(path: url.path) }
        #expect(
            found == """
                array 'images' is stored through filter 32000, lzf: only deflate, shuffle and fletcher32 are read here; holds bool, expected \
                uint8, 0 to 255; has the shape [4, 2, 2, 3], channels last, expected [images, channels, height, width]; array 'labels' holds \
                float32, expected integers; has the shape [4, 4], expected [4], a label for each image
                  mended by h5py: import h5py; a = h5py.File('\(url.path)'); b = h5py.File('mended.h5', 'w'); \
                b['images'] = (a['images'][...] * 255).astype('u1').transpose(0, 3, 1, 2); \
                b['labels'] = a['labels'][...].argmax(1).astype('i8'); b.close()
                """)
    }

    /// A plain chunk whose place in the file says that it has 8 bytes, of 48: HDF5 takes memory for 8 and reads 48.
    @Test func aPlainChunkThatIsStoredShortIsRefused() throws {
        let url = try #require(
            Bundle.module.url(forResource: "images-short-key", withExtension: "h5", subdirectory: "Golden"))
        let found = fault(url) { _ = try HDF5Images(path: url.path).pixels(0..<3) }
        #expect(found == "array 'images' declares 144 bytes in chunks but stores 104")
    }

    /// One chunk of 4 MB of which each tenth part is read: it is unpacked twice, to be checked and to be read, not
    /// twice a part. The bound is the time of eight parts.
    @Test func aChunkIsUnpackedOnceForAllItsParts() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("a.h5")
            let count = 4096, writer = try HDF5Writer()
            let pixels = try noise(count, ImageShape(channels: 1, height: 32, width: 32), labels: false).pixels
            let rows = try writer.makeRows(
                .uint8, shape: [count, 1, 32, 32], named: "images", chunkRows: count, deflate: 1)
            try rows.write(pixels, from: 0)
            try writer.save(to: url.path)
            let file = try HDF5Images(path: url.path)
            let clock = ContinuousClock()
            let first = try clock.measure { _ = try file.pixels(0..<8) }
            let others = try clock.measure { for start in 1..<100 { _ = try file.pixels(8 * start..<8 * start + 8) } }
            #expect(others < first * 8, "the first part took \(first), 99 others \(others)")
        }
    }

    /// Files of h5py: HDF5's own filters are read; a foreign filter, 2⁴⁰ images of which one chunk was written, chunks
    /// of 512 MiB, storage or a link to another file, and another element type are refused before anything is read.
    @Test func filesOfOtherProgramsAreReadOrRefused() throws {
        func url(_ name: String) throws -> URL {
            try #require(Bundle.module.url(forResource: name, withExtension: "h5", subdirectory: "Golden"))
        }
        let file = try HDF5Images(path: url("images-filters").path)
        #expect(try file.pixels(0..<4) == (0..<16).map { UInt8($0) })
        #expect(try file.labels() == [3, 1, 2, 0])
        let faults = [
            (
                "images-lzf",
                "array 'images' is stored through filter 32000, lzf: only deflate, shuffle and fletcher32 are read here"
            ),
            ("images-unwritten", "array 'images' declares 1048576 chunks but stores 1"),
            ("images-large-chunks", "array 'images' is stored in chunks above 64 MiB, which is not read here"),
            ("images-external", "array 'images' lies in another file, which is not read here"),
            ("images-virtual", "array 'images' is made of parts of other files, which is not read here"),
            ("images-link", "array 'images' lies in another file, which is not read here"),
            ("images-int16", "array 'images' holds int16, expected uint8, 0 to 255"),
        ]
        for (name, expected) in faults {
            let url = try url(name)
            let found = fault(url) { _ = try HDF5Images(path: url.path) }
            #expect(found.split(separator: "\n").first.map(String.init) == expected)
        }
    }

    /// Mutants of a chunked, deflated file: opened and read, or refused with an error that names the file; none
    /// crashes.
    @Test func damagedFilesAreRefusedOrRead() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("mutant.h5")
            try noise(6, ImageShape(channels: 1, height: 4, width: 4)).writeHDF5(to: url.path)
            let whole = [UInt8](try Data(contentsOf: url).dropLast(HDF5Checksum.length))
            var random = Generator(state: 11)
            var (read, refused) = (0, 0)
            for _ in 0..<400 {
                var bytes = whole
                for _ in 0...random(6) { bytes[random(bytes.count)] = UInt8(random(256)) }
                if random(4) == 0 { bytes.removeLast(random(bytes.count)) }
                try Data(bytes).write(to: url)
                do {
                    let file = try HDF5Images(path: url.path)
                    _ = try file.labels()
                    let pixels = try file.pixels(0..<min(file.count, 6))
                    #expect(pixels.count == min(file.count, 6) * file.shape.pixelCount)
                    read += 1
                } catch {
                    #expect("\(error)".contains(url.path), "\(error)")
                    refused += 1
                }
            }
            #expect(read > 20 && refused > 100)
        }
    }
}

@Suite struct ImageScalingTests {
    @Test func allValuesScaleAndComeBack() throws {
        let pixels = Tensor((0...255).map { UInt8($0) }, shape: [4, 1, 8, 8])
        let scaled = pixels.scaledPixels()
        let values = scaled.array(Double.self)
        #expect(values.first == -1 && values.last == 1)
        // Evenly spaced by 2/255, to float32's rounding.
        for (index, value) in values.enumerated() { #expect(abs(value - (Double(index) / 127.5 - 1)) < 2e-7) }
        #expect(try scaled.pixels().array(UInt8.self) == pixels.array(UInt8.self))
        #expect(try Tensor([-1.5, 1.5, 0.0]).pixels().array(UInt8.self) == [0, 255, 128])
    }

    @Test func numbersThatAreNotFiniteAreNoPixels() throws {
        let fault = #expect(throws: ImageError.self) { try Tensor([0, Double.nan, .infinity]).pixels() }
        #expect(fault?.description == "2 of 3 numbers are not finite: they are no pixels")
    }

    /// The difference to the unnoised pixels has mean 0 and the deviation asked for: 40,000 draws, bounds of 5 standard
    /// errors.
    @Test func noiseHasItsDeviation() {
        let pixels = Tensor.full([40_000], 77, dtype: .uint8)
        let noise = pixels.scaledPixels(noise: 0.03, using: RandomGenerator(seed: 5)) - pixels.scaledPixels()
        #expect(abs(noise.mean().item()) < 5 * 0.03 / 200)
        #expect(abs(noise.variance().item().squareRoot() / 0.03 - 1) < 5 / (2 * 40_000.0).squareRoot())
    }

    @Test func oneInFiveIsHeldOut() throws {
        let shape = ImageShape(channels: 1, height: 1, width: 1)
        let set = try ImageSet(name: "a", shape: shape, pixels: (0..<11).map { UInt8($0) }, labels: Array(20..<31))
        let (rest, heldOut) = try set.heldOut(every: 5)
        #expect(heldOut.pixels == [0, 5, 10] && heldOut.classes == [20, 25, 30])
        #expect(rest.pixels == [1, 2, 3, 4, 6, 7, 8, 9] && rest.classes == [21, 22, 23, 24, 26, 27, 28, 29])
        #expect(throws: ImageError.self) { try set.prefix(5).heldOut(every: 5) }
        #expect(set.prefix(2).pixels == [0, 1] && set.prefix(2).name == "a, first 2" && set.prefix(11) == set)
    }

    @Test func impossibleSetsAreRefused() throws {
        let shape = ImageShape(channels: 1, height: 2, width: 2)
        #expect(throws: ImageError.self) { try ImageSet(name: "a", shape: shape, pixels: []) }
        #expect(throws: ImageError.self) { try ImageSet(name: "a", shape: shape, pixels: [1, 2, 3]) }
        #expect(throws: ImageError.self) {
            try ImageSet(name: "a", shape: shape, pixels: [1, 2, 3, 4], labels: [0, 1])
        }
        #expect(throws: ImageError.self) {
            try ImageSet(name: "a", shape: ImageShape(channels: 2, height: 1, width: 2), pixels: [1, 2, 3, 4])
        }
    }
}
