import Experiments
import Figures
import Foundation

extension OuBoltzmann {
    /// `table-estimators.md` and `table-learning.md`; for each d and model of the first part `chart-loss-….png` and
    /// `chart-gradient-….png`, the errors of the estimates against s; for each d `chart-curvature-….png`, what guidance
    /// leaves of the uniform proposal's gradient variance at the median point against the weights' scale; for each d
    /// and n of the second `chart-iterations-….png` and `chart-seconds-….png`, KL at the method's own β. Lines are
    /// means over seeds; those of the second part have a band from the lowest to the highest.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        let finished = records.filter { $0.status == .finished }
        let estimates = Self.part(.estimators, of: finished)
        if !estimates.isEmpty {
            try Self.write(Self.estimatesTable(records), "table-estimators.md", in: folder)
            for group in estimates.grouped(by: ["d", "model", "scale"]) {
                try writeErrors(group, "loss", [.uniform, .guided, .optimal, .unweighted, .surrogate], in: folder)
                try writeErrors(group, "gradient", FlipEstimator.allCases, in: folder)
            }
            for group in estimates.grouped(by: ["d"]) { try writeCurvature(group, in: folder) }
        }
        let learning = Self.part(.learning, of: finished)
        if !learning.isEmpty {
            try Self.write(Self.learningTable(Self.part(.learning, of: records)), "table-learning.md", in: folder)
            for group in learning.grouped(by: ["d", "n"]) { try writeCurves(group, in: folder) }
        }
    }

    private static func write(_ table: Table, _ name: String, in folder: RunFolder) throws {
        try atomically(replacing: folder.url.appendingPathComponent(name), by: Data(table.markdown.utf8))
    }

    /// What some cells logged under a name: the iterations, and at each the cells' values; as far as all of their logs
    /// go.
    private static func logged(
        _ name: String, _ records: [CellRecord], _ folder: RunFolder
    ) throws -> (iterations: [Double], values: [[Double]]) {
        let curves = try records.map { try folder.cell($0.cell.id).logged(name) }
        let length = curves.map(\.count).min() ?? 0
        return (
            curves[0].prefix(length).map { Double($0.iteration) }, (0..<length).map { i in curves.map { $0[i].value } }
        )
    }

    private func writeErrors(
        _ group: CellGroup, _ quantity: String, _ estimators: [FlipEstimator], in folder: RunFolder
    ) throws {
        let series = try estimators.map { estimator in
            let (flips, values) = try Self.logged("\(quantity).\(estimator.rawValue)", group.records, folder)
            let means = values.map { SampleStatistics($0)!.mean }
            // What rounding leaves of 0 has no place on a logarithmic axis.
            return try Chart.Series(estimator.rawValue, x: flips, y: means.map { $0 < 1e-12 ? .nan : $0 })
        }
        let name = "\(group.labels[1]), scale \(group.labels[2]), d = \(group.labels[0])"
        try Chart(
            title: "error of the \(quantity) estimate: \(name)", x: .init("s, flips a point", isLogarithmic: true),
            y: .init("relative mean-squared error", isLogarithmic: true), series: series
        ).draw(named: "chart-\(quantity)-d\(group.labels[0])-\(group.labels[1])-\(group.labels[2])", in: folder.url)
    }

    private func writeCurvature(_ group: CellGroup, in folder: RunFolder) throws {
        let series = try group.records.grouped(by: ["model"]).map { model in
            let scales = model.records.grouped(by: ["scale"])
            return try Chart.Series(
                model.labels[0], x: scales.map { Double($0.labels[0])! },
                y: scales.map {
                    SampleStatistics($0.records.compactMap { $0.values["gradientVarianceRatioMedian"] })?.mean ?? .nan
                })
        }
        try Chart(
            title: "gradient variance at the median point, guided over uniform, d = \(group.labels[0])",
            x: .init("scale of the weights", isLogarithmic: true),
            y: .init("ratio", isLogarithmic: true), series: series
        ).draw(named: "chart-curvature-d\(group.labels[0])", in: folder.url)
    }

    private func writeCurves(_ group: CellGroup, in folder: RunFolder) throws {
        var byIteration: [Chart.Series] = [], bySecond: [Chart.Series] = []
        for method in group.records.grouped(by: ["method"]) {
            let (iterations, values) = try Self.logged("klReadOut", method.records, folder)
            let means = values.map { SampleStatistics($0)!.mean }
            let (lower, upper) = (values.map { $0.min()! }, values.map { $0.max()! })
            byIteration.append(try .init(method.labels[0], x: iterations, y: means, lower: lower, upper: upper))
            let times = method.records.compactMap { $0.timing?.secondsPerIteration }
            if let seconds = SampleStatistics(times)?.mean {
                bySecond.append(
                    try .init(
                        method.labels[0], x: iterations.map { $0 * seconds }, y: means, lower: lower, upper: upper))
            }
        }
        let title = "a Boltzmann machine of \(group.labels[0]) bits from \(group.labels[1]) points"
        let y = Chart.Axis("KL(truth‖model) at the method's own β, nats", isLogarithmic: true)
        let name = "d\(group.labels[0])-n\(group.labels[1])"
        try Chart(title: title, x: .init("iteration"), y: y, series: byIteration).draw(
            named: "chart-iterations-\(name)", in: folder.url)
        if !bySecond.isEmpty {
            try Chart(
                title: title, x: .init("seconds of training, one thread", isLogarithmic: true), y: y, series: bySecond
            )
            .draw(named: "chart-seconds-\(name)", in: folder.url)
        }
    }
}
