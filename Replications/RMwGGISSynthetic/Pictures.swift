import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import Torch

extension Setting {
    /// The square that the paper's heat maps show.
    private static let range = -4.1...4.1
    private static let cells = 100

    /// `heatmap.png`: softmax of −E over a 100×100 grid on [−4.1, 4.1]²; `samples.png`: data, and samples beside them;
    /// `chart-loss.png`: the logged losses.
    func writePictures(_ model: MLPEnergy, _ evaluation: Evaluation, _ context: CellContext) throws {
        let code = try data().code
        let text = [(key: "Title", value: cell.id), (key: "Software", value: "replicate run rmwggis-synthetic")]
        try atomically(replacing: context.directory.appendingPathComponent("heatmap.png")) {
            try heatMap(model, code).writePNG(to: $0, text: text)
        }

        func density(_ batch: BinaryBatch) throws -> Image {
            try Image.density(
                points: code.points(of: batch.bits), range: Self.range, bins: Self.cells, fullScale: 10,
                magnification: 3)
        }
        let pair = [try density(evaluation.data), try density(evaluation.samples)]
        try atomically(replacing: context.directory.appendingPathComponent("samples.png")) {
            try Image.grid(of: pair, columns: 2, padding: 6).writePNG(to: $0, text: text)
        }

        let losses = try context.logged("loss")
        let chart = Chart(
            title: cell.id, x: .init("iteration"), y: .init("loss"),
            series: [try .init("loss", x: losses.map { Double($0.iteration) }, y: losses.map(\.value))])
        try chart.draw(named: "chart-loss", in: context.directory)
    }

    private func heatMap(_ model: MLPEnergy, _ code: GrayCode) throws -> Image {
        let (low, high, n) = (Self.range.lowerBound, Self.range.upperBound, Self.cells)
        let ticks = (0..<n).map { low + (high - low) * Double($0) / Double(n - 1) }
        // Rows from the top: y falls.
        let points = ticks.reversed().flatMap { y in ticks.map { SIMD2($0, y) } }
        let x = Tensor(try BinaryBatch(bits: code.bits(of: points), dimension: code.dimension))
        let probabilities = (-model.evaluate(x)).softmax(0).array(Double.self)
        return try Image.heatMap(values: probabilities, rows: n, columns: n, magnification: 3)
    }
}
