import Datasets
import Figures
import Foundation
import Testing

@Suite struct PNGFolderTests {
    private func fault(_ url: URL, largestArea: Int = Image.largestArea) -> String {
        do { _ = try Image(png: url, largestArea: largestArea) } catch { return "\(error)" }
        return "none"
    }

    /// Of opening a folder and reading all of it.
    private func fault(folder: URL) -> String {
        do {
            let images = try PNGFolder(folder)
            _ = try images.pixels(0..<images.count)
        } catch {
            return "\(error)"
        }
        return "none"
    }

    @Test func filesAreReadInTheOrderOfTheirNumbers() throws {
        let folder = try TemporaryFolder()
        let shape = ImageShape(channels: 3, height: 2, width: 3)
        for index in [10, 2, 1] {
            let planes = (0..<18).map { UInt8(index * 20 + $0) }
            try Image(planes: planes, shape: shape).writePNG(to: folder.file("\(index).png"))
        }
        try Data("notes".utf8).write(to: folder.file("notes.txt"))
        let images = try PNGFolder(folder.url)
        #expect(images.remarks == ["\(folder.url.lastPathComponent): 3 PNG files are read, not read: 1 other file"])
        #expect(
            images.count == 3 && images.shape == shape
                && images.files.map(\.lastPathComponent) == ["1.png", "2.png", "10.png"])
        #expect(try images.pixels(0..<3) == [1, 2, 10].flatMap { index in (0..<18).map { UInt8(index * 20 + $0) } })
    }

    /// Sub-folders of PNG files are classes, in the order of their names; one without is counted, and so are files beside
    /// them.
    @Test func subFoldersAreClasses() throws {
        let folder = try TemporaryFolder()
        for (name, pixels) in [("10", [7]), ("2", [3, 4]), ("empty", [])] as [(String, [UInt8])] {
            let subfolder = folder.file(name)
            try FileManager.default.createDirectory(at: subfolder, withIntermediateDirectories: false)
            for (index, pixel) in pixels.enumerated() {
                try Image(width: 1, height: 1, channels: 1, pixels: [pixel]).writePNG(
                    to: subfolder.appendingPathComponent("\(index).png"))
            }
        }
        try Data("notes".utf8).write(to: folder.file("notes.txt"))
        let images = try PNGFolder(folder.url)
        #expect(images.labels() == [0, 0, 1])
        #expect(try images.pixels(0..<3) == [3, 4, 7])
        let name = folder.url.lastPathComponent
        #expect(
            images.remarks == [
                "\(name): 3 PNG files are read, not read: 1 other file, 1 sub-folder",
                "\(name): labels from 2 sub-folders: 2, 10",
            ])
    }

    @Test func foldersWithoutImagesOfOneSizeAreNamed() throws {
        let folder = try TemporaryFolder()
        #expect(fault(folder: folder.url) == "\(folder.url.path): holds no PNG file")
        let nowhere = folder.file("nowhere")
        #expect(fault(folder: nowhere) == "\(nowhere.path): cannot be listed: it is no folder, or may not be read")
        try Image(width: 3, height: 2, channels: 1, pixels: [UInt8](repeating: 9, count: 6)).writePNG(
            to: folder.file("a.png"))
        try Image(width: 2, height: 3, channels: 1, pixels: [UInt8](repeating: 9, count: 6)).writePNG(
            to: folder.file("b.png"))
        #expect(
            fault(folder: folder.url)
                == "\(folder.file("b.png").path): is an image of 1 × 3 × 2, expected 1 × 2 × 3 as a.png is")
        try Image(width: 5000, height: 1, channels: 1, pixels: [UInt8](repeating: 9, count: 5000)).writePNG(
            to: folder.file("0.png"))
        #expect(
            fault(folder: folder.url)
                == "\(folder.file("0.png").path): is 5000 × 1 pixels, each side must be at most 4096")
    }

    /// What of a folder is read is said: JPEG files beside PNG ones, and a sub-folder, whatever its name.
    @Test func whatIsPassedOverIsCounted() throws {
        let folder = try TemporaryFolder()
        for name in ["b.jpg", "c.JPEG", "d.jpeg"] { try Data([0xff, 0xd8]).write(to: folder.file(name)) }
        #expect(
            fault(folder: folder.url).hasPrefix(
                "\(folder.url.path): holds no PNG file, only 3 JPEG files: JPEG is not read"))
        try Image(width: 2, height: 2, channels: 1, pixels: [1, 2, 3, 4]).writePNG(to: folder.file("a.png"))
        try FileManager.default.createDirectory(at: folder.file("old.png"), withIntermediateDirectories: true)
        let images = try PNGFolder(folder.url)
        #expect(images.count == 1)
        #expect(
            images.remarks == [
                "\(folder.url.lastPathComponent): 1 PNG file is read, not read: 3 JPEG files, 1 sub-folder"
            ])
    }

    /// Chunks beside the pixels are passed over by their length: 64 of text that unpack to 8 MiB each, from 8 KiB, and
    /// one that says 2 GiB.
    @Test func textBombsAreNotUnpacked() throws {
        let folder = try TemporaryFolder()
        let plain = folder.file("plain.png")
        try Image(width: 2, height: 2, channels: 1, pixels: [1, 2, 3, 4]).writePNG(to: plain)
        let bytes = [UInt8](try Data(contentsOf: plain))
        // After the signature and the header, 33 bytes.
        let bomb = folder.file("bomb.png")
        let text = try chunk("zTXt", Array("key".utf8) + [0, 0] + deflated(zeros: 8 << 20))
        try Data(bytes[..<33] + (0..<64).flatMap { _ in text } + bytes[33...]).write(to: bomb)
        let before = ContinuousClock.now
        #expect(try Image(png: bomb) == Image(png: plain))
        #expect(ContinuousClock.now - before < .seconds(1))
        // Where text is wanted, what unpacks to more than 1 MiB is passed over.
        #expect(try Image.readPNG(bomb).text.isEmpty)
        let long = folder.file("long.png")
        try Data(bytes[..<33] + [0x7f, 0xff, 0xff, 0xf0] + Array("tEXtkey".utf8)).write(to: long)
        #expect(fault(long).hasPrefix("\(long.path): damaged PNG file: "))
    }

    /// A chunk with its length and checksum (gzip's, which is PNG's).
    private func chunk(_ name: String, _ content: [UInt8]) throws -> [UInt8] {
        func bigEndian(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> (24 - 8 * $0) & 255) } }
        var sum: UInt32 = 0xffff_ffff
        for byte in Array(name.utf8) + content {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
        }
        return bigEndian(UInt32(content.count)) + Array(name.utf8) + content + bigEndian(~sum)
    }

    /// A zlib stream of zeros, by Python.
    private func deflated(zeros count: Int) throws -> [UInt8] {
        let python = Process(), output = Pipe()
        python.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        python.arguments = [
            "python3", "-c", "import sys, zlib; sys.stdout.buffer.write(zlib.compress(bytes(\(count)), 9))",
        ]
        python.standardOutput = output
        try python.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        python.waitUntilExit()
        return [UInt8](bytes)
    }

    /// A header of 60,000 × 60,000 RGB pixels, 10.8 GB, before a few bytes: refused by the header, before memory is
    /// taken.
    @Test func bombsAreRefusedByTheirHeader() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("bomb.png")
        // Signature, IHDR with its checksum (Python's zlib.crc32), the start of an IDAT.
        let side: [UInt8] = [0x00, 0x00, 0xEA, 0x60]
        let header: [UInt8] = [0x49, 0x48, 0x44, 0x52] + side + side + [8, 2, 0, 0, 0]
        let bytes =
            [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + header + bombChecksum
            + [0, 0, 1, 0, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9C]
        try Data(bytes as [UInt8]).write(to: url)
        let expected = "\(url.path): an image of 60000 × 60000 pixels, at most 268435456 in all are read"
        #expect(fault(url) == expected)
        #expect(
            fault(folder: folder.url)
                == "\(url.path): an image of 60000 × 60000 pixels, at most 16777216 in all are read")
        // A limit of one's own holds to the pixel.
        let small = folder.file("small.png")
        try Image(width: 4, height: 3, channels: 1, pixels: [UInt8](repeating: 0, count: 12)).writePNG(to: small)
        #expect(fault(small, largestArea: 12) == "none")
        #expect(fault(small, largestArea: 11).hasSuffix("at most 11 in all are read"))
    }

    private let bombChecksum: [UInt8] = [0x0F, 0xB0, 0xE2, 0x15]

    /// A side of 0, which the PNG specification rules out.
    @Test func imagesWithoutPixelsAreRefused() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("empty.png")
        let header: [UInt8] = [0x49, 0x48, 0x44, 0x52, 0, 0, 0, 0, 0, 0, 0, 4, 8, 0, 0, 0, 0]
        let bytes = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13] + header + [0x85, 0x71, 0x61, 0xD8]
        try Data(bytes as [UInt8]).write(to: url)
        #expect(fault(url).hasPrefix("\(url.path): damaged PNG file: "))
    }

    @Test func samplesStandInReadingOrder() throws {
        let shape = ImageShape(channels: 3, height: 1, width: 1)
        let set = try ImageSet(name: "a", shape: shape, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9])
        let grid = try Image.samples(set, count: 5, columns: 2, magnification: 2)
        #expect(grid.width == 10 && grid.height == 10 && grid.channels == 3)
        func pixel(_ x: Int, _ y: Int) -> [UInt8] { Array(grid.pixels[(y * 10 + x) * 3..<(y * 10 + x) * 3 + 3]) }
        #expect(pixel(2, 2) == [1, 2, 3] && pixel(3, 3) == [1, 2, 3])
        #expect(pixel(6, 2) == [4, 5, 6] && pixel(2, 6) == [7, 8, 9] && pixel(6, 6) == [255, 255, 255])
    }
}
