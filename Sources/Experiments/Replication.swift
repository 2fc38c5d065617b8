import Foundation

/// The settings of a replication: one stored property a key of `profiles.yaml`, none of them optional.
public protocol ExperimentConfiguration: Codable, Sendable {
    /// Throws `ConfigurationError` for the first value that cannot be: out of range, NaN, at odds with another.
    func validate() throws
}

extension ExperimentConfiguration {
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

    /// Throws `ConfigurationError` unless a number is positive and at most `largestNumber`.
    public func requirePositive(_ key: String, _ value: Double) throws {
        try require(
            key, value, value > 0 && value <= Self.largestNumber, "a positive number up to \(Self.largestNumber)")
    }

    /// Throws `ConfigurationError` unless the numbers of a list, which may be empty, lie in a range and differ.
    public func requireDistinct<Number: Hashable & Comparable & CustomStringConvertible>(
        _ key: String, _ list: [Number], _ range: ClosedRange<Number>
    ) throws {
        try require(
            key, list, list.allSatisfy { range ~= $0 } && Set(list).count == list.count,
            "a list of different numbers from \(range.lowerBound) to \(range.upperBound)")
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

/// What a cell found: its numbers by name, such as `["loss": 26.0, "mmd": 0.004]`.
public struct CellResult: Sendable, Equatable {
    public var values: [String: Double]

    public init(_ values: [String: Double]) { self.values = values }
}

/// One published result to recreate: a list of independent cells, and the table made of them.
public protocol Replication: Sendable {
    associatedtype Configuration: ExperimentConfiguration

    /// Its name on the command line and in `results/`, such as `rmwggis-synthetic`.
    var name: String { get }
    /// One line on what it recreates.
    var summary: String { get }
    /// The text of `profiles.yaml`: a map of profile to `{summary, every key of Configuration}`, with an optional
    /// `defaults`.
    var profiles: String { get }
    /// The text of `expected.yaml`: see `ExpectedValue` and `ExpectedRelation`.
    var expected: String { get }
    /// The seed where the command line gives none.
    var defaultSeed: UInt64 { get }
    /// The element type that it computes in; a checkpoint of another is refused.
    var elementType: String { get }
    /// The table's columns.
    var columns: [Column] { get }
    /// Whether each cell must run in a process of its own, even one after the other, since its peak memory is what it
    /// measures.
    var cellsAreProcesses: Bool { get }
    /// Whether it heeds `CellContext.device`; where not, a GPU is refused.
    var runsOnGPU: Bool { get }

    /// The cells, their indices counting from 1; a configuration that gives none, or two of one id, is refused.
    func cells(_ configuration: Configuration, seed: UInt64) -> [Cell]
    /// What a cell is likely to need on this many threads.
    func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate
    /// Runs one cell, from `context.restored` where that is not nil.
    ///
    /// The same cell, configuration and thread count must give the same logged values, result and pictures, whether it
    /// runs at once or is stopped and restored. Pictures go to `context.directory` by `atomically(replacing:)`; a file
    /// named `chart-….png` is outside that identity. Throws what `context` throws, and `RunError` for bad data.
    func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult
    /// The table made from the cells' records, missing and diverged ones among them; by default a row a cell and
    /// `columns`.
    func table(_ records: [CellRecord]) -> Table
    /// Writes the pictures of the run as a whole, made from whichever cells are there, into its folder; by default
    /// none. Times may enter them. Throws `RunError` where a cell's file is damaged, and what drawing throws.
    func pictures(_ records: [CellRecord], in folder: RunFolder) throws
}

extension Replication {
    public var defaultSeed: UInt64 { 1 }
    public var elementType: String { "float32" }
    public var cellsAreProcesses: Bool { false }
    public var runsOnGPU: Bool { false }
    public func table(_ records: [CellRecord]) -> Table { Table(records, columns: columns) }
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {}
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
