import Experiments
import Foundation

extension RMwGGISSynthetic {
    /// None of its own: `table` names its columns, which depend on whether there are read-outs.
    public var columns: [Column] { [] }

    /// A row for each data set, d, variant and method, with the released evaluation, and one for each β that it was
    /// read out at, as mean ± standard deviation over its seeds; then, for each data set and d, what data, independent
    /// bits and coin flips score, averaged over the cells. Cells that have not run are named below the table.
    public func table(_ records: [CellRecord]) -> Table {
        let present = records.filter { $0.status != .missing }
        let hasExactLosses = present.contains { $0.values["exactLoss"] != nil }
        let hasReadOuts = present.contains { $0.values.keys.contains { $0.hasPrefix("nll@") } }
        let noLosses = hasExactLosses ? ["", ""] : []
        var rows: [[String]] = []
        for group in present.grouped(by: ["data", "d", "variant", "method"]) {
            let finished = group.records.filter { $0.status == .finished }
            let status = group.records.compactMap { record in
                if case .diverged(let quantity, let iteration) = record.status {
                    return "seed \(record.cell.seed) diverged: \(quantity) at iteration \(iteration)"
                }
                return nil
            }
            let labels = group.labels + ["\(finished.count)"]
            let times = finished.compactMap { $0.timing?.secondsPerIteration.map { $0 * 1000 } }
            let exactLosses = hasExactLosses ? [text(finished, "exactLoss", 3), text(finished, "rareShare", 3)] : []
            rows.append(
                labels + ["as released", text(finished, "loss", 3)] + exactLosses + scores(finished, "")
                    + (hasReadOuts ? ["", ""] : [])
                    + [SampleStatistics(times)?.text(1) ?? "–", status.joined(separator: "; ")])
            for readOut in readOuts(finished) {
                let error = finished.compactMap { $0.values["nllError@\(readOut.key)"] }.max()
                let likelihood =
                    readOut.sweeps == nil
                    ? [
                        text(finished, "nll@\(readOut.key)", 3) + (error.map { String(format: " (%.2f)", $0) } ?? ""),
                        text(finished, "kl@\(readOut.key)", 3),
                    ] : ["", ""]
                rows.append(
                    labels + [readOut.title, ""] + noLosses + scores(finished, "@\(readOut.key)") + likelihood + [
                        "", "",
                    ])
            }
        }
        for group in present.filter({ $0.status == .finished }).grouped(by: ["data", "d"]) {
            for control in Control.allCases {
                let entropy = control == .data ? group.records.compactMap { $0.values["entropy"] }.first : nil
                rows.append(
                    group.labels + ["", control.title, "", "", ""] + noLosses
                        + scores(group.records, control.rawValue, spread: false)
                        + (hasReadOuts ? [entropy.map { String(format: "%.3f", $0) } ?? "", ""] : []) + ["", ""])
            }
        }
        var columns = ["data", "d", "variant", "method", "seeds", "read out", "loss"]
        if hasExactLosses { columns += ["loss by all flips", "of it rare flips"] }
        columns += ["MMD (released)", "exponential MMD ·10⁴", "Wasserstein"]
        if hasReadOuts { columns += ["test NLL (s.e. of log Z)", "KL"] }
        columns += ["ms/iteration", "status"]
        if rows.allSatisfy({ $0.last == "" }) {
            columns.removeLast()
            rows = rows.map { Array($0.dropLast()) }
        }
        return Table(columns: columns, rows: rows, notes: [Table.missingNote(records)].compactMap { $0 })
    }

    /// A read-out of `result.json`: the text after the `@` of its names, `4.0` or `4.0,160 sweeps`.
    struct ReadOut {
        let key: String
        let beta: Double
        /// nil: as many as the profile reads out with.
        let sweeps: Int?

        init?(_ key: Substring) {
            let parts = key.split(separator: ",")
            guard let beta = parts.first.flatMap({ Double($0) }) else { return nil }
            (self.key, self.beta) = (String(key), beta)
            sweeps = parts.dropFirst().first.flatMap { $0.split(separator: " ").first.flatMap { Int($0) } }
        }

        var title: String { String(format: "β = %g", beta) + (sweeps.map { ", \($0) sweeps" } ?? "") }
    }

    /// The read-outs that these records have, by β, then by sweeps, the profile's own first.
    func readOuts(_ records: [CellRecord]) -> [ReadOut] {
        let keys = Set(records.flatMap { $0.values.keys.compactMap { $0.split(separator: "@").dropFirst().first } })
        return keys.compactMap { ReadOut($0) }.sorted { ($0.beta, $0.sweeps ?? 0) < ($1.beta, $1.sweeps ?? 0) }
    }

    private func scores(_ records: [CellRecord], _ suffix: String, spread: Bool = true) -> [String] {
        [
            text(records, "mmd\(suffix)", 4, spread: spread),
            text(records, "exponentialMMD\(suffix)", 2, scale: 1e4, spread: spread),
            text(records, "wasserstein\(suffix)", 3, spread: spread),
        ]
    }

    private func text(
        _ records: [CellRecord], _ name: String, _ decimals: Int, scale: Double = 1, spread: Bool = true
    ) -> String {
        guard let statistics = SampleStatistics(records.compactMap { $0.values[name].map { $0 * scale } }) else {
            return "–"
        }
        return spread ? statistics.text(decimals) : String(format: "%.\(decimals)f", statistics.mean)
    }
}
