import Datasets
import Foundation
import Testing

/// Files of a few bytes, made here.
@Suite struct IDXTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("idx-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    private func fault(_ bytes: [UInt8], in folder: URL, name: String = "a.idx") -> String {
        let url = folder.appendingPathComponent(name)
        do {
            try Data(bytes).write(to: url)
            _ = try IDX(contentsOf: url)
            return "none"
        } catch {
            let text = "\(error)"
            return text.hasPrefix(url.path + ": ") ? String(text.dropFirst(url.path.utf8.count + 2)) : text
        }
    }

    /// [2, 3] = 1 … 6.
    private let matrix: [UInt8] = [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6]
    /// The same by gzip: Python's gzip.compress(matrix, mtime=0).
    private let compressed: [UInt8] = [
        31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 99, 96, 224, 96, 98, 96, 96, 0, 97, 102, 70, 38, 102, 22, 86, 54, 0, 72, 148,
        62, 229, 18, 0, 0, 0,
    ]

    @Test func plainAndCompressedFilesAreReadAlike() throws {
        try withFolder { folder in
            for (name, bytes) in [("plain", matrix), ("packed.gz", compressed)] {
                let url = folder.appendingPathComponent(name)
                try Data(bytes).write(to: url)
                let array = try IDX(contentsOf: url)
                #expect(array.shape == [2, 3])
                #expect(array.elements == [1, 2, 3, 4, 5, 6])
            }
            let empty = folder.appendingPathComponent("empty")
            try Data([0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 0]).write(to: empty)
            #expect(try IDX(contentsOf: empty).elements.isEmpty)
        }
    }

    @Test func damageIsNamed() throws {
        try withFolder { folder in
            var other = matrix
            other[1] = 1
            #expect(
                fault(other, in: folder) == "is no IDX file: it begins with 00 01 08 02, expected 00 00 08 and the rank"
            )
            other = matrix
            other[2] = 13
            #expect(fault(other, in: folder) == "holds elements of type 0d, expected 08, unsigned bytes")
            other = matrix
            other[3] = 0
            #expect(fault(other, in: folder) == "has rank 0, expected 1 to 8")
            #expect(
                fault(Array(matrix.prefix(17)), in: folder)
                    == "ends after 5 of the 6 elements that its sizes [2, 3] say: it is cut short")
            #expect(fault(matrix + [7], in: folder) == "goes on after the 6 elements that its sizes [2, 3] say")
            #expect(
                fault(Array(matrix.prefix(9)), in: folder) == "ends within the sizes: it is no IDX file, or cut short")
            #expect(fault([], in: folder) == "ends within the magic number: it is no IDX file, or cut short")
            #expect(
                fault([0, 0, 8, 3] + [UInt8](repeating: 255, count: 12), in: folder)
                    == "says that it holds 4294967295 × 4294967295 × 4294967295 elements, at most 4294967296 are read")
            #expect(
                fault(Array(compressed.dropLast(9)), in: folder, name: "a.gz")
                    == "cannot be decompressed: it is cut short")
            var damaged = compressed
            damaged[damaged.count - 6] ^= 0xFF
            #expect(fault(damaged, in: folder, name: "a.gz") == "cannot be decompressed: incorrect data check")
            let nowhere = folder.appendingPathComponent("nowhere")
            for (url, what) in [(nowhere, "is not there"), (folder, "is a folder")] {
                var found = ""
                do { _ = try IDX(contentsOf: url) } catch { found = "\(error)" }
                #expect(found == "\(url.path): \(what)")
            }
        }
    }

    /// A header alone allocates nothing: 4 GiB are claimed and 18 bytes there.
    @Test func memoryIsNotAllocatedOnTheHeadersWord() throws {
        try withFolder { folder in
            let before = peakMemory()
            #expect(
                fault([0, 0, 8, 2, 255, 255, 255, 255, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6], in: folder)
                    .hasPrefix("ends after 6 of the 4294967295 elements"))
            #expect(peakMemory() - before < 64 << 20)
        }
    }

    private func peakMemory() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1024
    }

    /// 1,000 damaged copies of the files above: each is read as an array that agrees with its own length, or refused
    /// with a sentence that names it; none crashes or hangs.
    @Test func damagedFilesAreRefusedOrReadWhole() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("mutant")
            var state: UInt64 = 20
            func random(_ bound: Int) -> Int {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return Int(state >> 33) % bound
            }
            var (read, refused) = (0, 0)
            for round in 0..<1000 {
                var bytes = round.isMultiple(of: 2) ? matrix : compressed
                for _ in 0...random(4) {
                    switch random(4) {
                    case 0: bytes[random(bytes.count)] = UInt8(random(256))
                    case 1: bytes[random(bytes.count)] ^= 1 << UInt8(random(8))
                    case 2: bytes.insert(UInt8(random(256)), at: random(bytes.count + 1))
                    default: if bytes.count > 1 { bytes.remove(at: random(bytes.count)) }
                    }
                }
                try Data(bytes).write(to: url)
                do {
                    let array = try IDX(contentsOf: url)
                    #expect(array.elements.count == array.shape.reduce(1, *))
                    read += 1
                } catch {
                    #expect("\(error)".hasPrefix(url.path + ": ") && "\(error)".count < url.path.count + 160)
                    refused += 1
                }
            }
            // Elements may change unnoticed in a plain file; most mutants are refused.
            #expect(read > 25 && refused > 500)
        }
    }

    @Test func digitsAreReadWithTheirLabelsOrRefused() throws {
        try withFolder { folder in
            func write(_ name: String, _ shape: [UInt8], _ elements: [UInt8]) throws {
                let header: [UInt8] = [0, 0, 8, UInt8(shape.count)] + shape.flatMap { [0, 0, 0, $0] }
                try Data(header + elements).write(to: folder.appendingPathComponent(name))
            }
            func fault() -> String {
                do { _ = try MNIST(.test, in: folder) } catch {
                    return "\(error)".replacingOccurrences(of: folder.path + "/", with: "")
                }
                return "none"
            }
            let pixels = (0..<2 * 784).map { UInt8($0 % 256) }
            #expect(
                fault()
                    == "t10k-images-idx3-ubyte.gz: is not there: `make data` fetches it, `make data FROM=folder` takes it from a folder"
            )
            try write("t10k-images-idx3-ubyte", [2, 28, 28], pixels)
            try write("t10k-labels-idx1-ubyte", [2], [3, 9])
            let digits = try MNIST(.test, in: folder)
            #expect(digits.count == 2 && digits.labels == [3, 9] && digits.images == pixels)
            #expect(Array(digits.binarized[126...129]) == [0, 0, 1, 1])
            try write("t10k-labels-idx1-ubyte", [2], [3, 10])
            #expect(fault() == "t10k-labels-idx1-ubyte: label 1 is 10, expected 0 to 9")
            try write("t10k-labels-idx1-ubyte", [1], [3])
            #expect(fault() == "t10k-labels-idx1-ubyte: has the shape [1], expected a label for each of 2 images")
            try write("t10k-images-idx3-ubyte", [1, 28, 56], pixels)
            #expect(fault() == "t10k-images-idx3-ubyte: has the shape [1, 28, 56], expected [count, 28, 28]")
        }
    }

    /// MNIST itself, where `make data` has put it.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "data/mnist"), "data/mnist is not there: make data"))
    func theDigitsAreTheKnownOnes() throws {
        let digits = try MNIST(.test, in: URL(fileURLWithPath: "data/mnist"))
        #expect(digits.count == 10_000)
        #expect(digits.labels.prefix(10) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
        #expect(digits.images.count == 10_000 * 784)
    }
}
