import Datasets
import Foundation
import Testing

/// Arrays as NumPy writes them; `Golden/make-npy` made the file.
private struct GoldenArrays: Decodable {
    struct Case: Decodable {
        let name: String
        let base64: Data
        let shape: [Int]
        let numbers: [Double]
    }
    let cases: [Case]
    let objects: Data
    let records: Data

    static func load() throws -> GoldenArrays { try Golden.load("npy") }
}

@Suite struct NPYTests {
    /// Reads a file of these bytes.
    private func read(_ bytes: Data) throws -> NPY {
        try withFile(bytes) { try NPY(contentsOf: $0) }
    }

    /// What reading them says, without the file's name.
    private func fault(_ bytes: Data) throws -> String {
        try withFile(bytes) { url in
            do { _ = try NPY(contentsOf: url) } catch {
                let text = "\(error)"
                #expect(text.hasPrefix(url.path + ": "), "\(text)")
                return String(text.dropFirst(url.path.utf8.count + 2))
            }
            return "none"
        }
    }

    /// A file of version 1 of this header and these elements.
    private func file(_ header: String, _ elements: [UInt8] = []) -> Data {
        let length = UInt8(header.utf8.count)
        return Data([0x93] + Array("NUMPY".utf8) + [1, 0, length, 0] + Array(header.utf8) + elements)
    }

    /// Every type, C and Fortran order, both byte orders, versions 1 to 3.
    @Test func whatNumPyWritesIsRead() throws {
        let golden = try GoldenArrays.load()
        #expect(golden.cases.count == 34)
        for one in golden.cases {
            let array = try read(one.base64)
            #expect(array.shape == one.shape && array.numbers == one.numbers, "\(one.name)")
        }
    }

    /// The bytes are NumPy's own, and what is written is read again.
    @Test func whatIsWrittenIsWhatNumPyWrites() throws {
        let golden = try GoldenArrays.load()
        let ramp = try #require(golden.cases.first { $0.name == "<-u1 1" })
        #expect(NPY((0..<24).map { UInt8($0) }, shape: [2, 3, 4]).contents == ramp.base64)
        let doubles = try #require(golden.cases.first { $0.name == "<-f8 1" })
        #expect(NPY((0..<24).map(Double.init), shape: [2, 3, 4]).contents == doubles.base64)
        let vector = try #require(golden.cases.first { $0.name == "vector 1" })
        #expect(NPY([1, 0, 1] as [UInt8], shape: [3]).contents == vector.base64)
        let array = NPY([0.1, -2, .pi, 1e300], shape: [2, 2])
        #expect(try read(array.contents) == array)
    }

    @Test func whatIsNoArrayOfNumbersIsNamed() throws {
        let golden = try GoldenArrays.load()
        #expect(try fault(golden.objects).hasPrefix("holds Python objects (descr '|O'), which are not read"))
        #expect(try fault(golden.records) == "holds records of several fields, expected numbers")
        let whole = NPY([1, 0, 1, 1] as [UInt8], shape: [2, 2]).contents
        for count in 6..<128 {
            #expect(try fault(whole.prefix(count)).hasPrefix("is cut short: "), "\(count)")
        }
        func u1(_ shape: String, _ elements: [UInt8]) throws -> String {
            try fault(file("{'descr': '|u1', 'fortran_order': False, 'shape': \(shape), }\n", elements))
        }
        #expect(
            try u1("(2, 2)", [1, 0, 1])
                == "has 3 bytes of elements, its shape [2, 2] of uint8 takes 4: it is cut short")
        #expect(
            try u1("(2, 2)", [1, 0, 1, 0, 1])
                == "has 5 bytes of elements, its shape [2, 2] of uint8 takes 4: it goes on after its last element")
        #expect(try u1("(4611686018427387904, 4)", [1]).contains("takes more than any file has: it is cut short"))
        #expect(try u1("(-2, 2)", [1]).hasPrefix("has the header '{'descr'"))
        #expect(try u1("(9223372036854775808,)", [1]).hasPrefix("has the header '{'descr'"))
        #expect(
            try fault(file("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }"))
                == "holds elements of type '<c8', expected booleans, integers or floats of 16 to 64 bits")
        #expect(
            try fault(file("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", [1, 2]))
                == "element 1 is the byte 2: booleans are 0 or 1")
        #expect(
            try fault(file("{'descr': '|b1', 'shape': (2,), }")).hasPrefix("has a header with the keys descr, shape"))
        #expect(try fault(Data([0x93] + Array("NUMPY".utf8) + [4, 0, 0, 0, 0, 0])).hasPrefix("is of version 4.0"))
        #expect(try fault(Data("hello".utf8)).hasPrefix("is no NumPy array"))
    }
}

/// Calls `body` with a file of these bytes, which is removed afterwards.
func withFile<T>(_ bytes: Data, _ body: (URL) throws -> T) throws -> T {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("data-\(UUID().uuidString)")
    try bytes.write(to: url)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
}
