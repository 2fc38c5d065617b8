import Foundation
import Torch

/// Circles about the origin of the plane, each blurred by a Gaussian: x = R(cos a, sin a) + σz with a uniform angle a,
/// R one of the radii with equal weights. With ρ = ‖x‖,
///
///     p(x | R) = (2πσ²)⁻¹ exp(−(ρ² + R²)/2σ²) I₀(ρR/σ²)
public struct RingsDensity: Density {
    public let radii: [Double]
    /// σ
    public let standardDeviation: Double

    /// - Throws: `DensityError` unless radii (at least one) and σ are positive and finite.
    public init(radii: [Double], standardDeviation: Double) throws(DensityError) {
        guard !radii.isEmpty else { throw .components(weights: 0, means: 0, deviations: 1) }
        if let radius = radii.first(where: { !($0 > 0 && $0.isFinite) }) { throw .parameter("a ring's radius", radius) }
        try DensityError.validate(deviation: standardDeviation)
        (self.radii, self.standardDeviation) = (radii, standardDeviation)
    }

    public var dimension: Int { 2 }

    /// Computed with (ρ − R)² in the exponent and e^−z I₀(z), neither of which overflows. ρ is kept off 0, where its derivative
    /// does not exist.
    public func logDensity(_ x: Tensor) -> Tensor {
        let variance = standardDeviation * standardDeviation
        let rho = x.squared().sum(1).maximum(1e-30).squareRoot().unsqueezed(1)
        let radius = Tensor(radii, shape: [1, radii.count]).converted(to: x.dtype)
        let logarithms = (rho * radius / variance).scaledBesselI0().log() - (rho - radius).squared() / (2 * variance)
        return logarithms.logSumExp(1) - log(2 * .pi * variance * Double(radii.count))
    }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let ring = Tensor.integers([count], 0..<radii.count, using: generator)
        let radius = Tensor(radii).indexSelected(0, ring)
        let angle = Tensor.uniform([count], low: 0, high: 2 * .pi, dtype: .float64, using: generator)
        let z = Tensor.normal([count, 2], dtype: .float64, using: generator)
        let circle = Tensor.stacked([radius * angle.cos(), radius * angle.sin()], along: 1)
        return (circle + standardDeviation * z).converted(to: dtype)
    }
}

/// A Gaussian bent along a parabola: x₁ ~ N(0, s²), x₂ | x₁ ~ N(b(x₁² − s²), τ²).
public struct BananaDensity: Density {
    /// s
    public let spread: Double
    /// b
    public let curvature: Double
    /// τ
    public let thickness: Double

    /// - Throws: `DensityError` unless b is finite, s and τ positive and finite.
    public init(spread: Double, curvature: Double, thickness: Double) throws(DensityError) {
        try DensityError.validate(deviation: spread)
        try DensityError.validate(deviation: thickness)
        guard curvature.isFinite else { throw .parameter("a banana's curvature", curvature) }
        (self.spread, self.curvature, self.thickness) = (spread, curvature, thickness)
    }

    public var dimension: Int { 2 }

    /// b(x₁² − s²)
    private func ridge(_ first: Tensor) -> Tensor { curvature * (first.squared() - spread * spread) }

    public func logDensity(_ x: Tensor) -> Tensor {
        let (first, second) = (x.selected(1, 0), x.selected(1, 1))
        let squares = (first / spread).squared() + ((second - ridge(first)) / thickness).squared()
        return -0.5 * squares - log(2 * .pi * spread * thickness)
    }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let z = Tensor.normal([count, 2], dtype: .float64, using: generator)
        let first = spread * z.selected(1, 0)
        return Tensor.stacked([first, ridge(first) + thickness * z.selected(1, 1)], along: 1).converted(to: dtype)
    }
}

/// Uniform on the dark squares of a board of 4 × 4 about the origin: those where ⌊x₁/a⌋ + ⌊x₂/a⌋ is even, a the side of
/// a square. Its score is 0 on the squares and does not exist at their edges, where all that tells the density lies.
public struct CheckerboardDensity: Density {
    /// a
    public let side: Double

    /// - Throws: `DensityError` unless a is positive and finite.
    public init(side: Double) throws(DensityError) {
        guard side > 0, side.isFinite else { throw .parameter("a checkerboard's side", side) }
        self.side = side
    }

    public var dimension: Int { 2 }
    public var hasScore: Bool { false }

    public func logDensity(_ x: Tensor) -> Tensor {
        withoutGradients {
            let square = (x / side).floor()
            let on = (square .>= -2) .& (square .< 2)
            let dark = Self.remainder(square.sum(1)) .== 0
            let inside = on.selected(1, 0) .& on.selected(1, 1) .& dark
            let logarithm = Tensor.full([x.size(0)], -log(8 * side * side), dtype: x.dtype)
            return .select(inside, logarithm, Tensor.full([x.size(0)], -.infinity, dtype: x.dtype))
        }
    }

    public func inputGradient(_ x: Tensor) -> Tensor { fatalError("a checkerboard has no score") }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        // A column, one of its two dark squares (2k or 2k + 1 as the column is even or odd), a point in it.
        let column = Tensor.integers([count], -2..<2, dtype: .float64, using: generator)
        let pair = Tensor.integers([count], -1..<1, dtype: .float64, using: generator)
        let square = Tensor.stacked([column, 2 * pair + Self.remainder(column)], along: 1)
        let within = Tensor.uniform([count, 2], dtype: .float64, using: generator)
        return (side * (square + within)).converted(to: dtype)
    }

    /// n mod 2, 0 or 1.
    private static func remainder(_ n: Tensor) -> Tensor { n - 2 * (n / 2).floor() }
}
