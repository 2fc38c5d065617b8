import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import Metrics
import ReplicationShared
import Samplers
import Torch

/// What a trained model is measured by: held-out pseudo-likelihood, test NLL and samples, read out at e^{−βE} for every
/// β asked for; and what data, independent bits and, where it is known, the truth score.
struct Evaluation {
    let data: BinaryData
    let configuration: RMwGGISData.Configuration

    func run(_ model: any BinaryEnergyModel, _ context: CellContext) throws {
        try context.guardFinite(model.parameters, iteration: configuration.iterations)
        try measureControls(context)
        let training = data.training[0..<min(data.training.size(0), data.heldOut.size(0))]
        let generator = context.generator("read-out")
        var shown: Tensor?
        for (index, beta) in configuration.inverseTemperatures.enumerated() {
            try measure("pseudoNLL", conditionalCosts(model, data.heldOut, inverseTemperature: beta), beta, context)
            try measure("trainingPseudoNLL", conditionalCosts(model, training, inverseTemperature: beta), beta, context)
            try measureLikelihood(model, beta, generator, context)
            let samples = sample(model, beta, generator)
            try context.measure("mmd", mmd(samples, data.heldOut), at: ["beta": beta])
            if beta == 1 { shown = samples }
            context.evaluated(index + 1, of: configuration.inverseTemperatures.count)
        }
        try writePictures(samples: shown!, context)
    }

    /// Σᵢ −log p^β(xᵢ | x₋ᵢ) = Σᵢ softplus(βΔᵢ), Δᵢ = E(x) − E(x₋ᵢ), in nats, float64 [n], of points [n, d].
    func conditionalCosts(_ model: any BinaryEnergyModel, _ x: Tensor, inverseTemperature beta: Double) -> Tensor {
        withoutGradients {
            let size = max(1, 32_768 / (1 + data.dimension))
            return .concatenated(
                stride(from: 0, to: x.size(0), by: size).map { first in
                    let points = x[first..<min(first + size, x.size(0))]
                    return (beta * model.flipDifferences(points, at: nil).converted(to: .float64)).softplus().sum(1)
                })
        }
    }

    /// The mean of some costs, with its standard error over the points.
    private func measure(_ metric: String, _ costs: Tensor, _ beta: Double, _ context: CellContext) throws {
        guard let statistics = SampleStatistics(costs.array(Double.self)) else { return }
        let error = (statistics.standardDeviation ?? 0) / Double(statistics.count).squareRoot()
        try context.measure(metric, statistics.mean, error: error, at: ["beta": beta])
    }

    /// log Z by enumeration up to d = 20; above by annealed importance sampling from independent bits, whose standard
    /// error is the NLL's.
    private func measureLikelihood(
        _ model: any BinaryEnergyModel, _ beta: Double, _ generator: RandomGenerator, _ context: CellContext
    ) throws {
        guard data.dimension > ExactDistribution.largestDimension else {
            let nll = model.exactNegativeLogLikelihood(of: data.heldOut, inverseTemperatures: [beta])[0]
            return try context.measure("nll", nll, at: ["beta": beta])
        }
        let estimate = AnnealedImportanceSampling(
            inverseTemperature: beta, temperatures: configuration.annealingTemperatures,
            chains: configuration.annealingChains
        ).logPartitionFunction(
            of: model, baseLogits: IndependentBits(meansOf: data.training).logits, using: generator)
        let nll = model.negativeLogLikelihood(
            of: data.heldOut, inverseTemperature: beta, logPartitionFunction: estimate.logPartitionFunction)
        try context.measure("nll", nll, error: estimate.standardError, at: ["beta": beta])
        try context.measure("effectiveSampleSize", estimate.effectiveSampleSize, at: ["beta": beta])
    }

    /// Samples by Gibbs sweeps from coin flips, β rising over the first half of them.
    private func sample(_ model: any BinaryEnergyModel, _ beta: Double, _ generator: RandomGenerator) -> Tensor {
        let coins = Tensor.integers([configuration.evaluationSamples, data.dimension], 0..<2, using: generator)
            .converted(to: .float32)
        return GibbsSampler(inverseTemperature: beta).rampedSample(
            model, from: coins, sweeps: configuration.gibbsSweeps, using: generator)
    }

    /// MMD² under exp(−4 Hamming/d), unbiased, of at most `evaluationSamples` of each.
    private func mmd(_ x: Tensor, _ y: Tensor) -> Double {
        func first(_ x: Tensor) -> Tensor { x[0..<min(x.size(0), configuration.evaluationSamples)] }
        return exponentialKernelMMD(first(x), first(y), decay: 4 / Double(data.dimension))
    }

    /// What training data, independent bits with their means and the truth score against the held-out data.
    private func measureControls(_ context: CellContext) throws {
        let independent = IndependentBits(meansOf: data.training)
        let cost = -independent.logProbability(data.heldOut).mean().item()
        // Of independent bits a bit's probability given the others is its own.
        try context.measure("nll", cost, at: ["of": "independent bits"])
        try context.measure("pseudoNLL", cost, at: ["of": "independent bits"])
        let draws = context.generator("controls").bernoulli(
            independent.probabilities(configuration.evaluationSamples))
        try context.measure("mmd", mmd(draws, data.heldOut), at: ["of": "independent bits"])
        try context.measure("mmd", mmd(data.training, data.heldOut), at: ["of": "data"])
        if let bars = data.bars {
            try context.measure("nll", -bars.logProbability(data.heldOut).mean().item(), at: ["of": "truth"])
        }
    }

    /// The pictures `data` and `samples`: densities of points; tiles where d is a square; else a line a sample.
    private func writePictures(samples: Tensor, _ context: CellContext) throws {
        for (name, bits) in [("data", data.heldOut), ("samples", samples)] {
            try context.write(picture(bits), named: name)
        }
    }

    private func picture(_ x: Tensor) throws -> Image {
        if let code = data.code {
            let points = try code.points(of: x.array(UInt8.self))
            let reach = Double(sign: .plus, exponent: data.dimension / 2 - 1, significand: 1) / code.scale
            return try Image.density(points: points, range: -reach...reach, bins: 80, magnification: 2)
        }
        let side = Int(Double(data.dimension).squareRoot())
        let isSquare = side * side == data.dimension && side > 1
        let shown = x[0..<min(x.size(0), isSquare ? 64 : 128)]
        let grey = shown.array(UInt8.self).map { $0 * 255 }
        guard isSquare else {
            return try Image(width: data.dimension, height: shown.size(0), channels: 1, pixels: grey)
        }
        let tiles = try stride(from: 0, to: grey.count, by: data.dimension).map {
            try Image(width: side, height: side, channels: 1, pixels: Array(grey[$0..<$0 + data.dimension]))
                .magnified(by: max(1, 32 / side))
        }
        return try Image.grid(of: tiles, columns: 8)
    }
}
