/// Comma-separated values as RFC 4180 has them, with `\n` for line ends: the form of `measurements.csv` and
/// `timing.csv`.
enum CommaSeparated {
    /// A line's fields, with the number of the line that it begins in.
    typealias Record = (line: Int, fields: [String])

    /// The text of some lines; a field with a comma, a quote or a line end is quoted.
    static func text(_ lines: [[String]]) -> String {
        lines.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
    }

    private static func quoted(_ field: String) -> String {
        field.contains { ",\"\n\r".contains($0) }
            ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
    }

    /// Reads what `text` gives: a header, and records of as many fields; `place` names the file in messages.
    ///
    /// - Throws: `RunError` naming the line, and what would be right, where the text is empty, cut short, has another
    ///   header than `isHeader` takes, or line ends or a byte order mark of another program.
    static func records(
        _ text: String, place: String, header expected: String, _ isHeader: ([String]) -> Bool
    ) throws -> (header: [String], records: [Record]) {
        let restore = "it was changed by another program: take the file as it was written"
        guard !text.isEmpty else { throw RunError("\(place): is empty") }
        guard text.unicodeScalars.first != "\u{feff}" else {
            throw RunError("\(place): begins with a byte order mark", cure: restore)
        }
        guard !text.unicodeScalars.contains("\r") else {
            throw RunError("\(place): has line ends of Windows (CRLF)", cure: restore)
        }
        guard text.utf8.last == UInt8(ascii: "\n") else {
            throw RunError("\(place): is cut short: its last line does not end")
        }
        func fault(_ line: Int, _ what: String) -> RunError { RunError("\(place), line \(line): \(what)") }
        let first = text.utf8.prefix { $0 != UInt8(ascii: "\n") }
        let header = try split(String(decoding: first, as: UTF8.self) + "\n", fault)[0].fields
        guard isHeader(header), Set(header).count == header.count else {
            throw fault(1, "the header is '\(header.joined(separator: ","))', expected \(expected)")
        }
        let all = try split(text, fault)
        for (line, fields) in all.dropFirst() where fields.count != header.count {
            throw RunError(
                "\(place), line \(line): has \(fields.count) fields, expected \(header.count) as the header has")
        }
        return (header, Array(all.dropFirst()))
    }

    private static func split(_ text: String, _ fault: (Int, String) -> RunError) throws -> [Record] {
        var records: [Record] = []
        var fields: [String] = [], field: [UInt8] = [], line = 1, begin = 1
        var isQuoted = false, wasQuoted = false
        let (quote, comma, end) = (UInt8(ascii: "\""), UInt8(ascii: ","), UInt8(ascii: "\n"))
        var bytes = text.utf8.makeIterator()
        var pending: UInt8?
        while let byte = pending ?? bytes.next() {
            pending = nil
            if isQuoted {
                guard byte == quote else {
                    if byte == end { line += 1 }
                    field.append(byte)
                    continue
                }
                let next = bytes.next()
                if next == quote { field.append(quote) } else { (isQuoted, wasQuoted, pending) = (false, true, next) }
                continue
            }
            switch byte {
            case quote where field.isEmpty && !wasQuoted: isQuoted = true
            case comma, end:
                fields.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
                wasQuoted = false
                guard byte == end else { continue }
                records.append((begin, fields))
                fields = []
                line += 1
                begin = line
            default:
                guard !wasQuoted, byte != quote else { throw fault(line, "has a quote within a field") }
                field.append(byte)
            }
        }
        guard !isQuoted else { throw fault(begin, "a quoted field does not end: the file is cut short") }
        return records
    }
}
