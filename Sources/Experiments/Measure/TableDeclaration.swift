import Foundation

/// A table of `shows.yaml`: which settings are its rows, and which number each column asks of them.
///
/// ```yaml
/// - name: learning
///   title: What is learnt of 2spirals
///   caption: Means ± standard deviations over seeds.
///   where: {part: learning}
///   rows: [method, beta]            # labels or read-outs; a row for each of their combinations, in the order of the cells
///   columns:                        # at most six
///     - {metric: kl}                # title, unit and digits are the vocabulary's
///     - {metric: kl, over: {where: {method: rm}}, title: over RM's}
///   within: [data]                  # the best of a column is bold among rows that share these; of none where left out
///   controls:                       # rows of their own below, for each value of `by`, averaged over the other rows' labels
///     - {title: data against data, at: {of: data}, by: [data]}
/// ```
/// A column of which nothing was measured is left out.
public struct TableDeclaration: Decodable, Sendable {
    /// The most columns beside the rows' labels.
    public static let mostColumns = 6

    public var name: String
    public var title: String
    public var caption: String
    public var labels: [String: String]
    public var rows: [String]
    public var columns: [Column]
    public var within: [String]?
    public var controls: [Control]

    /// A query whose labels and read-outs are the row's, with those of its own; a title in the place of the
    /// vocabulary's.
    public struct Column: Decodable, Sendable {
        public var query: Query
        public var title: String?
        public var decimals: Int?
        /// Whether the mean has the standard deviation over seeds beside it.
        public var hasSpread: Bool
        /// Whether it has the largest standard error of a measured value beside it, in parentheses.
        public var hasError: Bool

        /// The metric's line with the column's own decimals.
        func shown(_ entry: Vocabulary.Entry) -> Vocabulary.Entry {
            guard let decimals else { return entry }
            var own = entry
            (own.decimals, own.digits) = (decimals, nil)
            return own
        }
    }

    /// A row of floors or controls.
    public struct Control: Decodable, Sendable {
        public var title: String
        public var labels: [String: String]
        public var readOut: [String: String]
        public var by: [String]
        public var pool: [String]
    }
}

extension TableDeclaration {
    /// The table of a run, whole or in part. `place` begins what is said of a fault.
    ///
    /// - Throws: `RunError` where a metric is not in the vocabulary, or a column asks more than one setting or
    ///   read-out.
    public func table(_ measurements: Measurements, _ vocabulary: Vocabulary, place: String) throws -> Table {
        let place = "\(place), table '\(name)'"
        let entries = try columns.map { try vocabulary.entry($0.query.metric, place: place) }
        let readOutKeys = Set(measurements.readOutKeys)
        let settings = combinations(measurements, readOutKeys)
        guard !settings.isEmpty else { return Table(columns: rows, rows: []) }
        // Most columns ask of a row's setting alone, whose measurements are few of all.
        let keys = rows.filter { !readOutKeys.contains($0) }
        let bySetting = Dictionary(grouping: measurements.rows) { row in keys.map { row.labels[$0] } }
        var cells = try settings.map { setting in
            let asked = Asked(rows, setting, readOutKeys)
            let own = Measurements(bySetting[keys.map { asked.labels[$0] }] ?? [])
            return try zip(columns, entries).map { column, entry in
                let query = column.query
                let isOfRow = query.minus == nil && query.over == nil && keys.allSatisfy { query.labels[$0] == nil }
                return try cell(column, entry, asked, isOfRow ? own : measurements, place)
            }
        }
        for column in columns.indices { embolden(column, entries[column], settings, &cells) }
        var body = zip(settings, cells).map { setting, cells in (setting, cells) }
        for control in controls { body += try self.rows(of: control, entries, measurements, readOutKeys, place) }
        let measured = columns.indices.filter { column in body.contains { $0.1[column].value != nil } }
        let shown =
            measured.isEmpty
            ? columns.indices.filter { column in body.contains { $0.1[column].text != Cell.absent } } : measured
        guard !shown.isEmpty else { return Table(columns: rows, rows: []) }
        let headings = shown.map { columns[$0].title ?? entries[$0].heading }
        // What all rows share is said once.
        let varied = body.map(\.0).variedColumns
        let shared = rows.indices.filter { !varied.contains($0) }.map { "\(rows[$0]): \(settings[0][$0])" }
        let notes = [
            shared.isEmpty ? "" : "All rows: \(shared.joined(separator: ", ")).",
            Self.divergences(settings, cells, varied), caption,
        ]
        return Table(
            columns: varied.map { rows[$0] } + headings,
            rows: body.map { setting, cells in varied.map { setting[$0] } + shown.map { cells[$0].text } },
            notes: notes.filter { !$0.isEmpty })
    }

    /// Which seeds are left out of rows that have numbers; empty where none are.
    private static func divergences(_ settings: [[String]], _ cells: [[Cell]], _ varied: [Int]) -> String {
        let left = zip(settings, cells).compactMap { setting, cells -> String? in
            let seeds = Set(cells.filter { $0.value != nil }.flatMap(\.diverged)).sorted()
            guard !seeds.isEmpty else { return nil }
            return
                "\(varied.map { setting[$0] }.joined(separator: ", ")) seed \(seeds.map(String.init).joined(separator: ", "))"
        }
        return left.isEmpty ? "" : "Left out, since they diverged: \(left.joined(separator: "; "))."
    }

    /// What a row adds to its columns' queries.
    private struct Asked {
        var labels: [String: String] = [:]
        var readOut: [String: String] = [:]
        var pool: [String] = []
        /// Whether it stands in for what a column asks, as a control's does.
        var overrides = false

        init(_ keys: [String], _ values: [String], _ readOutKeys: Set<String>) {
            for (key, value) in zip(keys, values) {
                if readOutKeys.contains(key) { readOut[key] = value } else { labels[key] = value }
            }
        }
    }

    /// A row for each combination of the control's own labels; their values in their columns, the title in the last of
    /// the others.
    private func rows(
        of control: Control, _ entries: [Vocabulary.Entry], _ measurements: Measurements, _ readOutKeys: Set<String>,
        _ place: String
    ) throws -> [([String], [Cell])] {
        let labels = labels.merging(control.labels) { $1 }
        let own = measurements.rows.filter { row in
            row.labels.match(labels) && control.readOut.allSatisfy { row.readOut[$0.key] == $0.value }
        }
        return try own.combinations(of: control.by).compactMap { values in
            var asked = Asked(control.by, values, readOutKeys)
            asked.overrides = true
            asked.labels.merge(control.labels) { $1 }
            asked.readOut.merge(control.readOut) { $1 }
            asked.pool = rows.filter { !control.by.contains($0) && !readOutKeys.contains($0) } + control.pool
            let cells = try zip(columns, entries).map { column, entry in
                // How many seeds diverged is said of the settings above.
                column.query.statistic == .diverged
                    ? Cell(text: Cell.absent, value: nil) : try cell(column, entry, asked, measurements, place)
            }
            .map { $0.value == nil ? Cell(text: Cell.absent, value: nil) : $0 }
            guard cells.contains(where: { $0.value != nil }) else { return nil }
            var setting = rows.map { key in control.by.firstIndex(of: key).map { values[$0] } ?? "" }
            if let last = rows.lastIndex(where: { !control.by.contains($0) }) { setting[last] = "*\(control.title)*" }
            return (setting, cells)
        }
    }

    private struct Cell {
        static let absent = "–"
        var text: String
        let value: Double?
        /// The seeds that are not in it, since they left the finite numbers.
        var diverged: [UInt64] = []
    }

    /// The rows: each combination of the labels and read-outs that a measurement has, in the order of the first.
    private func combinations(_ measurements: Measurements, _ readOutKeys: Set<String>) -> [[String]] {
        var seen: Set<[String]> = []
        return measurements.rows.compactMap { row -> [String]? in
            guard row.labels.match(labels) else { return nil }
            let values = rows.map { readOutKeys.contains($0) ? row.readOut[$0] : row.labels[$0] }
            let isAsked = columns.contains { $0.query.metric == row.metric } || row.status != Measurement.finished
            guard isAsked, !values.contains(nil) else { return nil }
            let combination = values.map { $0! }
            return seen.insert(combination).inserted ? combination : nil
        }
    }

    private func cell(
        _ column: Column, _ entry: Vocabulary.Entry, _ asked: Asked, _ measurements: Measurements, _ place: String
    ) throws -> Cell {
        var query = column.query
        query.labels.merge(labels) { own, _ in own }
        query.labels.merge(asked.labels) { asked.overrides ? $1 : $0 }
        if asked.overrides {
            query.readOut = asked.readOut
        } else {
            query.readOut.merge(asked.readOut) { own, _ in own }
        }
        query.pool += asked.pool
        let result = try query.answer(measurements, isPartial: true, place: place)
        guard let value = result.value else {
            return Cell(text: result.diverged.isEmpty ? Cell.absent : "diverged", value: nil)
        }
        switch query.statistic {
        case .count, .diverged: return Cell(text: "\(Int(value))", value: value)
        default: break
        }
        var shown = column.shown(entry)
        // A ratio has no unit, and no factor.
        if query.over != nil || query.slope != nil { shown.factor = 1 }
        var text = shown.text(value)
        if column.hasSpread, query.statistic == .mean, let spread = SampleStatistics(result.values)?.standardDeviation {
            text += " ± " + shown.text(spread)
        }
        if column.hasError, let error = result.error { text += " (" + shown.text(error) + ")" }
        return Cell(text: text, value: value, diverged: result.diverged)
    }

    /// Marks the best values of a column, which are those that are shown as the best is.
    private func embolden(_ column: Int, _ entry: Vocabulary.Entry, _ settings: [[String]], _ cells: inout [[Cell]]) {
        let query = columns[column].query
        guard let within, entry.better != .neither, query.minus == nil, query.over == nil, query.slope == nil,
            [.mean, .median, .least, .greatest].contains(query.statistic)
        else { return }
        let entry = columns[column].shown(entry)
        let places = rows.indices.filter { within.contains(rows[$0]) }
        for group in Dictionary(grouping: settings.indices, by: { row in places.map { settings[row][$0] } }).values {
            let values = group.compactMap { cells[$0][column].value }
            guard values.count > 1, let best = entry.better == .lower ? values.min() : values.max() else { continue }
            for row in group where cells[row][column].value.map({ entry.text($0) == entry.text(best) }) == true {
                cells[row][column].text = "**\(cells[row][column].text)**"
            }
        }
    }
}

extension [[String]] {
    /// The columns in which rows differ, empty texts left out; the last one where none do.
    var variedColumns: [Int] {
        guard let first, !first.isEmpty else { return [] }
        let varied = first.indices.filter { column in Set(map { $0[column] }.filter { !$0.isEmpty }).count > 1 }
        return varied.isEmpty ? [first.count - 1] : varied
    }

    /// What tells rows of these keys' values apart: `moons, d = 16`.
    func names(of keys: [String]) -> [String] {
        let varied = variedColumns
        return map { row in
            varied.map { Double(row[$0]) == nil ? row[$0] : "\(keys[$0]) = \(row[$0])" }.joined(separator: ", ")
        }
    }
}

// MARK: - YAML

extension TableDeclaration {
    private enum Keys: String, CodingKey, CaseIterable {
        case name, title, caption, `where`, rows, columns, within, controls
    }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .name)
        title = try values.decode(String.self, forKey: .title)
        caption = try values.decodeIfPresent(String.self, forKey: .caption) ?? ""
        labels = try values.labels(.where)
        rows = try values.decode([String].self, forKey: .rows)
        columns = try values.decode([Column].self, forKey: .columns)
        within = try values.decodeIfPresent([String].self, forKey: .within)
        controls = try values.decodeIfPresent([Control].self, forKey: .controls) ?? []
        guard 1...Self.mostColumns ~= columns.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .columns, in: values,
                debugDescription: "has \(columns.count) columns, expected 1 to \(Self.mostColumns)")
        }
        if let foreign = within?.first(where: { !rows.contains($0) }) {
            throw DecodingError.dataCorruptedError(
                forKey: .within, in: values, debugDescription: "'\(foreign)' is none of the rows' labels")
        }
    }
}

extension TableDeclaration.Column {
    private enum Keys: String, CodingKey, CaseIterable { case title, decimals, spread, error }

    public init(from decoder: any Decoder) throws {
        query = try Query(from: decoder, besides: Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        title = try values.decodeIfPresent(String.self, forKey: .title)
        decimals = try values.decodeIfPresent(Int.self, forKey: .decimals)
        hasSpread = try values.decodeIfPresent(Bool.self, forKey: .spread) ?? true
        hasError = try values.decodeIfPresent(Bool.self, forKey: .error) ?? false
    }
}

extension TableDeclaration.Control {
    private enum Keys: String, CodingKey, CaseIterable { case title, `where`, at, by, pool }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        title = try values.decode(String.self, forKey: .title)
        labels = try values.labels(.where)
        readOut = try values.labels(.at)
        by = try values.decodeIfPresent([String].self, forKey: .by) ?? []
        pool = try values.decodeIfPresent([String].self, forKey: .pool) ?? []
    }
}
