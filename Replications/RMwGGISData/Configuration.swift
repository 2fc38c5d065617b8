import Datasets
import EnergyModels
import Experiments
import Foundation
import ReplicationShared

extension RMwGGISData {
    /// What a model learns by.
    public enum Method: Choice, Hashable {
        /// Ratio matching, by the names of `RatioMatchingMethod`.
        case ratioMatching(RatioMatchingMethod)
        case pseudoLikelihood
        /// Persistent contrastive divergence.
        case persistent

        public static var allCases: [Method] {
            RatioMatchingMethod.allCases.map(Method.ratioMatching) + [.pseudoLikelihood, .persistent]
        }

        public init?(rawValue: String) {
            guard let method = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
            self = method
        }

        public var rawValue: String {
            switch self {
            case .ratioMatching(let method): method.rawValue
            case .pseudoLikelihood: "pseudo-likelihood"
            case .persistent: "pcd"
            }
        }
    }

    /// The energies that bits can be learnt by.
    public enum Model: String, Choice {
        case mlp, rbm
        case boltzmann
    }

    /// Data, model, and what it learns by.
    public struct Setting: ExperimentSetting {
        /// The data's name, without folder and ending.
        let data: String
        let model: Model
        let method: Method
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var data: String
        public var heldOutData: String
        public var heldOut: Double
        public var splitSeed: Int
        public var dimension: Int
        public var side: Int
        public var images: Int
        public var models: [Model]
        public var methods: [Method]
        public var seeds: Int
        public var hidden: [Int]
        public var units: Int
        public var batchSize: Int
        public var flips: Int
        public var iterations: Int
        public var learningRate: Double
        public var persistentSteps: Int
        public var logEvery: Int
        public var evaluateEvery: Int
        public var inverseTemperatures: [Double]
        public var evaluationSamples: Int
        public var gibbsSweeps: Int
        public var annealingTemperatures: Int
        public var annealingChains: Int

        /// The word for images of bars, which are made here.
        static let bars = "bars"

        var dataName: String {
            data == Self.bars ? data : URL(fileURLWithPath: data).deletingPathExtension().lastPathComponent
        }

        public func validate() throws {
            try require("data", "''", !data.isEmpty, "'\(Self.bars)', or the path of a file of bits or points")
            try require("heldOut", heldOut, heldOut > 0 && heldOut < 1, "a share between 0 and 1")
            try require(
                "heldOutData", heldOutData, heldOutData.isEmpty || data != Self.bars, "none beside data=\(Self.bars)")
            try require(
                "dimension", dimension, GrayCode.dimensions ~= dimension && dimension.isMultiple(of: 2),
                "an even number from \(GrayCode.dimensions.lowerBound) to \(GrayCode.dimensions.upperBound)")
            try requireCounts([
                ("splitSeed", splitSeed, 0...Int.max), ("side", side, 2...64), ("images", images, 10...1 << 24),
                ("seeds", seeds, 1...1000), ("units", units, 1...65536), ("batchSize", batchSize, 1...1 << 20),
                ("flips", flips, 1...1 << 20), ("iterations", iterations, 1...1 << 40),
                ("persistentSteps", persistentSteps, 1...1 << 20), ("logEvery", logEvery, 1...1 << 40),
                ("evaluateEvery", evaluateEvery, 0...1 << 40), ("evaluationSamples", evaluationSamples, 4...1 << 20),
                ("gibbsSweeps", gibbsSweeps, 2...1 << 20),
                ("annealingTemperatures", annealingTemperatures, 1...1 << 20),
                ("annealingChains", annealingChains, 2...1 << 20),
            ])
            try requirePositive("learningRate", learningRate)
            try requireWidths("hidden", hidden, to: 65536)
            try requireList("models", models)
            try requireList("methods", methods)
            try requireList("inverseTemperatures", inverseTemperatures, of: "positive numbers up to 1e+06") {
                $0 > 0 && $0 <= 1e6
            }
            try require("inverseTemperatures", inverseTemperatures, inverseTemperatures.contains(1), "1 among them")
        }
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        // The size of a file's samples is not known without reading it.
        let d = configuration.data == Configuration.bars ? Double(configuration.side * configuration.side) : 100
        let widths = [d] + configuration.hidden.map(Double.init) + [1]
        let weights: Double =
            switch setting.model {
            case .mlp: zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
            case .rbm: d * Double(configuration.units)
            case .boltzmann: d * d
            }
        let rows = 6 * Double(configuration.batchSize) * (setting.model == .mlp ? d : 1)
        let annealing =
            Double(configuration.annealingTemperatures * configuration.annealingChains) * d
            * Double(configuration.inverseTemperatures.count)
        let sweeps = Double(configuration.gibbsSweeps * configuration.evaluationSamples) * d
        let operations = 2 * weights * (rows * Double(configuration.iterations) + annealing + sweeps)
        return Estimate(
            seconds: 2 + operations / (Double(threads) * 3e10), memory: 400_000_000 + 40 * weights,
            disk: 12 * weights + 200_000)
    }
}
