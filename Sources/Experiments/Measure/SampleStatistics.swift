import Foundation

/// Mean and spread of a number over repetitions, such as seeds.
public struct SampleStatistics: Sendable, Equatable {
    public let count: Int
    public let mean: Double
    /// With n − 1; nil for one repetition, which says nothing of it.
    public let standardDeviation: Double?

    /// nil where there is no value.
    public init?(_ values: [Double]) {
        guard !values.isEmpty else { return nil }
        let mean = values.reduce(0, +) / Double(values.count)
        count = values.count
        self.mean = mean
        standardDeviation =
            values.count > 1
            ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot() : nil
    }

    /// `0.433`, or `0.433 ± 0.021` where there is a spread.
    public func text(_ decimals: Int) -> String {
        let number = String(format: "%.\(decimals)f", mean)
        return standardDeviation.map { number + String(format: " ± %.\(decimals)f", $0) } ?? number
    }
}
