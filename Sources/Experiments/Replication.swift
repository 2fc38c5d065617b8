import Foundation

/// The settings of a replication: one stored property a key of `profiles.yaml`, none of them optional.
public protocol ExperimentConfiguration: Codable, Sendable {
    /// Seeds a setting: the run's seed and the ones after it; 1 where the configuration does not say.
    var seeds: Int { get }
    /// Throws `ConfigurationError` for the first value that cannot be: out of range, NaN, at odds with another.
    func validate() throws
}

extension ExperimentConfiguration {
    public var seeds: Int { 1 }

    /// Throws `ConfigurationError` with what was expected unless a setting's value holds.
    public func require(_ key: String, _ value: some CustomStringConvertible, _ holds: Bool, _ expected: String) throws
    {
        if !holds { throw ConfigurationError(key: key, value: value, expected: expected) }
    }

    /// Throws `ConfigurationError` unless a count lies in least ... most.
    public func requireCount(_ key: String, _ value: Int, from least: Int = 1, to most: Int) throws {
        try require(key, value, least...most ~= value, "a whole number from \(least) to \(most)")
    }

    /// The largest number of a setting that multiplies float32 tensors: far from where float32 ends, so that small
    /// multiples of it are taken.
    public static var largestNumber: Double { 1e30 }

    /// Throws `ConfigurationError` unless a number is positive and at most `most`.
    public func requirePositive(_ key: String, _ value: Double, upTo most: Double = largestNumber) throws {
        try require(key, value, value > 0 && value <= most, "a positive number up to \(most)")
    }

    /// Throws `ConfigurationError` unless each count lies in its range.
    public func requireCounts(_ counts: [(key: String, value: Int, range: ClosedRange<Int>)]) throws {
        for (key, value, range) in counts {
            try requireCount(key, value, from: range.lowerBound, to: range.upperBound)
        }
    }

    /// Throws `ConfigurationError` unless a number is at least 0 and at most `largestNumber`.
    public func requireAmount(_ key: String, _ value: Double) throws {
        try require(key, value, 0...Self.largestNumber ~= value, "a number from 0 to \(Self.largestNumber)")
    }

    /// Throws `ConfigurationError` unless the entries of a list differ and each is allowed; an empty list is refused
    /// unless `isOptional`.
    ///
    /// - Parameter entries: what the entries are, in the plural: "even numbers from 4 to 65536".
    public func requireList<Entry: Hashable>(
        _ key: String, _ list: [Entry], of entries: String = "names", isOptional: Bool = false,
        where isAllowed: (Entry) -> Bool = { _ in true }
    ) throws {
        let written = list.map { ($0 as? any Choice)?.rawValue ?? "\($0)" }.joined(separator: ", ")
        try require(
            key, "[\(written)]",
            (isOptional || !list.isEmpty) && Set(list).count == list.count && list.allSatisfy(isAllowed),
            "a list of different \(entries)\(isOptional ? "" : ", at least one")")
    }

    /// The same of numbers in a range.
    public func requireList<Number: Hashable & Comparable>(
        _ key: String, _ list: [Number], in range: ClosedRange<Number>, isOptional: Bool = false
    ) throws {
        func text(_ bound: Number) -> String { "\(bound)".replacing(/\.0$/, with: "") }
        let kind = Number.self is any BinaryInteger.Type ? "whole numbers" : "numbers"
        try requireList(
            key, list, of: "\(kind) from \(text(range.lowerBound)) to \(text(range.upperBound))",
            isOptional: isOptional
        ) { range ~= $0 }
    }

    /// Throws `ConfigurationError` unless a list holds the widths of one layer at least.
    public func requireWidths(_ key: String, _ widths: [Int], to most: Int = 4096) throws {
        try require(
            key, widths, !widths.isEmpty && widths.allSatisfy { 1...most ~= $0 },
            "a list of widths from 1 to \(most), at least one")
    }
}

/// A setting that is one of several words: an unknown one is answered by the nearest and the list.
///
/// ```swift
/// enum Method: String, Choice { case rm, rmwrand }
/// ```
public protocol Choice: RawRepresentable, CaseIterable, Codable, Sendable where RawValue == String {}

extension Choice {
    /// Reads the word; throws `RunError` naming the key, the nearest word and all of them.
    public init(from decoder: any Decoder) throws {
        let word = try decoder.singleValueContainer().decode(String.self)
        guard let value = Self(rawValue: word) else {
            let kind = decoder.codingPath.last { $0.intValue == nil }?.stringValue ?? "word"
            throw unknownName(kind, word, among: Self.allCases.map(\.rawValue))
        }
        self = value
    }
}

/// What a cell is likely to need. All are floating-point numbers, in which the products of large settings do not
/// overflow.
public struct Estimate: Sendable, Equatable {
    /// Wall time in seconds.
    public var seconds: Double
    /// Peak memory in bytes.
    public var memory: Double
    /// Bytes in the run folder.
    public var disk: Double

    public init(seconds: Double, memory: Double, disk: Double) {
        self.seconds = seconds
        self.memory = memory
        self.disk = disk
    }
}

/// The texts that a replication declares beside its code, each a YAML file of its target.
///
/// ```swift
/// let declarations = Declarations(
///     profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
///     shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
///     claims: PackageResources.claims_yaml)
/// ```
public struct Declarations: Sendable {
    /// A map of profile to `{summary, every key of Configuration}`, with an optional `defaults`, and `settings`: a line
    /// of meaning for each key.
    public var profiles: String
    /// The replication's own metrics; see `Vocabulary`.
    public var metrics: String
    /// Tables, charts and sheets; see `Shows`.
    public var shows: String
    /// Pinned values; see `ExpectedValue`.
    public var expected: String
    /// What the papers state; see `Claim`. May be empty.
    public var claims: String

    public init(profiles: String, metrics: String, shows: String, expected: String, claims: String = "") {
        (self.profiles, self.metrics, self.shows, self.expected) = (profiles, metrics, shows, expected)
        self.claims = claims
    }

    public init(profiles: [UInt8], metrics: [UInt8], shows: [UInt8], expected: [UInt8], claims: [UInt8]) {
        func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
        self.init(
            profiles: text(profiles), metrics: text(metrics), shows: text(shows), expected: text(expected),
            claims: text(claims))
    }
}

/// What distinguishes the cells of a replication besides their seeds: data, method, K … as what they are. Its coded form
/// gives the labels of measurements, tables and queries, and the cells' ids (see `Labels`).
public typealias ExperimentSetting = Encodable & Hashable & Sendable

/// One published result to recreate: a list of independent settings, each run from some seeds, and what is measured.
public protocol Replication: Sendable {
    associatedtype Configuration: ExperimentConfiguration
    associatedtype Setting: ExperimentSetting

    /// Its name on the command line and in `results/`, such as `rmwggis-synthetic`.
    var name: String { get }
    /// One line on what it recreates.
    var summary: String { get }
    var declarations: Declarations { get }
    /// The seed where the command line gives none.
    var defaultSeed: UInt64 { get }
    /// The element type that it computes in; a checkpoint of another is refused.
    var elementType: String { get }
    /// Whether each cell must run in a process of its own, even one after the other, since its peak memory is what it
    /// measures.
    var cellsAreProcesses: Bool { get }
    /// Whether it heeds `CellContext.device`; where not, a GPU is refused.
    var runsOnGPU: Bool { get }

    /// The settings in the tables' order. A configuration that gives none, or two of one id, is refused.
    func settings(_ configuration: Configuration) -> [Setting]
    /// From how many seeds a setting is run; by default `configuration.seeds`.
    func seeds(_ setting: Setting, _ configuration: Configuration) -> Int
    /// What a cell is likely to need on this many threads.
    func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate
    /// The SHA-256 of the data that a configuration learns from, by name; a run goes on with the same data alone. None
    /// by default. Throws `RunError` where data are not there or damaged.
    func dataChecksums(_ configuration: Configuration) throws -> [String: String]
    /// Runs one cell, from `context.restored` where that is not nil, and hands `context.measure` what it found.
    ///
    /// The same setting, seed, configuration and thread count must give the same logged values, measurements and
    /// pictures, whether the cell runs at once or is stopped and restored. Throws what `context` throws, and `RunError`
    /// for bad data; `LeftFiniteNumbers` ends the cell as diverged.
    func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws
}

extension Replication {
    public var defaultSeed: UInt64 { 1 }
    public var elementType: String { "float32" }
    public var cellsAreProcesses: Bool { false }
    public var runsOnGPU: Bool { false }
    public func seeds(_ setting: Setting, _ configuration: Configuration) -> Int { configuration.seeds }
    public func dataChecksums(_ configuration: Configuration) throws -> [String: String] { [:] }

    /// The suite's metrics with the replication's own. Throws `RunError` where an entry is wrong.
    package func vocabulary() throws -> Vocabulary {
        try Vocabulary.suite.merged(with: Vocabulary(yaml: declarations.metrics, place: "\(name)/metrics.yaml"))
    }

    /// Throws `RunError` for the first fault of a declaration.
    package func shows() throws -> Shows {
        try Shows(yaml: declarations.shows, place: "\(name)/shows.yaml", vocabulary: vocabulary())
    }
}

/// A setting that belongs to a part of an experiment, coded as `part` and its own keys.
///
/// ```swift
/// enum Setting: ExperimentSetting {
///     case learning(Learning), noise(Noise)
///     func encode(to encoder: any Encoder) throws {
///         switch self {
///         case .learning(let setting): try PartOfExperiment("learning", setting).encode(to: encoder)
///         case .noise(let setting): try PartOfExperiment("noise", setting).encode(to: encoder)
///         }
///     }
/// }
/// ```
public struct PartOfExperiment<Setting: Encodable>: Encodable {
    private let part: String
    private let setting: Setting

    public init(_ part: String, _ setting: Setting) { (self.part, self.setting) = (part, setting) }
}

/// A replication that can re-trace a golden file from the seed in it.
public protocol Replayable: Replication {
    /// Re-traces `golden`, handing `report` each line of the account as it is known, and says whether it passed. Throws
    /// `RunError` where the file is missing, cut short or of another format.
    func replay(golden: URL, report: (String) -> Void) throws -> Bool
}

/// What the process can say of itself, handed in by the executable.
public struct RunEnvironment: Sendable {
    /// The git commit that the executable was built from, with a mark where the tree was changed; "unknown" where it
    /// cannot be told.
    public var commit: String
    /// Versions of the libraries that shape the numbers, by name: `["libtorch": "2.13.0"]`.
    public var libraries: [String: String]
    /// Sets the number of threads that tensors and kernels compute with.
    public var setThreads: @Sendable (Int) -> Void

    public init(commit: String, libraries: [String: String], setThreads: @escaping @Sendable (Int) -> Void) {
        self.commit = commit
        self.libraries = libraries
        self.setThreads = setThreads
    }
}
