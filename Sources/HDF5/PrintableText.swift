extension StringProtocol {
    /// The text with every control and formatting character as its number, such as `\u{1B}`: what came from a file, as
    /// a message shows it. A terminal obeys some of these characters, or writes what stands behind them in another
    /// direction.
    public var printable: String {
        var text = ""
        for scalar in unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                text += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
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
