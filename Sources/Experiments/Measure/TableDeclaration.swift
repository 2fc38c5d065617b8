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
///   within: [data]                  # the best of a column is bold among rows that share these
///   controls:                       # rows of their own below, averaged over the labels in `pool`
///     - {title: data against data, at: {of: data}, pool: [method]}
/// ```
public struct TableDeclaration: Decodable, Sendable {
    /// The most columns beside the rows' labels.
    public static let mostColumns = 6

    public var name: String
    public var title: String
    public var caption: String
    public var labels: [String: String]
    public var rows: [String]
    public var columns: [Column]
    public var within: [String]
    public var controls: [Control]

    /// A query whose labels and read-outs are the row's, with those of its own; a title in the place of the
    /// vocabulary's.
    public struct Column: Decodable, Sendable {
        public var query: Query
        public var title: String?
        public var decimals: Int?
        /// Whether the mean has the standard deviation beside it.
        public var hasSpread: Bool
    }

    /// A row of floors or controls.
    public struct Control: Decodable, Sendable {
        public var title: String
        public var labels: [String: String]
        public var readOut: [String: String]
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
        var cells: [[Cell]] = []
        for setting in settings {
            cells.append(
                try zip(columns, entries).map { try cell($0, $1, setting, [:], [], measurements, readOutKeys, place) })
        }
        for column in columns.indices { embolden(column, entries[column], settings, &cells) }
        var body = zip(settings, cells).map { setting, cells in setting + cells.map(\.text) }
        for control in controls {
            let values = try zip(columns, entries).map { column, entry in
                try self.cell(
                    column, entry, [], control.labels, control.pool, measurements, readOutKeys, place, control.readOut)
            }
            guard values.contains(where: { $0.value != nil }) else { continue }
            let padding = [String](repeating: "", count: max(0, rows.count - 1))
            body.append((rows.isEmpty ? [] : ["*\(control.title)*"] + padding) + values.map(\.text))
        }
        let headings = zip(columns, entries).map { column, entry in column.title ?? entry.heading }
        return Table(columns: rows + headings, rows: body, notes: caption.isEmpty ? [] : [caption])
    }

    private struct Cell {
        var text: String
        let value: Double?
    }

    /// The rows: each combination of the labels and read-outs that a measurement has, in the order of the first.
    private func combinations(_ measurements: Measurements, _ readOutKeys: Set<String>) -> [[String]] {
        var seen: Set<[String]> = []
        return measurements.rows.compactMap { row -> [String]? in
            guard labels.allSatisfy({ row.labels[$0.key] == $0.value }) else { return nil }
            let values = rows.map { readOutKeys.contains($0) ? row.readOut[$0] : row.labels[$0] }
            let isAsked = columns.contains { $0.query.metric == row.metric } || row.status != Measurement.finished
            guard isAsked, !values.contains(nil) else { return nil }
            let combination = values.map { $0! }
            return seen.insert(combination).inserted ? combination : nil
        }
    }

    private func cell(
        _ column: Column, _ entry: Vocabulary.Entry, _ setting: [String], _ extra: [String: String], _ pool: [String],
        _ measurements: Measurements, _ readOutKeys: Set<String>, _ place: String, _ readOut: [String: String] = [:]
    ) throws -> Cell {
        var query = column.query
        query.labels.merge(labels) { own, _ in own }
        query.labels.merge(extra) { $1 }
        query.readOut.merge(readOut) { $1 }
        query.pool += pool
        for (key, value) in zip(rows, setting) {
            if readOutKeys.contains(key) { query.readOut[key] = value } else { query.labels[key] = value }
        }
        let result = try query.answer(measurements, isPartial: true, place: place)
        guard let value = result.value else {
            return Cell(text: result.diverged.isEmpty ? "–" : "diverged", value: nil)
        }
        switch query.statistic {
        case .count, .diverged: return Cell(text: "\(Int(value))", value: value)
        default: break
        }
        var shown = entry
        if let decimals = column.decimals { shown.decimals = decimals }
        // A ratio has no unit, and no factor.
        if query.over != nil || query.slope != nil { shown.factor = 1 }
        var text = shown.text(value)
        if column.hasSpread, query.statistic == .mean, let spread = SampleStatistics(result.values)?.standardDeviation {
            text += " ± " + shown.text(spread)
        }
        return Cell(text: text, value: value)
    }

    /// Marks the best values of a column, which are those that are shown as the best is.
    private func embolden(_ column: Int, _ entry: Vocabulary.Entry, _ settings: [[String]], _ cells: inout [[Cell]]) {
        let query = columns[column].query
        guard entry.better != .neither, query.minus == nil, query.over == nil, query.slope == nil,
            [.mean, .median, .least, .greatest].contains(query.statistic)
        else { return }
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
        within = try values.decodeIfPresent([String].self, forKey: .within) ?? []
        controls = try values.decodeIfPresent([Control].self, forKey: .controls) ?? []
        guard 1...Self.mostColumns ~= columns.count else {
            throw DecodingError.dataCorruptedError(
                forKey: .columns, in: values,
                debugDescription: "has \(columns.count) columns, expected 1 to \(Self.mostColumns)")
        }
        if let foreign = within.first(where: { !rows.contains($0) }) {
            throw DecodingError.dataCorruptedError(
                forKey: .within, in: values, debugDescription: "'\(foreign)' is none of the rows' labels")
        }
    }
}

extension TableDeclaration.Column {
    private enum Keys: String, CodingKey, CaseIterable { case title, decimals, spread }

    public init(from decoder: any Decoder) throws {
        query = try Query(from: decoder, besides: Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        title = try values.decodeIfPresent(String.self, forKey: .title)
        decimals = try values.decodeIfPresent(Int.self, forKey: .decimals)
        hasSpread = try values.decodeIfPresent(Bool.self, forKey: .spread) ?? true
    }
}

extension TableDeclaration.Control {
    private enum Keys: String, CodingKey, CaseIterable { case title, `where`, at, pool }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        title = try values.decode(String.self, forKey: .title)
        labels = try values.labels(.where)
        readOut = try values.labels(.at)
        pool = try values.decodeIfPresent([String].self, forKey: .pool) ?? []
    }
}
