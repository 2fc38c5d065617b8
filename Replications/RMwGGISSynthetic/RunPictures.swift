import Experiments
import Figures
import Foundation

extension RMwGGISSynthetic {
    /// For each d, `contact-sheet-d….png`: the heat maps, a row a method (the table's order), a column a data set,
    /// first seeds. For each data set and d, `chart-mmd-….png` and `chart-wasserstein-….png`: the released metric and
    /// the Wasserstein distance against iterations, where a cell was evaluated more than once; and
    /// `chart-sweeps-….png`, where it was read out after several numbers of sweeps. The lines are means over seeds, the
    /// bands go from the lowest to the highest.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        let finished = records.filter { $0.status == .finished }
        for group in finished.grouped(by: ["d"]) { try writeContactSheet(group, in: folder) }
        for group in finished.grouped(by: ["data", "d"]) {
            for (metric, title) in [("mmd", "MMD (released)"), ("wasserstein", "sliced Wasserstein-1")] {
                try writeCurves(group, metric, title, in: folder)
            }
            try writeSweeps(group, in: folder)
        }
    }

    private func writeContactSheet(_ group: CellGroup, in folder: RunFolder) throws {
        let methods = group.records.grouped(by: ["variant", "method"])
        let sets = group.records.grouped(by: ["data"])
        var images: [Image] = []
        for method in methods {
            for set in sets {
                let record = method.records.first { $0.cell.label("data") == set.labels[0] }
                let picture = record.map { folder.cell($0.cell.id).url.appendingPathComponent("heatmap.png") }
                let isThere = picture.map { FileManager.default.fileExists(atPath: $0.path) } ?? false
                images.append(
                    isThere ? try Image(png: picture!) : try Image(width: 1, height: 1, channels: 1, pixels: [255]))
            }
        }
        let text = [
            (key: "Title", value: "exp(-E) on the plane, d = \(group.labels[0])"),
            (key: "Rows", value: methods.map { $0.labels.joined(separator: " ") }.joined(separator: "; ")),
            (key: "Columns", value: sets.map { $0.labels[0] }.joined(separator: "; ")),
        ]
        try atomically(replacing: folder.url.appendingPathComponent("contact-sheet-d\(group.labels[0]).png")) {
            try Image.grid(of: images, columns: sets.count, padding: 6).writePNG(to: $0, text: text)
        }
    }

    private func writeCurves(_ group: CellGroup, _ metric: String, _ title: String, in folder: RunFolder) throws {
        var series: [Chart.Series] = []
        for method in group.records.grouped(by: ["variant", "method"]) {
            let curves = try method.records.map { try folder.cell($0.cell.id).logged(metric) }
            guard let iterations = curves.map({ $0.map(\.iteration) }).max(by: { $0.count < $1.count }),
                iterations.count > 1
            else { continue }
            let values = iterations.map { iteration in
                curves.flatMap { curve in curve.filter { $0.iteration == iteration }.map(\.value) }
            }
            series.append(try .init(over: values, x: iterations.map(Double.init), method.labels.joined(separator: " ")))
        }
        guard !series.isEmpty else { return }
        let chart = Chart(
            title: group.labels.joined(separator: ", d = "), x: .init("iteration"), y: .init(title), series: series)
        try chart.draw(named: "chart-\(metric)-\(group.labels.joined(separator: "-"))", in: folder.url)
    }

    private func writeSweeps(_ group: CellGroup, in folder: RunFolder) throws {
        var series: [Chart.Series] = []
        for method in group.records.grouped(by: ["variant", "method"]) {
            let others = readOuts(method.records).filter { $0.sweeps != nil }
            for beta in Set(others.map(\.beta)).sorted() {
                let ofBeta = others.filter { $0.beta == beta }
                let values = ofBeta.map { readOut in
                    method.records.compactMap { $0.values["wasserstein@\(readOut.key)"] }
                }
                series.append(
                    try .init(
                        over: values, x: ofBeta.map { Double($0.sweeps!) },
                        "\(method.labels.joined(separator: " ")), β = \(String(format: "%g", beta))"))
            }
        }
        guard !series.isEmpty else { return }
        let chart = Chart(
            title: group.labels.joined(separator: ", d = "),
            x: .init("sweeps, half of them annealed", isLogarithmic: true),
            y: .init("sliced Wasserstein-1"), series: series)
        try chart.draw(named: "chart-sweeps-\(group.labels.joined(separator: "-"))", in: folder.url)
    }
}

extension Chart.Series {
    /// Means of several values at each x, with a band from the lowest to the highest where there is more than one.
    fileprivate init(over values: [[Double]], x: [Double], _ label: String) throws(FigureError) {
        let y = values.map { SampleStatistics($0)?.mean ?? .nan }
        if values.allSatisfy({ $0.count < 2 }) {
            try self.init(label, x: x, y: y)
        } else {
            try self.init(
                label, x: x, y: y, lower: values.map { $0.min() ?? .nan }, upper: values.map { $0.max() ?? .nan })
        }
    }
}
