import Foundation
import Torch

/// The cells of a box of the plane, with the midpoint rule over them: ∫f ≈ a Σ f(cᵢ), cᵢ the centres, a the area of a
/// cell.
///
///     let grid = try QuadratureGrid(.rings, cells: 400)
///     let logZ = try grid.logPartitionFunction(of: model)
///
/// For smooth functions that vanish at the box's edge the rule is exact to rounding once a cell is smaller than about
/// the deviation of the narrowest peak (it is then the trapezoidal rule of a periodic function); for steps along cell
/// edges it is exact too.
public struct QuadratureGrid: Hashable, Sendable {
    public let x: ClosedRange<Double>
    public let y: ClosedRange<Double>
    /// Cells in a row, rows.
    public let columns: Int
    public let rows: Int

    /// Points evaluated at a time.
    private static let chunk = 1 << 14

    /// - Throws: `QuadratureError.grid` unless the box is finite and not empty and there is a cell, at most 2²⁶ of
    ///   them.
    public init(x: ClosedRange<Double>, y: ClosedRange<Double>, columns: Int, rows: Int) throws(QuadratureError) {
        let sides = [x.upperBound - x.lowerBound, y.upperBound - y.lowerBound]
        let fits = columns >= 1 && rows >= 1 && columns <= 1 << 26 && rows <= (1 << 26) / columns
        guard sides.allSatisfy({ $0 > 0 && $0.isFinite }), fits else {
            throw .grid(x: x, y: y, columns: columns, rows: rows)
        }
        (self.x, self.y, self.columns, self.rows) = (x, y, columns, rows)
    }

    /// The target's box, with so many cells on each side.
    public init(_ target: PlanarTarget, cells: Int) throws(QuadratureError) {
        let box = target.box
        try self.init(x: box.x, y: box.y, columns: cells, rows: cells)
    }

    public var count: Int { columns * rows }

    /// The length and height of a cell.
    private var cell: SIMD2<Double> {
        SIMD2((x.upperBound - x.lowerBound) / Double(columns), (y.upperBound - y.lowerBound) / Double(rows))
    }

    /// The area of a cell.
    public var cellArea: Double { cell.x * cell.y }

    /// The centres of cells: [range.count, 2], row by row from the lowest x₂, each from the lowest x₁.
    public func points(_ range: Range<Int>, dtype: DType) -> Tensor {
        let (origin, cell) = (SIMD2(x.lowerBound, y.lowerBound), cell)
        var coordinates: [Double] = []
        coordinates.reserveCapacity(2 * range.count)
        for number in range {
            let index = SIMD2(Double(number % columns), Double(number / columns))
            let centre = origin + (index + 0.5) * cell
            coordinates.append(centre.x)
            coordinates.append(centre.y)
        }
        return Tensor(coordinates, shape: [range.count, 2]).converted(to: dtype)
    }

    /// All centres, [count, 2].
    public func points(dtype: DType) -> Tensor { points(0..<count, dtype: dtype) }

    /// f at the centres, float64, from some thousand points at a time; nothing is recorded.
    ///
    /// - Parameter f: from points [n, 2] of that type to [n] or [n, k].
    public func tabulate(dtype: DType, _ f: (Tensor) -> Tensor) -> Tensor {
        withoutGradients {
            .concatenated(
                stride(from: 0, to: count, by: Self.chunk).map {
                    f(points($0..<min($0 + Self.chunk, count), dtype: dtype)).converted(to: .float64)
                })
        }
    }

    /// E at the centres, float64 [count].
    ///
    /// - Throws: `NonFiniteQuantity` for an energy that is NaN or −∞; +∞ is a density of 0.
    public func energies(of model: some EnergyModel) throws -> Tensor {
        let energies = tabulate(dtype: pointType(for: model)) { model.evaluate($0) }
        guard ((energies .== energies) .& (energies .> -.infinity)).all() else { throw NonFiniteQuantity("energy") }
        return energies
    }

    /// The type in which a model takes points: its parameters', float64 where it has none.
    package func pointType(for model: some EnergyModel) -> DType { model.parameters.isEmpty ? .float64 : model.dtype }

    /// log ∫ e^f over the box, of f at the centres.
    public func logIntegral(_ logarithms: Tensor) -> Double { logarithms.logSumExp(0).item() + log(cellArea) }

    /// log ∫ e^−E over the box.
    ///
    /// - Throws: as `energies`.
    public func logPartitionFunction(of model: some EnergyModel) throws -> Double {
        logIntegral(-(try energies(of: model)))
    }

    /// The mass of a normalised density that the box does not hold: 1 − ∫p, which rounding can make slightly negative.
    ///
    /// - Throws: as `energies`.
    public func missingMass(of density: some Density) throws -> Double {
        1 - exp(try logPartitionFunction(of: density))
    }

    /// The share of exp(−E)'s mass that lies outside this box, within a box `factor` times as long and as high about
    /// the same centre, with as many cells. What lies beyond stays unseen: an energy that falls outwards without end
    /// has no mass to speak of.
    ///
    /// - Throws: as `energies`.
    public func massOutside(of model: some EnergyModel, within factor: Double = 2) throws -> Double {
        func widened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
            let (centre, half) = (
                (range.lowerBound + range.upperBound) / 2, factor * (range.upperBound - range.lowerBound) / 2
            )
            return centre - half...centre + half
        }
        let wide = try QuadratureGrid(x: widened(x), y: widened(y), columns: columns, rows: rows)
        let inside = wide.contains(wide.points(dtype: .float64), box: self)
        let energies = try wide.energies(of: model)
        let outer = wide.logIntegral(.select(inside, Tensor.full([wide.count], -.infinity, dtype: .float64), -energies))
        let inner = try logPartitionFunction(of: model)
        return 1 / (1 + exp(inner - outer))
    }

    /// Which points, [n, 2], lie in the box: boolean [n].
    public func contains(_ points: Tensor) -> Tensor { contains(points, box: self) }

    private func contains(_ points: Tensor, box: QuadratureGrid) -> Tensor {
        let (first, second) = (points.selected(1, 0), points.selected(1, 1))
        return (first .>= box.x.lowerBound) .& (first .<= box.x.upperBound) .& (second .>= box.y.lowerBound)
            .& (second .<= box.y.upperBound)
    }
}

/// Why an integral over a grid has no answer.
public enum QuadratureError: Error, Equatable, Sendable, CustomStringConvertible {
    case grid(x: ClosedRange<Double>, y: ClosedRange<Double>, columns: Int, rows: Int)
    /// The grid misses so much of the density's mass, of which so much was allowed.
    case massOutside(missing: Double, allowed: Double, grid: QuadratureGrid)
    case noScore

    public var description: String {
        switch self {
        case .grid(let x, let y, let columns, let rows):
            "a grid of \(columns) × \(rows) cells on [\(x.lowerBound), \(x.upperBound)] × [\(y.lowerBound), \(y.upperBound)]: "
                + "it takes a finite box with an inside, and from 1 to 2^26 cells"
        case .massOutside(let missing, let allowed, let grid):
            "the grid on [\(grid.x.lowerBound), \(grid.x.upperBound)] × [\(grid.y.lowerBound), \(grid.y.upperBound)] misses \(missing) "
                + "of the density's mass, more than the \(allowed) allowed: widen it, or make its cells smaller"
        case .noScore: "the target has no score, so there is no Fisher divergence from it"
        }
    }
}
