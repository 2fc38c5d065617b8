import Figures
import Foundation

/// A chart of `shows.yaml`: numbers of settings against a label or read-out that is a number.
///
/// ```yaml
/// - name: dimension
///   title: What is learnt of a product
///   where: {part: dimension}
///   x: {by: d, title: d, logarithmic: true}     # by: iteration or seconds takes what was logged, against either
///   # least: 1e-12 on an axis leaves out what is below
///   y: {title: "KL, nats", logarithmic: true}   # where no title is given, that of the first line's metric
///   lines:
///     - {metric: kl, by: [method]}                # a line for each value of these labels
///     - {metric: klGaussian, pool: [method], title: Gaussian}
///   controls:                                     # level lines
///     - {metric: kl, at: {of: data}, pool: [method], title: data against data}
///   band: range                                   # over seeds: range, deviation or none
///   each: [data]                                  # a chart for each value of these labels, which end its name
/// ```
public struct ChartDeclaration: Decodable, Sendable {
    /// What the band around a line shows of the seeds.
    public enum Band: String, Decodable, Sendable, CaseIterable { case range, deviation, none }

    public struct Axis: Decodable, Sendable {
        /// The label or read-out that the horizontal axis shows.
        public var by: String?
        public var title: String?
        public var isLogarithmic = false
        /// What is below is left out, as what rounding leaves of 0 on a logarithmic axis.
        public var least = -Double.infinity
    }

    /// A query whose label or read-out on the horizontal axis is left open; a line for each combination of `by`.
    public struct Line: Decodable, Sendable {
        public var query: Query
        public var by: [String]
        public var title: String?
    }

    public var name: String
    public var title: String
    public var labels: [String: String]
    public var each: [String]
    public var x: Axis
    public var y: Axis
    public var lines: [Line]
    public var controls: [Line]
    public var band: Band

    /// The names of `by` for what was logged.
    static let iteration = "iteration", seconds = "seconds"

    /// Whether its lines are of what cells logged, not of what they measured.
    package var isOfLogs: Bool { x.by == Self.iteration || x.by == Self.seconds }
}

extension ChartDeclaration {
    /// The charts of a run, whole or in part, by their names; none where nothing of theirs was measured. `place` begins
    /// what is said of a fault.
    ///
    /// - Parameter logged: what the cells logged under a name, read out at `iteration`, for charts of logs.
    /// - Throws: `RunError` where a metric is not in the vocabulary, a value on the horizontal axis is no number, or a
    ///   line asks more than one setting or read-out at a point.
    public func charts(
        _ measurements: Measurements, _ vocabulary: Vocabulary, place: String,
        logged: (_ metric: String) throws -> [Measurement] = { _ in [] }
    ) throws -> [(name: String, chart: Chart)] {
        let place = "\(place), chart '\(name)'"
        let entry = try vocabulary.entry(lines[0].query.metric, place: place)
        for line in lines.dropFirst() { _ = try vocabulary.entry(line.query.metric, place: place) }
        func own(_ rows: [Measurement]) -> [Measurement] { rows.filter { $0.labels.match(labels) } }
        let found = own(measurements.rows)
        let plotted = isOfLogs ? own(try Set(lines.map(\.query.metric)).flatMap(logged)) : found
        return try plotted.combinations(of: each).compactMap { fixed in
            func part(_ rows: [Measurement]) -> [Measurement] {
                rows.filter { row in zip(each, fixed).allSatisfy { row.labels[$0] == $1 } }
            }
            let (rows, levels) = (part(plotted), part(found))
            let series = try lines.flatMap { try self.series($0, zip(each, fixed), rows, levels, vocabulary, place) }
            guard !series.isEmpty else { return nil }
            let controls = try controls.compactMap { try level($0, zip(each, fixed), levels, vocabulary, place) }
            let heading = fixed.isEmpty ? "" : ": " + zip(each, fixed).map { "\($0) = \($1)" }.joined(separator: ", ")
            let chart = Chart(
                title: title + heading, x: .init(x.title ?? x.by!, isLogarithmic: x.isLogarithmic),
                y: .init(y.title ?? entry.heading, isLogarithmic: y.isLogarithmic), series: series, levels: controls)
            return (([name] + fixed).joined(separator: "-"), chart)
        }
    }

    private func series(
        _ line: Line, _ fixed: Zip2Sequence<[String], [String]>, _ rows: [Measurement], _ found: [Measurement],
        _ vocabulary: Vocabulary, _ place: String
    ) throws -> [Chart.Series] {
        let ofMetric = rows.filter { $0.metric == line.query.metric && $0.status == Measurement.finished }
        let combinations = ofMetric.combinations(of: line.by)
        return try zip(combinations, combinations.names(of: line.by)).compactMap { values, name in
            var query = line.query
            query.labels.merge(labels) { own, _ in own }
            for (key, value) in fixed { query.labels[key] = value }
            for (key, value) in zip(line.by, values) { query.labels[key] = value }
            let factor = try shownFactor(of: query, vocabulary, place)
            var points = (try isOfLogs ? curve(of: query, ofMetric, place) : points(of: query, ofMetric, rows, place))
                .map { point in (x: point.x, values: point.values.map { $0 * factor }) }
                .filter { $0.x >= x.least && SampleStatistics($0.values)!.mean >= y.least }
            guard !points.isEmpty else { return nil }
            if x.by == Self.seconds {
                let times = found.filter { $0.metric == "secondsPerIteration" && $0.labels.match(query.labels) }
                guard let time = SampleStatistics(times.map(\.value))?.mean else { return nil }
                points = points.map { ($0.x * time, $0.values) }
            }
            let title = line.title ?? (name.isEmpty ? line.query.metric : name)
            return try Self.series(title, points, band)
        }
    }

    /// The level of a control; nil where it was not measured.
    private func level(
        _ line: Line, _ fixed: Zip2Sequence<[String], [String]>, _ rows: [Measurement], _ vocabulary: Vocabulary,
        _ place: String
    ) throws -> Chart.Level? {
        var query = line.query
        query.labels.merge(labels) { own, _ in own }
        for (key, value) in fixed { query.labels[key] = value }
        guard let value = try query.answer(Measurements(rows), isPartial: true, place: place).value else { return nil }
        return Chart.Level(line.title ?? query.metric, try value * shownFactor(of: query, vocabulary, place))
    }

    /// What a query's values are multiplied by to be in the vocabulary's unit, which ratios and slopes have none of.
    private func shownFactor(of query: Query, _ vocabulary: Vocabulary, _ place: String) throws -> Double {
        query.over != nil || query.slope != nil ? 1 : try vocabulary.entry(query.metric, place: place).factor
    }

    /// What each seed logged at each iteration, in rising order.
    private func curve(
        of query: Query, _ rows: [Measurement], _ place: String
    ) throws -> [(x: Double, values: [Double])] {
        let own = rows.filter { $0.labels.match(query.labels) }
        let settings = Set(own.map { row in query.pool.reduce(into: row.labels) { $0[$1] = nil } })
        guard settings.count <= 1 else {
            let names = settings.map(\.description).sorted().joined(separator: "; ")
            throw RunError("\(place): a line of \(query.metric) has more than one setting: \(names)")
        }
        let byIteration = Dictionary(grouping: own) { Double($0.readOut[Self.iteration]!)! }
        return byIteration.sorted { $0.key < $1.key }.map { ($0.key, $0.value.map(\.value)) }
    }

    /// What each seed has at each place of the horizontal axis, in rising order.
    private func points(
        of query: Query, _ ofMetric: [Measurement], _ all: [Measurement], _ place: String
    ) throws -> [(x: Double, values: [Double])] {
        let key = x.by!
        let rows = ofMetric.filter { $0.labels.match(query.labels) }
        let isReadOut = rows.contains { $0.readOut[key] != nil }
        let texts = Set(rows.compactMap { isReadOut ? $0.readOut[key] : $0.labels[key] })
        let measurements = Measurements(all)
        return try texts.compactMap { text in
            guard let number = Double(text) else {
                throw RunError("\(place): \(key) is '\(text)', a horizontal axis needs numbers")
            }
            var at = query
            if isReadOut { at.readOut[key] = text } else { at.labels[key] = text }
            let values = try at.answer(measurements, isPartial: true, place: place).values
            return values.isEmpty ? nil : (number, values)
        }.sorted { $0.x < $1.x }
    }

    private static func series(
        _ title: String, _ points: [(x: Double, values: [Double])], _ band: Band
    ) throws -> Chart.Series {
        let (x, statistics) = (points.map(\.x), points.map { SampleStatistics($0.values)! })
        let means = statistics.map(\.mean)
        guard band != .none, points.contains(where: { $0.values.count > 1 }) else {
            return try Chart.Series(title, x: x, y: means)
        }
        let edges = zip(points, statistics).map { point, statistics in
            let spread = statistics.standardDeviation ?? 0
            return band == .range
                ? (point.values.min()!, point.values.max()!) : (statistics.mean - spread, statistics.mean + spread)
        }
        return try Chart.Series(title, x: x, y: means, lower: edges.map(\.0), upper: edges.map(\.1))
    }
}

extension [Measurement] {
    /// Each combination of these labels that a row has, in the order of the first; one empty one where none are asked.
    func combinations(of keys: [String]) -> [[String]] {
        var seen: Set<[String]> = []
        return compactMap { row in
            let values = keys.compactMap { row.labels[$0] }
            return values.count == keys.count && seen.insert(values).inserted ? values : nil
        }
    }
}

// MARK: - YAML

extension ChartDeclaration {
    private enum Keys: String, CodingKey, CaseIterable { case name, title, `where`, each, x, y, lines, controls, band }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .name)
        title = try values.decode(String.self, forKey: .title)
        labels = try values.labels(.where)
        each = try values.decodeIfPresent([String].self, forKey: .each) ?? []
        x = try values.decode(Axis.self, forKey: .x)
        y = try values.decodeIfPresent(Axis.self, forKey: .y) ?? Axis()
        lines = try values.decode([Line].self, forKey: .lines)
        controls = try values.decodeIfPresent([Line].self, forKey: .controls) ?? []
        band = try values.decodeIfPresent(Band.self, forKey: .band) ?? .range
        guard x.by != nil else {
            throw DecodingError.dataCorruptedError(
                forKey: .x, in: values, debugDescription: "needs 'by', the label or read-out that it shows")
        }
        guard !lines.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .lines, in: values, debugDescription: "is empty, expected a line or more")
        }
    }
}

extension ChartDeclaration.Axis {
    private enum Keys: String, CodingKey, CaseIterable { case by, title, logarithmic, least }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        by = try values.decodeIfPresent(String.self, forKey: .by)
        title = try values.decodeIfPresent(String.self, forKey: .title)
        isLogarithmic = try values.decodeIfPresent(Bool.self, forKey: .logarithmic) ?? false
        least = try values.decodeIfPresent(Double.self, forKey: .least) ?? -.infinity
    }
}

extension ChartDeclaration.Line {
    private enum Keys: String, CodingKey, CaseIterable { case by, title }

    public init(from decoder: any Decoder) throws {
        query = try Query(from: decoder, besides: Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        by = try values.decodeIfPresent([String].self, forKey: .by) ?? []
        title = try values.decodeIfPresent(String.self, forKey: .title)
    }
}
