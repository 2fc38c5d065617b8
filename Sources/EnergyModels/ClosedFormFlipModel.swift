import Torch

/// A binary model that is linear in each bit, so that the first-order flip is exact, and that has all flips of a batch
/// and the gradients of a loss of them without a record of operations. Objectives over flips ask for it.
public protocol ClosedFormFlipModel: BinaryEnergyModel {
    /// All flips of points x, bits [batch, d]; constants.
    func closedFormFlips(_ x: Tensor) -> ClosedFormFlips
}

/// What the closed forms of one batch share.
public struct ClosedFormFlips {
    /// Δᵢ = E(x) − E(x₋ᵢ), shape [batch, d].
    public let differences: Tensor
    /// ∂L/∂θ in the order of the parameters, from ∂L/∂Δ [batch, d].
    public let gradients: (_ byDifference: Tensor) -> [Tensor]

    public init(differences: Tensor, gradients: @escaping (_ byDifference: Tensor) -> [Tensor]) {
        (self.differences, self.gradients) = (differences, gradients)
    }
}
