/// One independent unit of a replication: data × method × seed.
public struct Cell: Sendable, Equatable {
    /// Its place in the replication's list, from 1; what `--cells` counts.
    public let index: Int
    /// Its name in files, such as `2spirals-rm-paper-seed1`: letters, digits, `.`, `_` and `-`.
    public let id: String
    /// What it is, in the table's order: `("data", "2spirals"), ("method", "rm")`.
    public let labels: [(key: String, value: String)]
    /// Where all of its randomness starts.
    public let seed: UInt64

    /// A cell whose id is its labels' values and seed joined by hyphens, whatever is no letter, digit, `.` or `_` made
    /// a hyphen.
    public init(index: Int, labels: KeyValuePairs<String, String>, seed: UInt64) {
        self.index = index
        self.labels = labels.map { ($0.key, $0.value) }
        self.seed = seed
        let parts = labels.map(\.value) + ["seed\(seed)"]
        id = String(
            parts.joined(separator: "-").map { character in
                character.isASCII && (character.isLetter || character.isNumber || "._".contains(character))
                    ? character : "-"
            })
    }

    /// A label's value; nil where there is none of that key.
    public func label(_ key: String) -> String? { labels.first { $0.key == key }?.value }

    public static func == (a: Cell, b: Cell) -> Bool {
        a.index == b.index && a.id == b.id && a.seed == b.seed && a.labels.elementsEqual(b.labels, by: ==)
    }
}

/// A run's seed and those after it, one for each repetition of a setting; after the largest number comes 0.
public func consecutiveSeeds(_ count: Int, from first: UInt64) -> [UInt64] { (0..<count).map { first &+ UInt64($0) } }

/// Some of a replication's cells by index, written `3,5-8`.
public struct CellSelection: Sendable, Equatable, CustomStringConvertible {
    /// Inclusive ranges of indices, from 1, as they were written.
    public let ranges: [ClosedRange<Int>]

    /// Reads `3,5-8`. Throws `RunError` naming the part that is no index from 1 or ascending range of them.
    public init(_ text: String) throws {
        ranges = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { end in
                end.allSatisfy { $0.isASCII && $0.isNumber } ? Int(end) : nil
            }
            guard ends.count <= 2, let first = ends.first!, let last = ends.last!, first >= 1 else {
                throw RunError("'\(part)' is no cell; expected indices from 1 and ranges of them, such as 3,5-8")
            }
            guard first <= last else { throw RunError("the range '\(part)' runs backwards; expected \(last)-\(first)") }
            return first...last
        }
    }

    /// The selected cells, in the order of the list, each once. Throws `RunError` naming an index beyond the list.
    public func callAsFunction(_ cells: [Cell]) throws -> [Cell] {
        if let beyond = ranges.map(\.upperBound).max(), beyond > cells.count {
            throw RunError(
                "there is no cell \(beyond): there are \(cells.count) cells", cure: "--dry-run lists the cells")
        }
        return cells.filter { cell in ranges.contains { $0.contains(cell.index) } }
    }

    public var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
    }
}
