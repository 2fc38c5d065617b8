import Experiments
import Figures
import Foundation

extension RMwGGISIsing {
    /// For each data set of the learning part, of the first seeds: `chart-rmse-….png`, the error of aJ of the fit
    /// without penalty against seconds, and `couplings-….png`, the cells' pictures of true and learnt J in the table's
    /// order, three a row. For each of the sampling part: `chart-sampling-….png`, the error of the means against steps.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        let finished = records.filter { $0.status == .finished }
        for group in finished.grouped(by: ["part", "data"]) {
            let seed = group.records.map(\.cell.seed).min()!
            let first = group.records.filter({ $0.cell.seed == seed }).grouped(by: ["part", "data"])[0]
            switch Part(rawValue: group.labels[0])! {
            case .learning:
                try writeErrors(first, in: folder)
                try writeCouplings(first, in: folder)
            case .sampling: try writeMeans(first, in: folder)
            }
        }
    }

    private func writeErrors(_ group: CellGroup, in folder: RunFolder) throws {
        var series: [Chart.Series] = []
        for record in group.records {
            guard let seconds = record.timing?.secondsPerIteration else { continue }
            let curve = try folder.cell(record.cell.id).logged("lnRMSEScaled")
            series.append(
                try .init(
                    record.cell.label("method")!, x: curve.map { Double($0.iteration) * seconds }, y: curve.map(\.value)
                ))
        }
        guard !series.isEmpty else { return }
        let chart = Chart(
            title: "\(group.labels[1]), no penalty", x: .init("seconds", isLogarithmic: true),
            y: .init("ln RMSE of aJ"), series: series)
        try chart.draw(named: "chart-rmse-\(group.labels[1])", in: folder.url)
    }

    private func writeCouplings(_ group: CellGroup, in folder: RunFolder) throws {
        let pictures = group.records.map { ($0, folder.cell($0.cell.id).url.appendingPathComponent("couplings.png")) }
            .filter { FileManager.default.fileExists(atPath: $0.1.path) }
        guard !pictures.isEmpty else { return }
        let sheet = try Image.grid(of: pictures.map { try Image(png: $0.1) }, columns: 3, padding: 6)
        let text = [
            (key: "Title", value: "true J and learnt J, \(group.labels[1])"),
            (key: "Order", value: pictures.map { $0.0.cell.label("method")! }.joined(separator: "; ")),
        ]
        try atomically(replacing: folder.url.appendingPathComponent("couplings-\(group.labels[1]).png")) {
            try sheet.writePNG(to: $0, text: text)
        }
    }

    private func writeMeans(_ group: CellGroup, in folder: RunFolder) throws {
        let series = try group.records.map { record in
            let curve = try folder.cell(record.cell.id).logged("lnRMSE")
            return try Chart.Series(
                record.cell.label("method")!, x: curve.map { Double($0.iteration) }, y: curve.map(\.value))
        }
        let chart = Chart(
            title: "means of the spins, \(group.labels[1])", x: .init("steps"), y: .init("ln RMSE, mean over chains"),
            series: series)
        try chart.draw(named: "chart-sampling-\(group.labels[1])", in: folder.url)
    }
}
