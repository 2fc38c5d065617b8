import EnergyModels
import Torch

/// What a model of binary data minimises.
public protocol BinaryObjective {
    /// The loss of a batch: a tensor of one element, recorded for gradients with respect to `model.parameters`.
    ///
    /// - Parameters:
    ///   - x: data, bits as floating-point numbers [batch, d].
    ///   - generator: whatever the objective draws, it draws from here.
    /// - Throws: `NonFiniteQuantity` where the energies have left the finite numbers and nothing can be drawn from
    ///   them.
    func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws -> Tensor

    /// The loss and its gradients with respect to `model.parameters`, in their order; constants.
    ///
    /// - Throws: as `loss`.
    func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor])
}

extension BinaryObjective {
    public func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        let loss = try loss(model, x, using: generator)
        return (loss.detached(), gradients(of: loss, withRespectTo: model.parameters.tensors))
    }
}
