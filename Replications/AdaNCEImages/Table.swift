import Experiments
import Figures
import Foundation

extension AdaNCEImages {
    /// A row a setting, mean ± standard deviation over seeds.
    public func table(_ records: [CellRecord]) -> Table {
        let present = records.filter { $0.status != .missing }
        let rows = present.grouped(by: ["data", "objective", "normalized", "rejuvenation", "K"]).map { group in
            let finished = group.records.filter { $0.status == .finished }
            func text(_ name: String, _ decimals: Int) -> String {
                SampleStatistics(finished.compactMap { $0.values[name] })?.text(decimals) ?? "–"
            }
            let updates = finished.compactMap { $0.timing?.iterations }.max().map(String.init) ?? "–"
            let times = finished.compactMap { $0.timing?.secondsPerIteration }
            let scores = scoreColumns(present).map { text($0.name, $0.decimals) }
            let diverged = group.records.compactMap { record in
                if case .diverged(let quantity, let iteration) = record.status {
                    return "\(quantity) at update \(iteration)"
                }
                return nil
            }
            return group.labels + [
                "\(finished.count)", updates, text("gradientNorm", 3), text("largestGradientNorm", 2),
                text("energyGap", 4),
                text("gradientVariance", 2), text("gradientSquaredNorm", 2), SampleStatistics(times)?.text(2) ?? "–",
            ] + scores + [diverged.joined(separator: "; ")]
        }
        return Table(
            columns: [
                "data", "objective", "normalised", "R", "K", "seeds", "updates", "ν", "largest ν", "energy gap",
                "tr Cov g", "‖E g‖²",
                "s/update",
            ] + scoreColumns(present).map(\.title) + ["diverged"], rows: rows,
            notes: floors(present) + [Table.missingNote(records)].compactMap { $0 })
    }

    /// The scores that any of the records has; those of a classifier never under the Inception network's names.
    private func scoreColumns(_ records: [CellRecord]) -> [(name: String, title: String, decimals: Int)] {
        ["classifier", ""].flatMap { prefix in
            [
                ("FID@buffer", "FID, buffer", 2), ("FID@fresh", "FID, fresh", 2), ("KID@buffer", "KID, buffer", 3),
                ("IS@buffer", "IS, buffer", 2),
            ].map {
                (name: prefix + $0.0, title: prefix.isEmpty ? $0.1 : "\(prefix)-\($0.1)", decimals: $0.2)
            }
        }.filter { column in records.contains { $0.values[column.name] != nil } }
    }

    /// What the scores are to be held against, from the first cell that has them.
    private func floors(_ records: [CellRecord]) -> [String] {
        guard
            let record = records.first(where: { $0.values["classifierFID@test"] != nil || $0.values["FID@test"] != nil }
            )
        else { return [] }
        let prefix = record.values["FID@test"] != nil ? "" : "classifier"
        let name = prefix.isEmpty ? "" : "\(prefix)-"
        func number(_ key: String, _ decimals: Int) -> String {
            record.values[prefix + key].map { String(format: "%.\(decimals)f", $0) } ?? "–"
        }
        var text =
            "\(name)FID: as many test images \(number("FID@test", 2)), one half of the training images against the other \(number("FID@halves", 3)); "
            + "\(name)IS: test images \(number("IS@test", 2)), training images \(number("IS@training", 2)); \(name)KID: test images \(number("KID@test", 4))"
        if let accuracy = record.values["classifierAccuracy"] {
            text += String(format: "; the classifier's accuracy %.4f", accuracy)
        }
        return [text]
    }

    /// `contact-sheet.png`: the first samples of the buffer, of fresh chains and of long ones, a row a setting, first
    /// seeds; `chart-gradient-norms.png`: ν against updates, a line a setting.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        let finished = records.filter { $0.status == .finished }
        let settings = finished.grouped(by: ["objective", "normalized", "rejuvenation", "K"])
        guard !settings.isEmpty else { return }
        var images: [Image] = []
        var series: [Chart.Series] = []
        let names = settings.map {
            "\($0.labels[0]), K = \($0.labels[3]), R = \($0.labels[2]), normalised: \($0.labels[1])"
        }
        for (name, setting) in zip(names, settings) {
            let cell = folder.cell(setting.records[0].cell.id)
            for picture in ["samples-buffer", "samples-fresh", "samples-long-run"] {
                let url = cell.url.appendingPathComponent("\(picture).png")
                images.append(
                    FileManager.default.fileExists(atPath: url.path)
                        ? try Image(png: url) : try Image(width: 1, height: 1, channels: 1, pixels: [255]))
            }
            let norms = try cell.logged("gradientNorm")
            series.append(try .init(name, x: norms.map { Double($0.iteration) }, y: norms.map(\.value)))
        }
        let text = [
            (key: "Title", value: "samples, a row a setting"), (key: "Rows", value: names.joined(separator: "; ")),
            (key: "Columns", value: "buffer; fresh chains; long chains"),
        ]
        try atomically(replacing: folder.url.appendingPathComponent("contact-sheet.png")) {
            try Image.grid(of: images, columns: 3, padding: 8).writePNG(to: $0, text: text)
        }
        let chart = Chart(
            title: "mean gradient norm along the chain", x: .init("update"), y: .init("ν", isLogarithmic: true),
            series: series)
        try chart.draw(named: "chart-gradient-norms", in: folder.url)
    }
}
