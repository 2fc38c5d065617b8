import Experiments
import Foundation

extension RMwGGISSynthetic {
    /// None of its own: `table` names its columns, which depend on whether there are read-outs.
    public var columns: [Column] { [] }

    /// A row for each cell, with the released evaluation, and one for each β that it was read out at; then, for each data
    /// set and d, what data, independent bits and coin flips score, averaged over the cells.
    public func table(_ records: [CellRecord]) -> Table {
        let hasReadOuts = records.contains { $0.values.keys.contains { $0.hasPrefix("nll@") } }
        var rows: [[String]] = []
        for record in records {
            let labels = ["data", "d", "variant", "method"].map { record.cell.label($0) ?? "" } + ["\(record.cell.seed)"]
            let status: String =
                switch record.status {
                case .missing: "not run"
                case .finished: ""
                case .diverged(let quantity, let iteration): "diverged: \(quantity) at iteration \(iteration)"
                }
            let time = record.timing?.secondsPerIteration.map { String(format: "%.1f", $0 * 1000) } ?? "–"
            rows.append(
                labels + ["20 sweeps", text(record, "loss", 3)] + scores(record, "")
                    + (hasReadOuts ? ["", ""] : []) + [time, status])
            let betas = record.values.keys.compactMap { $0.hasPrefix("nll@") ? Double($0.dropFirst(4)) : nil }.sorted()
            for beta in betas {
                let error = record.values["nllError@\(beta)"].map { String(format: " ± %.2f", $0) } ?? ""
                rows.append(
                    labels + [String(format: "β = %g", beta), ""] + scores(record, "@\(beta)")
                        + [text(record, "nll@\(beta)", 3) + error, text(record, "kl@\(beta)", 3), "", ""])
            }
        }
        var seen: [[String]] = []
        for record in records {
            let set = [record.cell.label("data") ?? "", record.cell.label("d") ?? ""]
            guard !seen.contains(set) else { continue }
            seen.append(set)
            let same = records.filter {
                $0.status == .finished && [$0.cell.label("data") ?? "", $0.cell.label("d") ?? ""] == set
            }
            guard !same.isEmpty else { continue }
            for control in Control.allCases {
                func mean(_ name: String) -> Double {
                    same.reduce(0) { $0 + ($1.values[name + control.rawValue] ?? .nan) } / Double(same.count)
                }
                let entropy = control == .data ? same.compactMap { $0.values["entropy"] }.first : nil
                rows.append(
                    set + ["", control.title, "", "", ""]
                        + [
                            String(format: "%.4f", mean("mmd")), String(format: "%.2f", mean("exponentialMMD") * 1e4),
                            String(format: "%.3f", mean("wasserstein")),
                        ] + (hasReadOuts ? [entropy.map { String(format: "%.3f", $0) } ?? "", ""] : []) + ["", ""])
            }
        }
        let missing = records.filter { $0.status == .missing }.map { "\($0.cell.index)" }
        var columns = [
            "data", "d", "variant", "method", "seed", "read out", "loss", "MMD (released)", "exponential MMD ·10⁴", "Wasserstein",
        ]
        if hasReadOuts { columns += ["test NLL", "KL"] }
        columns += ["ms/iteration", "status"]
        if rows.allSatisfy({ $0.last == "" }) {
            columns.removeLast()
            rows = rows.map { Array($0.dropLast()) }
        }
        return Table(
            columns: columns, rows: rows,
            notes: missing.isEmpty
                ? [] : ["\(missing.count) of \(records.count) cells have not run: --cells \(missing.joined(separator: ","))"])
    }

    private func scores(_ record: CellRecord, _ suffix: String) -> [String] {
        [
            text(record, "mmd\(suffix)", 4), text(record, "exponentialMMD\(suffix)", 2, scale: 1e4),
            text(record, "wasserstein\(suffix)", 3),
        ]
    }

    private func text(_ record: CellRecord, _ name: String, _ decimals: Int, scale: Double = 1) -> String {
        record.values[name].map { String(format: "%.\(decimals)f", $0 * scale) } ?? "–"
    }
}
