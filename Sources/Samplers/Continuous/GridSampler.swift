import EnergyModels
import Torch

/// Independent draws from exp(−E)/Z in a box of the plane, by the inverse of the distribution function over a grid: a
/// cell in proportion to exp(−E) at its centre, then a point anywhere in it. The density drawn from is constant in each
/// cell, so that a coordinate's variance within a narrow peak is too large by about a twelfth of a cell's width
/// squared.
///
///     let draws = try GridSampler(model, on: QuadratureGrid(.moons, cells: 100)).sample(256, dtype: .float32, using: generator)
public struct GridSampler {
    public let grid: QuadratureGrid
    /// exp(−E)/Z over the cells, [1, count].
    private let shares: Tensor

    /// - Throws: `NonFiniteQuantity` for energies that are NaN or −∞, and where no cell has a share.
    public init(_ model: some EnergyModel, on grid: QuadratureGrid) throws {
        let shares = (-(try grid.energies(of: model))).softmax(0)
        guard shares.isFinite().all() else { throw NonFiniteQuantity("model's share of a cell") }
        (self.grid, self.shares) = (grid, shares.unsqueezed(0))
    }

    /// Shape [count, 2], constants.
    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let index = generator.multinomial(shares, count: count, replacement: true).squeezed(0).converted(to: .float64)
        let row = (index / Double(grid.columns)).floor()
        let column = index - Double(grid.columns) * row
        let within = Tensor.uniform([count, 2], dtype: .float64, using: generator)
        func coordinate(_ cell: Tensor, _ axis: Int, _ range: ClosedRange<Double>, _ cells: Int) -> Tensor {
            range.lowerBound + (cell + within.selected(1, axis))
                * ((range.upperBound - range.lowerBound) / Double(cells))
        }
        return Tensor.stacked(
            [coordinate(column, 0, grid.x, grid.columns), coordinate(row, 1, grid.y, grid.rows)], along: 1
        )
        .converted(to: dtype)
    }
}
