import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import HDF5
import Metrics
import Objectives
import Samplers
import Torch

/// Ratio matching with gradient-guided importance sampling on synthetic binary data (Liu et al. 2023).
///
/// Points of a two-dimensional set become bits by a Gray code; an MLP energy learns them by ratio matching, exactly (RM) or
/// from a few flips a point (RMwRAND, RMwGGIS); samples of 20 Gibbs sweeps are compared with fresh data.
public struct RMwGGISSynthetic: Replayable {
    public let name = "rmwggis-synthetic"
    public let summary = "ratio matching with gradient-guided importance sampling on seven synthetic binary data sets"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    /// The released code's.
    public let defaultSeed: UInt64 = 1023

    public let columns: [Column] = [
        .label("data"), .label("variant"), .label("method"), .seed,
        .value("loss", decimals: 3), .value("mmd", title: "MMD (released)", decimals: 4),
        .value("mmdFloor", title: "data against data", decimals: 4),
        .value("mmdIndependentBits", title: "independent bits", decimals: 4), .timePerIteration,
    ]

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        for data in configuration.datasets {
            for variant in configuration.variants {
                for method in configuration.methods {
                    for offset in 0..<configuration.seeds {
                        cells.append(
                            Cell(
                                index: cells.count + 1,
                                labels: ["data": data, "variant": variant.rawValue, "method": method.rawValue],
                                seed: seed + UInt64(offset)))
                    }
                }
            }
        }
        return cells
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let setting = try Setting(cell, configuration)
        let objective = setting.objective
        var data = try setting.data()
        let model = setting.model()
        let parameters = model.parameters
        let adam = Adam(
            parameters, .init(learningRate: setting.learningRate, weightDecay: configuration.weightDecay))
        let flips = RandomGenerator(seed: cell.seed, stream: "flips")
        var losses = RecentMean(count: configuration.lossWindow)
        if let saved = context.restored {
            try saved.restore(parameters)
            try saved.restore(adam)
            try saved.restore(flips, named: "flips")
            data.randomState = try saved.numPyRandomState(named: "data")
            losses.values = try saved.elements("recentLosses")
        }

        for iteration in context.iterations(of: configuration.iterations) {
            let x = Tensor(try data.batch(configuration.batchSize))
            let (loss, found): (Tensor, [Tensor])
            do { (loss, found) = try objective.lossAndGradients(model, x, using: flips) } catch let fault as NonFiniteQuantity {
                throw Divergence(quantity: fault.quantity, iteration: iteration)
            }
            let value = loss.item()
            try context.guardFinite("loss", value, iteration: iteration)
            let norm = clipGradientNorm(found, to: configuration.gradientClip).item()
            try context.guardFinite("gradient", norm, iteration: iteration)
            adam.update(found)

            losses.append(value)
            if iteration.isMultiple(of: configuration.logEvery) {
                try context.log(iteration: iteration, ["loss": value, "gradientNorm": norm])
            }
            if configuration.evaluateEvery > 0, iteration.isMultiple(of: configuration.evaluateEvery) {
                let mmd = try context.untimed { try setting.evaluate(model, data, at: iteration).mmd }
                try context.log(iteration: iteration, ["mmd": mmd])
            }
            try context.endIteration(iteration, of: configuration.iterations) { checkpoint in
                checkpoint.store(parameters)
                checkpoint.store(adam)
                checkpoint.store(flips, named: "flips")
                checkpoint.store(data.randomState, named: "data")
                checkpoint["recentLosses"] = HDF5Array(losses.values, shape: [losses.values.count])
            }
        }
        for parameter in parameters {
            let isFinite = parameter.tensor.isFinite().all()
            try context.guardFinite(parameter.name, isFinite ? 0 : .nan, iteration: configuration.iterations)
        }

        let evaluation = try setting.evaluate(model, data, at: configuration.iterations)
        try setting.writePictures(model, evaluation, context)
        return CellResult([
            "loss": losses.mean, "mmd": evaluation.mmd, "mmdFloor": evaluation.floor,
            "mmdIndependentBits": evaluation.independentBits,
        ])
    }

    public func replay(golden: URL, report: (String) -> Void) throws -> Bool {
        try withoutActuallyEscaping(report) { try Replay(golden: golden, report: $0).run() }
    }
}

/// One cell's choices, read from its labels.
struct Setting {
    let cell: Cell
    let configuration: RMwGGISSynthetic.Configuration
    let dataset: ToyDataset
    let method: RMwGGISSynthetic.Method
    let variant: RMwGGISSynthetic.Variant

    init(_ cell: Cell, _ configuration: RMwGGISSynthetic.Configuration) throws {
        self.cell = cell
        self.configuration = configuration
        dataset = try ToyDataset(named: cell.label("data") ?? "")
        method = RMwGGISSynthetic.Method(rawValue: cell.label("method") ?? "")!
        variant = RMwGGISSynthetic.Variant(rawValue: cell.label("variant") ?? "")!
    }

    /// Training data: the same stream for every method of a seed.
    func data() throws -> BinaryToyData {
        try BinaryToyData(dataset, dimension: configuration.dimension, seed: numPySeed("data"))
    }

    /// The untrained model: the same for every method of a seed.
    func model() -> MLPEnergy {
        MLPEnergy(
            dimension: configuration.dimension, hidden: configuration.hidden,
            using: RandomGenerator(seed: cell.seed, stream: "initialisation"))
    }

    var objective: RatioMatching {
        let estimator: RatioMatching.Estimator =
            switch method {
            case .rm: .exact
            case .rmwrand: .uniform(flips: configuration.flips)
            case .basic: .gradientGuided(flips: configuration.flips)
            case .advanced: .gradientGuidedUnweighted(flips: configuration.flips)
            }
        switch variant {
        case .paper: return RatioMatching(estimator)
        case .released:
            // The released code draws without replacement where the proposal guides, and differentiates the proposal.
            let guided = method == .basic || method == .advanced
            return RatioMatching(
                estimator, pairing: .misread, replacement: !guided, proposalIsConstant: method != .basic)
        }
    }

    var learningRate: Double {
        switch (method, dataset) {
        case (.rmwrand, _): configuration.learningRateUniform
        case (_, .checkerboard): configuration.learningRateCheckerboard
        default: configuration.learningRate
        }
    }

    /// What is measured, and what the pictures show.
    struct Evaluation {
        let data: BinaryBatch
        let samples: BinaryBatch
        /// Samples against data, other data against data, and independent bits with the data's marginals against data.
        let mmd: Double
        let floor: Double
        let independentBits: Double
    }

    /// Samples of the model from coin flips by Gibbs sweeps, against fresh data. Its draws are streams of their own for
    /// each iteration, so that evaluating changes nothing in the training.
    func evaluate(_ model: MLPEnergy, _ training: BinaryToyData, at iteration: Int) throws -> Evaluation {
        let count = configuration.evaluationSamples
        var fresh = training
        fresh.randomState = NumPyRandomState(seed: numPySeed("evaluation data \(iteration)"))
        let (data, others) = (try fresh.batch(count), try fresh.batch(count))

        let generator = RandomGenerator(seed: cell.seed, stream: "evaluation \(iteration)")
        let coins = Tensor.integers([count, configuration.dimension], 0..<2, using: generator).converted(to: .float32)
        let samples = GibbsSampler().sample(model, from: coins, sweeps: configuration.gibbsSweeps, using: generator)

        let (x, y) = (Tensor(data), Tensor(others))
        let marginals = y.mean(0, keeping: true).expanded([count, configuration.dimension]).contiguous()
        return Evaluation(
            data: data, samples: BinaryBatch(bits: samples.array(UInt8.self), dimension: configuration.dimension),
            mmd: linearKernelMMD(samples, x), floor: linearKernelMMD(y, x),
            independentBits: linearKernelMMD(generator.bernoulli(marginals), x))
    }

    /// A NumPy seed for one purpose.
    private func numPySeed(_ stream: String) -> UInt32 {
        UInt32(truncatingIfNeeded: RandomGenerator.seed(cell.seed, stream: stream))
    }
}

/// The mean of the last so many values.
struct RecentMean {
    let count: Int
    /// The values, oldest first.
    var values: [Double] = []

    init(count: Int) { self.count = count }

    mutating func append(_ value: Double) {
        if values.count == count { values.removeFirst() }
        values.append(value)
    }

    var mean: Double { values.reduce(0, +) / Double(values.count) }
}

extension Tensor {
    /// Bits as float32, shape [count, d].
    init(_ batch: BinaryBatch) {
        self = Tensor(batch.bits, shape: [batch.count, batch.dimension]).converted(to: .float32)
    }
}
