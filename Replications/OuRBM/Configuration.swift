import Experiments
import Foundation
import ReplicationShared

extension OuRBM {
    /// What the machine is trained by.
    public enum Method: String, Choice {
        /// Contrastive divergence by so many block Gibbs steps, from the data and with persistent chains.
        case contrastiveDivergence1 = "cd-1"
        case contrastiveDivergence10 = "cd-10"
        case persistent = "pcd"
        case pseudoLikelihood = "pseudo-likelihood"
        /// Ratio matching, by the names of `RatioMatchingMethod`.
        case rm, rmwrand
        case basic = "rmwggis-basic"
        case advanced = "rmwggis-advanced"
        case halfPower = "rm-power-half"
        case basicHalfPower = "rmwggis-power-half"

        /// nil for what flips nothing.
        var ratioMatching: RatioMatchingMethod? { RatioMatchingMethod(rawValue: rawValue) }
    }

    public enum DataSource: String, Choice {
        case mnist
        /// Images of random horizontal and vertical bars, made here.
        case bars
    }

    /// Images, and what a machine learns them by.
    public struct Setting: ExperimentSetting {
        let data: DataSource
        let method: Method
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var data: DataSource
        public var folder: String
        public var side: Int
        public var trainingImages: Int
        public var testImages: Int
        public var methods: [Method]
        public var seeds: Int
        public var hidden: Int
        public var batchSize: Int
        public var iterations: Int
        public var learningRate: Double
        public var flips: Int
        public var persistentSteps: Int
        public var logEvery: Int
        public var evaluateEvery: Int
        public var inverseTemperatures: [Int]
        public var annealingTemperatures: Int
        public var annealingChains: Int
        public var sampleSteps: Int

        public func validate() throws {
            try requireCounts([
                ("side", side, 2...64), ("trainingImages", trainingImages, 1...60000),
                ("testImages", testImages, 1...10000),
                ("seeds", seeds, 1...1000), ("hidden", hidden, 1...65536), ("batchSize", batchSize, 1...60000),
                ("iterations", iterations, 1...1 << 40), ("flips", flips, 1...1 << 20),
                ("persistentSteps", persistentSteps, 1...1 << 20), ("logEvery", logEvery, 1...1 << 40),
                ("evaluateEvery", evaluateEvery, 0...1 << 40),
                ("annealingTemperatures", annealingTemperatures, 1...1 << 20),
                ("annealingChains", annealingChains, 2...1 << 20), ("sampleSteps", sampleSteps, 1...1 << 20),
            ])
            try require(
                "batchSize", batchSize, batchSize <= trainingImages, "at most trainingImages, \(trainingImages)")
            try requirePositive("learningRate", learningRate, upTo: 1e300)  // of float64
            try requireList("methods", methods)
            try requireList("inverseTemperatures", inverseTemperatures, in: 1...16)
            try require("inverseTemperatures", inverseTemperatures, inverseTemperatures.contains(1), "1 among them")
        }
    }
}
