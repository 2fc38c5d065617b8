import Experiments
import Figures
import Foundation

/// Pieces of HTML that are made without a template: tables, whose thousands of cells a template is slow for, and text
/// with emphasis.
package enum HTML {
    /// An attribute's or element's name from a text: its letters and digits, the rest made hyphens.
    package static func identifier(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
    }

    /// A phrase as the beginning of a sentence.
    package static func sentence(_ phrase: String) -> String { phrase.prefix(1).uppercased() + phrase.dropFirst() }

    /// Text with `**strong**`, `` `code` `` and `[text](address)` in it; all else is escaped. Of addresses other
    /// than the web's the text alone stays.
    package static func inline(_ text: String) -> String {
        let pattern = /\*\*(?<strong>[^*]+)\*\*|`(?<code>[^`]+)`|\[(?<label>[^\]]+)\]\((?<address>[^)]+)\)/
        var html = "", rest = text[...]
        while let match = rest.firstMatch(of: pattern) {
            html += String(rest[..<match.range.lowerBound]).escapedForMarkup
            if let strong = match.strong {
                html += "<strong>\(String(strong).escapedForMarkup)</strong>"
            } else if let code = match.code {
                html += "<code>\(String(code).escapedForMarkup)</code>"
            } else if let label = match.label, let address = match.address {
                let label = String(label).escapedForMarkup
                html +=
                    address.hasPrefix("https://")
                    ? "<a href=\"\(String(address).escapedForMarkup)\">\(label)</a>" : label
            }
            rest = rest[match.range.upperBound...]
        }
        return html + String(rest).escapedForMarkup
    }

    /// A table's entry: one that is marked whole, as the best values and the names of controls are, keeps its mark.
    private static func entry(_ text: String) -> String {
        for (mark, tag) in [("**", "strong"), ("*", "em")]
        where text.count > 2 * mark.count && text.hasPrefix(mark) && text.hasSuffix(mark) {
            return "<\(tag)>\(String(text.dropFirst(mark.count).dropLast(mark.count)).escapedForMarkup)</\(tag)>"
        }
        return text.escapedForMarkup
    }

    /// A table in a box of its own that scrolls sideways. Columns of numbers stand to the right; rows with an emphasized
    /// name, as controls have, are set off.
    ///
    /// - Parameters:
    ///   - name: what the table is, for those who do not see it.
    ///   - kind: further classes, such as `sortable`.
    package static func table(_ table: Table, name: String, kind: String = "") -> String {
        let numeric = table.columns.indices.map { column in isNumeric(table.rows.map { $0[column] }) }
        func cells(_ texts: [String], _ tag: String, _ attributes: String = "") -> String {
            zip(texts, numeric).map { text, isNumber in
                "<\(tag)\(isNumber ? " class=\"n\"" : "")\(attributes)>\(entry(text))</\(tag)>"
            }.joined()
        }
        var html = "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"\(name.escapedForMarkup)\">"
        html += "<table\(kind.isEmpty ? "" : " class=\"\(kind)\"")>\n<thead><tr>"
        html += cells(table.columns, "th", " scope=\"col\"") + "</tr></thead>\n<tbody>\n"
        var wasControl = false
        for row in table.rows {
            let isControl = row.contains { $0.hasPrefix("*") && !$0.hasPrefix("**") && $0.hasSuffix("*") }
            html += isControl ? "<tr class=\"control\(wasControl ? "" : " first")\">" : "<tr>"
            html += cells(row, "td") + "</tr>\n"
            wasControl = isControl
        }
        return html + "</tbody></table></div>"
    }

    /// Whether a column's texts are numbers, or what stands for one.
    private static func isNumeric(_ texts: [String]) -> Bool {
        let told = texts.filter { !$0.isEmpty && $0 != "–" && $0 != "diverged" }
        return !told.isEmpty
            && told.allSatisfy { text in
                let bare = text.replacing("*", with: "").replacing(",", with: "")
                return Double(bare.prefix { $0 != " " }) != nil
            }
    }

    /// The little Markdown that a section of a page has: paragraphs, and lists by `1.` or `-`, each with lines that go
    /// on. What else there is becomes paragraphs.
    package static func blocks(_ markdown: String) -> String {
        var html = "", list: (tag: String, items: [String])?, paragraph: [String] = []
        func close() {
            if !paragraph.isEmpty { html += "<p>\(inline(paragraph.joined(separator: " ")))</p>\n" }
            if let ended = list {
                let items = ended.items.map { "<li>\(inline($0))</li>\n" }.joined()
                html += "<\(ended.tag)>\n\(items)</\(ended.tag)>\n"
            }
            (paragraph, list) = ([], nil)
        }
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false) {
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.isEmpty {
                if list == nil { close() }
            } else if let match = text.prefixMatch(of: /(?:(\d+)\.|-) +/) {
                let tag = match.1 == nil ? "ul" : "ol"
                if list?.tag != tag { close() }
                list = (tag, (list?.items ?? []) + [String(text[match.range.upperBound...])])
            } else if line.hasPrefix(" "), var current = list {
                current.items[current.items.count - 1] += " " + text
                list = current
            } else {
                if list != nil { close() }
                paragraph.append(text)
            }
        }
        close()
        return html
    }
}
