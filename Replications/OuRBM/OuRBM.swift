import EnergyModels
import Experiments
import Figures
import Foundation
import HDF5
import Objectives
import Samplers
import Torch

/// Restricted Boltzmann machines on binarised MNIST by contrastive divergence and by ratio matching with few flips:
/// what gradient guidance (Ou 2021; Liu et al. 2023) does for a machine whose energy is not linear in a bit.
public struct OuRBM: Replication {
    public let name = "ou-rbm"
    public let summary =
        "restricted Boltzmann machines on binarised MNIST: contrastive divergence and gradient-guided ratio matching"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    public let columns: [Column] = []

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        for method in configuration.methods {
            for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                cells.append(
                    Cell(
                        index: cells.count + 1,
                        labels: ["data": configuration.data.rawValue, "method": method.rawValue],
                        seed: seed))
            }
        }
        return cells
    }

    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        let d = Double(configuration.data == .mnist ? 784 : configuration.side * configuration.side)
        let (batch, hidden) = (Double(configuration.batchSize), Double(configuration.hidden))
        let method = Method(rawValue: cell.label("method")!)!
        // Products of the energy and its gradient; then each flip and unit: a softplus and its derivative at 3 ns, and
        // for all flips at once two products and a division.
        let products = 6 * batch * hidden * d / 7e10
        let step: Double
        switch method {
        case .contrastiveDivergence1: step = 2 * products
        case .contrastiveDivergence10: step = 8 * products
        case .persistent: step = (1.5 + 0.7 * Double(configuration.persistentSteps)) * products
        case .rm, .exactHalfPower, .pseudoLikelihood: step = products + 5e-10 * batch * hidden * d
        case .rmwrand, .basic, .advanced, .halfPower:
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

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let images = try Images(configuration)
        let method = Method(rawValue: cell.label("method")!)!
        let logits = images.logits
        let machine = RestrictedBoltzmannMachine(
            visible: images.side * images.side, hidden: configuration.hidden, dataMean: images.training.mean(0),
            using: RandomGenerator(seed: cell.seed, stream: "initialisation"))
        let adam = Adam(machine.parameters, .init(learningRate: configuration.learningRate))
        let batches = RandomGenerator(seed: cell.seed, stream: "batches")
        let draws = RandomGenerator(seed: cell.seed, stream: "objective")
        let persistent = PersistentContrastiveDivergence(
            RestrictedBlockGibbs(steps: configuration.persistentSteps),
            from: draws.bernoulli(
                logits.sigmoid().unsqueezed(0).expanded([configuration.batchSize, logits.count]).contiguous()))
        let objective = objective(method, configuration, persistent)
        if let saved = context.restored {
            try saved.restore(machine.parameters)
            try saved.restore(adam)
            try saved.restore(batches, named: "batches")
            try saved.restore(draws, named: "objective")
            persistent.chains = try saved.bits("chains", like: persistent.chains)
        }

        for iteration in context.iterations(of: configuration.iterations) {
            let rows = Tensor.integers([configuration.batchSize], 0..<images.training.size(0), using: batches)
            let x = images.training.indexSelected(0, rows)
            let (loss, found): (Tensor, [Tensor])
            do { (loss, found) = try objective.lossAndGradients(machine, x, using: draws) } catch let fault
                as NonFiniteQuantity
            {
                throw Divergence(quantity: fault.quantity, iteration: iteration)
            }
            try context.guardFinite("loss", loss.item(), iteration: iteration)
            adam.update(found)
            if iteration.isMultiple(of: configuration.logEvery) {
                try context.log(iteration: iteration, ["loss": loss.item()])
            }
            if configuration.evaluateEvery > 0, iteration.isMultiple(of: configuration.evaluateEvery) {
                try context.guardFinite(machine.parameters, iteration: iteration)
                let found = context.untimed { likelihood(machine, images, configuration, seed: cell.seed) }
                try context.log(iteration: iteration, ["testLogLikelihood": found.test, "error": found.error])
            }
            try context.endIteration(iteration, of: configuration.iterations) { checkpoint in
                checkpoint.store(machine.parameters)
                checkpoint.store(adam)
                checkpoint.store(batches, named: "batches")
                checkpoint.store(draws, named: "objective")
                checkpoint["chains"] = HDF5Array(persistent.chains.array(Float.self), shape: persistent.chains.shape)
            }
        }
        try context.guardFinite(machine.parameters, iteration: configuration.iterations)

        try writePictures(machine, images, configuration, cell, context)
        var values = ["independentPixels": independentPixels(images)]
        for power in configuration.inverseTemperatures {
            let found = likelihood(machine.raised(toPower: power), images, configuration, seed: cell.seed)
            let suffix = Self.suffix(power)
            values["testLogLikelihood" + suffix] = found.test
            values["trainingLogLikelihood" + suffix] = found.training
            values["error" + suffix] = found.error
            values["effectiveSampleSize" + suffix] = found.effectiveSampleSize
        }
        return CellResult(values)
    }

    private func objective(
        _ method: Method, _ configuration: Configuration,
        _ persistent: PersistentContrastiveDivergence<RestrictedBlockGibbs>
    ) -> any BinaryObjective {
        let flips = configuration.flips
        return switch method {
        case .contrastiveDivergence1: ContrastiveDivergence(RestrictedBlockGibbs(steps: 1))
        case .contrastiveDivergence10: ContrastiveDivergence(RestrictedBlockGibbs(steps: 10))
        case .persistent: persistent
        case .pseudoLikelihood: PseudoLikelihood()
        case .rm: RatioMatching(.exact)
        case .exactHalfPower: RatioMatching(.exact, ratio: .power(0.5))
        case .rmwrand: RatioMatching(.uniform(flips: flips))
        case .basic: RatioMatching(.gradientGuided(flips: flips))
        case .advanced: RatioMatching(.gradientGuidedUnweighted(flips: flips))
        case .halfPower: RatioMatching(.gradientGuided(flips: flips), ratio: .power(0.5))
        }
    }

    /// Of the names of numbers read out at β.
    private static func suffix(_ power: Int) -> String { power == 1 ? "" : "@β\(power)" }

    /// Mean log-likelihood in nats, log Z by annealed importance sampling from the data's marginals; `error` is the
    /// standard error of log Z.
    private func likelihood(
        _ machine: RestrictedBoltzmannMachine, _ images: Images, _ configuration: Configuration, seed: UInt64
    ) -> (test: Double, training: Double, error: Double, effectiveSampleSize: Double) {
        let estimate = AnnealedImportanceSampling(
            temperatures: configuration.annealingTemperatures, chains: configuration.annealingChains
        ).logPartitionFunctionByBlocks(
            of: machine, baseLogits: images.logits, using: RandomGenerator(seed: seed, stream: "annealing"))
        func mean(_ x: Tensor) -> Double {
            -machine.negativeLogLikelihood(of: x, logPartitionFunction: estimate.logPartitionFunction)
        }
        let training = images.training.narrowed(0, start: 0, length: min(images.training.size(0), images.test.size(0)))
        return (mean(images.test), mean(training), estimate.standardError, estimate.effectiveSampleSize)
    }

    /// The test log-likelihood of independent pixels with the training images' means: what every model has to beat.
    private func independentPixels(_ images: Images) -> Double {
        let logits = images.logits.converted(to: .float64)
        let x = images.test.converted(to: .float64)
        return ((x * logits).sum(1) + (-logits).logSigmoid().sum()).mean().item()
    }

    // MARK: - Pictures

    /// `samples.png`: 100 samples, as probabilities of their pixels; `filters.png`: the weights of the 100 hidden units
    /// of largest norm.
    private func writePictures(
        _ machine: RestrictedBoltzmannMachine, _ images: Images, _ configuration: Configuration, _ cell: Cell,
        _ context: CellContext
    ) throws {
        let generator = RandomGenerator(seed: cell.seed, stream: "samples")
        let (side, pixels) = (images.side, images.side * images.side)
        let start = generator.bernoulli(images.logits.sigmoid().unsqueezed(0).expanded([100, pixels]).contiguous())
        let samples = withoutGradients {
            let v = RestrictedBlockGibbs(steps: configuration.sampleSteps).moved(machine, from: start, using: generator)
            return machine.visibleProbabilities(generator.bernoulli(machine.hiddenProbabilities(v)))
        }
        let weights = machine.weight.detached()
        let norms = (weights * weights).sum(1).array(Double.self)
        let largest = norms.indices.sorted { (norms[$0], $1) > (norms[$1], $0) }.prefix(100)
        let text = [(key: "Title", value: cell.id), (key: "Software", value: "replicate run ou-rbm")]
        func write(_ name: String, _ rows: [[Double]]) throws {
            let tiles = try rows.map { row in
                try Image(width: side, height: side, channels: 1, pixels: row.map { UInt8(max(0, min(255, $0 * 255))) })
            }
            try atomically(replacing: context.directory.appendingPathComponent(name)) {
                try Image.grid(of: tiles, columns: 10).writePNG(to: $0, text: text)
            }
        }
        try write("samples.png", (0..<100).map { samples[$0].array(Double.self) })
        try write(
            "filters.png",
            largest.map { unit in
                let row = weights[unit].array(Double.self)
                let scale = row.map(abs).max()!
                return row.map { 0.5 + 0.5 * $0 / scale }
            })
        let losses = try context.logged("loss")
        let chart = Chart(
            title: cell.id, x: .init("iteration"), y: .init("loss"),
            series: [try .init("loss", x: losses.map { Double($0.iteration) }, y: losses.map(\.value))])
        try chart.draw(named: "chart-loss", in: context.directory)
    }

    // MARK: - Table

    /// A row a method, mean ± standard deviation over seeds, and the independent pixels that all have to beat.
    public func table(_ records: [CellRecord]) -> Table {
        let present = records.filter { $0.status != .missing }
        var rows: [[String]] = []
        let powers = (1...16).filter { power in
            present.contains { $0.values["testLogLikelihood" + Self.suffix(power)] != nil }
        }
        for group in present.grouped(by: ["method"]) {
            let (method, own) = (group.labels[0], group.records)
            let finished = own.filter { $0.status == .finished }
            func text(_ name: String, _ decimals: Int) -> String {
                SampleStatistics(finished.compactMap { $0.values[name] })?.text(decimals) ?? "–"
            }
            let times = finished.compactMap { $0.timing?.secondsPerIteration.map { $0 * 1000 } }
            let diverged = own.compactMap { record in
                if case .diverged(let quantity, let iteration) = record.status {
                    return "\(quantity) at iteration \(iteration)"
                }
                return nil
            }
            for power in powers {
                let suffix = Self.suffix(power)
                rows.append([
                    method, "\(finished.count)", "\(power)", text("testLogLikelihood" + suffix, 1),
                    text("trainingLogLikelihood" + suffix, 1), text("error" + suffix, 2),
                    text("effectiveSampleSize" + suffix, 0),
                    power == 1 ? SampleStatistics(times)?.text(1) ?? "–" : "",
                    power == 1 ? diverged.joined(separator: "; ") : "",
                ])
            }
        }
        if let baseline = present.compactMap({ $0.values["independentPixels"] }).first {
            rows.append(["independent pixels", "", "", String(format: "%.1f", baseline), "", "", "", "", ""])
        }
        return Table(
            columns: [
                "method", "seeds", "β", "test log-likelihood", "training log-likelihood", "s.e. of log Z",
                "effective chains", "ms/iteration",
                "diverged",
            ], rows: rows, notes: [Table.missingNote(records)].compactMap { $0 })
    }
}
