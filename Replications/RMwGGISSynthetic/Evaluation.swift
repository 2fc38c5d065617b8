import Datasets
import EnergyModels
import Experiments
import Foundation
import Metrics
import Objectives
import Samplers
import Torch

/// Two sets of points, compared three ways.
struct Scores {
    /// The released metric: MMD² under d − Hamming, unbiased. It sees the means of single bits alone.
    let mmd: Double
    /// MMD² under exp(−0.1 Hamming), unbiased.
    let exponentialMMD: Double
    /// Sliced Wasserstein-1 of the decoded points.
    let wasserstein: Double

    init(_ a: BinaryBatch, _ b: BinaryBatch, _ code: GrayCode) throws {
        let (x, y) = (Tensor(a), Tensor(b))
        mmd = linearKernelMMD(x, y)
        exponentialMMD = exponentialKernelMMD(x, y, decay: 0.1)
        wasserstein = slicedWasserstein(try code.points(of: a.bits), try code.points(of: b.bits))
    }

    private init(_ mmd: Double, _ exponentialMMD: Double, _ wasserstein: Double) {
        (self.mmd, self.exponentialMMD, self.wasserstein) = (mmd, exponentialMMD, wasserstein)
    }

    static func mean(_ all: [Scores]) -> Scores {
        func mean(_ value: (Scores) -> Double) -> Double { all.reduce(0) { $0 + value($1) } / Double(all.count) }
        return Scores(mean(\.mmd), mean(\.exponentialMMD), mean(\.wasserstein))
    }

    /// Measures all three.
    func measure(
        _ context: CellContext, at readOut: KeyValuePairs<String, any CustomStringConvertible> = [:]
    ) throws {
        try context.measure("mmd", mmd, at: readOut)
        try context.measure("exponentialMMD", exponentialMMD, at: readOut)
        try context.measure("wasserstein", wasserstein, at: readOut)
    }
}

/// What is scored beside the models.
enum Control: String, CaseIterable {
    case data
    case independentBits = "independent bits"
    case coinFlips = "coin flips"
}

extension Trial {
    /// The released evaluation, and what the pictures show.
    struct Evaluation {
        let data: BinaryBatch
        let samples: BinaryBatch
        let released: Scores
    }

    /// Samples of 20 Gibbs sweeps from coin flips, against fresh data: the paper's evaluation.
    func evaluate(_ model: MLPEnergy, _ training: BinaryToyData, at iteration: Int) throws -> Evaluation {
        var fresh = freshData(training, for: "evaluation data \(iteration)")
        let data = try fresh.batch(configuration.evaluationSamples)
        let generator = RandomGenerator(seed: seed, stream: "evaluation \(iteration)")
        let samples = GibbsSampler().sample(
            model, from: coinFlips(generator), sweeps: configuration.gibbsSweeps, using: generator)
        let batch = bits(samples)
        return Evaluation(data: data, samples: batch, released: try Scores(batch, data, training.code))
    }

    /// What data, independent bits with the data's marginals and coin flips score against data, averaged over draws.
    func measureControls(_ training: BinaryToyData, _ context: CellContext) throws {
        var fresh = freshData(training, for: "controls")
        let generator = RandomGenerator(seed: seed, stream: "controls")
        var scores: [Control: [Scores]] = [:]
        for _ in 0..<configuration.controlDraws {
            let count = configuration.evaluationSamples
            let (data, others) = (try fresh.batch(count), try fresh.batch(count))
            let marginals = Tensor(others).mean(0, keeping: true).expanded([others.count, dimension]).contiguous()
            for (control, set) in [
                (Control.data, others), (.independentBits, bits(generator.bernoulli(marginals))),
                (.coinFlips, bits(coinFlips(generator))),
            ] {
                scores[control, default: []].append(try Scores(set, data, training.code))
            }
        }
        for control in Control.allCases {
            try Scores.mean(scores[control]!).measure(context, at: ["of": control.rawValue])
        }
    }

    /// Σᵢ f(Δᵢ), f the method's ratio function, by all flips of fresh data: the mean, `exactLoss`, and the share of it,
    /// `rareShare`, that flips carry which the guided proposal draws less often than once in a thousand. Neither where
    /// the mean is not finite.
    func measureExactLoss(_ model: MLPEnergy, _ training: BinaryToyData, _ context: CellContext) throws {
        var fresh = freshData(training, for: "exact loss")
        let x = Tensor(try fresh.batch(configuration.evaluationSamples))
        let ratio = objective.ratio
        let guided = RatioMatching(.gradientGuided(flips: 1), ratio: ratio)
        var (losses, rare) = ([Double](), 0.0)
        let size = max(1, 32_768 / (1 + dimension))
        for first in stride(from: 0, to: x.size(0), by: size) {
            let points = x[first..<min(first + size, x.size(0))]
            withoutGradients {
                let contributions = ratio.logarithm(model.flipDifferences(points, at: nil).converted(to: .float64))
                    .exp()
                let isRare = guided.logProposal(model, points)! .< log(1e-3)
                losses += contributions.sum(1).array(Double.self)
                rare += (contributions * isRare.converted(to: .float64)).sum().item()
            }
        }
        guard let loss = SampleStatistics(losses), loss.mean.isFinite else { return }
        let error = (loss.standardDeviation ?? 0) / Double(loss.count).squareRoot()
        try context.measure("exactLoss", loss.mean, error: error)
        try context.measure("rareShare", rare / (loss.mean * Double(loss.count)))
    }

    /// The model read out at e^{−βE} for every β asked for: scores of its samples, test NLL, and where states can be
    /// enumerated KL(data‖model).
    ///
    /// Up to d = 20 log Z and samples are exact. Above, samples come from Gibbs sweeps annealed from 0 to β over half
    /// of the sweeps, and log Z from annealed importance sampling with the data's marginals as base; the NLL's error is
    /// that of log Z. Scores after other numbers of sweeps are read out at `sweeps` too.
    func measureReadOuts(_ model: MLPEnergy, _ training: BinaryToyData, _ context: CellContext) throws {
        guard !configuration.inverseTemperatures.isEmpty else { return }
        var fresh = freshData(training, for: "read-out data")
        let data = try fresh.batch(configuration.evaluationSamples)
        let test = Tensor(try fresh.batch(configuration.testPoints))
        let generator = context.generator("read-out")
        guard dimension > ExactDistribution.largestDimension else {
            return try measureExactReadOuts(model, training, data, generator, context)
        }
        let marginals = test.converted(to: .float64).mean(0).maximum(0.01).minimum(0.99)
        let logits = (marginals / (1 - marginals)).log()
        for beta in configuration.inverseTemperatures {
            for sweeps in [configuration.readOutSweeps] + configuration.otherReadOutSweeps {
                let sampler = GibbsSampler(inverseTemperature: beta)
                let samples = bits(
                    sampler.rampedSample(model, from: coinFlips(generator), sweeps: sweeps, using: generator))
                try Scores(samples, data, training.code).measure(
                    context,
                    at: sweeps == configuration.readOutSweeps ? ["beta": beta] : ["beta": beta, "sweeps": sweeps])
            }
            let estimate = AnnealedImportanceSampling(
                inverseTemperature: beta, temperatures: configuration.annealingTemperatures,
                chains: configuration.annealingChains
            ).logPartitionFunction(of: model, baseLogits: logits, using: generator)
            let likelihood = model.negativeLogLikelihood(
                of: test, inverseTemperature: beta, logPartitionFunction: estimate.logPartitionFunction)
            try context.measure("nll", likelihood, error: estimate.standardError, at: ["beta": beta])
        }
    }

    private func measureExactReadOuts(
        _ model: MLPEnergy, _ training: BinaryToyData, _ data: BinaryBatch, _ generator: RandomGenerator,
        _ context: CellContext
    ) throws {
        let truth = try trueDistribution(training)
        try context.measure("entropy", truth.entropy(.millerMadow))
        for exact in model.exactDistributions(
            inverseTemperatures: configuration.inverseTemperatures, keepingLogProbabilities: true)
        {
            let (beta, logProbabilities) = (exact.inverseTemperature, exact.logProbabilities!)
            let states = generator.multinomial(
                Tensor(logProbabilities, shape: [1, logProbabilities.count]).exp(),
                count: configuration.evaluationSamples, replacement: true)
            let samples = BinaryBatch(
                bits: states.array(Int.self).flatMap { state in (0..<dimension).map { UInt8(state >> $0 & 1) } },
                dimension: dimension)
            try Scores(samples, data, training.code).measure(context, at: ["beta": beta])
            try context.measure("nll", truth.crossEntropy(logProbabilities), at: ["beta": beta])
            try context.measure(
                "kl", truth.klDivergence(from: logProbabilities, entropy: .millerMadow), at: ["beta": beta])
        }
    }

    /// The data's own distribution over 2^d states, from many draws.
    private func trueDistribution(_ training: BinaryToyData) throws -> EmpiricalDistribution {
        var fresh = freshData(training, for: "true distribution")
        var distribution = EmpiricalDistribution(dimension: dimension)
        var left = configuration.truthPoints
        while left > 0 {
            let batch = try fresh.batch(min(left, 100_000))
            distribution.add(Tensor(batch.bits, shape: [batch.count, dimension]))
            left -= 100_000
        }
        return distribution
    }

    private func coinFlips(_ generator: RandomGenerator) -> Tensor {
        Tensor.integers([configuration.evaluationSamples, dimension], 0..<2, using: generator).converted(to: .float32)
    }

    private func bits(_ x: Tensor) -> BinaryBatch { BinaryBatch(bits: x.array(UInt8.self), dimension: dimension) }
}
