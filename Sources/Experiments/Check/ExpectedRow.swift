import Foundation
import Yams

/// A row of `expected.yaml`: its entries by key, with messages that name the line.
struct ExpectedRow {
    private let entries: Node.Mapping
    private let place: String

    /// The rows under a key; none where it is not there. Throws `RunError` where the file holds another key, or no list
    /// of maps.
    static func rows(of key: String, in text: String, place: String) throws -> [ExpectedRow] {
        let root = try composeMap(text, place: place)
        let known = ["values", "relations"]
        if let foreign = root.keys.first(where: { !known.contains($0.string ?? "") }) {
            throw unknownName("key", foreign.string ?? "?", in: place, among: known)
        }
        guard let list = root[key] else { return [] }
        guard let rows = list.sequence else { throw RunError("\(place): '\(key)' must be a list of rows") }
        return try rows.map { node in
            let place = "\(place)\(line(node))"
            guard let entries = node.mapping else { throw RunError("\(place): a row must be a map") }
            return ExpectedRow(entries: entries, place: place)
        }
    }

    /// Throws `RunError` where the row has a key that is none of these.
    func allow(_ keys: [String]) throws {
        if let foreign = entries.keys.first(where: { !keys.contains($0.string ?? "") }) {
            throw unknownName("key", foreign.string ?? "?", in: place, among: keys)
        }
    }

    func has(_ key: String) -> Bool { entries[key] != nil }

    func text(_ key: String) throws -> String {
        guard let value = try entry(key).scalar?.string else { throw RunError("\(place): \(key) must be text") }
        return value
    }

    func number(_ key: String, atLeast least: Double = -.infinity) throws -> Double {
        guard let value = Double(try text(key)), value.isFinite, value >= least else {
            let kind = least == 0 ? "a number from 0" : "a number"
            throw RunError("\(place): \(key) is '\(try text(key))', expected \(kind)")
        }
        return value
    }

    /// A number of the paper; nil where the row says `not at hand`.
    func publishedNumber(_ key: String) throws -> Double? {
        let published = try text(key)
        let number = Double(published)
        guard number != nil || published == "not at hand" else {
            throw RunError("\(place): \(key) is '\(published)', expected a number or 'not at hand'")
        }
        return number
    }

    /// A map of labels; nil where the entry is something else.
    func labels(_ key: String) throws -> [String: String]? {
        try entry(key).mapping.map { labels in
            Dictionary(labels.map { ($0.string ?? "", $1.scalar?.string ?? "") }, uniquingKeysWith: { $1 })
        }
    }

    /// A sentence about this row.
    func fault(_ what: String) -> RunError { RunError("\(place): \(what)") }

    private func entry(_ key: String) throws -> Node {
        guard let value = entries[key] else { throw RunError("\(place): the key '\(key)' is missing") }
        return value
    }
}
