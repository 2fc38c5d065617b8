import Datasets
import EnergyModels
import Experiments
import Objectives
import ReplicationShared
import Torch

/// A setting with all that it leaves open: what a cell runs.
struct Trial {
    let setting: RMwGGISSynthetic.Setting
    let configuration: RMwGGISSynthetic.Configuration
    let seed: UInt64

    var dimension: Int { setting.dimension }

    /// Training data: the same stream for every method of a seed.
    func data() throws -> BinaryToyData {
        try BinaryToyData(setting.data, dimension: dimension, seed: numPySeed("data"))
    }

    /// The untrained model: the same for every method of a seed.
    func model() -> MLPEnergy {
        MLPEnergy(
            dimension: dimension, hidden: configuration.hidden,
            using: RandomGenerator(seed: seed, stream: "initialisation"))
    }

    var objective: RatioMatching {
        let method = setting.method
        let ours = method.objective(flips: configuration.flips)
        guard setting.variant == .released else { return ours }
        // The released code draws without replacement where the proposal guides, and differentiates the proposal.
        let isGuided = method == .basic || method == .advanced
        return RatioMatching(
            ours.estimator, pairing: .misread, replacement: !isGuided, proposalIsConstant: method != .basic)
    }

    var learningRate: Double {
        switch (setting.method, setting.data) {
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
        UInt32(truncatingIfNeeded: RandomGenerator.seed(seed, stream: stream))
    }
}
