import Datasets
import EnergyModels
import Metrics
import Objectives
import Samplers
import Torch

/// One piece of work that both sides do.
struct Benchmark: Sendable {
    let name: String
    /// The largest ratio of our time to the peer's that passes; nil where none is set.
    let bound: Double?
    /// Multiplications and additions that a step needs at least; nil where it is not arithmetic that limits it.
    let operations: Double?
    let note: String
    /// Seconds that a step needs at least, measured in the same run, where it is not arithmetic that limits it.
    var floor: (@Sendable () -> Double)?
    /// Pairs that are timed, where a step is long.
    var rounds: Int?
    /// The most memory that a process may hold that runs three steps, in bytes; nil where it is not measured.
    var memoryBound: Int?
    /// Makes what the steps need; the result runs that many of them.
    let prepare: @Sendable () throws -> (Int) -> Void
    /// Whether anything stands beside ours.
    var hasPeer = true
    /// What stands in the peer's place where it is another form of our own, made as by `prepare`.
    var beside: (@Sendable () throws -> (Int) -> Void)?

    /// Seconds that a step needs at least, at the rate that the machine has at this moment.
    func leastSeconds() -> Double? {
        operations.map { $0 / matrixProductRate(.float32) } ?? floor?()
    }

    static let all = released + enumeration + ising + closedForm + images + langevin + density + graphs

    private static let released = [
        training(
            "rmwggis-step", RatioMatching(.gradientGuided(flips: 10)), flips: 10, guided: true, bound: 0.55,
            note:
                "s 10 (repeated draws evaluated once, counted each in the share); the peer keeps the proposal in the loss's graph, as the released code does"
        ),
        training(
            "rmwggis-step-constant-proposal", RatioMatching(.gradientGuided(flips: 10)), flips: 10, guided: true,
            bound: nil,
            note:
                "s 10 (repeated draws evaluated once, counted each in the share); the proposal is a constant on both sides, as in the paper"
        ),
        training("rm-step", RatioMatching(.exact), flips: 32, guided: false, bound: 0.7, note: "all 32 flips"),
        Benchmark(
            name: "toy-batch", bound: 0.05, operations: nil,
            note: "4,000 points of 2spirals, generated and coded, d 32",
            prepare: {
                var data = try BinaryToyData(.twoSpirals, dimension: 32, seed: 0)
                return { count in for _ in 0..<count { _ = try! data.batch(4000) } }
            }),
        evaluation,
        training(
            "rmwggis-step-d2048", RatioMatching(.gradientGuided(flips: 10)), dimension: 2048, flips: 10, guided: true,
            bound: 0.4,
            note:
                "s 10 (repeated draws evaluated once, counted each in the share); the peer keeps the proposal in the loss's graph, as the released code does"
        ),
        chunked,
        annealing,
    ]

    /// All flips at d = 2,048, in chunks, beside the plain form.
    private static var chunked: Benchmark {
        var benchmark = training(
            "rm-chunked-d2048", RatioMatching(.exactInChunks(of: 64)), dimension: 2048, flips: 2048, guided: false,
            bound: nil,
            note: "all flips, 64 at a time; in the peer's place our own form without chunks")
        let plain = training(
            "rm-d2048", RatioMatching(.exact), dimension: 2048, flips: 2048, guided: false, bound: nil, note: "")
        benchmark.beside = { try plain.prepare() }
        benchmark.rounds = 3
        benchmark.memoryBound = 1 << 30
        return benchmark
    }

    /// Annealed importance sampling, by the sweep, beside a Gibbs sweep as `mmd-evaluation` takes it.
    private static var annealing: Benchmark {
        let (dimension, chains, width) = (32, 4000, 256)
        let model = { @Sendable (generator: RandomGenerator) in
            MLPEnergy(dimension: dimension, hidden: [width, width, width], using: generator)
        }
        return Benchmark(
            name: "ais", bound: nil,
            operations: nil,
            note:
                "a sweep of annealed importance sampling, 4,000 chains, d 32, with its weights; limit as for mmd-evaluation; in the peer's place our Gibbs sweep",
            floor: { evaluationFloor(sites: dimension, chains: chains, width: width) }, rounds: 5,
            prepare: {
                let generator = RandomGenerator(seed: 0)
                let model = model(generator)
                // K steps take K − 1 sweeps.
                return { count in
                    _ = AnnealedImportanceSampling(temperatures: count + 1, chains: chains)
                        .logPartitionFunction(of: model, using: generator)
                }
            },
            beside: {
                let generator = RandomGenerator(seed: 0)
                let model = model(generator)
                let coins = Tensor.integers([chains, dimension], 0..<2, using: generator).converted(to: .float32)
                return { count in _ = GibbsSampler().sample(model, from: coins, sweeps: count, using: generator) }
            })
    }

    /// Seconds of the products of so many energies of all chains, two hidden layers on the first.
    private static func evaluationFloor(sites: Int, chains: Int, width: Int) -> Double {
        let rate = matrixProductRate(Runtime.multipliesBFloat16 ? .bfloat16 : .float32)
        return 2 * Double(sites * chains) * Double(2 * width * width + width) / rate
    }

    /// 20 sweeps of 4,000 chains, d 32, then the released metric.
    private static var evaluation: Benchmark {
        let (dimension, chains, width, sweeps) = (32, 4000, 256, 20)
        return Benchmark(
            name: "mmd-evaluation", bound: 0.3, operations: nil,
            note:
                "20 Gibbs sweeps of 4,000 chains, d 32, then MMD; the limit is a bfloat16 product for each site where the processor has them; the peer evaluates both values of a site, as the released code does",
            floor: { evaluationFloor(sites: sweeps * dimension, chains: chains, width: width) }, rounds: 3,
            prepare: {
                let generator = RandomGenerator(seed: 0)
                let model = MLPEnergy(dimension: dimension, hidden: [width, width, width], using: generator)
                let data = Tensor.integers([chains, dimension], 0..<2, using: generator).converted(to: .float32)
                return { count in
                    for _ in 0..<count {
                        let coins = Tensor.integers([chains, dimension], 0..<2, using: generator).converted(
                            to: .float32)
                        let samples = GibbsSampler().sample(model, from: coins, sweeps: sweeps, using: generator)
                        _ = linearKernelMMD(samples, data)
                    }
                }
            })
    }

    /// A training step of the synthetic setting: batch 128, three hidden layers of 256.
    private static func training(
        _ name: String, _ objective: RatioMatching, dimension: Int = 32, flips: Int, guided: Bool, bound: Double?,
        note: String
    ) -> Benchmark {
        let (batch, width) = (128, 256)
        let rows = Double(batch * (1 + flips))
        let (first, deep) = (Double(dimension * width), Double(2 * width * width))
        // Forward, and gradients with respect to weights and activations, of the deep layers for every row; the first
        // layer for points only; where flips are guided, a forward pass and an input gradient of the points.
        let products = 3 * rows * deep + 2 * Double(batch) * first + (guided ? 2 * Double(batch) * (first + deep) : 0)
        return Benchmark(
            name: name, bound: bound, operations: 2 * products,
            note: "loss, gradients, clipping, Adam; d \(dimension), batch 128, \(note)",
            prepare: {
                let generator = RandomGenerator(seed: 0)
                let model = MLPEnergy(dimension: dimension, hidden: [width, width, width], using: generator)
                let parameters = model.parameters
                // So small a rate leaves the model, and with it how often guided draws repeat themselves, as it was.
                let adam = Adam(parameters, .init(learningRate: 1e-12, weightDecay: 1e-4))
                let x = Tensor.integers([batch, dimension], 0..<2, using: generator).converted(to: .float32)
                return { count in
                    for _ in 0..<count {
                        let (loss, found) = try! objective.lossAndGradients(model, x, using: generator)
                        clipGradientNorm(found, to: 1)
                        adam.update(found)
                        _ = loss.item()
                    }
                }
            })
    }
}
