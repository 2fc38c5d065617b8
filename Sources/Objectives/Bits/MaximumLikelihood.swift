import EnergyModels
import Torch

/// Maximum likelihood with log Z by enumeration, the truth that other objectives are measured against:
///
///     L = mean E(x) + log Σₛ exp(−E(s)),   ∇L = mean ∇E(x) − Σₛ p(s) ∇E(s).
///
/// - Precondition: d ≤ `ExactDistribution.largestDimension`.
public struct MaximumLikelihood: BinaryObjective, Hashable, Sendable {
    /// States whose gradients are recorded at a time.
    private static let chunk = 1 << 14

    public init() {}

    public func loss(_ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator) -> Tensor {
        Self.check(model)
        return model.energy(x).mean() + (-model.energy(model.stateTensor(0..<1 << model.dimension))).logSumExp(0)
    }

    /// The same, in memory that does not grow with the number of states but for 16 bytes each.
    public func lossAndGradients(
        _ model: some BinaryEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) -> (loss: Tensor, gradients: [Tensor]) {
        Self.check(model)
        let parameters = model.parameters.tensors
        let distribution = model.exactDistributions(keepingLogProbabilities: true)[0]
        let probabilities = Tensor(distribution.logProbabilities!).exp().converted(to: model.dtype)
        let dataEnergy = model.energy(x).mean()
        var sums = gradients(of: dataEnergy, withRespectTo: parameters)
        let states = 1 << model.dimension
        for first in stride(from: 0, to: states, by: Self.chunk) {
            let range = first..<min(first + Self.chunk, states)
            let p = probabilities.narrowed(0, start: first, length: range.count)
            let found = gradients(of: (p * model.energy(model.stateTensor(range))).sum(), withRespectTo: parameters)
            for index in sums.indices { sums[index] = sums[index] - found[index] }
        }
        return (dataEnergy.detached() + distribution.logPartitionFunction, sums)
    }

    private static func check(_ model: some BinaryEnergyModel) {
        let most = ExactDistribution.largestDimension
        require(
            model.dimension <= most, "maximum likelihood by enumeration of \(model.dimension) bits, at most \(most)")
    }
}
