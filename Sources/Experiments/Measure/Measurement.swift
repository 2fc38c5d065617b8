/// One number that a cell found: what it is of, what it was read out at, its value, and its standard error where it has
/// one.
public struct Measurement: Hashable, Sendable {
    /// The setting's labels.
    public var labels: Labels
    public var seed: UInt64
    /// A name of the vocabulary, in lowerCamelCase.
    public var metric: String
    /// What it was read out at, such as `beta: 4`: each a column of its own.
    public var readOut: [String: String]
    public var value: Double
    public var error: Double?
    /// `finished`, or what left the finite numbers, as `diverged: loss`; then the value is the iteration at which it
    /// did.
    public var status: String

    public init(
        labels: Labels, seed: UInt64, metric: String, readOut: [String: String] = [:], value: Double,
        error: Double? = nil,
        status: String = Self.finished
    ) {
        self.labels = labels
        self.seed = seed
        self.metric = metric
        self.readOut = readOut
        self.value = value
        self.error = error
        self.status = status
    }

    public static let finished = "finished"

    /// What cannot be of a row that was read; nil where nothing is.
    var fault: String? {
        if let error, error < 0 { return "error is \(error), expected a number from 0" }
        if status == Self.finished {
            return metric == Vocabulary.divergedAt
                ? "\(metric) is measured where a cell diverged, expected 'diverged: …'" : nil
        }
        guard status.hasPrefix("diverged: "), metric == Vocabulary.divergedAt else {
            return "status is '\(status)', expected 'finished', or 'diverged: …' of \(Vocabulary.divergedAt)"
        }
        return (0...0x1p53).contains(value) && value == value.rounded()
            ? nil : "\(metric) is \(value), expected the number of an iteration"
    }
}
