import Foundation

/// The bytes of an event file as TensorBoard reads it: records of messages in protocol buffers' wire format.
///
/// A record is
///
///     length (8 bytes), masked CRC-32C of these, the message, masked CRC-32C of the message,
///
/// all little-endian; a message is an `Event` of TensorFlow's `event.proto` with wall time (field 1), step (2), and
/// either the file's version (3) or a `Summary` (5) of one value: a tag (1) with a number (2) or an image (4). The wall
/// time is the step, so that the same curves give the same bytes. Few enough lines that no library is worth its weight.
package struct EventFile {
    package private(set) var bytes: [UInt8] = []

    package init() { append(Message().text(3, "brain.Event:2")) }

    /// A number of a curve.
    package mutating func add(_ tag: String, _ value: Double, step: Int) {
        append(step: step, Message().text(1, tag).float(2, Float(value)))
    }

    /// A picture: the bytes of a PNG file of so many pixels, grey (1 channel) or colour (3).
    package mutating func add(_ tag: String, png: Data, width: Int, height: Int, channels: Int, step: Int) {
        let image = Message().integer(1, height).integer(2, width).integer(3, channels).data(4, [UInt8](png))
        append(step: step, Message().text(1, tag).data(4, image.bytes))
    }

    private mutating func append(step: Int, _ value: Message) {
        let summary = Message().data(1, value.bytes)
        append(Message().double(1, Double(step)).integer(2, step).data(5, summary.bytes))
    }

    private mutating func append(_ event: Message) {
        let length = Self.littleEndian(UInt64(event.bytes.count))
        bytes += length + Self.littleEndian(Self.maskedChecksum(length))
        bytes += event.bytes + Self.littleEndian(Self.maskedChecksum(event.bytes))
    }

    static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// The checksum turned by 15 bits, plus a constant: so that a record may hold records.
    static func maskedChecksum(_ bytes: [UInt8]) -> UInt32 {
        let checksum = checksum(bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xa282_ead8
    }

    /// CRC-32C (Castagnoli).
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { table[Int(UInt8(truncatingIfNeeded: $0) ^ $1)] ^ $0 >> 8 }
    }

    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
    }

    /// A message in protocol buffers' wire format, field by field.
    private struct Message {
        var bytes: [UInt8] = []

        func integer(_ field: Int, _ value: Int) -> Message {
            appending(Self.varint(UInt64(field << 3)) + Self.varint(UInt64(bitPattern: Int64(value))))
        }

        func double(_ field: Int, _ value: Double) -> Message {
            appending(Self.varint(UInt64(field << 3 | 1)) + littleEndian(value.bitPattern))
        }

        func float(_ field: Int, _ value: Float) -> Message {
            appending(Self.varint(UInt64(field << 3 | 5)) + littleEndian(value.bitPattern))
        }

        func data(_ field: Int, _ value: [UInt8]) -> Message {
            appending(Self.varint(UInt64(field << 3 | 2)) + Self.varint(UInt64(value.count)) + value)
        }

        func text(_ field: Int, _ value: String) -> Message { data(field, Array(value.utf8)) }

        private func appending(_ more: [UInt8]) -> Message { Message(bytes: bytes + more) }

        private static func varint(_ value: UInt64) -> [UInt8] {
            var (left, bytes) = (value, [UInt8]())
            while left >= 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: left) | 0x80)
                left >>= 7
            }
            return bytes + [UInt8(left)]
        }
    }
}
