/// One independent unit of a replication: a setting and a seed.
public struct Cell: Sendable, Equatable {
    /// Its place in the replication's list, from 1; what `--cells` counts.
    public let index: Int
    /// Its name in files, such as `2spirals-32-paper-rm-seed1`: letters, digits, `.`, `_` and `-`.
    public let id: String
    /// The setting's coded form.
    public let labels: Labels
    /// Where all of its randomness starts.
    public let seed: UInt64

    /// A cell whose id is its labels' values and seed joined by hyphens, whatever is no letter, digit, `.` or `_` made
    /// a hyphen.
    public init(index: Int, labels: Labels, seed: UInt64) {
        self.index = index
        self.labels = labels
        self.seed = seed
        let parts = labels.keys.map { labels[$0]! } + ["seed\(seed)"]
        id = parts.joined(separator: "-").fileName
    }
}

/// A run's seed and those after it, one for each repetition of a setting; after the largest number comes 0.
public func consecutiveSeeds(_ count: Int, from first: UInt64) -> [UInt64] { (0..<count).map { first &+ UInt64($0) } }

/// Some of a replication's cells by index, written `3,5-8`.
public struct CellSelection: Sendable, Equatable, CustomStringConvertible {
    /// Inclusive ranges of indices, from 1, as they were written.
    public let ranges: [ClosedRange<Int>]

    /// Some cells by their rising indices.
    init(_ indices: [Int]) {
        var ranges: [ClosedRange<Int>] = []
        for index in indices {
            if let last = ranges.last, last.upperBound + 1 == index {
                ranges[ranges.count - 1] = last.lowerBound...index
            } else {
                ranges.append(index...index)
            }
        }
        self.ranges = ranges
    }

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
