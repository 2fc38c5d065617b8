import Experiments
import Foundation
import NoisyQuadratic
import Report
import RunSupport
import Testing

/// Reads event files by a way of its own: bit by bit where the writer has a table, field by field where it has methods.
private struct EventReader {
    struct Event {
        var step: UInt64 = 0
        var version: String?
        var tag: String?
        var number: Float?
        var image: [UInt64: [UInt8]] = [:]
        var imageSizes: [UInt64: UInt64] = [:]
    }

    static func events(_ bytes: [UInt8]) throws -> [Event] {
        var (events, place) = ([Event](), 0)
        while place < bytes.count {
            let length = Int(number(bytes[place..<place + 8]))
            #expect(number(bytes[place + 8..<place + 12]) == masked(bytes[place..<place + 8]))
            let message = bytes[place + 12..<place + 12 + length]
            #expect(number(bytes[place + 12 + length..<place + 16 + length]) == masked(message))
            events.append(try event(message))
            place += 16 + length
        }
        return events
    }

    private static func event(_ bytes: ArraySlice<UInt8>) throws -> Event {
        var event = Event()
        for (field, value) in try fields(bytes) {
            switch (field, value) {
            case (1, .fixed): break
            case (2, .varint(let step)): event.step = step
            case (3, .bytes(let text)): event.version = String(decoding: text, as: UTF8.self)
            case (5, .bytes(let summary)):
                let values = try fields(summary)
                guard values.count == 1, case (1, .bytes(let value)) = values[0] else { throw Fault() }
                for (field, part) in try fields(value) {
                    switch (field, part) {
                    case (1, .bytes(let tag)): event.tag = String(decoding: tag, as: UTF8.self)
                    case (2, .fixed(let bits)): event.number = Float(bitPattern: UInt32(bits))
                    case (4, .bytes(let image)):
                        for (field, part) in try fields(image) {
                            if case .varint(let size) = part { event.imageSizes[field] = size }
                            if case .bytes(let bytes) = part { event.image[field] = Array(bytes) }
                        }
                    default: throw Fault()
                    }
                }
            default: throw Fault()
            }
        }
        return event
    }

    private struct Fault: Error {}

    private enum Value { case varint(UInt64), fixed(UInt64), bytes(ArraySlice<UInt8>) }

    private static func fields(_ bytes: ArraySlice<UInt8>) throws -> [(UInt64, Value)] {
        var (rest, found) = (bytes, [(UInt64, Value)]())
        func varint() -> UInt64 {
            var (value, shift) = (UInt64(0), UInt64(0))
            while true {
                let byte = rest.removeFirst()
                value |= UInt64(byte & 0x7f) << shift
                shift += 7
                if byte < 0x80 { return value }
            }
        }
        while !rest.isEmpty {
            let key = varint()
            switch key & 7 {
            case 0: found.append((key >> 3, .varint(varint())))
            case 1, 5:
                let size = key & 7 == 1 ? 8 : 4
                found.append((key >> 3, .fixed(number(rest.prefix(size)))))
                rest = rest.dropFirst(size)
            case 2:
                let length = Int(varint())
                found.append((key >> 3, .bytes(rest.prefix(length))))
                rest = rest.dropFirst(length)
            default: throw Fault()
            }
        }
        return found
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// CRC-32C as division of polynomials, a bit at a time.
    private static func masked(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        var checksum: UInt32 = 0xffff_ffff
        for byte in bytes {
            for bit in 0..<8 {
                let isOdd = (checksum ^ UInt32(byte) >> UInt32(bit)) & 1 == 1
                checksum >>= 1
                if isOdd { checksum ^= 0x82f6_3b78 }
            }
        }
        checksum = ~checksum
        return UInt64((checksum >> 15 | checksum << 17) &+ 0xa282_ead8)
    }
}

@Suite struct TensorBoardTests {
    /// RFC 3720, appendix B.4: of 32 zeros, of 0 to 31; and of the digits, the usual check.
    @Test func checksumsAreThePublishedOnes() {
        #expect(EventFile.checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(EventFile.checksum((0..<32).map { UInt8($0) }) == 0x46dd_794e)
        #expect(EventFile.checksum(Array("123456789".utf8)) == 0xe306_9283)
    }

    /// The bytes that the RecordWriter of Python's tensorboard 2.21 writes of the same events.
    @Test func recordsAreTensorBoardsOwn() {
        var file = EventFile()
        file.add("loss", 0.1, step: 300)
        file.add("x", png: Data([1, 2, 255]), width: 200, height: 2, channels: 3, step: 300)
        let expected = """
            0f000000000000006d532b091a0d627261696e2e4576656e743a32fc985129\
            1b000000000000001a0d9e13090000000000c0724010ac022a0d0a0b0a046c6f737315cdcccc3d546cfef3\
            2100000000000000017becf6090000000000c0724010ac022a130a110a0178220c080210c801180322030102ff3f9aa1a5
            """
        #expect(file.bytes.map { String(format: "%02x", $0) }.joined() == expected)
    }

    /// Every logged value and every picture of a cell's, at its iteration; the same bytes again.
    @Test func curvesAndPicturesAreRecords() throws {
        try withFolder { folder in
            let plan = try smokePlan(
                NoisyQuadratic(), folder.appendingPathComponent("run"), set: [], resume: false, threads: 1)
            try run(plan)
            let events = folder.appendingPathComponent("events")
            #expect(try TensorBoard.write(plan, to: events) == 4)
            for cell in plan.cells {
                let file = events.appendingPathComponent("\(cell.id)/\(TensorBoard.fileName)")
                let bytes = [UInt8](try Data(contentsOf: file))
                let found = try EventReader.events(bytes)
                #expect(found[0].version == "brain.Event:2")
                let files = plan.folder.cell(cell.id)
                for name in ["loss", "x0", "evaluated"] {
                    let values = found.filter { $0.tag == name }
                    let logged = try files.logged(name)
                    #expect(values.map { Int($0.step) } == logged.map(\.iteration), "\(name)")
                    #expect(values.map(\.number) == logged.map { Float($0.value) }, "\(name)")
                }
                let picture = try #require(found.first { $0.tag == "x" })
                #expect(picture.step == 40 && picture.imageSizes == [1: 1, 2: 3, 3: 1])
                #expect(try picture.image[4] == [UInt8](Data(contentsOf: files.pictures[0])))
                #expect(found.count == 1 + 13 * 2 + 1 + 1)
            }
            let first = try Data(contentsOf: events.appendingPathComponent("plain-1-seed1/\(TensorBoard.fileName)"))
            try TensorBoard.write(plan, to: events)
            #expect(
                try Data(contentsOf: events.appendingPathComponent("plain-1-seed1/\(TensorBoard.fileName)")) == first)
        }
    }
}
