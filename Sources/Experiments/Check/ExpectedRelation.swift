import Foundation

/// A pinned relation between two kinds of cells: a row under `relations` of `expected.yaml`.
///
/// ```yaml
/// relations:
///   - claim: guided flips cost less than all flips
///     metric: secondsPerIteration        # a value of the cells, or secondsPerIteration, medianSecondsPerIteration or peakMemory
///     of: {method: rmwggis-basic}        # these cells, each …
///     over: {method: rm}                 # … by the cell that differs in these labels alone; `minus` for a difference
///     among: {data: 2spirals}            # in these cells only; may be left out
///     profile: study
///     reference: 0.32                    # the mean over the pairs
///     spread: 0.02                       # standard deviation over the pairs
///     tolerance: 0.08
///     why: four standard deviations
/// ```
package struct ExpectedRelation: Sendable, Equatable {
    package enum Kind: Sendable, Equatable { case ratio, difference }

    package var claim: String
    package var metric: String
    package var kind: Kind
    package var first: [String: String]
    package var second: [String: String]
    package var among: [String: String]
    package var profile: String
    package var reference: Double
    package var spread: Double
    package var tolerance: Double
    package var why: String

    /// Reads the rows under `relations`; throws as `ExpectedValue.read`.
    package static func read(_ text: String, place: String) throws -> [ExpectedRelation] {
        try ExpectedRow.rows(of: "relations", in: text, place: place).map { try ExpectedRelation($0) }
    }

    private init(_ row: ExpectedRow) throws {
        try row.allow([
            "claim", "metric", "of", "over", "minus", "among", "profile", "reference", "spread", "tolerance", "why",
        ])
        func labels(_ key: String) throws -> [String: String] {
            guard let labels = try row.labels(key), !labels.isEmpty else {
                throw row.fault("\(key) must be a map of labels")
            }
            return labels
        }
        guard row.has("over") != row.has("minus") else {
            throw row.fault("a relation has either 'over', for a ratio, or 'minus', for a difference")
        }
        claim = try row.text("claim")
        metric = try row.text("metric")
        kind = row.has("over") ? .ratio : .difference
        first = try labels("of")
        second = try labels(row.has("over") ? "over" : "minus")
        guard Set(first.keys) == Set(second.keys) else {
            throw row.fault("both sides of a relation must name the same labels")
        }
        among = row.has("among") ? try labels("among") : [:]
        profile = try row.text("profile")
        reference = try row.number("reference")
        spread = try row.number("spread", atLeast: 0)
        tolerance = try row.number("tolerance", atLeast: 0)
        why = try row.text("why")
    }

    /// The relation of each pair of finished cells that have the metric.
    func pairs(_ records: [CellRecord]) -> [Double] {
        func has(_ record: CellRecord, _ labels: [String: String]) -> Bool {
            labels.allSatisfy { record.cell.label($0) == $1 }
        }
        let known = records.filter { has($0, among) && value($0) != nil }
        return known.filter { has($0, first) }.compactMap { record in
            let other = known.first { candidate in
                has(candidate, second) && candidate.cell.seed == record.cell.seed
                    && record.cell.labels.allSatisfy {
                        first[$0.key] != nil || candidate.cell.label($0.key) == $0.value
                    }
            }
            guard let a = value(record), let b = other.flatMap(value) else { return nil }
            return kind == .ratio ? a / b : a - b
        }
    }

    private func value(_ record: CellRecord) -> Double? {
        switch (record.status, metric) {
        case (.finished, "secondsPerIteration"): record.timing?.secondsPerIteration
        case (.finished, "medianSecondsPerIteration"): record.timing?.medianSecondsPerIteration
        case (.finished, "peakMemory"): record.timing.map { Double($0.peakMemory) }
        case (.finished, _): record.values[metric]
        default: nil
        }
    }
}
