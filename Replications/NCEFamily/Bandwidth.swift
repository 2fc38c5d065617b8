import ReplicationShared
import EnergyModels
import Experiments
import Objectives
import Torch

/// The conditional form with one bandwidth σ: its gradient at a model that is not trained yet, and what training by it
/// learns.
///
/// With y = x + σz and an antithetic y′ = x − σz, ½(g(z) + g(−z)) has the mean of g(z) without the odd part, which is
/// most of the noise as σ → 0: the signal ‖E g‖² is found from these, the noise tr Cov g of a batch from g alone.
struct Bandwidth {
    private let cell: Cell
    private let configuration: NCEFamily.Configuration

    init(_ cell: Cell, _ configuration: NCEFamily.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
    }

    func run(_ context: CellContext) throws -> CellResult {
        let target = KnownTarget(rawValue: cell.label("target")!)!.planar
        let data = try DataScale(of: target.density, seed: cell.seed)
        let objective = try ConditionalNoiseContrastive(
            standardDeviation: Double(cell.label("sigma")!)! * data.deviation)
        let model = MethodLearning.model(dimension: 2, configuration, seed: cell.seed)
        let (signal, noise) = try measured(objective, on: target.density)
        try configuration.training.run(model, objective, on: target.density, context)
        var values = try LearntDensity(model, logNormalizer: nil).compared(with: target, configuration, context)
        values["gradient"] = signal.squareRoot()
        values["gradient's deviation"] = noise.squareRoot()
        values["signal to noise"] = (signal / noise).squareRoot()
        return CellResult(values)
    }

    /// ‖E g‖² and tr Cov g, of batches, in float64.
    private func measured(_ objective: ConditionalNoiseContrastive, on density: any Density) throws -> (
        signal: Double, noise: Double
    ) {
        func generator(_ stream: String) -> RandomGenerator { RandomGenerator(seed: cell.seed, stream: stream) }
        let model = ContinuousMLPEnergy(
            dimension: 2, hidden: configuration.hidden, confinement: configuration.confinement, dtype: .float64,
            using: generator("measured model"))
        let draws = generator("measured gradients")
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
        return (Swift.max(paired.squaredMean, 0), single.variance)
    }
}
