extension StringProtocol {
    /// The text with every control and formatting character as JSON escapes it, such as `\u001b`: what came from a file
    /// or an argument, as a message shows it. A terminal obeys some of these characters, or writes what stands behind
    /// them in another direction. A text within JSON keeps its meaning.
    public var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    /// The same for a text of several lines, which stay lines.
    public var printableLines: String {
        split(separator: "\n", omittingEmptySubsequences: false).map(\.printable).joined(separator: "\n")
    }
}
