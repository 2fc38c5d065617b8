import EnergyModels
import Experiments
import Metrics
import Objectives
import ReplicationShared
import Samplers
import Torch

extension NCEFamily.Configuration {
    /// The perceptron as it is before training: the same for every setting of a seed and dimension.
    func model(dimension: Int = 2, dtype: DType = .float32, stream: String = "initialisation", _ context: CellContext)
        -> ContinuousMLPEnergy
    {
        ContinuousMLPEnergy(
            dimension: dimension, hidden: hidden, confinement: confinement, dtype: dtype,
            using: context.generator(stream))
    }
}

extension NCEFamily.Method {
    /// Learns a density, with a Gaussian of the data's mean and covariance as fixed noise where the method takes any.
    ///
    /// - Throws: as `DensityTraining.run`.
    func learn(
        _ density: any Density, _ configuration: NCEFamily.Configuration, _ context: CellContext
    ) throws -> LearntDensity {
        let (d, training) = (density.dimension, configuration.training)
        let model = configuration.model(dimension: d, context)
        let normalized = LearntNormalizer(model)
        let data = try DataScale(of: density, context)
        let noise = data.gaussian
        // What learns to be taken for data has weights of its own.
        let initial = context.generator("noise initialisation")
        switch self {
        case .nce:
            try training.run(normalized, NoiseContrastive(noise: noise), on: density, context)
            return LearntDensity(normalized)
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
            return LearntDensity(normalized)
        case .fce:
            let flow = CouplingFlow(
                dimension: d, couplings: configuration.couplings, hidden: configuration.noiseHidden, using: initial)
            let objective = try FlowContrastive()
            try training.run(normalized.parameters + flow.parameters.prefixed("noise"), on: density, context) {
                _, x, draws in
                let found = try objective.lossAndGradients(normalized, flow, x, using: draws)
                return (found.loss, found.model + found.flow)
            }
            return LearntDensity(normalized)
        case .adance:
            let adaptation = try SelfAdaptation(
                model, .noiseContrastive, .mala, interval: configuration.adaptiveInterval, data, grid: nil,
                configuration, context)
            try training.run(model.parameters, keeping: adaptation.state, on: density, context, adaptation.update)
        }
        return LearntDensity(model)
    }
}

/// exp(−E − c), c the learnt logarithm of the normaliser; 0 where none is learnt.
struct LearntDensity {
    let model: ContinuousMLPEnergy
    let logNormalizer: Double

    init(_ model: ContinuousMLPEnergy) { (self.model, logNormalizer) = (model, 0) }

    init(_ normalized: LearntNormalizer<ContinuousMLPEnergy>) {
        (model, logNormalizer) = (normalized.model, normalized.logPartitionFunction.item())
    }

    /// Measures what is known of it in the plane by quadrature and writes its picture. `logMass` is log ∫ exp(−E − c):
    /// 0 for a normalised density.
    ///
    /// - Throws: as `DensityComparison`, and what `context` throws.
    func measure(
        beside target: PlanarTarget, _ configuration: NCEFamily.Configuration, _ context: CellContext
    ) throws {
        let grid = try QuadratureGrid(target, cells: configuration.cells)
        let found = try DensityComparison(of: model, with: target.density, on: grid)
        try context.writeDensities(model, beside: target.density, on: grid)
        try context.measure("kl", found.divergence)
        try context.measure("totalVariation", found.totalVariation)
        try context.measure("massOutside", found.modelMassOutside)
        try context.measure("logMass", found.logPartitionFunction - logNormalizer)
    }
}
