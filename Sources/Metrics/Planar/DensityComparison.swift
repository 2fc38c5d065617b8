import EnergyModels
import Foundation
import Torch

/// How far the density p_θ = exp(−E)/Z of a model in the plane is from a known one, p, by quadrature on a grid.
///
///     let found = try DensityComparison(of: model, with: PlanarTarget.rings.density, on: grid)
///     print(found.divergence, found.modelMassOutside)
///
/// Z is that of the grid's box: the model is taken to be 0 outside, and `modelMassOutside` says what that leaves out
/// nearby.
public struct DensityComparison: Sendable, Hashable {
    /// log Z over the box.
    public let logPartitionFunction: Double
    /// KL(p‖p_θ) = ∫ p log(p/p_θ), in nats.
    public let divergence: Double
    /// KL(p_θ‖p); infinite where p is 0 and p_θ is not.
    public let reverseDivergence: Double
    /// ½ ∫ |p − p_θ|, in 0 ... 1.
    public let totalVariation: Double
    /// ½ ∫ p ‖∇ log p − ∇ log p_θ‖² (Dai 2023, definition 10.3; Jin, equation 8); nil where p has no score.
    public let fisherDivergence: Double?
    /// 1 − ∫p over the box.
    public let targetMassOutside: Double
    /// The share of the model's mass, within a box twice as long and high, that lies outside the grid's.
    public let modelMassOutside: Double

    /// - Parameters:
    ///   - grid: cells not wider than the target's narrowest deviation; for a checkerboard, with edges on those of its
    ///     squares.
    ///   - allowedMassOutside: how much of p the grid may miss, or count twice by its cells' size.
    /// - Throws: `QuadratureError.massOutside` where it misses more, and `NonFiniteQuantity` for energies or scores that are
    ///   not finite.
    public init(
        of model: some EnergyModel, with target: any Density, on grid: QuadratureGrid, allowedMassOutside: Double = 1e-3
    ) throws {
        let missing = try grid.missingMass(of: target)
        guard abs(missing) <= allowedMassOutside else {
            throw QuadratureError.massOutside(missing: missing, allowed: allowedMassOutside, grid: grid)
        }
        let energies = try grid.energies(of: model)
        let area = grid.cellArea
        let logZ = grid.logIntegral(-energies)
        guard logZ.isFinite else { throw NonFiniteQuantity("model's log Z") }
        let (logP, logQ) = (-(try grid.energies(of: target)), -energies - logZ)
        let (p, q) = (logP.exp(), logQ.exp())

        logPartitionFunction = logZ
        targetMassOutside = missing
        modelMassOutside = try grid.massOutside(of: model)
        divergence = area * Self.sum(p, logP - logQ)
        reverseDivergence = area * Self.sum(q, logQ - logP)
        totalVariation = 0.5 * area * (p - q).abs().sum().item()
        fisherDivergence = target.hasScore ? try Self.fisher(model, target, p, grid) : nil
    }

    /// ½ ∫ p ‖∇ log p − ∇ log p_θ‖²
    private static func fisher(
        _ model: some EnergyModel, _ target: any Density, _ p: Tensor, _ grid: QuadratureGrid
    ) throws -> Double {
        let truth = grid.tabulate(dtype: .float64) { target.score($0) }
        let learnt = grid.tabulate(dtype: grid.pointType(for: model)) { -model.inputGradient($0) }
        let squares = (truth - learnt).squared().sum(1)
        guard squares.isFinite().all() else { throw NonFiniteQuantity("score") }
        return 0.5 * grid.cellArea * (p * squares).sum().item()
    }

    /// Σ w f over the cells where w > 0.
    private static func sum(_ weights: Tensor, _ f: Tensor) -> Double {
        Tensor.select(weights .> 0, weights * f, .zeros(like: weights)).sum().item()
    }
}

/// The mean negative log-likelihood of held-out points under a model of the plane, in nats.
public struct HeldOutLikelihood: Sendable, Hashable {
    /// mean E(x) + log Z, with the log Z given.
    public let meanNegativeLogLikelihood: Double
    /// Its standard error over the points.
    public let standardError: Double
    /// The share of the points that lie outside the grid, where the model was taken to be 0 when Z was computed.
    public let shareOutside: Double

    /// - Parameters:
    ///   - x: points, shape [n, 2], n ≥ 2.
    ///   - logPartitionFunction: over the grid; computed where it is nil.
    /// - Throws: `NonFiniteQuantity` where an energy at a point is not.
    public init(
        of model: some EnergyModel, on x: Tensor, grid: QuadratureGrid, logPartitionFunction: Double? = nil
    ) throws {
        require(
            x.rank == 2 && x.size(0) >= 2 && x.size(1) == 2, "points of shape \(x.shape), not [n, 2] with n at least 2")
        let energies = model.evaluate(x.converted(to: grid.pointType(for: model))).converted(to: .float64)
        guard energies.isFinite().all() else { throw NonFiniteQuantity("energy of a held-out point") }
        let logZ =
            if let logPartitionFunction { logPartitionFunction } else { try grid.logPartitionFunction(of: model) }
        meanNegativeLogLikelihood = energies.mean().item() + logZ
        standardError = (energies.variance().item() / Double(x.size(0))).squareRoot()
        shareOutside = 1 - grid.contains(x).converted(to: .float64).mean().item()
    }
}
