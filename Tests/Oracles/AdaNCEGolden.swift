import EnergyModels
import Foundation
import Torch

/// Numbers of convolutional energies and AdaNCE computed with PyTorch, with the rules that made their inputs:
/// Golden/adance.json.
public struct AdaNCEGolden: Decodable {
    public struct Model: Decodable {
        public var parameters: Int
        public var energy: [Double]
        public var inputGradientL2: [Double]
        public var sigmaPower1AndExact: [String: [Double]]
        public var energySpectral: [Double]
        public var inputGradientL2Spectral: [Double]
        public var langevin5MeanGradientL2PerStep: [Double]
        public var langevin5Energy: [Double]
        public var langevin5Sum: Double
        public var langevin5First: [Double]
    }

    public struct Loss: Decodable {
        public var loss: Double
        public var gradNoiseEnergy: [Double]
        public var gradDataEnergy: [Double]
    }

    public struct Objectives: Decodable {
        public var currentEnergyNoise: [Double]
        public var frozenEnergyNoise: [Double]
        public var currentEnergyData: [Double]
        public var frozenEnergyData: [Double]
        public var adance: Loss
        public var kullbackLeibler: Loss
        public var leastSquares: Loss
    }

    public struct TrainingStep: Decodable {
        public var loss: Double
        public var gradientL2: [String: Double]
        public var parametersAfterL2: [String: Double]
    }

    public var models: [String: Model]
    public var objectives: Objectives
    public var trainingStep: TrainingStep

    public static func load() throws -> AdaNCEGolden {
        let url = Bundle.module.url(forResource: "adance", withExtension: "json", subdirectory: "Golden")!
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            // Layers keep their names; other keys become camel case.
            let key = path.last!.stringValue
            let words = key.split(separator: "_")
            guard !key.contains("."), words.count > 1 else { return AnyKey(key) }
            return AnyKey(words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined())
        }
        return try decoder.decode(AdaNCEGolden.self, from: Data(contentsOf: url))
    }
}

struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ value: some StringProtocol) { stringValue = String(value) }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension ConvNetEnergy {
    /// Weights randn · √(2/fan in) and biases 0.1 · randn, tensor i of the sorted names from a generator seeded i.
    public func assignGoldenParameters() {
        for (seed, name) in parameters.names.sorted().enumerated() {
            let tensor = parameters[name]!
            let scale = tensor.rank == 1 ? 0.1 : (2 / Double(tensor.shape.dropFirst().reduce(1, *))).squareRoot()
            tensor.detached().assign(scale * Tensor.normal(tensor.shape, using: RandomGenerator(seed: UInt64(seed))))
        }
    }

    /// u = randn, normalised, for weight i of the sorted names from a generator seeded 1000 + i; then one power
    /// iteration.
    public func assignGoldenState() {
        for (index, name) in parameters.names.filter({ $0.hasSuffix("weight") }).sorted().enumerated() {
            let u = state[name.replacingOccurrences(of: "weight", with: "u")]!
            let drawn = Tensor.normal(u.shape, using: RandomGenerator(seed: UInt64(1000 + index)))
            u.assign(drawn / drawn.norm())
        }
        advance()
    }
}

extension ConvNetArchitecture {
    /// 2 · rand − 1 from a generator of that seed.
    public func goldenImages(_ count: Int, seed: UInt64) -> Tensor {
        2 * Tensor.uniform([count] + inputShape, using: RandomGenerator(seed: seed)) - 1
    }
}
