import Foundation
import HDF5
import Testing

/// A folder of its own for each test.
private func withFolder(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hdf5-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder)
}

private func sample() throws -> HDF5Writer {
    let writer = try HDF5Writer()
    try writer.write(HDF5Array([0, 127, 255] as [UInt8], shape: [3]), named: "bytes")
    try writer.write(HDF5Array([.min, -1, 0, .max] as [Int64], shape: [2, 2]), named: "integers")
    try writer.write(HDF5Array([0, .max] as [UInt32], shape: [1, 2, 1]), named: "words")
    try writer.write(HDF5Array([.max] as [UInt64], shape: []), named: "state")
    try writer.write(HDF5Array([-0.0, .leastNonzeroMagnitude, .infinity] as [Float], shape: [3]), named: "singles")
    try writer.write(HDF5Array([0.1, .nan, -.pi] as [Double], shape: [3, 1]), named: "doubles")
    try writer.write(HDF5Array([Float](), shape: [0, 7]), named: "nothing")
    try writer.setAttribute("title", to: "Energie: −log p")
    try writer.setAttribute("empty", to: "")
    return writer
}

@Test func everyElementTypeComesBackBitForBit() throws {
    try withFolder { folder in
        let path = folder.appendingPathComponent("a.h5").path
        try sample().save(to: path)
        let file = try HDF5File(path: path)
        #expect(try file.names() == ["bytes", "doubles", "integers", "nothing", "singles", "state", "words"])
        #expect(try file.read("bytes", as: UInt8.self, shape: [3]) == [0, 127, 255])
        #expect(try file.read("integers", as: Int64.self, shape: [2, 2]) == [.min, -1, 0, .max])
        #expect(try file.read("words", as: UInt32.self, shape: [1, 2, 1]) == [0, .max])
        #expect(try file.read("state", as: UInt64.self, shape: []) == [.max])
        let singles = try file.read("singles", as: Float.self)
        #expect(singles.map(\.bitPattern) == [0x8000_0000, 1, 0x7F80_0000])
        let doubles = try file.read("doubles", as: Double.self, shape: [3, 1])
        #expect(doubles.map(\.bitPattern) == [0.1, .nan, -Double.pi].map(\.bitPattern))
        #expect(try file.read("nothing", as: Float.self, shape: [0, 7]) == [])
        #expect(try file.attributes() == ["title": "Energie: −log p", "empty": ""])
    }
}

@Test func theSameContentGivesTheSameBytesAtAnotherTime() throws {
    let first = try sample().contents()
    Thread.sleep(forTimeInterval: 1.1)  // HDF5's times are in seconds
    #expect(try sample().contents() == first)
    #expect(first.prefix(8) == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])  // HDF5's signature
}

/// The message of the `HDF5Error` that `body` throws.
private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as HDF5Error { return error.description } catch {
        return "another error: \(error)"
    }
    return "no error"
}

@Test func aFileThatIsNotOneIsNamedWithWhatIsWrong() throws {
    try withFolder { folder in
        let missing = folder.appendingPathComponent("missing.h5").path
        #expect(message { _ = try HDF5File(path: missing) } == "\(missing): cannot be read: No such file or directory")
        #expect(message { _ = try HDF5File(path: folder.path) } == "\(folder.path): is not a file")

        let text = folder.appendingPathComponent("text.h5")
        try Data("no arrays here".utf8).write(to: text)
        #expect(message { _ = try HDF5File(path: text.path) } == "\(text.path): is not an HDF5 file")
        try Data().write(to: text)
        #expect(message { _ = try HDF5File(path: text.path) } == "\(text.path): is not an HDF5 file: it is empty")
    }
}

@Test func aFileCutShortAnywhereIsAnErrorAndNotACrash() throws {
    try withFolder { folder in
        let whole = try sample().contents().dropLast(HDF5Checksum.length)
        let path = folder.appendingPathComponent("cut.h5").path
        for length in stride(from: 1, to: whole.count, by: 97) {
            try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
            let text = message { _ = try HDF5File(path: path) }
            #expect(text.hasPrefix("\(path): is "), "cut to \(length) bytes: \(text)")
        }
    }
}

@Test func wrongNamesTypesAndShapesAreNamed() throws {
    try withFolder { folder in
        let path = folder.appendingPathComponent("a.h5").path
        try sample().save(to: path)
        let file = try HDF5File(path: path)
        #expect(message { _ = try file.read("weights") } == "\(path): has no array 'weights'")
        #expect(message { _ = try file.attribute("seed") } == "\(path): has no attribute 'seed'")
        #expect(
            message { _ = try file.read("doubles", as: Float.self) }
                == "\(path): array 'doubles' holds float64, not float32")
        #expect(
            message { _ = try file.read("integers", as: Int64.self, shape: [4]) }
                == "\(path): array 'integers' has the shape [2, 2], not [4]")
    }
}

/// A header that promises 2⁴⁰ more bytes than there are: the shape's and the layout's sizes are patched in the bytes.
@Test func aHeaderThatPromisesMoreThanTheFileIsRefusedBeforeMemoryIsTaken() throws {
    try withFolder { folder in
        let writer = try HDF5Writer()
        try writer.write(HDF5Array([UInt8](repeating: 7, count: 0x1234), shape: [0x1234]), named: "a")
        var bytes = Array(try writer.contents().dropLast(HDF5Checksum.length))
        let size: [UInt8] = [0x34, 0x12, 0, 0, 0, 0, 0, 0]
        var patched = 0
        for start in 0..<(bytes.count - 8) where Array(bytes[start..<start + 8]) == size {
            bytes[start + 5] = 1
            patched += 1
        }
        #expect(patched >= 2)
        let path = folder.appendingPathComponent("hostile.h5").path
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        let text = message { _ = try HDF5File(path: path).read("a") }
        #expect(text.hasPrefix("\(path): array 'a'"), "\(text)")
    }
}

/// One size alone is patched: the shape's or the layout's, which both ways to read refuse before they read, or the size
/// that the shape may grow to, which changes nothing.
@Test func aShapeThatIsNotWhatIsStoredIsRefused() throws {
    try withFolder { folder in
        let writer = try HDF5Writer()
        try writer.write(HDF5Array([UInt8](repeating: 7, count: 0x1234), shape: [0x1234]), named: "a")
        let bytes = Array(try writer.contents().dropLast(HDF5Checksum.length))
        let size: [UInt8] = [0x34, 0x12, 0, 0, 0, 0, 0, 0]
        let places = (0..<(bytes.count - 8)).filter { Array(bytes[$0..<$0 + 8]) == size }
        #expect(places.count == 3)
        var refusals = 0
        for (index, place) in places.enumerated() {
            var patched = bytes
            patched[place + 1] = 0x13
            let path = folder.appendingPathComponent("\(index).h5").path
            try Data(patched).write(to: URL(fileURLWithPath: path))
            let whole = message { _ = try HDF5File(path: path).read("a") }
            let parts = message { _ = try HDF5File(path: path).rows("a") }
            #expect(whole == parts, "\(whole); \(parts)")
            let isRefused = whole.hasPrefix("\(path): array 'a': declares ") && whole.contains(" bytes but stores ")
            #expect(isRefused || whole == "no error", "\(whole)")
            refusals += isRefused ? 1 : 0
        }
        #expect(refusals == 2)
    }
}

/// What is read whole lies in one piece.
@Test func chunksAreReadInPartsAlone() throws {
    try withFolder { folder in
        for deflate in [0, 4] {
            let writer = try HDF5Writer()
            try writer.makeRows(.uint8, shape: [4, 8], named: "a", chunkRows: 2, deflate: deflate).write(
                [UInt8](0..<32), from: 0)
            let path = folder.appendingPathComponent("\(deflate).h5").path
            try writer.save(to: path)
            #expect(try HDF5File(path: path).rows("a").read(1..<3, as: UInt8.self) == [UInt8](8..<24))
            let text = message { _ = try HDF5File(path: path).read("a") }
            #expect(text == "\(path): array 'a': is stored in chunks or compressed, which is not read here")
        }
    }
}

@Test func aFullDiskIsReported() throws {
    let text = message { try sample().save(to: "/dev/full") }
    #expect(text == "/dev/full: cannot be written: No space left on device")
}

@Test func aTakenOrImpossibleNameIsRefused() throws {
    let writer = try HDF5Writer()
    try writer.write(HDF5Array([1] as [Float], shape: [1]), named: "a")
    #expect(message { try writer.write(HDF5Array([1] as [Float], shape: [1]), named: "a") }.contains("array 'a'"))
    #expect(message { try writer.write(HDF5Array([1] as [Float], shape: [1]), named: "a/b") }.contains("is no name"))
    #expect(message { try writer.setAttribute("long", to: String(repeating: "x", count: 70_000)) }.contains("60000"))
}

/// The escape is JSON's, so that a text within JSON keeps its meaning.
@Test func controlCharactersArePrintedAsEscapes() throws {
    #expect("β ±\u{202E}\u{E0001}".printable == "β ±\\u202e\\udb40\\udc01")
    #expect("a\tb\nc".printable == "a\\u0009b\\u000ac" && "a\tb\nc".printableLines == "a\\u0009b\nc")
    #expect("\u{1B}[31m\u{7}\r\u{9B}\u{7F}".printable == "\\u001b[31m\\u0007\\u000d\\u009b\\u007f")
    #expect(try JSONDecoder().decode([String].self, from: Data("[\"\u{9B}\"]".printable.utf8)) == ["\u{9B}"])
}
