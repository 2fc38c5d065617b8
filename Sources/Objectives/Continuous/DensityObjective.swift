import EnergyModels
import Torch

/// What a model of continuous data minimises.
public protocol DensityObjective {
    /// The loss of a batch: a tensor of one element, recorded for gradients with respect to `model.parameters`.
    ///
    /// - Parameters:
    ///   - x: data, shape [batch, …].
    ///   - generator: whatever the objective draws, it draws from here.
    /// - Throws: `NonFiniteQuantity`, which names what has left the finite numbers: energies, scores, curvatures.
    func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws -> Tensor

    /// The loss and its gradients with respect to `model.parameters`, in their order; constants.
    ///
    /// - Throws: as `loss`.
    func lossAndGradients(
        _ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor])
}

extension DensityObjective {
    public func lossAndGradients(
        _ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        let loss = try loss(model, x, using: generator)
        return (loss.detached(), gradients(of: loss, withRespectTo: model.parameters.tensors))
    }
}

/// A setting with which an objective has no meaning.
public struct ObjectiveSettingError: Error, Equatable, CustomStringConvertible {
    public let setting: String
    public let value: Double
    /// What would be right.
    public let rule: String

    public var description: String { "\(setting) \(value): \(rule)" }

    static func validate(positive value: Double, _ setting: String) throws(ObjectiveSettingError) {
        guard value > 0, value.isFinite else {
            throw ObjectiveSettingError(setting: setting, value: value, rule: "it must be positive and finite")
        }
    }

    static func validate(count: Int, _ setting: String) throws(ObjectiveSettingError) {
        guard count >= 1 else {
            throw ObjectiveSettingError(setting: setting, value: Double(count), rule: "at least 1 is needed")
        }
    }
}

extension NonFiniteQuantity {
    /// - Throws: where an element is infinite or NaN.
    static func check(_ tensor: Tensor, _ quantity: String) throws {
        // A sum of finite numbers can overflow: only then is each looked at.
        guard tensor.detached().sum().item().isFinite || tensor.detached().isFinite().all() else {
            throw NonFiniteQuantity(quantity)
        }
    }
}
