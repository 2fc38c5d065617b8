/// What the header of a `.npy` file says: a Python dictionary of `descr`, `fortran_order` and `shape`.
struct NPYHeader {
    let type: NPY.ElementType
    let isBigEndian: Bool
    let isFortran: Bool
    let shape: [Int]

    /// What is wrong with a header: the end of a sentence that begins with the file's name.
    struct Fault: Error, CustomStringConvertible {
        let description: String
    }

    /// The most dimensions that NumPy's own arrays have.
    private static let mostDimensions = 64

    init(_ bytes: some Collection<UInt8>) throws(Fault) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Fault(description: "has a header that is no UTF-8 text")
        }
        var reader = LiteralReader(rest: text[...])
        guard let entries = reader.dictionary() else {
            throw Fault(
                description:
                    "has the header '\(text.prefix(80))', expected {'descr': …, 'fortran_order': …, 'shape': …}")
        }
        guard case .text(let descr)? = entries["descr"] else {
            throw Fault(description: "holds records of several fields, expected numbers")
        }
        guard case .truth(let isFortran)? = entries["fortran_order"], case .tuple(let shape)? = entries["shape"],
            entries.count == 3
        else {
            throw Fault(
                description:
                    "has a header with the keys \(entries.keys.sorted().joined(separator: ", ")), expected descr, fortran_order (True or False) and shape (a tuple)"
            )
        }
        guard shape.count <= Self.mostDimensions else {
            throw Fault(description: "has \(shape.count) dimensions, at most \(Self.mostDimensions) are read")
        }
        (type, isBigEndian) = try Self.elements(descr)
        (self.isFortran, self.shape) = (isFortran, shape)
    }

    /// Type and byte order of a `descr` such as `<f8`; the native order, `=`, is taken for little-endian.
    private static func elements(_ descr: String) throws(Fault) -> (NPY.ElementType, isBigEndian: Bool) {
        let order = descr.first ?? " "
        let name = "<>=|".contains(order) ? String(descr.dropFirst()) : descr
        if let type = NPY.ElementType(rawValue: name) { return (type, order == ">") }
        if name.hasPrefix("O") {
            throw Fault(
                description:
                    "holds Python objects (descr '\(descr)'), which are not read: save numbers, as by a.astype('u1')")
        }
        throw Fault(
            description: "holds elements of type '\(descr)', expected booleans, integers or floats of 16 to 64 bits")
    }
}

/// The few Python literals of a header: a dictionary whose values are texts, truths, tuples of whole numbers, or lists,
/// whose content is passed over.
private struct LiteralReader {
    enum Literal {
        case text(String), truth(Bool), tuple([Int]), list
    }

    var rest: Substring

    /// The whole rest as a dictionary; nil where it is none.
    mutating func dictionary() -> [String: Literal]? {
        guard take("{") else { return nil }
        var entries: [String: Literal] = [:]
        while !take("}") {
            guard let key = text(), take(":"), let value = value(), entries.updateValue(value, forKey: key) == nil
            else { return nil }
            guard take(",") || peek() == "}" else { return nil }
        }
        skipBlanks()
        return rest.isEmpty ? entries : nil
    }

    private mutating func value() -> Literal? {
        switch peek() {
        case "'", "\"": return text().map(Literal.text)
        case "(": return tuple().map(Literal.tuple)
        case "[":
            guard let end = rest.lastIndex(of: "]") else { return nil }
            rest = rest[rest.index(after: end)...]
            return .list
        default:
            if take("True") { return .truth(true) }
            return take("False") ? .truth(false) : nil
        }
    }

    private mutating func text() -> String? {
        guard let quote = peek(), quote == "'" || quote == "\"" else { return nil }
        rest = rest.dropFirst()
        guard let end = rest.firstIndex(of: quote) else { return nil }
        defer { rest = rest[rest.index(after: end)...] }
        return String(rest[..<end])
    }

    private mutating func tuple() -> [Int]? {
        guard take("(") else { return nil }
        var numbers: [Int] = []
        while !take(")") {
            skipBlanks()
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits) else { return nil }
            rest = rest[digits.endIndex...]
            // Python 2 wrote long numbers so.
            _ = take("L")
            numbers.append(number)
            guard take(",") || peek() == ")" else { return nil }
        }
        return numbers
    }

    private mutating func skipBlanks() { rest = rest.drop(while: \.isWhitespace) }

    private mutating func peek() -> Character? {
        skipBlanks()
        return rest.first
    }

    private mutating func take(_ token: String) -> Bool {
        skipBlanks()
        guard rest.hasPrefix(token) else { return false }
        rest = rest.dropFirst(token.count)
        return true
    }
}
