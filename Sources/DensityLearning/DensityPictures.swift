import EnergyModels
import Experiments
import Figures
import Foundation
import Torch

extension CellContext {
    /// `density.png`: the model's density, cut at the largest value of the truth's, and the truth beside it, on one
    /// scale.
    ///
    /// - Throws: `QuadratureError` for energies that are not finite, and what writing throws.
    package func writeDensities(_ model: some EnergyModel, beside truth: any Density, on grid: QuadratureGrid) throws {
        let side = 120
        let picture = try QuadratureGrid(x: grid.x, y: grid.y, columns: side, rows: side)
        let energies = try picture.energies(of: model)
        let learnt = (-energies - picture.logIntegral(-energies)).exp().array(Double.self)
        let known = (-(try picture.energies(of: truth))).exp().array(Double.self)
        let most = known.max()!
        try writeMaps(learnt.map { min($0, most) }, beside: known, side: side, named: "density")
    }

    /// A PNG of two square maps side by side, on one scale: what is learnt, and the truth. Rows run upwards.
    package func writeMaps(_ learnt: [Double], beside truth: [Double], side: Int, named name: String) throws {
        // The picture's rows run downwards.
        let values = (0..<side).reversed().flatMap { row -> [Double] in
            let range = row * side..<(row + 1) * side
            return Array(learnt[range] + truth[range])
        }
        let text = [(key: "Title", value: cell.id), (key: "Columns", value: "learnt; true")]
        try atomically(replacing: directory.appendingPathComponent("\(name).png")) {
            try Image.heatMap(values: values, rows: side, columns: 2 * side).writePNG(to: $0, text: text)
        }
    }
}

extension RunFolder {
    /// `densities.png`: the first seed's `density.png` of the cells, a row for each value of one label and a column for
    /// each of another.
    package func drawDensities(_ records: [CellRecord], rows: String, columns: String) throws {
        let groups = records.grouped(by: [rows])
        let names = records.grouped(by: [columns]).map { $0.labels[0] }
        let images = try groups.flatMap { group in
            try names.map { name in
                let found = group.records.first { $0.cell.label(columns) == name && $0.status == .finished }
                return try found.map { try Image(png: cell($0.cell.id).url.appendingPathComponent("density.png")) }
                    ?? Image(width: 1, height: 1, channels: 1, pixels: [255])
            }
        }
        let text = [
            (key: "Title", value: "densities, learnt beside true"),
            (key: "Rows", value: groups.map { $0.labels[0] }.joined(separator: "; ")),
            (key: "Columns", value: names.joined(separator: "; ")),
        ]
        try atomically(replacing: url.appendingPathComponent("densities.png")) {
            try Image.grid(of: images, columns: names.count, padding: 6).writePNG(to: $0, text: text)
        }
    }
}
