import Torch

/// Independent copies of one density side by side: p(x) = ∏ᵢ p(xᵢ) with x = (x₁, …, xₙ) ∈ ℝ^(nd). A target of any
/// dimension of which everything is known that is known of the base.
public struct ProductDensity<Base: Density>: Density {
    public let base: Base
    /// n
    public let copies: Int

    /// - Throws: `DensityError` for less than one copy.
    public init(_ base: Base, copies: Int) throws(DensityError) {
        guard copies >= 1 else { throw .copies(copies) }
        (self.base, self.copies) = (base, copies)
    }

    public var dimension: Int { copies * base.dimension }
    public var hasScore: Bool { base.hasScore }

    public func logDensity(_ x: Tensor) -> Tensor { base.logDensity(parts(x)).reshaped([x.size(0), copies]).sum(1) }
    public func inputGradient(_ x: Tensor) -> Tensor { base.inputGradient(parts(x)).reshaped(x.shape) }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        base.sample(count * copies, dtype: dtype, using: generator).reshaped([count, dimension])
    }

    private func parts(_ x: Tensor) -> Tensor { x.reshaped([x.size(0) * copies, base.dimension]) }
}
