import Foundation

/// A number asked of measurements: the one language of tables, charts, pinned values and claims.
///
/// ```yaml
/// {metric: kl, where: {data: 2spirals, method: rm}, at: {beta: 4}}                      # the mean over seeds
/// {metric: kl, where: {method: rmwggis-basic}, minus: {where: {method: rm}}}            # by seed, then the mean
/// {metric: seconds, where: {method: rm}, over: {where: {method: rmwrand}}, statistic: median}
/// {metric: error, where: {method: cd}, slope: {against: epsilon, logarithmic: true}}    # by seed, over the label or read-out epsilon
/// ```
/// `where` must leave one setting, `at` one read-out: what leaves more is a fault that names them.
public struct Query: Decodable, Hashable, Sendable, CustomStringConvertible {
    /// What is made of the values of the seeds.
    public enum Statistic: String, Decodable, CaseIterable, Sendable {
        case mean, median, least, greatest
        case deviation = "standard-deviation"
        case error = "standard-error"
        case count, diverged
    }

    /// The other side of a difference or ratio: what it differs in.
    public struct Side: Decodable, Hashable, Sendable {
        public var metric: String?
        public var labels: [String: String] = [:]
        public var readOut: [String: String] = [:]
    }

    /// The least-squares slope of the value against a numeric label or read-out.
    public struct Slope: Decodable, Hashable, Sendable {
        public var against: String
        /// Whether it is fitted to the logarithms of both.
        public var isLogarithmic = false
    }

    public var metric: String
    public var labels: [String: String] = [:]
    public var readOut: [String: String] = [:]
    public var minus: Side?
    public var over: Side?
    public var slope: Slope?
    /// Labels over which values are averaged, seed by seed, as of controls that every method has measured alike.
    public var pool: [String] = []
    public var statistic = Statistic.mean

    public init(metric: String, labels: [String: String] = [:], readOut: [String: String] = [:]) {
        (self.metric, self.labels, self.readOut) = (metric, labels, readOut)
    }

    /// `kl at beta 4: 2spirals, rm`.
    public var description: String {
        func text(_ labels: [String: String]) -> String {
            labels.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        func side(_ metric: String, _ labels: [String: String], _ readOut: [String: String]) -> String {
            let parts = [metric + (readOut.isEmpty ? "" : " at \(text(readOut))"), text(labels)]
            return parts.filter { !$0.isEmpty }.joined(separator: ": ")
        }
        var parts = [side(metric, labels, readOut)]
        for (word, other) in [("less", minus), ("over", over)] {
            if let other { parts.append("\(word) \(side(other.metric ?? "", other.labels, other.readOut))") }
        }
        if let slope { parts.append("slope against \(slope.against)") }
        if statistic != .mean { parts.append(statistic.rawValue) }
        return parts.joined(separator: "; ")
    }
}

/// What a query found, seed by seed.
public struct QueryResult: Sendable, Equatable {
    /// The value of each seed that has one, by seed.
    public let bySeed: [UInt64: Double]
    /// The seeds that left the finite numbers.
    public let diverged: [UInt64]
    public let statistic: Query.Statistic
    /// The largest standard error that a value was measured with; nil where none was.
    public var error: Double?

    /// In the order of the seeds.
    public var values: [Double] { bySeed.sorted { $0.key < $1.key }.map(\.value) }

    /// The statistic; nil where no seed has a value, or one alone has no spread.
    public var value: Double? {
        let values = values, sorted = values.sorted()
        let statistics = SampleStatistics(values)
        return switch statistic {
        case .mean: statistics?.mean
        case .median: sorted.isEmpty ? nil : 0.5 * (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2])
        case .least: sorted.first
        case .greatest: sorted.last
        case .deviation: statistics?.standardDeviation
        case .error: standardError
        case .count: Double(values.count)
        case .diverged: Double(diverged.count)
        }
    }

    /// The standard error of the mean over seeds; nil for fewer than two.
    public var standardError: Double? {
        SampleStatistics(values)?.standardDeviation.map { $0 / Double(values.count).squareRoot() }
    }
}

extension Query {
    /// Answers the query; `place` begins what is said of a fault.
    ///
    /// - Parameter isPartial: whether the run may lack cells, so that what is not there is no fault but has no value.
    /// - Throws: `RunError` where the metric, a label or a read-out is not in the measurements, nothing is left, or
    ///   more than one setting is.
    public func answer(_ measurements: Measurements, isPartial: Bool = false, place: String) throws -> QueryResult {
        let own = try side(measurements, Side(), isPartial, place)
        guard let other = minus ?? over else {
            return QueryResult(
                bySeed: own.values, diverged: own.diverged, statistic: statistic, error: own.error)
        }
        let second = try side(measurements, other, isPartial, place)
        var paired: [UInt64: Double] = [:]
        for (seed, a) in own.values {
            guard let b = second.values[seed] else { continue }
            paired[seed] = minus != nil ? a - b : a / b
        }
        return QueryResult(bySeed: paired, diverged: Set(own.diverged + second.diverged).sorted(), statistic: statistic)
    }

    private func side(
        _ measurements: Measurements, _ side: Side, _ isPartial: Bool, _ place: String
    ) throws -> (values: [UInt64: Double], diverged: [UInt64], error: Double?) {
        let metric = side.metric ?? metric
        let labels = labels.merging(side.labels) { $1 }, readOut = readOut.merging(side.readOut) { $1 }
        if !isPartial { try check(metric, labels, measurements, place) }
        let ofSetting = measurements.rows.filter { row in row.labels.match(labels) }
        guard isPartial || !ofSetting.isEmpty else {
            throw RunError("\(place): nothing was measured where \(Self.text(labels))")
        }
        let diverged = Set(ofSetting.filter { $0.status != Measurement.finished }.map(\.seed)).sorted()
        let ofMetric = ofSetting.filter { $0.metric == metric && $0.status == Measurement.finished }
        let varied = slope?.against
        let rows = ofMetric.filter { row in
            row.readOut.filter { $0.key != varied } == readOut
        }
        if !isPartial, rows.isEmpty, let row = ofMetric.first {
            let there = Set(ofMetric.map { Self.text($0.readOut) }).sorted().joined(separator: "; ")
            throw RunError(
                "\(place): \(metric) was not read out at \(readOut.isEmpty ? "nothing" : Self.text(readOut))",
                cure: row.readOut.isEmpty ? "it has no read-out: leave 'at' out" : "it was at: \(there)")
        }
        try checkOneSetting(rows, except: varied, metric, place)
        let bySeed = Dictionary(grouping: rows, by: \.seed)
        // Over settings too: the mean of each seed's.
        if !pool.isEmpty {
            return (bySeed.mapValues { $0.reduce(0) { $0 + $1.value } / Double($0.count) }, diverged, nil)
        }
        guard let slope else {
            return (bySeed.compactMapValues { $0.first?.value }, diverged, rows.compactMap(\.error).max())
        }
        return (try bySeed.mapValues { try slope.fit($0, place) }, diverged, nil)
    }

    private func check(_ metric: String, _ labels: [String: String], _ measurements: Measurements, _ place: String)
        throws
    {
        guard measurements.metrics.contains(metric) || statistic == .diverged || statistic == .count else {
            throw unknownName("metric", metric, in: place, among: measurements.metrics.sorted())
        }
        for (key, value) in labels.sorted(by: { $0.key < $1.key }) {
            let keys = measurements.labelKeys
            guard keys.contains(key) else { throw unknownName("label", key, in: place, among: keys) }
            let values = Set(measurements.rows.compactMap { $0.labels[key] })
            guard values.contains(value) else { throw unknownName(key, value, in: place, among: values.sorted()) }
        }
    }

    private func checkOneSetting(_ rows: [Measurement], except varied: String?, _ metric: String, _ place: String)
        throws
    {
        let free = pool + [varied].compactMap { $0 }
        let settings = rows.map { row in free.reduce(into: row.labels) { $0[$1] = nil } }
        guard let first = settings.first, let other = settings.first(where: { $0 != first }) else { return }
        let keys = first.keys + other.keys.filter { !first.keys.contains($0) }
        let key = keys.first { first[$0] != other[$0] }!
        let values = Set(settings.map { $0[key] ?? "none" }).sorted()
        throw RunError(
            "\(place): \(metric) is asked of more than one setting: \(key) is \(values.joined(separator: ", "))",
            cure: "say which under 'where'")
    }

    private static func text(_ labels: [String: String]) -> String {
        labels.isEmpty
            ? "nothing is said"
            : labels.sorted { $0.key < $1.key }.map { "\($0.key) is \($0.value)" }.joined(separator: ", ")
    }
}

extension Query.Slope {
    /// Σ(x − x̄)(y − ȳ)/Σ(x − x̄)².
    func fit(_ rows: [Measurement], _ place: String) throws -> Double {
        var points: [(x: Double, y: Double)] = []
        for row in rows {
            let text = row.readOut[against] ?? row.labels[against] ?? ""
            guard let x = Double(text) else {
                throw RunError("\(place): \(against) is '\(text)', a slope needs numbers")
            }
            guard !isLogarithmic || (x > 0 && row.value > 0) else {
                throw RunError(
                    "\(place): a slope of logarithms needs positive numbers, \(against) is \(text) and the value \(row.value)"
                )
            }
            points.append(isLogarithmic ? (log(x), log(row.value)) : (x, row.value))
        }
        let n = Double(points.count)
        let (mx, my) = (points.reduce(0) { $0 + $1.x } / n, points.reduce(0) { $0 + $1.y } / n)
        let sxx = points.reduce(0) { $0 + ($1.x - mx) * ($1.x - mx) }
        guard sxx > 0 else { throw RunError("\(place): a slope needs two values of \(against) or more") }
        return points.reduce(0) { $0 + ($1.x - mx) * ($1.y - my) } / sxx
    }
}

// MARK: - YAML

extension Query {
    private enum Keys: String, CodingKey, CaseIterable { case metric, `where`, at, minus, over, slope, pool, statistic }

    public init(from decoder: any Decoder) throws { try self.init(from: decoder, besides: []) }

    /// A query among whose keys stand some that are another's.
    init(from decoder: any Decoder, besides others: [String]) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue) + others)
        let values = try decoder.container(keyedBy: Keys.self)
        metric = try values.decode(String.self, forKey: .metric)
        labels = try values.labels(.where)
        readOut = try values.labels(.at)
        minus = try values.decodeIfPresent(Side.self, forKey: .minus)
        over = try values.decodeIfPresent(Side.self, forKey: .over)
        slope = try values.decodeIfPresent(Slope.self, forKey: .slope)
        pool = try values.decodeIfPresent([String].self, forKey: .pool) ?? []
        statistic = try values.decodeIfPresent(Statistic.self, forKey: .statistic) ?? .mean
        guard minus == nil || over == nil else {
            throw DecodingError.dataCorruptedError(
                forKey: .over, in: values,
                debugDescription: "a query has 'minus', for a difference, or 'over', for a ratio, not both")
        }
    }
}

extension Query.Side {
    private enum Keys: String, CodingKey, CaseIterable { case metric, `where`, at }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        metric = try values.decodeIfPresent(String.self, forKey: .metric)
        labels = try values.labels(.where)
        readOut = try values.labels(.at)
    }
}

extension Query.Slope {
    private enum Keys: String, CodingKey, CaseIterable { case against, logarithmic }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        against = try values.decode(String.self, forKey: .against)
        isLogarithmic = try values.decodeIfPresent(Bool.self, forKey: .logarithmic) ?? false
    }
}

extension KeyedDecodingContainer {
    /// A map of labels to scalars; empty where it is not there.
    func labels(_ key: Key) throws -> [String: String] {
        try decodeIfPresent([String: LabelText].self, forKey: key)?.mapValues(\.text) ?? [:]
    }
}
