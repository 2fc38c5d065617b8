import Experiments
import Figures
import Foundation

/// `0.0123 ± 0.004`, mean and standard deviation to three digits; "–" for no values.
package func meanAndSpread(_ values: [Double]) -> String {
    guard let statistics = SampleStatistics(values) else { return "–" }
    func number(_ value: Double) -> String { String(format: "%.3g", value) }
    return number(statistics.mean) + (statistics.standardDeviation.map { " ± " + number($0) } ?? "")
}

extension [CellRecord] {
    /// The cells whose label `part` is this, those that are missing left out.
    package func part(_ name: String) -> [CellRecord] {
        filter { $0.cell.label("part") == name && $0.status != .missing }
    }

    /// The mean over cells of a number against a label that is one; nil where no cell has it.
    package func series(_ name: String, against label: String, _ value: (CellRecord) -> Double?) throws -> Chart.Series?
    {
        let points = grouped(by: [label]).compactMap { group -> (x: Double, y: Double)? in
            SampleStatistics(group.records.compactMap(value)).map { (Double(group.labels[0])!, $0.mean) }
        }.sorted { $0.x < $1.x }
        return points.isEmpty ? nil : try Chart.Series(name, x: points.map(\.x), y: points.map(\.y))
    }
}
