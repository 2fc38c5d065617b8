import Datasets
import EnergyModels
import Experiments
import Objectives
import Torch

/// One cell's choices, read from its labels.
struct Setting {
    let cell: Cell
    let configuration: RMwGGISSynthetic.Configuration
    let dataset: ToyDataset
    let dimension: Int
    let method: RMwGGISSynthetic.Method
    let variant: RMwGGISSynthetic.Variant

    init(_ cell: Cell, _ configuration: RMwGGISSynthetic.Configuration) throws {
        self.cell = cell
        self.configuration = configuration
        dataset = try ToyDataset(named: cell.label("data") ?? "")
        dimension = Int(cell.label("d") ?? "")!
        method = RMwGGISSynthetic.Method(rawValue: cell.label("method") ?? "")!
        variant = RMwGGISSynthetic.Variant(rawValue: cell.label("variant") ?? "")!
    }

    /// Training data: the same stream for every method of a seed.
    func data() throws -> BinaryToyData {
        try BinaryToyData(dataset, dimension: dimension, seed: numPySeed("data"))
    }

    /// The untrained model: the same for every method of a seed.
    func model() -> MLPEnergy {
        MLPEnergy(
            dimension: dimension, hidden: configuration.hidden,
            using: RandomGenerator(seed: cell.seed, stream: "initialisation"))
    }

    var objective: RatioMatching {
        let flips = configuration.flips
        let guided = RatioMatching.Estimator.gradientGuided(flips: flips)
        let ours: RatioMatching =
            switch method {
            case .rm: RatioMatching(.exact)
            case .rmwrand: RatioMatching(.uniform(flips: flips))
            case .basic: RatioMatching(guided)
            case .advanced: RatioMatching(.gradientGuidedUnweighted(flips: flips))
            case .halfPower: RatioMatching(guided, ratio: .power(0.5))
            case .bounded: RatioMatching(guided, ratio: .bounded)
            }
        guard variant == .released else { return ours }
        // The released code draws without replacement where the proposal guides, and differentiates the proposal.
        let isGuided = method == .basic || method == .advanced
        return RatioMatching(
            ours.estimator, pairing: .misread, replacement: !isGuided, proposalIsConstant: method != .basic)
    }

    var learningRate: Double {
        switch (method, dataset) {
        case (.rmwrand, _): configuration.learningRateUniform
        case (_, .checkerboard): configuration.learningRateCheckerboard
        default: configuration.learningRate
        }
    }

    /// Fresh data for one purpose, of a stream of their own: looking changes nothing in the training.
    func freshData(_ training: BinaryToyData, for purpose: String) -> BinaryToyData {
        var fresh = training
        fresh.randomState = NumPyRandomState(seed: numPySeed(purpose))
        return fresh
    }

    /// A NumPy seed for one purpose.
    private func numPySeed(_ stream: String) -> UInt32 {
        UInt32(truncatingIfNeeded: RandomGenerator.seed(cell.seed, stream: stream))
    }
}
