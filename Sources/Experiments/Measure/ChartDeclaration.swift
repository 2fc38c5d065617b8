import Figures
import Foundation

/// A chart of `shows.yaml`: numbers of settings against a label or read-out that is a number.
///
/// ```yaml
/// - name: dimension
///   title: What is learnt of a product
///   where: {part: dimension}
///   x: {by: d, title: d, logarithmic: true}
///   y: {title: "KL, nats", logarithmic: true}   # where no title is given, that of the first line's metric
///   lines:
///     - {metric: kl, by: [method]}                # a line for each value of these labels
///     - {metric: klGaussian, pool: [method], title: Gaussian}
///   band: range                                   # over seeds: range, deviation or none
///   each: [data]                                  # a chart for each value of these labels, which end its name
/// ```
public struct ChartDeclaration: Decodable, Sendable {
    /// What the band around a line shows of the seeds.
    public enum Band: String, Decodable, Sendable, CaseIterable { case range, deviation, none }

    public struct Axis: Decodable, Sendable {
        /// Of the horizontal axis: the label or read-out.
        public var by: String?
        public var title: String?
        public var isLogarithmic = false
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
    public var band: Band
}

extension ChartDeclaration {
    /// The charts of a run, whole or in part, by their names; none where nothing of theirs was measured. `place` begins
    /// what is said of a fault.
    ///
    /// - Throws: `RunError` where a metric is not in the vocabulary, a value on the horizontal axis is no number, or a
    ///   line asks more than one setting or read-out at a point.
    public func charts(
        _ measurements: Measurements, _ vocabulary: Vocabulary, place: String
    ) throws -> [(name: String, chart: Chart)] {
        let place = "\(place), chart '\(name)'"
        let entry = try vocabulary.entry(lines[0].query.metric, place: place)
        for line in lines.dropFirst() { _ = try vocabulary.entry(line.query.metric, place: place) }
        let own = measurements.rows.filter { row in labels.allSatisfy { row.labels[$0.key] == $0.value } }
        return try own.combinations(of: each).compactMap { fixed in
            let rows = own.filter { row in zip(each, fixed).allSatisfy { row.labels[$0] == $1 } }
            let series = try lines.flatMap { try self.series($0, zip(each, fixed), rows, place) }
            guard !series.isEmpty else { return nil }
            let heading = fixed.isEmpty ? "" : ": " + zip(each, fixed).map { "\($0) \($1)" }.joined(separator: ", ")
            let chart = Chart(
                title: title + heading, x: .init(x.title ?? x.by!, isLogarithmic: x.isLogarithmic),
                y: .init(y.title ?? entry.heading, isLogarithmic: y.isLogarithmic), series: series)
            return (([name] + fixed).joined(separator: "-"), chart)
        }
    }

    private func series(
        _ line: Line, _ fixed: Zip2Sequence<[String], [String]>, _ rows: [Measurement], _ place: String
    ) throws -> [Chart.Series] {
        let measurements = Measurements(rows)
        let ofMetric = rows.filter { $0.metric == line.query.metric && $0.status == Measurement.finished }
        return try ofMetric.combinations(of: line.by).compactMap { values in
            var query = line.query
            query.labels.merge(labels) { own, _ in own }
            for (key, value) in fixed { query.labels[key] = value }
            for (key, value) in zip(line.by, values) { query.labels[key] = value }
            let points = try points(of: query, ofMetric, measurements, place)
            guard !points.isEmpty else { return nil }
            let title = line.title ?? (values.isEmpty ? line.query.metric : values.joined(separator: ", "))
            return try Self.series(title, points, band)
        }
    }

    /// What each seed has at each place of the horizontal axis, in rising order.
    private func points(
        of query: Query, _ rows: [Measurement], _ measurements: Measurements, _ place: String
    ) throws -> [(x: Double, values: [Double])] {
        let key = x.by!
        let isReadOut = rows.contains { $0.readOut[key] != nil }
        let texts = Set(rows.compactMap { isReadOut ? $0.readOut[key] : $0.labels[key] })
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
    private enum Keys: String, CodingKey, CaseIterable { case name, title, `where`, each, x, y, lines, band }

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
    private enum Keys: String, CodingKey, CaseIterable { case by, title, logarithmic }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        by = try values.decodeIfPresent(String.self, forKey: .by)
        title = try values.decodeIfPresent(String.self, forKey: .title)
        isLogarithmic = try values.decodeIfPresent(Bool.self, forKey: .logarithmic) ?? false
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
