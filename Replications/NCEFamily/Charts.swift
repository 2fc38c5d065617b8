import ReplicationShared
import Experiments
import Figures
import Foundation

extension NCEFamily {
    /// `table-….md` of each part; `densities.png`, a row a target and a column a method, of the first seed; and charts,
    /// means over seeds: `chart-dimension`, `chart-noise-shift`, `chart-noise-scale`, `chart-bandwidth`,
    /// `chart-bandwidth-kl`, `chart-sampling-…`, `chart-stein-…`.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        try Self.tables(records).write(in: folder) { part, all, finished in
            switch part {
            case .claims: try folder.drawDensities(all, rows: "target", columns: "method")
            case .dimension: try drawDimensions(finished, in: folder)
            case .noise: try drawNoise(finished, in: folder)
            case .bandwidth: try drawBandwidths(finished, in: folder)
            case .discriminator: break
            case .sampling: try drawSampling(finished, in: folder)
            case .stein: try drawPower(finished, in: folder)
            }
        }
    }

    private func drawDimensions(_ records: [CellRecord], in folder: RunFolder) throws {
        var series = try records.grouped(by: ["method"]).compactMap {
            try $0.records.series($0.labels[0], against: "d") { $0.values["KL"] }
        }
        if let gaussian = try records.series("Gaussian", against: "d", { $0.values["KL@gaussian"] }) {
            series.append(gaussian)
        }
        let chart = Chart(
            title: "what is learnt of a product", x: .init("d", isLogarithmic: true),
            y: .init("KL, nats", isLogarithmic: true), series: series)
        try chart.draw(named: "chart-dimension", in: folder.url)
    }

    private func drawNoise(_ records: [CellRecord], in folder: RunFolder) throws {
        for (varied, fixed, value, isLogarithmic) in [("shift", "scale", "1", false), ("scale", "shift", "0", true)] {
            let some = records.filter { $0.cell.label(fixed) == value }
            let series = try [("KL", "KL"), ("JS(data, noise)", "JS")].compactMap { name, key in
                try some.series(name, against: varied) { $0.values[key] }
            }
            guard !series.isEmpty else { continue }
            let chart = Chart(
                title: "noise-contrastive estimation, noise beside the data",
                x: .init("\(varied) of the noise", isLogarithmic: isLogarithmic),
                y: .init("nats", isLogarithmic: true), series: series)
            try chart.draw(named: "chart-noise-\(varied)", in: folder.url)
        }
    }

    private func drawBandwidths(_ records: [CellRecord], in folder: RunFolder) throws {
        func draw(_ name: String, _ title: String, _ axis: String, _ lines: [(String, String)]) throws {
            let series = try lines.compactMap { name, key in
                try records.series(name, against: "sigma") { $0.values[key] }
            }
            let chart = Chart(
                title: title, x: .init("σ, deviations of the data", isLogarithmic: true),
                y: .init(axis, isLogarithmic: true), series: series)
            try chart.draw(named: name, in: folder.url)
        }
        let moments = [
            ("‖E g‖", "gradient"), ("(tr Cov g)^½", "gradient's deviation"), ("their ratio", "signal to noise"),
        ]
        try draw("chart-bandwidth", "conditional form: the gradient before training", "gradient", moments)
        try draw("chart-bandwidth-kl", "conditional form: what is learnt", "KL, nats", [("KL", "KL")])
    }

    private func drawSampling(_ records: [CellRecord], in folder: RunFolder) throws {
        let lines: [(file: String, title: String, axis: String, key: String)] = [
            ("chart-sampling-kl", "self-adapting estimation: what is learnt", "KL, nats", "KL"),
            ("chart-sampling-w1", "self-adapting estimation: draws of what is learnt", "sliced W1 from data", "W1"),
            (
                "chart-sampling-noise", "its gradient's variance over its squared length", "tr Cov g/‖g*‖²",
                "noise to signal"
            ),
            (
                "chart-sampling-bias", "its gradient's squared bias over its squared length", "‖E g − g*‖²/‖g*‖²",
                "bias to signal"
            ),
        ]
        for (file, title, axis, key) in lines {
            let series = try records.grouped(by: ["draws", "psi"]).compactMap { group in
                try group.records.series(group.labels.joined(separator: ", "), against: "K") { $0.values[key] }
            }
            guard !series.isEmpty else { continue }
            let chart = Chart(
                title: title, x: .init("K", isLogarithmic: true), y: .init(axis, isLogarithmic: true), series: series)
            try chart.draw(named: file, in: folder.url)
        }
    }

    private func drawPower(_ records: [CellRecord], in folder: RunFolder) throws {
        for target in records.grouped(by: ["target"]) {
            let series = try target.records.grouped(by: ["n"]).map { n in
                let cells = n.records.sorted { Double($0.cell.label("shift")!)! < Double($1.cell.label("shift")!)! }
                    .grouped(by: ["shift"])
                let means = cells.map {
                    $0.records.compactMap { $0.values["rejected@0.05"] }.reduce(0, +) / Double($0.records.count)
                }
                // Two standard errors of all seeds' tests together.
                let bands = zip(cells, means).map { cell, mean in
                    2 * (mean * (1 - mean) / cell.records.compactMap { $0.values["tests"] }.reduce(0, +)).squareRoot()
                }
                return try Chart.Series(
                    "n = \(n.labels[0])", x: cells.map { Double($0.labels[0])! }, y: means,
                    lower: zip(means, bands).map { $0 - $1 },
                    upper: zip(means, bands).map { $0 + $1 })
            }
            let chart = Chart(
                title: "kernel Stein test at 0.05, \(target.labels[0])", x: .init("shift, deviations of a component"),
                y: .init("share rejected"), series: series)
            try chart.draw(named: "chart-stein-\(target.labels[0])", in: folder.url)
        }
    }
}
