import Figures
import Foundation
import Testing

/// Pixels without a pattern that a filter or a palette could hide.
private func noise(width: Int, height: Int, channels: Int) throws -> Image {
    var word: UInt32 = 2463534242
    let pixels = (0..<width * height * channels).map { _ in
        word ^= word << 13
        word ^= word >> 17
        word ^= word << 5
        return UInt8(truncatingIfNeeded: word >> 8)
    }
    return try Image(width: width, height: height, channels: channels, pixels: pixels)
}

@Suite struct PNGTests {
    @Test(arguments: [1, 3], [(1, 1), (7, 3), (3, 70), (129, 65)]) func imagesComeBack(channels: Int, size: (Int, Int))
        throws
    {
        let folder = try TemporaryFolder()
        let image = try noise(width: size.0, height: size.1, channels: channels)
        let url = folder.file("ä b.png")
        try image.writePNG(to: url)
        #expect(try Image(png: url) == image)
        #expect(try Image.readPNG(url).text.isEmpty)
    }

    @Test func textComesBackInOrder() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("text.png")
        let text = [
            (key: "Seed", value: "1023"), (key: "Title", value: ""), (key: "Parameter", value: "β = 2, naïve"),
            (key: "Comment", value: "two\nlines"),
            (key: String(repeating: "k", count: 79), value: String(repeating: "long ", count: 2000)),
        ]
        try noise(width: 4, height: 4, channels: 1).writePNG(to: url, text: text)
        let read = try Image.readPNG(url).text
        #expect(read.map(\.key) == text.map(\.key))
        #expect(read.map(\.value) == text.map(\.value))
        // By the bytes of the file: tEXt for ASCII, before the pixels.
        let bytes = try Data(contentsOf: url)
        let chunk = try #require(bytes.range(of: Data("tEXtSeed\u{0}1023".utf8)))
        let pixels = try #require(bytes.range(of: Data("IDAT".utf8)))
        #expect(chunk.lowerBound < pixels.lowerBound)
        #expect(bytes.range(of: Data("tIME".utf8)) == nil)
    }

    @Test func sameImageGivesSameBytes() throws {
        let folder = try TemporaryFolder()
        let image = try noise(width: 50, height: 40, channels: 3)
        try image.writePNG(to: folder.file("a.png"), text: [("Seed", "1")])
        // Over a longer file, as well.
        try Data(repeating: 1, count: 100_000).write(to: folder.file("b.png"))
        try image.writePNG(to: folder.file("b.png"), text: [("Seed", "1")])
        #expect(try Data(contentsOf: folder.file("a.png")) == Data(contentsOf: folder.file("b.png")))
    }

    @Test func textThatAPNGCannotHoldIsRefused() throws {
        let folder = try TemporaryFolder()
        let image = try noise(width: 2, height: 2, channels: 1)
        for key in ["", " a", "a ", "a  b", "é", "a\n", String(repeating: "k", count: 80)] {
            let error = #expect(throws: FigureError.self) {
                try image.writePNG(to: folder.file("x.png"), text: [(key, "v")])
            }
            #expect(error?.description.contains("1 to 79") == true)
        }
        #expect(throws: FigureError.text(key: "a", rule: "a value cannot hold a NUL character")) {
            try image.writePNG(to: folder.file("x.png"), text: [("a", "b\u{0}c")])
        }
        #expect(!folder.exists("x.png"))
    }

    @Test func unwritablePlacesAreReported() throws {
        let folder = try TemporaryFolder()
        let image = try noise(width: 300, height: 300, channels: 3)
        let missing = folder.file("missing/x.png")
        #expect(throws: FigureError.cannotOpen(path: missing.path, reason: "No such file or directory")) {
            try image.writePNG(to: missing)
        }
        #expect(throws: FigureError.cannotOpen(path: folder.url.path, reason: "Is a directory")) {
            try image.writePNG(to: folder.url)
        }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"), arguments: [2, 300])
    func fullDiskIsReported(side: Int) throws {
        // Of the two sizes, one is refused while writing and one at the last flush.
        let image = try noise(width: side, height: side, channels: 3)
        let full = FigureError.cannotWrite(path: "/dev/full", reason: "No space left on device")
        #expect(throws: full) { try image.writePNG(to: URL(fileURLWithPath: "/dev/full")) }
        #expect(FileManager.default.fileExists(atPath: "/dev/full"), "a device is not removed")
        #expect(full.description == "/dev/full: cannot write: No space left on device")
    }

    /// A limit on file size is the only full disk that a test can make out of a regular file; it holds for the process,
    /// so it is set in a child.
    @Test func partialFileIsRemoved() async throws {
        let folder = try TemporaryFolder()
        let url = folder.file("partial.png")
        await #expect(processExitsWith: .success) { [path = url.path as String] in
            signal(SIGXFSZ, SIG_IGN)
            var limit = rlimit(rlim_cur: 10_000, rlim_max: 10_000)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let image = try noise(width: 200, height: 200, channels: 3)
            #expect(throws: FigureError.cannotWrite(path: path, reason: "File too large")) {
                try image.writePNG(to: URL(fileURLWithPath: path))
            }
        }
        #expect(!folder.exists("partial.png"))
    }

    @Test func filesThatAreNoWholePNGAreRefused() throws {
        let folder = try TemporaryFolder()
        let url = folder.file("x.png")
        #expect(throws: FigureError.cannotOpen(path: url.path, reason: "No such file or directory")) {
            try Image(png: url)
        }
        #expect(throws: FigureError.cannotOpen(path: folder.url.path, reason: "Is a directory")) {
            try Image(png: folder.url)
        }
        for content in ["", "PNG", "a text that is no picture"] {
            try Data(content.utf8).write(to: url)
            #expect(throws: FigureError.notPNG(path: url.path)) { try Image(png: url) }
        }
        try noise(width: 60, height: 60, channels: 3).writePNG(to: url, text: [("Seed", "1")])
        let whole = try Data(contentsOf: url)
        for length in [8, 20, 40, 60, whole.count / 2, whole.count - 13, whole.count - 1] {
            try whole.prefix(length).write(to: url)
            #expect(throws: FigureError.damagedPNG(path: url.path, reason: "the file ends early"), "\(length) bytes") {
                try Image(png: url)
            }
        }
        var damaged = whole
        damaged[whole.count / 2] ^= 0x10
        try damaged.write(to: url)
        let error = #expect(throws: FigureError.self) { try Image(png: url) }
        #expect(error?.description.hasPrefix("\(url.path): damaged PNG file: ") == true)
    }

    /// Files of other programs: 1-bit grey, palette with transparency, 16-bit grey with alpha, each of one pixel row;
    /// made with Python's zlib by the rules of the PNG specification. Of 16 bits, 255 is nearest to 1 of 255, though
    /// its first byte is 0.
    @Test(arguments: [
        (
            "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAQAAAAAzmykZAAAACklEQVR4nGNYAAAAogCh3I2xzAAAAABJRU5ErkJggg==",
            1, [255, 0, 255] as [UInt8]
        ),
        (
            "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABAgMAAABmjvwnAAAACVBMVEUBAgMEBQYHCAklhVbwAAAAAXRSTlMAQObYZgAAAApJREFUeJxjkAAAABoAGS2I9DYAAAAASUVORK5CYII=",
            3, [1, 2, 3, 4, 5, 6, 7, 8, 9] as [UInt8]
        ),
        (
            "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABEAQAAADheQB8AAAAFElEQVR4nGNgYPj/n+G/kAmQZAAAIlwFQvyeZ9QAAAAASUVORK5CYII=",
            1, [0, 1, 255] as [UInt8]
        ),
    ])
    func otherDepthsAreWidened(base64: String, channels: Int, pixels: [UInt8]) throws {
        let folder = try TemporaryFolder()
        let url = folder.file("other.png")
        try #require(Data(base64Encoded: base64)).write(to: url)
        #expect(try Image(png: url) == Image(width: 3, height: 1, channels: channels, pixels: pixels))
    }
}

@Suite struct GridTests {
    @Test func imagesStandInReadingOrder() throws {
        let a = try Image(width: 2, height: 1, channels: 1, pixels: [1, 2])
        let b = try Image(width: 1, height: 2, channels: 1, pixels: [3, 4])
        let c = try Image(width: 1, height: 1, channels: 1, pixels: [5])
        let w: UInt8 = 255
        #expect(
            try Image.grid(of: [a, b, c], columns: 2, padding: 1).pixels == [
                w, w, w, w, w, w, w,
                w, 1, 2, w, 3, w, w,
                w, w, w, w, 4, w, w,
                w, w, w, w, w, w, w,
                w, 5, w, w, w, w, w,
                w, w, w, w, w, w, w,
                w, w, w, w, w, w, w,
            ])
        #expect(
            try Image.grid(of: [c, c], columns: 9, padding: 0)
                == Image(width: 2, height: 1, channels: 1, pixels: [5, 5]))
    }

    @Test func greyBecomesRGBBesideRGB() throws {
        let grey = try Image(width: 1, height: 1, channels: 1, pixels: [7])
        let colour = try Image(width: 1, height: 1, channels: 3, pixels: [1, 2, 3])
        let both = try Image.grid(of: [grey, colour], columns: 2, padding: 0)
        #expect(try both == Image(width: 2, height: 1, channels: 3, pixels: [7, 7, 7, 1, 2, 3]))
    }

    @Test func impossibleGridsAndSizesAreRefused() throws {
        let image = try Image(width: 1, height: 1, channels: 1, pixels: [0])
        #expect(throws: FigureError.parameter("a grid of no images: there must be at least one")) {
            try Image.grid(of: [], columns: 1)
        }
        #expect(throws: FigureError.parameter("a grid of 0 columns: there must be at least 1")) {
            try Image.grid(of: [image], columns: 0)
        }
        #expect(throws: FigureError.self) { try Image.grid(of: [image], columns: 1, padding: -1) }
        #expect(throws: FigureError.size("5 values for an image of 2 × 2 × 1: there must be 4")) {
            try Image(width: 2, height: 2, channels: 1, pixels: [0, 0, 0, 0, 0])
        }
        #expect(throws: FigureError.self) { try Image(width: 0, height: 1, channels: 1, pixels: []) }
        #expect(throws: FigureError.self) { try Image(width: .max, height: .max, channels: 3, pixels: []) }
        #expect(throws: FigureError.self) { try Image(width: 1, height: 1, channels: 2, pixels: [0, 0]) }
    }
}
