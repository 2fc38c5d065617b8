import EnergyModels
import Experiments
import Foundation
import Objectives
import ReplicationShared
import Torch

extension NCEFamily {
    /// Noise-contrastive estimation as the training of a discriminator D = σ(G) between data and noise (Jin, section
    /// 4.1.1): the best G is log p/p_n, and its loss is log 2 less the Jensen–Shannon divergence of the two. With a
    /// normalised energy G = −E − c − log p_n; a network of its own is what a GAN takes.
    public struct Discriminator: ExperimentSetting {
        public var target: KnownTarget
        public var shift: Double
        public var form: Form

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let density = target.planar.density
            let noise = try DataScale(of: density, context).noise(shift: shift)
            let objective = try NoiseContrastive(noise: noise)
            let model: any ContinuousEnergyModel =
                switch form {
                case .energy: LearntNormalizer(configuration.model(context))
                case .network:
                    TiltedNoise(
                        network: ContinuousMLPEnergy(
                            dimension: 2, hidden: configuration.hidden, using: context.generator("initialisation")),
                        noise: noise)
                }
            try configuration.training.run(model, objective, on: density, context)
            try judge(model, objective, noise, configuration, context)
        }

        private func judge(
            _ model: some ContinuousEnergyModel, _ objective: NoiseContrastive, _ noise: GaussianDensity,
            _ configuration: Configuration, _ context: CellContext
        ) throws {
            let grid = try Self.grid(target.planar, noise, cells: configuration.cells)
            let found = DiscriminatorComparison(
                logits: try Self.logits(model, objective, on: grid),
                logData: -(try grid.energies(of: target.planar.density)), logNoise: -(try grid.energies(of: noise)),
                cellArea: grid.cellArea)
            try writeLogits(model, objective, noise, context)
            try context.measure("loss", found.loss)
            try context.measure("jensenShannon", found.divergence)
            try context.measure("jensenShannon", M_LN2 - found.loss, at: ["by": "loss"])
            try context.measure("excess", found.loss - (M_LN2 - found.divergence))
            try context.measure("logitError", found.errorOnData, at: ["of": "data"])
            try context.measure("logitError", found.errorOnNoise, at: ["of": "noise"])
        }

        /// G at the centres, float64.
        private static func logits(
            _ model: some ContinuousEnergyModel, _ objective: NoiseContrastive, on grid: QuadratureGrid
        ) throws -> Tensor {
            try withoutGradients {
                try objective.logOdds(model, grid.points(dtype: .float32)).converted(to: .float64)
            }
        }

        /// The pictures `logit` and `logit-true`: the learnt logit and the true one, both cut at ±8.
        private func writeLogits(
            _ model: some ContinuousEnergyModel, _ objective: NoiseContrastive, _ noise: GaussianDensity,
            _ context: CellContext
        ) throws {
            let side = 120
            let picture = try QuadratureGrid(target.planar, cells: side)
            let truth = (try picture.energies(of: noise)) - (try picture.energies(of: target.planar.density))
            for (name, logits) in [
                ("logit", try Self.logits(model, objective, on: picture)), ("logit-true", truth),
            ] {
                try context.writeMap(logits.array(), side: side, scale: -8...8, named: name)
            }
        }

        /// A box that holds both: the target's, and five deviations of the noise about its mean.
        static func grid(_ target: PlanarTarget, _ noise: GaussianDensity, cells: Int) throws -> QuadratureGrid {
            let (mean, deviations) = (
                noise.mean.array(Double.self), noise.covariance.diagonal().squareRoot().array(Double.self)
            )
            func range(_ axis: Int, _ box: ClosedRange<Double>) -> ClosedRange<Double> {
                min(
                    box.lowerBound, mean[axis] - 5 * deviations[axis])...max(
                        box.upperBound, mean[axis] + 5 * deviations[axis])
            }
            return try QuadratureGrid(x: range(0, target.box.x), y: range(1, target.box.y), columns: cells, rows: cells)
        }

        /// The Jensen–Shannon divergence of data and noise, in nats.
        static func divergence(_ target: PlanarTarget, _ noise: GaussianDensity, cells: Int) throws -> Double {
            let grid = try Self.grid(target, noise, cells: cells)
            let (logData, logNoise) = (-(try grid.energies(of: target.density)), -(try grid.energies(of: noise)))
            return DiscriminatorComparison(
                logits: logData - logNoise, logData: logData, logNoise: logNoise, cellArea: grid.cellArea
            ).divergence
        }
    }
}

/// E(x) = f(x) − log p_n(x): the noise tilted by a network, so that the log-odds of noise-contrastive estimation are
/// −f, a discriminator's logit.
private struct TiltedNoise: ContinuousEnergyModel {
    let network: ContinuousMLPEnergy
    let noise: GaussianDensity

    var parameters: Parameters { network.parameters }
    func energy(_ x: Tensor) -> Tensor { network.energy(x) + noise.energy(x) }
}

/// A logit between two densities that are known, by quadrature.
package struct DiscriminatorComparison {
    /// J = −½ ∫ p log σ(G) − ½ ∫ q log σ(−G)
    package let loss: Double
    /// JS(p, q) = ½ ∫ p log 2p/(p + q) + ½ ∫ q log 2q/(p + q), in nats; the least loss is log 2 − JS.
    package let divergence: Double
    /// (∫ p (G − log p/q)²)^½
    package let errorOnData: Double
    /// (∫ q (G − log p/q)²)^½
    package let errorOnNoise: Double

    /// - Parameters: G, log p and log q at the centres of cells, float64 [cells], all finite.
    package init(logits: Tensor, logData: Tensor, logNoise: Tensor, cellArea: Double) {
        let (p, q, truth) = (logData.exp(), logNoise.exp(), logData - logNoise)
        func mean(_ weights: Tensor, _ f: Tensor) -> Double { cellArea * (weights * f).sum().item() }
        loss = -0.5 * mean(p, logits.logSigmoid()) - 0.5 * mean(q, (-logits).logSigmoid())
        divergence = 0.5 * mean(p, log(2) + truth.logSigmoid()) + 0.5 * mean(q, log(2) + (-truth).logSigmoid())
        let squares = (logits - truth).squared()
        (errorOnData, errorOnNoise) = (mean(p, squares).squareRoot(), mean(q, squares).squareRoot())
    }
}
