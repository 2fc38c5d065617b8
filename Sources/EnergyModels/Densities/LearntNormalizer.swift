import Torch

/// A model with its logarithm of the partition function as one more parameter c: E′(x) = E(x) + c, so that exp(−E′) is
/// meant to be the normalised density itself. What contrasts densities with noise learns c along with E (Xu 2022, end
/// of section 2.2.3.3; Gutmann and Hyvärinen 2010); derivatives in x are the model's own.
public struct LearntNormalizer<Model: ContinuousEnergyModel>: ContinuousEnergyModel {
    public let model: Model
    /// c, a tensor without dimensions.
    public let logPartitionFunction: Tensor

    public init(_ model: Model, initially value: Double = 0) {
        self.model = model
        logPartitionFunction = Tensor(value, dtype: model.dtype, device: model.device).requiringGradient()
    }

    /// The model's, then `logPartitionFunction`.
    public var parameters: Parameters {
        model.parameters + Parameters([("logPartitionFunction", logPartitionFunction)])
    }

    public func energy(_ x: Tensor) -> Tensor { model.energy(x) + logPartitionFunction }
    public func inputGradient(_ x: Tensor) -> Tensor { model.inputGradient(x) }
    public func recordedGradient(_ x: Tensor) -> Tensor { model.recordedGradient(x) }
    public func directionalDerivatives(_ x: Tensor, along v: Tensor) -> (first: Tensor, second: Tensor) {
        model.directionalDerivatives(x, along: v)
    }
    public func gradientAndLaplacian(_ x: Tensor) -> (gradient: Tensor, laplacian: Tensor) {
        model.gradientAndLaplacian(x)
    }
}
