import ReplicationShared
import EnergyModels
import Experiments
import Metrics
import Objectives
import Samplers
import Torch

/// Self-adapting ratio matching in the plane with an interval K, a Ψ, and a way to draw from the frozen model; and, at
/// three places of the training, what its gradient is worth (Xu 2022, section 5.3: biased chains, or the variance of
/// the density ratio).
package struct SelfAdaptedSampling {
    private let cell: Cell
    private let configuration: NCEFamily.Configuration

    /// That are compared with data.
    private static let samples = 2000

    init(_ cell: Cell, _ configuration: NCEFamily.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
    }

    func run(_ context: CellContext) throws -> CellResult {
        let target = KnownTarget(rawValue: cell.label("target")!)!.planar
        let interval = Int(cell.label("K")!)!
        let generator = NCEFamily.Generator(rawValue: cell.label("psi")!)!
        let model = MethodLearning.model(dimension: 2, configuration, seed: cell.seed)
        let grid = try Self.grid(target, cells: configuration.samplingCells)
        let adaptation = try SelfAdaptation(
            model, generator, NCEFamily.Draws(rawValue: cell.label("draws")!)!, interval: interval,
            DataScale(of: target.density, seed: cell.seed),
            grid: grid, configuration, seed: cell.seed)
        let probes = Self.probes(interval: interval, iterations: configuration.iterations)
        try configuration.training.run(model.parameters, keeping: adaptation.state, on: target.density, context) {
            iteration, x, draws in
            let found = try adaptation.update(iteration, x, draws)
            if probes.contains(iteration) {
                try context.untimed {
                    let measured = try AdaptedGradient(
                        of: model, adaptation, target.density, on: grid, configuration,
                        using: RandomGenerator(seed: cell.seed, stream: "probe \(iteration)"))
                    try context.log(
                        iteration: iteration,
                        [
                            "ratio variance": measured.ratioVariance, "signal": measured.signal,
                            "noise": measured.noise, "bias": measured.bias,
                            "fresh signal": measured.freshSignal, "fresh noise": measured.freshNoise,
                            "cosine": measured.cosine,
                        ])
                }
            }
            return found
        }
        var values = try LearntDensity(model, logNormalizer: nil).compared(with: target, configuration, context)
        func data(_ stream: String) -> [SIMD2<Double>] {
            let generator = RandomGenerator(seed: cell.seed, stream: stream)
            return Self.points(of: target.density.sample(Self.samples, dtype: .float64, using: generator))
        }
        let truth = data("held-out data")
        values["W1"] = slicedWasserstein(try drawn(adaptation), truth)
        values["W1@data"] = slicedWasserstein(data("other data"), truth)
        // Of the probe nearest to half of the training.
        func middle(_ name: String) throws -> Double? {
            let logged = try context.logged(name)
            return logged.isEmpty ? nil : logged[logged.count / 2].value
        }
        if let signal = try middle("signal"), let noise = try middle("noise"), let bias = try middle("bias"),
            let freshSignal = try middle("fresh signal"), let freshNoise = try middle("fresh noise")
        {
            values["ratio variance"] = try middle("ratio variance")
            values["cosine"] = try middle("cosine")
            (values["signal"], values["noise"], values["bias"]) = (signal, noise, bias)
            values["noise to signal"] = noise / signal
            values["noise to signal@fresh"] = freshNoise / freshSignal
            values["bias to signal"] = bias / signal
        }
        return CellResult(values)
    }

    /// Draws of the learnt model, made as its noise was in training: what the thesis judges models by.
    private func drawn(_ adaptation: SelfAdaptation) throws -> [SIMD2<Double>] {
        let generator = RandomGenerator(seed: cell.seed, stream: "samples")
        adaptation.renew()
        var (chains, points) = (adaptation.position, [SIMD2<Double>]())
        while points.count < Self.samples {
            do { chains = try adaptation.drawn(configuration.batchSize, from: chains, using: generator) } catch let
                fault as NonFiniteQuantity
            {
                throw Divergence(quantity: fault.quantity, iteration: configuration.iterations)
            }
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
    /// ‖E g − g*‖²: what the draws' law is off. Unbiased, so that it can be negative.
    let bias: Double
    /// ‖g*‖² and tr Cov g with m = θ at the same θ, draws exact: those of maximum likelihood times S₀′(1)².
    let freshSignal: Double
    let freshNoise: Double
    /// Between g* and that with m = θ.
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
}
