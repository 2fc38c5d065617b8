import Datasets
import EnergyModels
import Experiments
import Foundation
import ReplicationShared

extension RMwGGISSynthetic {
    /// The paper's formulas, or the released code's departures from them (see README.md).
    public enum Variant: String, Choice {
        case paper, released
    }

    /// Data, bits a point, and what is learnt by.
    public struct Setting: ExperimentSetting {
        public var data: ToyDataset
        public var dimension: Int
        public var variant: Variant
        public var method: RatioMatchingMethod

        private enum CodingKeys: String, CodingKey {
            case data, variant, method
            case dimension = "d"
        }

        public func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(data, forKey: .data)
            try keys.encode(dimension, forKey: .dimension)
            try keys.encode(variant, forKey: .variant)
            try keys.encode(method, forKey: .method)
        }
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var datasets: [ToyDataset]
        public var variants: [Variant]
        public var methods: [RatioMatchingMethod]
        public var releasedMethods: [RatioMatchingMethod]
        public var seeds: Int
        public var dimensions: [Int]
        public var hidden: [Int]
        public var batchSize: Int
        public var flips: Int
        public var iterations: Int
        public var learningRate: Double
        public var learningRateUniform: Double
        public var learningRateCheckerboard: Double
        public var weightDecay: Double
        public var gradientClip: Double
        public var evaluationSamples: Int
        public var gibbsSweeps: Int
        public var evaluateEvery: Int
        public var finalEvaluations: Int
        public var finalEvaluateEvery: Int
        public var logEvery: Int
        public var lossWindow: Int
        public var controlDraws: Int
        public var inverseTemperatures: [Double]
        public var readOutSweeps: Int
        public var otherReadOutSweeps: [Int]
        public var testPoints: Int
        public var truthPoints: Int
        public var annealingTemperatures: Int
        public var annealingChains: Int

        private static let released: [RatioMatchingMethod] = [.rm, .rmwrand, .basic, .advanced]

        /// Whether an iteration is followed by an evaluation.
        func evaluates(after iteration: Int) -> Bool {
            if evaluateEvery > 0, iteration.isMultiple(of: evaluateEvery) { return true }
            let left = iterations - iteration
            return left.isMultiple(of: finalEvaluateEvery) && left / finalEvaluateEvery < finalEvaluations
        }

        public func validate() throws {
            try requireList("datasets", datasets)
            try requireList("variants", variants)
            try requireList("methods", methods)
            try requireList("releasedMethods", releasedMethods, of: "methods that the released code has") {
                Self.released.contains($0)
            }
            try requireWidths("hidden", hidden, to: 65536)
            try requireCounts([
                ("seeds", seeds, 1...1000), ("batchSize", batchSize, 1...1 << 20),
                ("iterations", iterations, 1...1 << 40), ("evaluationSamples", evaluationSamples, 2...1 << 20),
                ("gibbsSweeps", gibbsSweeps, 1...1 << 20), ("evaluateEvery", evaluateEvery, 0...1 << 40),
                ("finalEvaluations", finalEvaluations, 0...1 << 20),
                ("finalEvaluateEvery", finalEvaluateEvery, 1...1 << 20), ("logEvery", logEvery, 1...1 << 40),
                ("lossWindow", lossWindow, 1...1 << 20), ("controlDraws", controlDraws, 1...1000),
                ("readOutSweeps", readOutSweeps, 2...1 << 20), ("testPoints", testPoints, 1...1 << 24),
                ("truthPoints", truthPoints, 1...1 << 30),
                ("annealingTemperatures", annealingTemperatures, 1...1 << 20),
                ("annealingChains", annealingChains, 2...1 << 20),
            ])
            for (key, rate) in [
                ("learningRate", learningRate), ("learningRateUniform", learningRateUniform),
                ("learningRateCheckerboard", learningRateCheckerboard), ("gradientClip", gradientClip),
            ] {
                try requirePositive(key, rate)
            }
            try requireAmount("weightDecay", weightDecay)
            try requireList(
                "inverseTemperatures", inverseTemperatures, of: "positive numbers up to 1e+06", isOptional: true
            ) {
                $0 > 0 && $0 <= 1e6
            }
            try requireList(
                "otherReadOutSweeps", otherReadOutSweeps,
                of: "whole numbers from 2 to \(1 << 20) without \(readOutSweeps), which is readOutSweeps",
                isOptional: true
            ) {
                2...1 << 20 ~= $0 && $0 != readOutSweeps
            }
            try requireList("dimensions", dimensions, of: "even numbers")
            try validateData()
            // Independent draws may be as many as one likes; distinct ones are at most d.
            let isReleased = variants.contains(.released)
            let most = isReleased ? dimensions.min()! : 1 << 20
            try require(
                "flips", flips, 1...most ~= flips,
                "a whole number from 1 to \(most)\(isReleased ? ", d: the released variant draws without replacement" : "")"
            )
        }

        /// The data sets know themselves which names, dimensions and counts they can give.
        private func validateData() throws {
            for dataset in datasets {
                var data = try BinaryToyData(dataset, dimension: 4, seed: 0)
                for dimension in dimensions {
                    do { data = try BinaryToyData(dataset, dimension: dimension, seed: 0) } catch {
                        throw ConfigurationError(
                            key: "dimensions", value: dimension,
                            expected:
                                "even numbers from \(GrayCode.dimensions.lowerBound) to \(GrayCode.dimensions.upperBound)"
                        )
                    }
                }
                for (key, count) in [
                    ("batchSize", batchSize), ("evaluationSamples", evaluationSamples), ("testPoints", testPoints),
                ] {
                    do { _ = try data.points(count) } catch {
                        throw ConfigurationError(
                            key: key, value: count, expected: "a number that \(dataset.rawValue) can give: \(error)")
                    }
                }
            }
        }
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        let d = setting.dimension
        let widths = [d] + configuration.hidden + [1]
        let parameters = zip(widths, widths.dropFirst()).reduce(0.0) { $0 + Double($1.0) * Double($1.1) + Double($1.1) }
        let flips = setting.method.isExact ? d : configuration.flips
        // Forward and two gradients of each row, and the guidance's forward and input gradient, at 2 operations a
        // weight.
        let rows = Double(configuration.batchSize) * (3 * Double(1 + flips) + 2)
        let everySo = configuration.evaluateEvery > 0 ? configuration.iterations / configuration.evaluateEvery : 0
        let final = min(configuration.finalEvaluations, configuration.iterations / configuration.finalEvaluateEvery)
        let evaluations = Double(everySo) + Double(final)
        let readOuts = d <= ExactDistribution.largestDimension ? 0 : Double(configuration.inverseTemperatures.count)
        let samples = Double(configuration.evaluationSamples)
        let readOutSweeps = ([configuration.readOutSweeps] + configuration.otherReadOutSweeps).reduce(0.0) {
            $0 + Double($1)
        }
        let annealing = Double(configuration.annealingTemperatures) * Double(configuration.annealingChains)
        let evaluationRows =
            Double(d)
            * (samples * Double(configuration.gibbsSweeps) * (1 + evaluations) + readOuts
                * (samples * readOutSweeps + annealing))
        let operations = 2 * parameters * (rows * Double(configuration.iterations) + evaluationRows)
        let activations =
            Double(configuration.hidden.max()!)
            * max(4 * Double(configuration.batchSize) * Double(1 + flips), 3 * samples) * 4
        return Estimate(
            seconds: operations / (Double(threads) * 7e10),
            memory: 250_000_000 + activations * Double(configuration.hidden.count),
            disk: 3 * 4 * parameters + 100 * Double(configuration.iterations / configuration.logEvery) + 200_000)
    }
}

extension ToyDataset: Choice {}
