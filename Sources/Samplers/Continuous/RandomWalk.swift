import EnergyModels
import Torch

/// Random-walk Metropolis over continuous points of any energy model: x′ = x + τ z, z standard normal, accepted with
/// probability min(1, exp(β(E(x) − E(x′)))). A step costs two evaluations of the energy.
public struct RandomWalk<Model: EnergyModel>: MarkovKernel {
    public let model: Model
    /// τ, the standard deviation of a proposal in each coordinate.
    public let scale: Double
    /// β in exp(−βE).
    public let inverseTemperature: Double

    /// - Parameter scale: τ, positive and finite.
    /// - Throws: `SamplingError` for a scale or a β out of range.
    public init(_ model: Model, scale: Double, inverseTemperature: Double = 1) throws {
        guard scale.isFinite, scale > 0 else { throw SamplingError.scale(scale) }
        try SamplingError.validate(inverseTemperature: inverseTemperature)
        (self.model, self.scale, self.inverseTemperature) = (model, scale, inverseTemperature)
    }

    public func validate(_ x: Tensor) throws {
        guard x.rank == 2 else { throw SamplingError.shape(x.shape, expected: [x.shape.first ?? 0, 1]) }
        guard x.isFinite().all() else { throw NonFiniteQuantity("start of the chains") }
    }

    public func step(from x: Tensor, using generator: RandomGenerator) -> (x: Tensor, moves: Moves) {
        let proposed = x + scale * Tensor.normal(x.shape, dtype: x.dtype, using: generator)
        let moved = accepted(inverseTemperature * (model.evaluate(x) - model.evaluate(proposed)), using: generator)
        let next = Tensor.select(moved.unsqueezed(1), proposed, x)
        return (
            next,
            Moves(
                proposed: x.size(0), accepted: Int(moved.converted(to: .float64).sum().item()),
                distance: (next - x).squared().sum(1).squareRoot().converted(to: .float64).sum().item())
        )
    }
}
