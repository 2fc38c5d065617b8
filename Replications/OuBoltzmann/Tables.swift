import Experiments
import Foundation

extension OuBoltzmann {
    /// The learning table, or that of the estimates where no cell of the other part is asked for. `pictures` writes
    /// both.
    public func table(_ records: [CellRecord]) -> Table {
        let learning = Self.part(.learning, of: records)
        var table = learning.isEmpty ? Self.estimatesTable(records) : Self.learningTable(learning)
        if let note = Table.missingNote(records) { table.notes.append(note) }
        return table
    }

    /// A row a model: relative mean-squared errors of one flip's estimates, and what is biased by how much; mean ±
    /// standard deviation over the seeds.
    static func estimatesTable(_ records: [CellRecord]) -> Table {
        let rows = (part(.estimators, of: records).filter { $0.status == .finished }).grouped(by: [
            "d", "model", "scale",
        ]).map { group in
            func text(_ name: String) -> String {
                let values = group.records.compactMap { $0.values[name] }
                guard let statistics = SampleStatistics(values) else { return "–" }
                return number(statistics.mean) + (statistics.standardDeviation.map { " ± " + number($0) } ?? "")
            }
            return group.labels + ["\(group.records.count)"]
                + [
                    "proposalDistance", "lossError.uniform", "lossError.guided", "lossError.optimal",
                    "gradientError.uniform",
                    "gradientError.guided", "gradientError.optimal", "gradientError.gradient-optimal",
                    "gradientVarianceRatioMedian",
                    "guidedWorse", "surrogateBiasPoints", "surrogateBiasEnumerated", "surrogateBiasSharpened",
                    "unweightedTurnPoints",
                    "unweightedTurnEnumerated", "unweightedTurnSharpened", "pointsTurn",
                ].map(text)
        }
        return Table(
            columns: [
                "d", "model", "scale", "seeds", "TV(ñ, n*)", "loss: uniform", "guided", "optimal", "gradient: uniform",
                "guided",
                "optimal", "gradient-optimal", "guided/uniform, median", "guided worse", "eq. 12 bias: points", "p",
                "p²",
                "unweighted turn: points", "p", "p²", "points from p",
            ], rows: rows,
            notes: [
                "Mean-squared errors of one flip (s = 1), relative to each point's exact loss or gradient squared; s flips: 1/s of it. "
                    + "Guided/uniform: the ratio of gradient variances at the median point; guided worse: share of the points where it "
                    + "exceeds 1. Bias: relative distance from the exact gradient, on the points and in expectation over p and over p². Turn: sine of the angle to it; the unweighted form's "
                    + "length depends on s alone. Points from p: the same for the exact gradients on the points and over p.",
                "The weighted estimates (uniform, guided, optimal) have no bias: their gradient in expectation is the exact one.",
            ])
    }

    /// A row for each d, n and method, as mean ± standard deviation over the seeds. The floor is maximum likelihood on
    /// the same data.
    static func learningTable(_ records: [CellRecord]) -> Table {
        let rows = (records.filter { $0.status != .missing }).grouped(by: ["d", "n", "method"]).map {
            group -> [String] in
            let finished = group.records.filter { $0.status == .finished }
            func text(_ decimals: Int, _ value: (CellRecord) -> Double?) -> String {
                SampleStatistics(finished.compactMap(value))?.text(decimals) ?? "–"
            }
            let status = group.records.compactMap { record in
                if case .diverged(let quantity, let iteration) = record.status {
                    return "seed \(record.cell.seed) diverged: \(quantity) at iteration \(iteration)"
                }
                return nil
            }
            let overFloor = text(2) { record in
                let floor = records.first {
                    $0.cell.seed == record.cell.seed && $0.cell.label("method") == Method.maximumLikelihood.rawValue
                        && $0.cell.label("d") == record.cell.label("d") && $0.cell.label("n") == record.cell.label("n")
                }
                guard let own = record.values["klReadOut"], let least = floor?.values["kl"] else { return nil }
                return own / least
            }
            let readOut = Method(rawValue: group.labels[2])!.readOut
            return group.labels + [
                "\(finished.count)", text(4) { $0.values["kl"] }, String(format: "%g", readOut),
                text(4) { $0.values["klReadOut"] },
                overFloor, text(2) { $0.values["bestBeta"] }, text(4) { $0.values["klBest"] },
                text(4) { $0.values["rmse"] },
                text(4) { $0.values["rmseReadOut"] }, text(3) { $0.values["slope"] },
                SampleStatistics(finished.compactMap { $0.values["gradientNorm"] }).map { number($0.mean) } ?? "–",
                text(2) { $0.timing?.secondsPerIteration.map { $0 * 1000 } }, status.joined(separator: "; "),
            ]
        }
        var columns = [
            "d", "n", "method", "seeds", "KL, β = 1", "own β", "KL, own β", "over ML", "best β", "KL, best β",
            "RMSE, β = 1",
            "RMSE, own β", "slope", "gradient norm", "ms/iteration", "status",
        ]
        guard rows.allSatisfy({ $0.last == "" }) else { return Table(columns: columns, rows: rows) }
        columns.removeLast()
        return Table(columns: columns, rows: rows.map { Array($0.dropLast()) })
    }

    static func part(_ part: Part, of records: [CellRecord]) -> [CellRecord] {
        records.filter { $0.cell.label("part") == part.rawValue }
    }

    /// Two significant digits; what rounding leaves of 0 is 0.
    private static func number(_ value: Double) -> String { abs(value) < 1e-12 ? "0" : String(format: "%.2g", value) }
}
