import Foundation

/// A table of numbers in text: a line a row, fields separated by commas. A first line of names is passed over, and so
/// are empty lines and lines that begin with `#`; blanks around a field and CRLF are taken.
///
/// ```swift
/// let table = try NumberTable(contentsOf: URL(fileURLWithPath: "points.csv"))
/// table.columns               // 2
/// table.numbers               // row-major
/// ```
public struct NumberTable: Equatable, Sendable {
    /// Numbers a row, at least one.
    public let columns: Int
    /// The numbers, row-major; all finite.
    public let numbers: [Double]
    /// The line of the file, from 1, of each row.
    public let lines: [Int]

    /// Reads a file.
    ///
    /// - Throws: `DataFileError` naming the file and the line where a row has another number of fields than the first,
    ///   a field is no finite number or is quoted, or the separator is another; and where there is no row.
    public init(contentsOf url: URL) throws {
        let data = try dataFileContents(url)
        var reader = Reader(path: url.path)
        let count = data.count
        try data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) in
            // A byte order mark says nothing here.
            var start = bytes.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
            while start < count {
                let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? count
                try reader.read(bytes[start..<end])
                start = end + 1
            }
        }
        guard let columns = reader.columns, !reader.lines.isEmpty else {
            throw DataFileError(
                url.path, "holds no row of numbers: expected a line a row, its numbers separated by commas")
        }
        (self.columns, numbers, lines) = (columns, reader.numbers, reader.lines)
    }

    /// The text of rows of bits, `0,1,1` a line.
    public static func text(bits: [UInt8], columns: Int) -> Data {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 * bits.count)
        for (index, bit) in bits.enumerated() {
            bytes.append(UInt8(ascii: "0") + bit)
            bytes.append(UInt8(ascii: (index + 1).isMultiple(of: columns) ? "\n" : ","))
        }
        return Data(bytes)
    }

    /// The text of points of the plane, `x,y` a line, each number in as many digits as give it back.
    public static func text(points: [SIMD2<Double>]) -> Data {
        Data(points.map { "\($0.x),\($0.y)\n" }.joined().utf8)
    }
}

/// Reads line after line.
private struct Reader {
    typealias Bytes = Slice<UnsafeRawBufferPointer>

    let path: String
    var columns: Int?
    var numbers: [Double] = []
    var lines: [Int] = []
    private var line = 0
    private var hasHeader = false

    private static let (blank, tab, comma) = (UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ","))

    init(path: String) { self.path = path }

    private func fault(_ what: String) -> DataFileError { DataFileError(path, "line \(line): \(what)") }

    mutating func read(_ whole: Bytes) throws {
        line += 1
        let text = Self.trimmed(whole)
        guard let first = text.first, first != UInt8(ascii: "#") else { return }
        let begin = numbers.count
        var start = text.startIndex
        while true {
            let end = text[start...].firstIndex(of: Self.comma) ?? text.endIndex
            guard let number = Self.number(Self.trimmed(text[start..<end])) else {
                guard begin == 0, !hasHeader, Self.isHeader(text) else {
                    throw fault(Self.fault(of: text[start..<end], in: text))
                }
                // The names of the columns.
                hasHeader = true
                numbers = []
                return
            }
            numbers.append(number)
            guard end < text.endIndex else { break }
            start = end + 1
        }
        let found = numbers.count - begin
        if let columns, found != columns {
            throw fault("has \(found) fields, expected \(columns) as line \(lines[0]) has")
        }
        columns = found
        lines.append(line)
    }

    private static func trimmed(_ text: Bytes) -> Bytes {
        func isBlank(_ byte: UInt8) -> Bool { byte == blank || byte == tab || byte == UInt8(ascii: "\r") }
        var text = text
        while let last = text.last, isBlank(last) { text.removeLast() }
        while let first = text.first, isBlank(first) { text.removeFirst() }
        return text
    }

    /// A finite number; a digit alone at little cost.
    private static func number(_ field: Bytes) -> Double? {
        if field.count == 1, let byte = field.first, 0x30...0x39 ~= byte { return Double(byte - 0x30) }
        guard (1...64).contains(field.count), let number = Double(String(decoding: field, as: UTF8.self)),
            number.isFinite
        else { return nil }
        return number
    }

    /// Whether a line is the names of columns: fields of which each begins with a letter, none of them a number.
    private static func isHeader(_ text: Bytes) -> Bool {
        text.split(separator: comma, omittingEmptySubsequences: false).allSatisfy { field in
            let field = trimmed(field)
            guard let first = field.first, number(field) == nil else { return false }
            let isLetter = 0x41...0x5a ~= first & 0xdf || first == UInt8(ascii: "_")
            let word = String(decoding: field, as: UTF8.self).lowercased()
            return isLetter && field.allSatisfy { $0 >= 0x20 }
                && !["nan", "inf", "infinity", "true", "false"].contains(word)
        }
    }

    /// Why a field is no number, and what would be right.
    private static func fault(of field: Bytes, in line: Bytes) -> String {
        let field = trimmed(field)
        let shown = String(decoding: field.prefix(40), as: UTF8.self)
        if field.isEmpty { return "has an empty field, expected a number between commas" }
        if field.contains(UInt8(ascii: "\"")) || field.contains(UInt8(ascii: "'")) {
            return "has the quoted field \(shown), expected plain numbers"
        }
        let separators: [(UInt8, String)] = [
            (UInt8(ascii: ";"), "semicolons"), (tab, "tabs"), (blank, "blanks"), (UInt8(ascii: "|"), "bars"),
        ]
        for (separator, name) in separators where !line.contains(comma) && field.contains(separator) {
            return "is separated by \(name), expected commas"
        }
        return "has the field '\(shown)', expected a finite number"
    }
}
