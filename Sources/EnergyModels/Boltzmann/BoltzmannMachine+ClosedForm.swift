import Torch

extension BoltzmannMachine: ClosedFormFlipModel {
    /// With values v, the change cᵢ of a value when its bit flips, and local fields f = vJ + h,
    ///
    ///     Δᵢ = E(x) − E(x₋ᵢ) = cᵢ fᵢ
    ///     gᵢ = cᵢ ∂L/∂Δᵢ
    ///     ∂L/∂C = ½ (M + Mᵀ) without its diagonal, M = Σₓ v gᵀ,    ∂L/∂h = Σₓ g
    ///
    /// where C is the matrix that is learnt: one matrix product gives all flips of a batch, another the gradients.
    public func closedFormFlips(_ x: Tensor) -> ClosedFormFlips {
        let (values, changes) = (alphabet.values(of: x), alphabet.flipChanges(of: x))
        return ClosedFormFlips(
            differences: changes * (values.matmul(symmetricCouplings) + fields),
            gradients: { byDifference in
                let g = byDifference * changes
                return [values.transposed().matmul(g).symmetricPartWithoutDiagonal(), g.sum(0)]
            })
    }
}
