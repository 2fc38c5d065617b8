import EnergyModels
import Foundation
import Torch

/// Maximum likelihood in the plane with log Z by quadrature, the truth that other objectives are measured against:
///
///     L = mean E(x) + log ∫ exp(−E),   ∇L = mean ∇E(x) − E_{p_θ} ∇E
///
/// (Jin, equation 2; Dai 2023, equations 10.14 to 10.19), p_θ being 0 outside the grid's box.
public struct QuadratureLikelihood: DensityObjective, Hashable, Sendable {
    public var grid: QuadratureGrid
    /// Cells whose energies are recorded at a time.
    private static let chunk = 1 << 14

    public init(_ grid: QuadratureGrid) { self.grid = grid }

    /// - Parameter x: points of the plane, [batch, 2].
    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        let energies = model.energy(x)
        let logarithms = -model.energy(grid.points(dtype: x.dtype))
        let loss = energies.mean() + logarithms.logSumExp(0) + log(grid.cellArea)
        try NonFiniteQuantity.check(loss, "likelihood")
        return loss
    }

    /// The same, in memory that does not grow with the number of cells but for 24 bytes each.
    public func lossAndGradients(
        _ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> (loss: Tensor, gradients: [Tensor]) {
        let parameters = model.parameters.tensors
        let logarithms = -(grid.tabulate(dtype: x.dtype) { model.evaluate($0) })
        let logSum = logarithms.logSumExp(0)
        let dataEnergy = model.energy(x).mean()
        let loss = dataEnergy.detached() + (logSum + log(grid.cellArea)).converted(to: x.dtype)
        try NonFiniteQuantity.check(loss, "likelihood")
        let probabilities = (logarithms - logSum).exp().converted(to: x.dtype)
        var sums = gradients(of: dataEnergy, withRespectTo: parameters)
        for first in stride(from: 0, to: grid.count, by: Self.chunk) {
            let range = first..<min(first + Self.chunk, grid.count)
            let mean = (probabilities[range] * model.energy(grid.points(range, dtype: x.dtype))).sum()
            let found = gradients(of: mean, withRespectTo: parameters)
            for index in sums.indices { sums[index] = sums[index] - found[index] }
        }
        return (loss, sums)
    }
}

/// The gradient of the log-likelihood with points that stand for the model,
///
///     ∇L ≈ mean ∇E(x) − mean ∇E(x̃)
///
/// (Jin, equation 2, and equation 3 where x̃ is reached from the data). The loss is the difference of the mean
/// energies: it is no objective, and 0 says nothing.
///
/// - Parameters:
///   - x: data, [batch, …].
///   - samples: x̃, [any number, …], constants.
/// - Throws: `NonFiniteQuantity` where an energy is not finite.
public func sampledLikelihood(_ model: some EnergyModel, _ x: Tensor, against samples: Tensor) throws -> Tensor {
    let loss = model.energy(x).mean() - model.energy(samples.detached()).mean()
    try NonFiniteQuantity.check(loss, "mean energy")
    return loss
}
