import Foundation
import HDF5
import Testing

private func withFile(_ body: (URL) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("checksum-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.appendingPathComponent("a.h5"))
}

private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch let error as HDF5Error { return error.description } catch {
        return "another error: \(error)"
    }
    return "no error"
}

private func golden(_ name: String) throws -> URL {
    try #require(Bundle.module.url(forResource: name, withExtension: "h5", subdirectory: "Golden"))
}

private func contents() throws -> [UInt8] {
    let writer = try HDF5Writer()
    try writer.write(HDF5Array((0..<40).map(Double.init), shape: [8, 5]), named: "weights")
    try writer.setAttribute("title", to: "a file of ours")
    return try writer.contents()
}

@Suite struct ChecksumTests {
    /// Every bit of the file's, one at a time: among them those that HDF5 does not look at, and those of the weights.
    @Test func aFileOfOursWithOneBitTurnedIsNeverRead() throws {
        try withFile { url in
            let whole = try contents()
            try Data(whole).write(to: url)
            let isChecked = try HDF5File(own: url.path).isChecked
            #expect(isChecked)
            for bit in stride(from: 0, to: 8 * whole.count, by: 37) {
                var damaged = whole
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                try Data(damaged).write(to: url)
                let text = message { _ = try HDF5File(own: url.path) }
                let isInChecksum = bit / 8 >= whole.count - HDF5Checksum.length
                #expect(
                    text.hasPrefix("\(url.path): is damaged: its bytes are not those of its checksum") || isInChecksum,
                    "bit \(bit): \(text)")
                #expect(text != "no error", "bit \(bit)")
            }
        }
    }

    /// The line is the one that `sha256sum` gives of the bytes before it, and HDF5's own end stands before it.
    @Test func theChecksumIsThatOfTheBytesBeforeIt() throws {
        let whole = try contents()
        let line = whole.suffix(HDF5Checksum.length)
        let digits = SHA256.hexadecimal(Array(whole.dropLast(HDF5Checksum.length)))
        #expect(Array(line) == Array("\nsha256 \(digits)\n".utf8))
        #expect(try contents() == whole)
    }

    @Test func aFileWithoutAChecksumIsOfOursOnlyWhereThatIsAccepted() throws {
        try withFile { url in
            try Data(try contents().dropLast(HDF5Checksum.length)).write(to: url)
            var found: HDF5Error?
            do { _ = try HDF5File(own: url.path) } catch let error as HDF5Error { found = error }
            #expect(found?.lacksChecksum == true)
            #expect(
                found?.description
                    == "\(url.path): carries no checksum: it was changed or cut short, or written before files carried one"
            )
            let file = try HDF5File(own: url.path, acceptsUnchecked: true)
            #expect(!file.isChecked)
            #expect(try file.read("weights", as: Double.self, shape: [8, 5]) == (0..<40).map(Double.init))
            #expect(try file.attributes() == ["title": "a file of ours"] && file.names() == ["weights"])
        }
    }
}

@Suite struct ForeignFileTests {
    /// HDF5 1.10.8 crashes on the one and comes to no end with the other (5 s of processor time); this process goes on.
    @Test(arguments: [("crash", "crashes on it"), ("endless", "comes to no end with it")])
    func aFileThatEndsTheLibraryIsRefused(name: String, what: String) throws {
        let url = try golden(name)
        let text = message {
            let file = try HDF5File(path: url.path)
            _ = try file.text("name")
            _ = try file.describe("images")
        }
        #expect(text.hasPrefix("\(url.path): attribute 'name': is damaged: HDF5's library \(what)"), "\(text)")
        try withFile { own in
            try Data(try contents()).write(to: own)
            #expect(try HDF5File(path: own.path).attribute("title") == "a file of ours")
        }
    }

    /// Read by HDF5's library the text ends in what lies behind it in memory.
    @Test func anAttributeHoldsNothingThatIsNotInTheFile() throws {
        let url = try golden("long-text")
        let text = message { _ = try HDF5File(path: url.path).attribute("name") }
        #expect(text == "\(url.path): attribute 'name': is damaged: it is not in the file")
    }

    /// An array that is another file of the user's, in a file without a checksum and in one with its own.
    @Test(arguments: [false, true]) func whatLiesInAnotherFileIsNotRead(isChecked: Bool) throws {
        try withFile { url in
            try Data("password".utf8).write(to: url.deletingLastPathComponent().appendingPathComponent("secret"))
            let bytes = [UInt8](try Data(contentsOf: golden("external")))
            try Data(isChecked ? HDF5Checksum.appended(to: bytes) : bytes).write(to: url)
            let file = try HDF5File(own: url.path, acceptsUnchecked: true)
            #expect(file.isChecked == isChecked)
            let fault = "\(url.path): array 'a': lies in another file, which is not read here"
            let whole = message { _ = try file.read("a") }
            let parts = message { _ = try file.rows("a") }
            #expect(whole == fault && parts == fault)
        }
    }

    /// A terminal obeys what stands behind an escape character.
    @Test func controlCharactersOfAFileAreEscapedInMessages() throws {
        try withFile { url in
            let writer = try HDF5Writer()
            try writer.write(HDF5Array([1] as [Float], shape: [1]), named: "a\u{1B}[31m\u{202E}b")
            try writer.save(to: url.path)
            let file = try HDF5File(path: url.path)
            let name = try #require(file.names().first)
            let text = message { _ = try file.read(name, as: Double.self) }
            #expect(text == "\(url.path): array 'a\\u001b[31m\\u202eb' holds float32, not float64")
        }
    }

    @Test func everyIntegerTypeComesBack() throws {
        try withFile { url in
            let writer = try HDF5Writer()
            try writer.write(HDF5Array([.min, -1, .max] as [Int8], shape: [3]), named: "int8")
            try writer.write(HDF5Array([.min, -1, .max] as [Int16], shape: [3]), named: "int16")
            try writer.write(HDF5Array([.min, -1, .max] as [Int32], shape: [3]), named: "int32")
            try writer.write(HDF5Array([0, 1, .max] as [UInt16], shape: [3]), named: "uint16")
            try Data(try writer.contents().dropLast(HDF5Checksum.length)).write(to: url)
            let file = try HDF5File(path: url.path)
            #expect(
                try file.read("int8", as: Int8.self) == [.min, -1, .max]
                    && file.read("int16", as: Int16.self) == [.min, -1, .max])
            #expect(
                try file.read("int32", as: Int32.self) == [.min, -1, .max]
                    && file.read("uint16", as: UInt16.self) == [0, 1, .max])
        }
    }
}
