import EnergyModels
import Experiments
import Foundation
import Objectives
import Samplers
import Torch

extension AdaNCEImages {
    public enum DataSource: Hashable, Sendable {
        case mnist
        case cifar10
        /// Images of random bars, 28 × 28, made here.
        case bars
        /// Those of a file or a folder.
        case own(path: String)
    }

    /// The networks of Table 5.1, and one of their kind made for the images' size.
    public enum Network: String, Choice {
        case a, b, c
        case bySize = "by-size"
    }

    /// What is minimised; all but the first two are Bregman generators Ψ of section 4.4.
    public enum ObjectiveName: String, Choice {
        case adance
        case maximumLikelihood = "maximum-likelihood"
        case kullbackLeibler = "kullback-leibler"
        case leastSquares = "least-squares"
        case itakuraSaito = "itakura-saito"

        var objective: any SelfAdaptingObjective {
            switch self {
            case .adance: AdaNCE()
            case .maximumLikelihood: SampledMaximumLikelihood()
            case .kullbackLeibler: AdaBRM(.kullbackLeibler)
            case .leastSquares: AdaBRM(.leastSquares)
            case .itakuraSaito: AdaBRM(.itakuraSaito)
            }
        }
    }

    /// Which layers are divided by their spectral norms.
    public enum Normalization: String, Choice {
        case all, none
        case allButLast = "all-but-last"

        func layers(of architecture: ConvNetArchitecture) -> SpectrallyNormalizedLayers {
            switch self {
            case .all: .all
            case .none: .none
            case .allButLast: .allBut([architecture.layerNames.last!])
            }
        }
    }

    public enum SamplingType: String, Choice {
        case float32, bfloat16

        var dtype: DType { self == .float32 ? .float32 : .bfloat16 }
    }

    public enum BufferStart: String, Choice { case full, empty }
    public enum BufferSlots: String, Choice {
        case withReplacement = "with-replacement"
        case withoutReplacement = "without-replacement"
    }
    public enum BufferWriting: String, Choice {
        case inPlace = "in-place"
        case queue
    }

    /// What is learnt from and how.
    public struct Setting: ExperimentSetting {
        public var data: DataSource
        public var objective: ObjectiveName
        public var normalization: Normalization
        public var rejuvenationRate: Double
        /// K
        public var adaptiveInterval: Int

        private enum CodingKeys: String, CodingKey {
            case data, objective
            case normalization = "normalized"
            case rejuvenationRate = "rejuvenation"
            case adaptiveInterval = "K"
        }

        public func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(data.name, forKey: .data)
            try keys.encode(objective, forKey: .objective)
            try keys.encode(normalization, forKey: .normalization)
            try keys.encode(rejuvenationRate, forKey: .rejuvenationRate)
            try keys.encode(adaptiveInterval, forKey: .adaptiveInterval)
        }
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var data: DataSource
        public var folder: String
        public var trainingImages: Int
        public var network: Network
        public var width: Double
        public var leakySlope: Double
        public var adaptiveIntervals: [Int]
        public var objectives: [ObjectiveName]
        public var rejuvenationRates: [Double]
        public var normalizations: [Normalization]
        public var seeds: Int
        public var iterations: Int
        public var batchSize: Int
        public var learningRate: Double
        public var beta1: Double
        public var beta2: Double
        public var chainLength: Int
        public var stepSize: Double
        public var noise: Double
        public var momentum: Double
        public var gradientLimit: Double
        public var clampsChains: Bool
        public var bufferSize: Int
        public var bufferStart: BufferStart
        public var bufferSlots: BufferSlots
        public var bufferWriting: BufferWriting
        public var resetsBuffer: Bool
        public var dataNoise: Double
        public var gradientNormLimit: Double
        public var energyPenalty: Double
        public var samplingType: SamplingType
        public var logEvery: Int
        public var scoredSamples: Int
        public var inceptionWeights: String
        public var classifierEpochs: Int
        public var extraSteps: Int
        public var longRunSteps: Int
        public var gradientBatches: Int

        public func validate() throws {
            try requireCounts([
                ("trainingImages", trainingImages, 1...60_000), ("seeds", seeds, 1...1000),
                ("iterations", iterations, 2...1 << 40),
                ("batchSize", batchSize, 1...65_536), ("chainLength", chainLength, 1...1 << 20),
                ("bufferSize", bufferSize, 1...1 << 24), ("logEvery", logEvery, 1...1 << 40),
                ("scoredSamples", scoredSamples, 0...1 << 20), ("classifierEpochs", classifierEpochs, 1...1000),
                ("extraSteps", extraSteps, 0...1 << 20),
                ("longRunSteps", longRunSteps, 0...1 << 30), ("gradientBatches", gradientBatches, 0...1 << 16),
            ])
            try require(
                "gradientBatches", gradientBatches, gradientBatches != 1,
                "0, or at least 2, of which there is a variance")
            try require("scoredSamples", scoredSamples, scoredSamples != 1, "0, or at least 2")
            try require("batchSize", batchSize, batchSize <= bufferSize, "at most bufferSize, \(bufferSize)")
            try require(
                "width", width, width > 0 && width <= ConvNetArchitecture.largestWidth,
                "a positive number up to \(ConvNetArchitecture.largestWidth)")
            for (key, value) in [("leakySlope", leakySlope), ("learningRate", learningRate), ("stepSize", stepSize)] {
                try requirePositive(key, value)
            }
            let amounts = [
                ("noise", noise), ("gradientLimit", gradientLimit), ("dataNoise", dataNoise),
                ("gradientNormLimit", gradientNormLimit), ("energyPenalty", energyPenalty),
            ]
            for (key, value) in amounts { try requireAmount(key, value) }
            for (key, value) in [("beta1", beta1), ("beta2", beta2), ("momentum", momentum)] {
                try require(key, value, (0..<1) ~= value, "a number from 0 to below 1")
            }
            try requireList("adaptiveIntervals", adaptiveIntervals, of: "whole numbers from 1") { $0 >= 1 }
            for interval in adaptiveIntervals {
                try require(
                    "iterations", iterations, iterations.isMultiple(of: interval),
                    "a multiple of each of adaptiveIntervals, of \(interval)")
            }
            try requireList("objectives", objectives)
            try requireList("normalizations", normalizations)
            try requireList("rejuvenationRates", rejuvenationRates, in: 0...1)
            if let shape = data.shape {
                try require(
                    "network", network.rawValue, (try? architecture(for: shape)) != nil,
                    "one for images of \(Self.text(shape)), which those of \(data.name) are")
            }
            try require(
                "bufferStart", bufferStart.rawValue, bufferStart == .full || bufferWriting == .queue,
                "full, since a buffer that is written in place never fills")
        }

        /// The network, its width scaled, for images of a shape [channels, height, width].
        ///
        /// - Throws: `RunError` where the network that is named takes images of another shape, or none is made for this
        ///   one.
        func architecture(for shape: [Int]) throws -> ConvNetArchitecture {
            let found: ConvNetArchitecture
            switch network {
            case .a: found = .a
            case .b: found = .b
            case .c: found = .c
            case .bySize:
                do { found = try .fitting(shape) } catch let fault as ConvNetError { throw RunError(fault.description) }
            }
            guard found.inputShape == shape else {
                throw RunError(
                    "network \(network.rawValue) takes images of \(Self.text(found.inputShape)), those of \(data.name) are \(Self.text(shape))",
                    cure: "network=by-size makes one for them; 'replicate convert' and ImageMagick change the images")
            }
            return try found.scaled(width: width)
        }

        private static func text(_ shape: [Int]) -> String { shape.map(String.init).joined(separator: " × ") }

        func dynamics() throws -> LangevinDynamics {
            try LangevinDynamics(
                stepSize: stepSize, noise: noise, momentum: momentum,
                gradientLimit: gradientLimit > 0 ? gradientLimit : nil,
                box: clampsChains ? -1...1 : nil)
        }

        func buffer(rejuvenationRate: Double) -> ReplayBuffer.Settings {
            ReplayBuffer.Settings(
                capacity: bufferSize, rejuvenationRate: rejuvenationRate, start: bufferStart == .full ? .full : .empty,
                slots: bufferSlots == .withReplacement ? .withReplacement : .withoutReplacement,
                writing: bufferWriting == .inPlace ? .inPlace : .queue)
        }

        func training(adaptiveInterval: Int, recordsGraphs: Bool) -> SelfAdaptingSettings {
            SelfAdaptingSettings(
                adaptiveInterval: adaptiveInterval, chainLength: chainLength,
                adam: .init(learningRate: learningRate, beta1: beta1, beta2: beta2), resetsBuffer: resetsBuffer,
                gradientNormLimit: gradientNormLimit > 0 ? gradientNormLimit : nil, energyPenalty: energyPenalty,
                recordsGraphs: recordsGraphs)
        }
    }
}

extension AdaNCEImages.DataSource: Codable {
    private static let words: KeyValuePairs<String, Self> = ["mnist": .mnist, "cifar-10": .cifar10, "bars": .bars]

    /// Reads a word, or the path of images; throws `RunError` for a word that is neither.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        if let known = Self.words.first(where: { $0.key == text })?.value {
            self = known
        } else if text.contains("/") || text.contains(".") || FileManager.default.fileExists(atPath: text) {
            self = .own(path: text)
        } else {
            throw unknownName("data", text, among: Self.words.map(\.key) + ["the path of a file or folder of images"])
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var text = encoder.singleValueContainer()
        if case .own(let path) = self { try text.encode(path) } else { try text.encode(name) }
    }

    /// The word; of a path the last part, without its ending.
    var name: String {
        if case .own(let path) = self {
            return URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        }
        return Self.words.first { $0.value == self }!.key
    }

    /// The shape of an image, [channels, height, width]; nil where only the file says it.
    var shape: [Int]? {
        switch self {
        case .mnist, .bars: [1, 28, 28]
        case .cifar10: [3, 32, 32]
        case .own: nil
        }
    }
}
