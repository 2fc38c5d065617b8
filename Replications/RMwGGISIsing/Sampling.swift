import EnergyModels
import Experiments
import Foundation
import HDF5
import Metrics
import Samplers
import Torch

/// A cell of the sampling part: chains of one sampler on one model, from fair coins, and how fast they forget.
struct Sampling {
    let data: SpinData
    let sampler: RMwGGISIsing.Sampler
    let configuration: RMwGGISIsing.Configuration

    /// The share of the steps that the effective sample size leaves out.
    static let burnIn = 0.1
    /// Steps that are timed together.
    private static let blockLength = 250

    /// An iteration is a block of steps. A copy of the chains, which is not timed, makes them one by one and is looked
    /// at after each; the chains themselves then make the same steps in one call, and that is the time of the
    /// iteration.
    func run(_ context: CellContext) throws {
        let steps = configuration.samplingSteps
        let blocks = (steps + Self.blockLength - 1) / Self.blockLength
        let reference = Tensor.integers([data.siteCount], 0..<2, using: context.generator("reference")).converted(
            to: .float32)
        var chains = try sampler.chains(
            data.model(seed: context.seed), count: configuration.samplingChains, using: context.generator("chains"))
        var seen = Observations(chains.points, reference)
        let state = Kept(
            store: { checkpoint in
                checkpoint.store(chains.state, named: "chains")
                seen.store(in: &checkpoint)
            },
            restore: { saved in
                try chains.restore(saved.chainState(named: "chains", like: chains.points))
                let done = min(saved.iteration * Self.blockLength, steps)
                seen = try Observations(saved, after: done, like: chains.points, reference)
            })
        try context.train(blocks, keeping: [state]) { block in
            let done = min(block * Self.blockLength, steps)
            let now = done - (block - 1) * Self.blockLength
            try context.untimed {
                var probe = chains
                for _ in 0..<now {
                    let moves = try probe.step()
                    seen.record(probe.points, moves)
                }
            }
            _ = try chains.advance(now)
            try context.untimed { try context.log(iteration: done, ["lnRMSE": mean(seen.errors(steps: done))]) }
        }
        try seen.measure(steps: steps, context)
    }
}

extension RMwGGISIsing.Sampler {
    /// Chains of this sampler; a step is one single-site update, or one step of Gibbs-with-gradients.
    fileprivate func chains(_ model: IsingModel, count: Int, using generator: RandomGenerator) throws -> any Chains {
        func gradient(_ flips: Int) throws -> IsingGradientChains {
            try IsingGradientChains(model, count: count, flips: flips, using: generator)
        }
        switch self {
        case .gibbs:
            var chains = try IsingGibbsChains(model, count: count, using: generator)
            chains.updatesPerStep = 1
            return chains
        case .gwg: return try gradient(1)
        case .gwg3: return try gradient(3)
        case .gwg5: return try gradient(5)
        }
    }
}

private func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }

/// What is kept of every step.
private struct Observations {
    private let reference: Tensor
    private let chainCount: Int
    private let siteCount: Int
    /// The bits of the first chain, [steps, d].
    private var firstChain: [Float] = []
    /// Each chain's Hamming distance from the reference, [steps, chains].
    private var distances: [Float] = []
    /// Σ x over the steps, [chains, d].
    private let sum: Tensor
    private var moves = Moves()

    init(_ points: Tensor, _ reference: Tensor) {
        self.reference = reference
        (chainCount, siteCount) = (points.size(0), points.size(1))
        sum = .zeros(points.shape, dtype: .float64)
    }

    mutating func record(_ x: Tensor, _ made: Moves) {
        firstChain += x[0].array(Float.self)
        distances += (x - reference).abs().sum(1).array(Float.self)
        sum.assign(sum + x.converted(to: .float64))
        moves += made
    }

    func measure(steps: Int, _ context: CellContext) throws {
        let skipped = Int(Sampling.burnIn * Double(steps))
        func sizes(_ series: [Float], _ width: Int) -> [Double] {
            let tensor = Tensor(series, shape: [steps, width])[skipped..<steps]
            // A series that does not change counts as one sample, as in the released code.
            return effectiveSampleSizes(tensor).map { $0.isNaN ? 1 : $0 }.sorted()
        }
        let (ofSites, ofDistances) = (sizes(firstChain, siteCount), sizes(distances, chainCount))
        try context.measure("ess", mean(ofSites))
        try context.measure("essMedian", (ofSites[(siteCount - 1) / 2] + ofSites[siteCount / 2]) / 2)
        try context.measure("essHamming", mean(ofDistances))
        try context.measure("acceptance", moves.acceptanceRate)
        try context.measure("hop", moves.distance / Double(steps * chainCount))
        let error = mean(errors(steps: steps))
        // −∞ where all means of a chain are 0, which a few steps of a few sites can bring about.
        guard error.isFinite else { return }
        try context.measure("lnRMSE", error)
        // As the released code has it, whose logarithm is of the squares, and decimal.
        try context.measure("log10MSE", error * 2 / log(10))
    }

    /// For each chain the logarithm of the root mean square, over sites, of the spins' means over the steps from the
    /// first, whose truth is 0.
    func errors(steps: Int) -> [Double] {
        (2 * (sum / Double(steps)) - 1).squared().mean(1).array(Double.self).map { 0.5 * log($0) }
    }

    func store(in checkpoint: inout Checkpoint) {
        checkpoint["firstChain"] = HDF5Array(firstChain, shape: [firstChain.count])
        checkpoint["distances"] = HDF5Array(distances, shape: [distances.count])
        checkpoint["sum"] = HDF5Array(sum)
        checkpoint["moves"] = HDF5Array([Double(moves.proposed), Double(moves.accepted), moves.distance], shape: [3])
    }

    init(_ saved: Checkpoint, after steps: Int, like points: Tensor, _ reference: Tensor) throws {
        self.init(points, reference)
        firstChain = try saved.finiteElements("firstChain", shape: [steps * siteCount])
        distances = try saved.finiteElements("distances", shape: [steps * chainCount])
        sum.assign(Tensor(try saved.finiteElements("sum", as: Double.self, shape: sum.shape), shape: sum.shape))
        let counts = try saved.finiteElements("moves", as: Double.self, shape: [3])
        guard let proposed = Int(exactly: counts[0]), let accepted = Int(exactly: counts[1]), 0...1 << 53 ~= proposed,
            0...proposed ~= accepted
        else {
            throw RunError("the checkpoint is damaged: 'moves' holds \(counts[0]) and \(counts[1]), expected counts")
        }
        moves = Moves(proposed: proposed, accepted: accepted, distance: counts[2])
    }
}
