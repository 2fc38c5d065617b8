import EnergyModels
import Experiments
import Objectives
import ReplicationShared
import Torch

extension NCEFamily {
    /// The conditional form with one bandwidth σ: its gradient at a model that is not trained yet, and what training by
    /// it learns.
    ///
    /// With y = x + σz and an antithetic y′ = x − σz, ½(g(z) + g(−z)) has the mean of g(z) without the odd part, which
    /// is most of the noise as σ → 0: the signal ‖E g‖² is found from these, the noise tr Cov g of a batch from g
    /// alone.
    public struct Bandwidth: ExperimentSetting {
        public var target: KnownTarget
        /// σ, in deviations of the data.
        public var bandwidth: Double

        private enum CodingKeys: String, CodingKey {
            case target
            case bandwidth = "sigma"
        }

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let target = target.planar
            let data = try DataScale(of: target.density, context)
            let objective = try ConditionalNoiseContrastive(standardDeviation: bandwidth * data.deviation)
            let model = configuration.model(context)
            let (signal, noise) = try gradient(of: objective, on: target.density, configuration, context)
            try configuration.training.run(model, objective, on: target.density, context)
            try LearntDensity(model).measure(beside: target, configuration, context)
            try context.measure("gradientNorm", signal.squareRoot())
            try context.measure("gradientDeviation", noise.squareRoot())
            try context.measure("signalToNoise", (signal / noise).squareRoot())
        }

        /// ‖E g‖² and tr Cov g, of batches, in float64.
        private func gradient(
            of objective: ConditionalNoiseContrastive, on density: any Density, _ configuration: Configuration,
            _ context: CellContext
        ) throws -> (signal: Double, noise: Double) {
            let model = configuration.model(dtype: .float64, stream: "measured model", context)
            let draws = context.generator("measured gradients")
            var (single, paired) = (GradientMoments(), GradientMoments())
            for _ in 0..<configuration.gradientBatches {
                let x = density.sample(configuration.batchSize, dtype: .float64, using: draws)
                let z = Tensor.normal(x.shape, dtype: .float64, using: draws)
                let (first, second) = try (
                    gradients(of: objective.loss(model, x, along: z), withRespectTo: model.parameters.tensors),
                    gradients(of: objective.loss(model, x, along: -z), withRespectTo: model.parameters.tensors)
                )
                single.add(first)
                paired.add(zip(first, second).map { 0.5 * ($0 + $1) })
            }
            return (max(paired.squaredMean, 0), single.variance)
        }
    }
}
