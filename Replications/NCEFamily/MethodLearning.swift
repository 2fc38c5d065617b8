import ReplicationShared
import EnergyModels
import Experiments
import Metrics
import Objectives
import Samplers
import Torch

/// One method's learning of one density, with a Gaussian of the data's mean and covariance as fixed noise where it
/// takes any.
struct MethodLearning {
    private let method: NCEFamily.Method
    private let density: any Density
    private let configuration: NCEFamily.Configuration

    init(_ method: NCEFamily.Method, _ density: any Density, _ configuration: NCEFamily.Configuration) {
        (self.method, self.density, self.configuration) = (method, density, configuration)
    }

    static func model(dimension: Int, _ configuration: NCEFamily.Configuration, seed: UInt64) -> ContinuousMLPEnergy {
        ContinuousMLPEnergy(
            dimension: dimension, hidden: configuration.hidden, confinement: configuration.confinement,
            using: RandomGenerator(seed: seed, stream: "initialisation"))
    }

    func run(_ context: CellContext) throws -> LearntDensity {
        let (d, seed, training) = (density.dimension, context.cell.seed, configuration.training)
        let model = Self.model(dimension: d, configuration, seed: seed)
        let normalized = LearntNormalizer(model)
        let data = try DataScale(of: density, seed: seed)
        let noise = data.gaussian
        // What learns to be taken for data has weights of its own.
        let initial = RandomGenerator(seed: seed, stream: "noise initialisation")
        switch method {
        case .nce: try training.run(normalized, NoiseContrastive(noise: noise), on: density, context)
        case .ranking:
            let objective = try RankingNoiseContrastive(noise: noise, noiseSamples: configuration.rankingSamples)
            try training.run(model, objective, on: density, context)
        case .cnce:
            let objective = try ConditionalNoiseContrastive(standardDeviation: configuration.bandwidth * data.deviation)
            try training.run(model, objective, on: density, context)
        case .ace:
            let generator = NoisyGenerator(dimension: d, latent: d, hidden: configuration.noiseHidden, using: initial)
            let objective = try AdversarialContrastive(base: noise, latentDraws: configuration.latentDraws)
            try training.run(normalized.parameters + generator.parameters.prefixed("noise"), on: density, context) {
                _, x, draws in
                let found = try objective.lossAndGradients(normalized, generator, x, using: draws)
                return (found.loss, found.model + found.generator)
            }
        case .fce:
            let flow = CouplingFlow(
                dimension: d, couplings: configuration.couplings, hidden: configuration.noiseHidden, using: initial)
            let objective = try FlowContrastive()
            try training.run(normalized.parameters + flow.parameters.prefixed("noise"), on: density, context) {
                iteration, x, draws in
                do {
                    let found = try objective.lossAndGradients(normalized, flow, x, using: draws)
                    return (found.loss, found.model + found.flow)
                } catch is FlowInversionError { throw Divergence(quantity: "flow's inverse", iteration: iteration) }
            }
        case .adance:
            let adaptation = try SelfAdaptation(
                model, .noiseContrastive, .mala, interval: configuration.adaptiveInterval, data, grid: nil,
                configuration, seed: seed)
            try training.run(model.parameters, keeping: adaptation.state, on: density, context, adaptation.update)
        }
        return LearntDensity(
            model, logNormalizer: method.isSelfNormalizing ? normalized.logPartitionFunction.item() : nil)
    }
}

/// exp(−E − c), c the learnt logarithm of the normaliser; 0 where none is learnt.
struct LearntDensity {
    let model: ContinuousMLPEnergy
    let logNormalizer: Double?

    init(_ model: ContinuousMLPEnergy, logNormalizer: Double?) {
        (self.model, self.logNormalizer) = (model, logNormalizer)
    }

    /// What is known of it in the plane by quadrature, with its picture. `logMass` is log ∫ exp(−E − c): 0 for a
    /// normalised density.
    ///
    /// - Throws: `QuadratureError`.
    func compared(
        with target: PlanarTarget, _ configuration: NCEFamily.Configuration, _ context: CellContext
    ) throws -> [String: Double] {
        let grid = try QuadratureGrid(target, cells: configuration.cells)
        let found = try DensityComparison(of: model, with: target.density, on: grid)
        try context.writeDensities(model, beside: target.density, on: grid)
        return [
            "KL": found.divergence, "TV": found.totalVariation, "massOutside": found.modelMassOutside,
            "logMass": found.logPartitionFunction - (logNormalizer ?? 0),
        ]
    }
}
