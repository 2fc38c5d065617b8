import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import Torch

extension Trial {
    /// The square that the paper's heat maps show.
    private static let range = -4.1...4.1
    private static let cells = 100

    /// `heatmap`: softmax of −E over a 100×100 grid on [−4.1, 4.1]²; `data` and `samples`: the released evaluation's.
    func writePictures(_ model: MLPEnergy, _ evaluation: Evaluation, _ context: CellContext) throws {
        let code = try data().code
        try context.write(heatMap(model, code), named: "heatmap")
        for (name, batch) in [("data", evaluation.data), ("samples", evaluation.samples)] {
            let density = try Image.density(
                points: code.points(of: batch.bits), range: Self.range, bins: Self.cells, fullScale: 10)
            try context.write(density, named: name)
        }
    }

    private func heatMap(_ model: MLPEnergy, _ code: GrayCode) throws -> Image {
        let (low, high, n) = (Self.range.lowerBound, Self.range.upperBound, Self.cells)
        let ticks = (0..<n).map { low + (high - low) * Double($0) / Double(n - 1) }
        // Rows from the top: y falls.
        let points = ticks.reversed().flatMap { y in ticks.map { SIMD2($0, y) } }
        let x = Tensor(try BinaryBatch(bits: code.bits(of: points), dimension: code.dimension))
        let probabilities = (-model.evaluate(x)).softmax(0).array(Double.self)
        return try Image.heatMap(values: probabilities, rows: n, columns: n)
    }
}
