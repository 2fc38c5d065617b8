import EnergyModels
import Experiments
import Metrics
import Objectives
import ReplicationShared
import Samplers
import Torch

extension NCEFamily {
    /// Self-adapting ratio matching in the plane with an interval K, a Ψ, and a way to draw from the frozen model; and,
    /// at three places of the training, what its gradient is worth (Xu 2022, section 5.3: biased chains, or the
    /// variance of the density ratio).
    public struct SelfAdaptedSampling: ExperimentSetting {
        public var target: KnownTarget
        public var draws: Draws
        public var generator: Generator
        public var interval: Int

        private enum CodingKeys: String, CodingKey {
            case target, draws
            case generator = "psi"
            case interval = "K"
        }

        /// Draws that are compared with data.
        private static let samples = 2000

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let density = target.planar.density
            let model = configuration.model(context)
            let grid = try Self.grid(target.planar, cells: configuration.samplingCells)
            let adaptation = try SelfAdaptation(
                model, generator, draws, interval: interval, DataScale(of: density, context), grid: grid,
                configuration, context)
            let probes = Self.probes(interval: interval, iterations: configuration.iterations)
            try configuration.training.run(model.parameters, keeping: adaptation.state, on: density, context) {
                iteration, x, draws in
                let found = try adaptation.update(iteration, x, draws)
                if probes.contains(iteration) {
                    try context.untimed {
                        try AdaptedGradient(
                            of: model, adaptation, density, on: grid, configuration,
                            using: context.generator("probe \(iteration)")
                        ).log(iteration: iteration, context)
                    }
                }
                return found
            }
            try LearntDensity(model).measure(beside: target.planar, configuration, context)
            func data(_ stream: String) -> [SIMD2<Double>] {
                Self.points(of: density.sample(Self.samples, dtype: .float64, using: context.generator(stream)))
            }
            let truth = data("held-out data")
            let drawn = try Self.drawn(adaptation, batchSize: configuration.batchSize, context.generator("samples"))
            try context.measure("wasserstein", slicedWasserstein(drawn, truth))
            try context.measure("wasserstein", slicedWasserstein(data("other data"), truth), at: ["of": "data"])
            try AdaptedGradient.measureLogged(context)
        }

        /// Draws of the learnt model, made as its noise was in training: what the thesis judges models by.
        private static func drawn(
            _ adaptation: SelfAdaptation, batchSize: Int, _ generator: RandomGenerator
        ) throws -> [SIMD2<Double>] {
            adaptation.renew()
            var (chains, points) = (adaptation.position, [SIMD2<Double>]())
            while points.count < samples {
                chains = try adaptation.drawn(batchSize, from: chains, using: generator)
                points += Self.points(of: chains)
            }
            return points
        }

        private static func points(of x: Tensor) -> [SIMD2<Double>] {
            let numbers = x.array(Double.self)
            return (0..<x.size(0)).map { SIMD2(numbers[2 * $0], numbers[2 * $0 + 1]) }
        }

        /// The last updates before the copy is renewed, at about the quarters of a training.
        package static func probes(interval: Int, iterations: Int) -> Set<Int> {
            let quarters = (1...SelfAdaptation.probes).map { $0 * iterations / (SelfAdaptation.probes + 1) }
            return Set(quarters.map { max(1, $0 / interval) * interval }.filter { $0 <= iterations })
        }

        /// A box a quarter longer than the target's: a model that is not trained yet is wider.
        private static func grid(_ target: PlanarTarget, cells: Int) throws -> QuadratureGrid {
            func widened(_ range: ClosedRange<Double>) -> ClosedRange<Double> {
                let margin = (range.upperBound - range.lowerBound) / 8
                return range.lowerBound - margin...range.upperBound + margin
            }
            return try QuadratureGrid(x: widened(target.box.x), y: widened(target.box.y), columns: cells, rows: cells)
        }
    }
}

/// The gradient of self-adapting ratio matching at a model θ and a frozen copy m,
///
///     g* = E_m ∇S₀(g_θ) − E_p ∇S₁(g_θ),   g_θ = e^{E_m − E_θ}
///
/// by quadrature over a grid (on its box, where m and p are taken as normalised), beside what batches give. All are
/// squared lengths.
struct AdaptedGradient {
    /// The variance of the normalised ratio under m, ∫ p_θ²/p_m − 1.
    let ratioVariance: Double
    /// ‖g*‖²
    let signal: Double
    /// tr Cov g of a batch, noise drawn as in training.
    let noise: Double
    /// ‖E g − g*‖²: how far the draws' law is off. Unbiased, so that it can be negative.
    let bias: Double
    /// ‖g*‖² and tr Cov g with m = θ at the same θ, draws exact: those of maximum likelihood times S₀′(1)².
    let freshSignal: Double
    let freshNoise: Double
    /// The cosine between g* and that with m = θ.
    let cosine: Double

    init(
        of model: ContinuousMLPEnergy, _ adaptation: SelfAdaptation, _ target: any Density, on grid: QuadratureGrid,
        _ configuration: NCEFamily.Configuration, using generator: RandomGenerator
    ) throws {
        let parameters = model.parameters.tensors
        let own = (-(try grid.energies(of: model))).logSoftmax(0)
        let others = (-(try grid.energies(of: adaptation.frozen))).logSoftmax(0)
        let data = (-(try grid.energies(of: target))).softmax(0).converted(to: .float32)
        ratioVariance = (2 * own - others).exp().sum().item() - 1

        let points = grid.points(dtype: .float32)
        let psi = adaptation.objective.generator
        func exact(_ frozen: ContinuousMLPEnergy, _ shares: Tensor) -> Tensor {
            let gap = frozen.evaluate(points) - model.energy(points)
            let loss = (shares.converted(to: .float32) * psi.s0(gap)).sum() - (data * psi.s1(gap)).sum()
            return GradientMoments.flattened(gradients(of: loss, withRespectTo: parameters))
        }
        let (truth, fresh) = (exact(adaptation.frozen, others.exp()), exact(model, own.exp()))
        signal = truth.squared().sum().item()
        freshSignal = fresh.squared().sum().item()
        cosine = (truth * fresh).sum().item() / (signal * freshSignal).squareRoot()

        var (drawn, ideal) = (GradientMoments(), GradientMoments())
        var chains = adaptation.position
        let sampler = try GridSampler(model, on: grid)
        for _ in 0..<configuration.gradientBatches {
            let x = target.sample(configuration.batchSize, dtype: .float32, using: generator)
            chains = try adaptation.drawn(x.size(0), from: chains, using: generator)
            drawn.add(gradients(of: try adaptation.loss(noise: chains, data: x), withRespectTo: parameters))
            // S₀′(1)(E(x⁺) − E(x⁻))
            let others = sampler.sample(x.size(0), dtype: .float32, using: generator)
            let loss = psi.slopeAtOne * (model.energy(x).mean() - model.energy(others).mean())
            ideal.add(gradients(of: loss, withRespectTo: parameters))
        }
        noise = drawn.variance
        bias = drawn.squaredDistance(to: truth)
        freshNoise = ideal.variance
    }

    func log(iteration: Int, _ context: CellContext) throws {
        try context.log(
            iteration: iteration,
            [
                "ratioVariance": ratioVariance, "signal": signal, "noise": noise, "bias": bias,
                "freshSignal": freshSignal, "freshNoise": freshNoise, "cosine": cosine,
            ])
    }

    /// Measures what was logged at the probe nearest to half of the training; nothing where there was none.
    static func measureLogged(_ context: CellContext) throws {
        func middle(_ name: String) throws -> Double? {
            let logged = try context.logged(name)
            return logged.isEmpty ? nil : logged[logged.count / 2].value
        }
        guard let ratioVariance = try middle("ratioVariance"), let cosine = try middle("cosine"),
            let signal = try middle("signal"), let noise = try middle("noise"), let bias = try middle("bias"),
            let freshSignal = try middle("freshSignal"), let freshNoise = try middle("freshNoise")
        else { return }
        for (metric, value) in [
            ("ratioVariance", ratioVariance), ("cosine", cosine), ("signal", signal), ("noise", noise), ("bias", bias),
            ("noiseToSignal", noise / signal), ("biasToSignal", bias / signal),
        ] where value.isFinite {
            // The ratio of a copy far behind the model overflows, and a gradient of 0 has no direction.
            try context.measure(metric, value)
        }
        let fresh = freshNoise / freshSignal
        if fresh.isFinite { try context.measure("noiseToSignal", fresh, at: ["copy": "fresh"]) }
    }
}
