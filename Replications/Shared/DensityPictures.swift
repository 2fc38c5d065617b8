import EnergyModels
import Experiments
import Figures
import Foundation
import Torch

extension CellContext {
    /// The pictures `density` and `truth`: the model's density, cut at the largest value of the truth's, and the truth,
    /// on one scale.
    ///
    /// - Throws: `LeftFiniteNumbers` for energies that do, and what writing throws.
    package func writeDensities(_ model: some EnergyModel, beside truth: any Density, on grid: QuadratureGrid) throws {
        let side = 120
        let picture = try QuadratureGrid(x: grid.x, y: grid.y, columns: side, rows: side)
        let energies = try picture.energies(of: model)
        let learnt = (-energies - picture.logIntegral(-energies)).exp().array(Double.self)
        let known = (-(try picture.energies(of: truth))).exp().array(Double.self)
        let most = known.max()!
        try writeMap(learnt, side: side, scale: 0...most, named: "density")
        try writeMap(known, side: side, scale: 0...most, named: "truth")
    }

    /// A picture of numbers on a square grid, as colours from the one end of the scale to the other. Rows run upwards.
    package func writeMap(_ values: [Double], side: Int, scale: ClosedRange<Double>, named name: String) throws {
        // The picture's rows run downwards.
        let turned = (0..<side).reversed().flatMap { row in values[row * side..<(row + 1) * side] }
        try write(.heatMap(values: turned, rows: side, columns: side, scale: scale), named: name, scale: scale)
    }
}
