import Experiments
import Foundation

extension RMwGGISIsing {
    /// The learning part: for each data set the error of J = 0 and that of maximum likelihood of independent spins,
    /// then a row a method, as mean ± standard deviation over its seeds. Below it, as a second table, the sampling
    /// part.
    public func table(_ records: [CellRecord]) -> Table {
        let present = records.filter { $0.status != .missing }
        let sampling = samplingTable(present.filter { $0.cell.label("part") == Part.sampling.rawValue })
        var table = learningTable(present.filter { $0.cell.label("part") == Part.learning.rawValue })
        table.notes = [
            "ln RMSE: natural logarithm of the root mean square over all D² ordered entries of J in the convention log p̃ = sᵀJs, which counts "
                + "each edge twice (half of the coupling of this library, which counts it once). a: 4 for squared ratios, 1 for the others."
        ]
        if !sampling.rows.isEmpty { table.notes += ["", "Sampling:", "", sampling.markdown] }
        if let missing = Table.missingNote(records) { table.notes.append(missing) }
        return table
    }

    private func learningTable(_ records: [CellRecord]) -> Table {
        let isPenalised = records.contains { $0.values["penalty"] != nil }
        var columns = ["data", "method", "seeds", "ln RMSE of J", "of aJ", "slope", "edge AUC"]
        if isPenalised { columns += ["L1 λ", "ln RMSE of aJ", "slope", "edge AUC"] }
        columns += ["iterations", "s a fit", "MB", "status"]
        var rows: [[String]] = []
        for data in records.grouped(by: ["data"]) {
            let finished = data.records.filter { $0.status == .finished }
            for (title, value) in [("J = 0", "lnRMSEBaseline"), ("s.e. of independent spins", "lnRMSEIndependent")] {
                // The same for every method of a seed.
                let bySeed = Dictionary(
                    finished.compactMap { record in record.values[value].map { (record.cell.seed, $0) } }
                ) { $1 }
                let statistics = SampleStatistics(bySeed.sorted { $0.key < $1.key }.map(\.value))
                let blanks = [String](repeating: "", count: columns.count - 4)
                rows.append(data.labels + [title, "", statistics?.text(2) ?? "–"] + blanks)
            }
            for group in data.records.grouped(by: ["data", "method"]) { rows.append(row(group, isPenalised)) }
        }
        if rows.allSatisfy({ $0.last == "" }) {
            columns.removeLast()
            rows = rows.map { Array($0.dropLast()) }
        }
        return Table(columns: columns, rows: rows)
    }

    private func row(_ group: CellGroup, _ isPenalised: Bool) -> [String] {
        let finished = group.records.filter { $0.status == .finished }
        func text(_ name: String, _ decimals: Int) -> String {
            SampleStatistics(finished.compactMap { $0.values[name] })?.text(decimals) ?? "–"
        }
        let seconds = finished.compactMap { record in
            record.timing?.secondsPerIteration.flatMap { perIteration in
                record.values["iterations"].map { $0 * perIteration }
            }
        }
        let memory = finished.compactMap { record in record.timing.map { Double($0.peakMemory) / 1e6 } }.max()
        let status = group.records.compactMap { record in
            if case .diverged(let quantity, let iteration) = record.status {
                return "seed \(record.cell.seed) diverged: \(quantity) at iteration \(iteration)"
            }
            return nil
        }
        var row =
            group.labels + [
                "\(finished.count)", text("lnRMSE", 2), text("lnRMSEScaled", 2), text("slope", 3), text("edgeArea", 3),
            ]
        if isPenalised {
            row += [text("penalty", 3), text("lnRMSEScaled@l1", 2), text("slope@l1", 3), text("edgeArea@l1", 3)]
        }
        row += [
            text("iterations", 0), SampleStatistics(seconds)?.text(2) ?? "–",
            memory.map { String(format: "%.0f", $0) } ?? "–",
            status.joined(separator: "; "),
        ]
        return row
    }

    private func samplingTable(_ records: [CellRecord]) -> Table {
        let rows = records.grouped(by: ["data", "method"]).map { group in
            let finished = group.records.filter { $0.status == .finished }
            func text(_ decimals: Int, _ value: (CellRecord) -> Double?) -> String {
                SampleStatistics(finished.compactMap(value))?.text(decimals) ?? "–"
            }
            func perSecond(_ name: String) -> (CellRecord) -> Double? {
                { record in
                    guard let seconds = record.timing?.iterationSeconds, seconds > 0 else { return nil }
                    return record.values[name].map { $0 / seconds / (1 - Sampling.burnIn) }
                }
            }
            return group.labels + [
                "\(finished.count)", text(3) { $0.values["acceptance"] }, text(3) { $0.values["hop"] },
                text(1) { $0.values["ess"] },
                text(1) { $0.values["essMedian"] }, text(1) { $0.values["essHamming"] },
                text(2) { $0.values["lnRMSEMean"] },
                text(2) { $0.values["log10MSE"] }, text(2) { $0.timing.map { $0.iterationSeconds * 1000 } },
                text(0, perSecond("ess")), text(0, perSecond("essHamming")),
            ]
        }
        return Table(
            columns: [
                "data", "sampler", "seeds", "acceptance", "hop", "ESS (sites)", "median", "ESS (Hamming)", "ln RMSE",
                "log10 MSE",
                "ms, all steps", "ESS (sites) a second", "ESS (Hamming) a second",
            ], rows: rows)
    }
}
