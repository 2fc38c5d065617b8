import ReplicationShared
import Experiments
import Figures
import Foundation

extension ScoreMatchingDensities {
    static func tables(_ records: [CellRecord]) -> PartTables<Part> { PartTables(records) { table(of: $0, $1) } }

    /// The first part that was run; the others stand in files of their own.
    public func table(_ records: [CellRecord]) -> Table { Self.tables(records).first }

    /// A row a setting, means ± standard deviations over seeds.
    private static func table(of part: Part, _ records: [CellRecord]) -> Table {
        switch part {
        case .learning:
            return Table(
                columns: [
                    "target", "objective", "KL(p‖p_θ)", "Fisher divergence", "TV", "log Z", "mass outside",
                    "MALA accepts", "HMC accepts", "ms/iteration", "seconds", "diverged",
                ],
                rows: records.rows(
                    by: ["target", "objective"],
                    ["KL", "fisher", "TV", "logZ", "massOutside", "acceptance@MALA", "acceptance@HMC"]
                ) { group in
                    let diverged = group.records.compactMap { record in
                        if case .diverged(let quantity, let iteration) = record.status {
                            return "\(quantity) at iteration \(iteration)"
                        }
                        return nil
                    }
                    return [
                        meanAndSpread(group.records.compactMap { $0.timing?.secondsPerIteration.map { 1000 * $0 } }),
                        meanAndSpread(group.records.compactMap { $0.timing?.iterationSeconds }),
                        diverged.joined(separator: "; "),
                    ]
                },
                notes: [
                    "By quadrature on the target's box; mass outside: of the model's, in a box twice as long and high."
                ])
        case .oneStep:
            return Table(
                columns: [
                    "target", "ratio", "angle", "error", "slope of angle", "slope of error", "error, one draw",
                    "its slope",
                ],
                rows: records.rows(
                    by: ["target"],
                    [
                        "ratio at the least step", "angle at the least step", "error at the least step",
                        "slope of angle", "slope of error",
                        "error@draw at the least step", "slope of error@draw",
                    ]),
                notes: [
                    "2/ε² times the gradient of contrastive divergence against that of score matching, at the least ε; slopes over the three least."
                ])
        case .traces:
            return Table(
                columns: [
                    "d", "estimator", "exact loss", "‖s‖²", "trace", "variance", "bias, standard errors",
                    "E(vᵀs)²/‖s‖²", "ms/gradient",
                ],
                rows: records.rows(
                    by: ["d", "estimator"],
                    [
                        "exactLoss", "squaredScore", "trace", "variance", "bias in standard errors",
                        "projectedOverSquared",
                    ]
                ) { group in
                    [meanAndSpread(group.records.compactMap { $0.timing?.secondsPerIteration.map { 1000 * $0 } })]
                },
                notes: ["Variance over the directions v, one for each point, averaged over the points."])
        case .noise:
            return Table(
                columns: [
                    "target", "σ", "KL(noisy‖p_θ)", "KL(p‖p_θ)", "Fisher, noisy", "Fisher, p", "TV, noisy", "TV, p",
                ],
                rows: records.rows(
                    by: ["target", "sigma"], ["KL", "KL@clean", "fisher", "fisher@clean", "TV", "TV@clean"]))
        }
    }

    /// `table-….md` of each part; `densities.png`, a row a target and a column an objective, of the first seed;
    /// `chart-one-step-….png`, `chart-variance.png`, `chart-cost.png`, `chart-noise.png`, means over seeds.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        try Self.tables(records).write(in: folder) { part, all, finished in
            switch part {
            case .learning: try folder.drawDensities(all, rows: "target", columns: "objective")
            case .oneStep: try drawOneStep(finished, in: folder)
            case .traces: try drawTraces(finished, in: folder)
            case .noise: try drawNoise(finished, in: folder)
            }
        }
    }

    private func drawOneStep(_ records: [CellRecord], in folder: RunFolder) throws {
        for (quantity, title) in [
            ("error", "error of 2/ε² CD gradient against score matching's"),
            ("angle", "angle between the two, radians"),
        ] {
            let series = try records.flatMap { record in
                let logs = folder.cell(record.cell.id)
                let steps = try logs.logged("step").map(\.value)
                return try [("in expectation", quantity), ("one draw", "\(quantity)@draw")].map { name, key in
                    try Chart.Series(
                        "\(record.cell.label("target")!), seed \(record.cell.seed), \(name)", x: steps,
                        y: logs.logged(key).map(\.value))
                }
            }
            let chart = Chart(
                title: title, x: .init("ε", isLogarithmic: true), y: .init(quantity, isLogarithmic: true),
                series: series)
            try chart.draw(named: "chart-one-step-\(quantity)", in: folder.url)
        }
    }

    private func drawTraces(_ records: [CellRecord], in folder: RunFolder) throws {
        func draw(_ name: String, _ title: String, _ axis: String, _ value: (CellRecord) -> Double?) throws {
            let series = try records.grouped(by: ["estimator"]).compactMap {
                try $0.records.series($0.labels[0], against: "d", value)
            }
            guard !series.isEmpty else { return }
            let chart = Chart(
                title: title, x: .init("d", isLogarithmic: true), y: .init(axis, isLogarithmic: true), series: series)
            try chart.draw(named: name, in: folder.url)
        }
        try draw("chart-variance", "variance of the loss at a point, one direction", "variance") {
            $0.values["variance"]
        }
        try draw("chart-cost", "a gradient of the loss", "milliseconds") {
            $0.timing?.secondsPerIteration.map { 1000 * $0 }
        }
    }

    private func drawNoise(_ records: [CellRecord], in folder: RunFolder) throws {
        let series = try [("from the data with noise", "KL"), ("from the data", "KL@clean")].compactMap { name, key in
            try records.series("KL \(name)", against: "sigma") { $0.values[key] }
        }
        let chart = Chart(
            title: "what denoising learns", x: .init("σ", isLogarithmic: true),
            y: .init("KL, nats", isLogarithmic: true), series: series)
        try chart.draw(named: "chart-noise", in: folder.url)
    }
}
