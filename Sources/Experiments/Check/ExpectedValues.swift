import Foundation

/// A pinned number: a row under `values` of `expected.yaml`.
///
/// ```yaml
/// values:
///   - metric: loss
///     cell: 2spirals-rm-paper-seed1      # an id, or labels: {data: 2spirals, method: rm}
///     profile: smoke
///     paper: not at hand                 # or a number
///     where: Table 2
///     reference: 25.98
///     spread: 0.11                       # standard deviation over seeds
///     tolerance: 0.4
///     why: four standard deviations
/// ```
package struct ExpectedValue: Sendable, Equatable {
    package enum Cells: Sendable, Equatable {
        case id(String)
        case labels([String: String])
    }

    package var metric: String
    package var cells: Cells
    package var profile: String
    /// The paper's number; nil where it is not at hand.
    package var paper: Double?
    /// Where it stands in the paper.
    package var place: String
    /// Our own number, its spread over seeds, and how far from it a run may be.
    package var reference: Double
    package var spread: Double
    package var tolerance: Double
    package var why: String

    /// Reads the rows under `values`; `place` names the file in messages. Throws `RunError` naming the row's line and
    /// key where one is missing, unknown, of the wrong type, or a tolerance or spread is negative.
    package static func read(_ text: String, place: String) throws -> [ExpectedValue] {
        try ExpectedRow.rows(of: "values", in: text, place: place).map { try ExpectedValue($0) }
    }

    private init(_ row: ExpectedRow) throws {
        try row.allow([
            "metric", "cell", "profile", "paper", "where", "reference", "spread", "tolerance", "why",
        ])
        metric = try row.text("metric")
        profile = try row.text("profile")
        paper = try row.publishedNumber("paper")
        place = try row.text("where")
        reference = try row.number("reference")
        spread = try row.number("spread", atLeast: 0)
        tolerance = try row.number("tolerance", atLeast: 0)
        why = try row.text("why")
        cells = try row.labels("cell").map { .labels($0) } ?? .id(row.text("cell"))
    }

    func matches(_ cell: Cell) -> Bool {
        switch cells {
        case .id(let id): cell.id == id
        case .labels(let labels): labels.allSatisfy { cell.label($0) == $1 }
        }
    }
}
