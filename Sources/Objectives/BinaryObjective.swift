import EnergyModels
import Torch

/// What a model of binary data minimises.
public protocol BinaryObjective {
    /// The loss of a batch: a tensor of one element, recorded for gradients with respect to `model.parameters`.
    ///
    /// - Parameters:
    ///   - x: data, bits as floating-point numbers [batch, d].
    ///   - generator: whatever the objective draws, it draws from here.
    func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) -> Tensor
}
