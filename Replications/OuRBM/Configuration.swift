import Experiments
import Foundation

extension OuRBM {
    /// What the machine is trained by.
    public enum Method: String, Choice {
        case contrastiveDivergence1 = "cd-1"
        case contrastiveDivergence10 = "cd-10"
        case persistent = "pcd"
        case pseudoLikelihood = "pseudo-likelihood"
        case rm, rmwrand
        case basic = "rmwggis-basic"
        case advanced = "rmwggis-advanced"
        /// All flips with the power ½ of the ratio for its square: it learns p_data (minimum probability flow).
        case exactHalfPower = "rm-power-half"
        /// The basic form with that power.
        case halfPower = "rmwggis-power-half"
    }

    public enum DataSource: String, Choice {
        case mnist
        /// Images of random horizontal and vertical bars, made here.
        case bars
    }

    public struct Configuration: ExperimentConfiguration {
        public var data: DataSource
        /// Where MNIST lies.
        public var folder: String
        /// Of an image of bars.
        public var side: Int
        /// The first so many.
        public var trainingImages: Int
        public var testImages: Int
        public var methods: [Method]
        /// Seeds a method: the run's seed and the ones after it.
        public var seeds: Int
        /// M, hidden units.
        public var hidden: Int
        public var batchSize: Int
        public var iterations: Int
        /// Of Adam.
        public var learningRate: Double
        /// s, flips a point.
        public var flips: Int
        /// Block Gibbs steps between updates of persistent chains.
        public var persistentSteps: Int
        /// Iterations between lines of the log.
        public var logEvery: Int
        /// Iterations between evaluations; 0: at the end only.
        public var evaluateEvery: Int
        /// Whole β at which the machine is read out: likelihoods of p^β, normalised.
        public var inverseTemperatures: [Int]
        /// Steps and chains of the annealed importance sampling.
        public var annealingTemperatures: Int
        public var annealingChains: Int
        /// Block Gibbs steps from the data's marginals to a sample.
        public var sampleSteps: Int

        public func validate() throws {
            let counts = [
                ("side", side, 2...64), ("trainingImages", trainingImages, 1...60000),
                ("testImages", testImages, 1...10000),
                ("seeds", seeds, 1...1000), ("hidden", hidden, 1...65536), ("batchSize", batchSize, 1...60000),
                ("iterations", iterations, 1...1 << 40), ("flips", flips, 1...1 << 20),
                ("persistentSteps", persistentSteps, 1...1 << 20), ("logEvery", logEvery, 1...1 << 40),
                ("evaluateEvery", evaluateEvery, 0...1 << 40),
                ("annealingTemperatures", annealingTemperatures, 1...1 << 20),
                ("annealingChains", annealingChains, 2...1 << 20), ("sampleSteps", sampleSteps, 1...1 << 20),
            ]
            for (key, value, range) in counts {
                try require(
                    key, value, range ~= value, "a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
            try require(
                "batchSize", batchSize, batchSize <= trainingImages, "at most trainingImages, \(trainingImages)")
            try require("learningRate", learningRate, learningRate > 0 && learningRate < .infinity, "a positive number")
            try require(
                "inverseTemperatures", inverseTemperatures,
                inverseTemperatures.contains(1) && Set(inverseTemperatures).count == inverseTemperatures.count
                    && inverseTemperatures.allSatisfy { 1...16 ~= $0 },
                "a list of different whole numbers from 1 to 16, 1 among them")
            let names = methods.map(\.rawValue)
            try require(
                "methods", names, !names.isEmpty && Set(names).count == names.count, "a list of different methods")
        }
    }
}
