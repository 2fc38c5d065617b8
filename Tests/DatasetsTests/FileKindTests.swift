import Datasets
import Foundation
import Testing

@Suite struct FileKindTests {
    private func kind(_ bytes: [UInt8], named name: String = "x") throws -> FileKind {
        try withFolder { folder in
            let url = folder.appendingPathComponent(name)
            try Data(bytes).write(to: url)
            return try FileKind(contentsOf: url)
        }
    }

    /// Names say nothing: an IDX file called .bin, CIFAR-10 records called .idx, HDF5 without an ending and behind a
    /// user block.
    @Test func contentDecidesAndNotTheName() throws {
        let idx: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3] + (0..<6)
        #expect(try kind(idx, named: "a.bin") == .idx)
        #expect(try kind([7] + [UInt8](repeating: 1, count: 3072), named: "a.idx") == .cifar10)
        let hdf5: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, 0]
        #expect(try kind(hdf5, named: "a.png") == .hdf5)
        #expect(try kind([UInt8](repeating: 0x20, count: 2048) + hdf5) == .hdf5)
        #expect(try kind([UInt8](repeating: 0x20, count: 1000) + hdf5) != .hdf5)
    }

    /// An airplane whose first pixels are 0, 8, 1 begins as an IDX file of rank 1: its sizes do not fit, so it is a
    /// record; an IDX file of 3,073 bytes whose sizes do fit is one.
    @Test func aRecordThatBeginsAsIDXIsARecord() throws {
        #expect(try kind([0, 0, 8, 1] + [UInt8](repeating: 0, count: 3069)) == .cifar10)
        #expect(try kind([0, 0, 8, 1, 0, 0, 0x0b, 0xf9] + [UInt8](repeating: 0, count: 3065)) == .idx)
    }

    @Test func whatHoldsNoImagesIsNamedWithItsCure() throws {
        for (head, words) in [
            ([0x89, 0x50, 0x4e, 0x47], "is one PNG image: give the folder"),
            ([0xff, 0xd8, 0xff, 0xe0], "is a JPEG image"),
            ([0x50, 0x4b, 3, 4], "is a zip archive"),
            ([0x80, 4, 0x95, 0], "is a Python pickle"),
            ([0x1f, 0x8b, 8, 0], "is gzip-compressed, and cannot be unpacked"),
        ] as [([UInt8], String)] {
            guard case .other(let what) = try kind(head) else {
                Issue.record("\(words) is not told")
                continue
            }
            #expect(what.hasPrefix(words), "\(what)")
        }
        #expect(try kind(Array("hello".utf8)) == .unknown("68 65 6c 6c"))
        #expect(try kind([0x93] + Array("NUMPY".utf8)) == .npy)
        var tar = [UInt8](repeating: 0x61, count: 600)
        tar.replaceSubrange(257..<262, with: Array("ustar".utf8))
        #expect(try kind(tar) == .other("is a tar archive: unpack it and give what it holds"))
        #expect(throws: ImageError.self) { try kind([]) }
        try withFolder { folder in
            let fifo = folder.appendingPathComponent("fifo")
            #expect(mkfifo(fifo.path, 0o600) == 0)
            #expect(fault(fifo) { _ = try FileKind(contentsOf: fifo) } == "is no regular file")
        }
    }
}

@Suite struct IDXFileTests {
    private func write(_ url: URL, _ shape: [Int], _ elements: [UInt8]) throws {
        let sizes = shape.flatMap { size in (0..<4).map { UInt8(size >> (24 - 8 * $0) & 255) } }
        try Data([0, 0, 8, UInt8(shape.count)] + sizes + elements).write(to: url)
    }

    private func compress(_ url: URL) throws {
        let gzip = Process()
        (gzip.executableURL, gzip.arguments) = (URL(fileURLWithPath: "/usr/bin/env"), ["gzip", "-f", url.path])
        try gzip.run()
        gzip.waitUntilExit()
        #expect(gzip.terminationStatus == 0)
    }

    /// Labels are found whichever of the two files is compressed, and under the names with a dot; what was found is
    /// said.
    @Test(arguments: [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"), ("train-images.idx3-ubyte", "train-labels.idx1-ubyte"),
    ])
    func labelsAreFoundInEveryFormOfTheirName(_ names: (images: String, labels: String)) throws {
        for (compressesImages, compressesLabels) in [(false, false), (false, true), (true, false), (true, true)] {
            try withFolder { folder in
                var images = folder.appendingPathComponent(names.images)
                let labels = folder.appendingPathComponent(names.labels)
                try write(images, [2, 28, 28], [UInt8](repeating: 3, count: 1568))
                try write(labels, [2], [4, 1])
                if compressesImages {
                    try compress(images)
                    images.appendPathExtension("gz")
                }
                if compressesLabels { try compress(labels) }
                let set = try ImageSet(idx: images)
                let found = names.labels + (compressesLabels ? ".gz" : "")
                #expect(set.classes == [4, 1] && set.remarks == ["\(images.lastPathComponent): labels from \(found)"])
                #expect(try MNIST(.train, in: folder).labels == [4, 1])
            }
        }
    }

    /// Neither a name that says nothing of images, nor a relative path of one component, makes a file its own labels.
    @Test func aFileIsNotItsOwnLabels() throws {
        try withFolder { folder in
            for name in ["a3.idx", "images"] {
                let url = folder.appendingPathComponent(name)
                try write(url, [3, 1, 2], [1, 2, 3, 4, 5, 6])
                let relative = URL(
                    fileURLWithPath: name, relativeTo: URL(fileURLWithPath: folder.path, isDirectory: true))
                for path in [url, relative] {
                    let set = try ImageSet(idx: path)
                    #expect(set.classes == nil && set.remarks == ["\(name): labels none: no file of labels beside it"])
                }
            }
        }
    }

    /// 8 MiB of zeros pack into some 8 KiB: refused at 200 times their size, read where a thousandfold and more is
    /// allowed, and read plain.
    @Test func aCompressedFileUnpacksToALimit() throws {
        try withFolder { folder in
            let url = folder.appendingPathComponent("zeros")
            try write(url, [8, 1024, 1024], [UInt8](repeating: 0, count: 8 << 20))
            #expect(try IDX(contentsOf: url).elements.count == 8 << 20)
            try compress(url)
            let packed = url.appendingPathExtension("gz")
            let message = fault(packed) { _ = try IDX(contentsOf: packed) }
            #expect(
                message.hasPrefix("unpacks to more than 200 times its ")
                    && message.hasSuffix("unpack it by gunzip and give the plain file"))
            #expect(try IDX(contentsOf: packed, largestExpansion: 2000).elements.count == 8 << 20)
        }
    }
}
