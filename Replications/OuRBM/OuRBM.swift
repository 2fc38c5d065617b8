import EnergyModels
import Experiments
import Figures
import Foundation
import Objectives
import ReplicationShared
import Samplers
import Torch

/// Restricted Boltzmann machines on binarised MNIST by contrastive divergence and by ratio matching with few flips:
/// what gradient guidance (Ou 2021; Liu et al. 2023) does for a machine whose energy is not linear in a bit.
public struct OuRBM: Replication {
    public let name = "ou-rbm"
    public let summary =
        "restricted Boltzmann machines on binarised MNIST: contrastive divergence and gradient-guided ratio matching"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.methods.map { Setting(data: configuration.data, method: $0) }
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        let d = Double(setting.data == .mnist ? 784 : configuration.side * configuration.side)
        let (batch, hidden) = (Double(configuration.batchSize), Double(configuration.hidden))
        // Products of the energy and its gradient; then each flip and unit: a softplus and its derivative at 3 ns, and
        // for all flips at once two products and a division.
        let products = 6 * batch * hidden * d / 7e10
        let step: Double
        switch setting.method {
        case .contrastiveDivergence1: step = 2 * products
        case .contrastiveDivergence10: step = 8 * products
        case .persistent: step = (1.5 + 0.7 * Double(configuration.persistentSteps)) * products
        case .rm, .halfPower, .pseudoLikelihood: step = products + 5e-10 * batch * hidden * d
        case .rmwrand, .basic, .advanced, .basicHalfPower:
            step = 2 * products + 3e-8 * batch * hidden * Double(configuration.flips)
        }
        let powers = Double(configuration.inverseTemperatures.reduce(0, +))
        let annealing =
            4 * powers * d * hidden * Double(configuration.annealingTemperatures)
            * Double(configuration.annealingChains) / 7e10
        return Estimate(
            seconds: 2 + (step * Double(configuration.iterations) + annealing) / Double(threads),
            memory: 500_000_000, disk: 3 * 4 * d * hidden + 200_000)
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let images = try Images(configuration)
        let machine = RestrictedBoltzmannMachine(
            visible: images.side * images.side, hidden: configuration.hidden, dataMean: images.training.mean(0),
            using: context.generator("initialisation"))
        try train(machine, by: setting.method, images, configuration, context)
        try writePictures(machine, images, configuration, context)
        try context.measure("testLogLikelihood", images.independentPixels, at: ["of": "independent pixels"])
        for power in configuration.inverseTemperatures {
            let found = likelihood(machine.raised(toPower: power), images, configuration, context)
            try context.measure("testLogLikelihood", found.test, error: found.error, at: ["beta": power])
            try context.measure("trainingLogLikelihood", found.training, error: found.error, at: ["beta": power])
            try context.measure("effectiveSampleSize", found.effectiveSampleSize, at: ["beta": power])
        }
    }

    private func train(
        _ machine: RestrictedBoltzmannMachine, by method: Method, _ images: Images, _ configuration: Configuration,
        _ context: CellContext
    ) throws {
        let draws = context.generator("objective")
        let persistent = PersistentContrastiveDivergence(
            BlockGibbs(steps: configuration.persistentSteps),
            from: draws.bernoulli(images.independent.probabilities(configuration.batchSize)))
        let objective: any BinaryObjective =
            switch method {
            case .contrastiveDivergence1: ContrastiveDivergence(BlockGibbs(steps: 1))
            case .contrastiveDivergence10: ContrastiveDivergence(BlockGibbs(steps: 10))
            case .persistent: persistent
            default: method.ratioMatching?.objective(flips: configuration.flips) ?? PseudoLikelihood()
            }
        let training = BinaryTraining(
            iterations: configuration.iterations, batchSize: configuration.batchSize,
            learningRate: configuration.learningRate, logEvery: configuration.logEvery)
        try training.run(
            machine, by: objective, on: images.training, using: draws, keeping: [.chains(persistent)], context
        ) { iteration in
            guard configuration.evaluateEvery > 0, iteration.isMultiple(of: configuration.evaluateEvery) else { return }
            try context.guardFinite(machine.parameters, iteration: iteration)
            let found = context.untimed { likelihood(machine, images, configuration, context) }
            try context.log(
                iteration: iteration, ["testLogLikelihood": found.test, "testLogLikelihoodError": found.error])
        }
    }

    /// Mean log-likelihood in nats, log Z by annealed importance sampling from the data's marginals; `error` is the
    /// standard error of log Z.
    private func likelihood(
        _ machine: RestrictedBoltzmannMachine, _ images: Images, _ configuration: Configuration,
        _ context: CellContext
    ) -> (test: Double, training: Double, error: Double, effectiveSampleSize: Double) {
        let estimate = AnnealedImportanceSampling(
            temperatures: configuration.annealingTemperatures, chains: configuration.annealingChains
        ).logPartitionFunctionByBlocks(
            of: machine, baseLogits: images.independent.logits, using: context.generator("annealing"))
        func mean(_ x: Tensor) -> Double {
            -machine.negativeLogLikelihood(of: x, logPartitionFunction: estimate.logPartitionFunction)
        }
        let training = images.training.narrowed(0, start: 0, length: min(images.training.size(0), images.test.size(0)))
        return (mean(images.test), mean(training), estimate.standardError, estimate.effectiveSampleSize)
    }

    /// `samples`: 100 samples, as probabilities of their pixels; `filters`: the weights of the 100 hidden units of
    /// largest norm.
    private func writePictures(
        _ machine: RestrictedBoltzmannMachine, _ images: Images, _ configuration: Configuration, _ context: CellContext
    ) throws {
        let generator = context.generator("samples")
        let start = generator.bernoulli(images.independent.probabilities(100))
        let samples = withoutGradients {
            let v = BlockGibbs(steps: configuration.sampleSteps).moved(hidden: machine, from: start, using: generator)
            return machine.visibleProbabilities(generator.bernoulli(machine.hiddenProbabilities(v)))
        }
        let weights = machine.weight.detached()
        let norms = (weights * weights).sum(1).array(Double.self)
        let largest = norms.indices.sorted { (norms[$0], $1) > (norms[$1], $0) }.prefix(100)
        func write(_ rows: [[Double]], named name: String) throws {
            let tiles = try rows.map { row in
                try Image(
                    width: images.side, height: images.side, channels: 1,
                    pixels: row.map { UInt8(max(0, min(255, $0 * 255))) })
            }
            try context.write(Image.grid(of: tiles, columns: 10), named: name)
        }
        try write((0..<100).map { samples[$0].array(Double.self) }, named: "samples")
        let filters = largest.map { unit in
            let row = weights[unit].array(Double.self)
            let scale = row.map(abs).max()!
            return row.map { 0.5 + 0.5 * $0 / scale }
        }
        try write(filters, named: "filters")
    }
}
