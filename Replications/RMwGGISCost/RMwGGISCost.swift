import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import HDF5
import Objectives
import Torch

/// What a training step of ratio matching costs, in time and in memory, against the number of bits d: all flips as
/// copies, all flips by one column of the first layer, the same in chunks, and a few flips (Liu et al. 2023).
public struct RMwGGISCost: Replication {
    /// How the flips of a point are evaluated.
    public enum Method: String, Choice {
        /// All flips, each a copy of the point that goes through the whole model, recorded for one backward pass: the
        /// plain form.
        case copies = "rm-copies"
        /// All flips; a flip changes the first pre-activation by one column.
        case rm
        /// The same in chunks of flips, whose gradients are added up.
        case chunked = "rm-chunked"
        case rmwrand
        case rmwggis
    }

    /// d, and how its flips are evaluated.
    public struct Setting: ExperimentSetting {
        public var dimension: Int
        public var method: Method

        private enum CodingKeys: String, CodingKey {
            case dimension = "d"
            case method
        }

        public func encode(to encoder: any Encoder) throws {
            var keys = encoder.container(keyedBy: CodingKeys.self)
            try keys.encode(dimension, forKey: .dimension)
            try keys.encode(method, forKey: .method)
        }
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var dimensions: [Int]
        public var methods: [Method]
        public var copiesUpTo: Int
        public var hidden: [Int]
        public var batchSize: Int
        public var flips: Int
        public var chunk: Int
        public var iterations: Int
        public var evaluations: Int
        public var seeds: Int

        /// Flips that a method evaluates at each point.
        func flips(_ method: Method, _ d: Int) -> Int {
            switch method {
            case .copies, .rm, .chunked: d
            case .rmwrand, .rmwggis: flips
            }
        }

        func iterations(_ method: Method, _ d: Int) -> Int {
            let flips = flips(method, d)
            return max(iterations, (evaluations + flips - 1) / flips)
        }

        public func validate() throws {
            try requireList("dimensions", dimensions, of: "even numbers from 4 to 65536") {
                4...65536 ~= $0 && $0.isMultiple(of: 2)
            }
            try requireList("methods", methods)
            try requireWidths("hidden", hidden, to: 65536)
            try requireCounts([
                ("batchSize", batchSize, 1...1 << 20), ("flips", flips, 1...1 << 20), ("chunk", chunk, 1...1 << 20),
                ("iterations", iterations, 1...1 << 20), ("evaluations", evaluations, 0...1 << 20),
                ("copiesUpTo", copiesUpTo, 0...1 << 40), ("seeds", seeds, 1...1000),
            ])
            try require("batchSize", batchSize, batchSize.isMultiple(of: 2), "an even number: 2spirals has two arms")
        }
    }

    public let name = "rmwggis-cost"
    public let summary =
        "time and memory of ratio matching against the number of bits: all flips, chunks of them, a few guided ones"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)
    public let defaultSeed: UInt64 = 1023
    /// Peak memory is a process's.
    public let cellsAreProcesses = true

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.dimensions.flatMap { dimension in
            configuration.methods.filter { $0 != .copies || dimension <= configuration.copiesUpTo }
                .map { Setting(dimension: dimension, method: $0) }
        }
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        let (d, method) = (setting.dimension, setting.method)
        let flips = configuration.flips(method, d)
        let batch = Double(configuration.batchSize)
        let rows = batch * Double(1 + flips)
        let first = method == .copies ? Double(d) : 1
        let widths = zip(configuration.hidden, configuration.hidden.dropFirst()).reduce(0.0) {
            $0 + Double($1.0) * Double($1.1)
        }
        let operations =
            6 * rows * (widths + first * Double(configuration.hidden[0]))
            * Double(configuration.iterations(method, d) + 1)
        let kept = method == .chunked ? batch * Double(1 + configuration.chunk) : rows
        let copies = method == .copies ? 3 * Double(d) : 0
        return Estimate(
            seconds: 1 + operations / (Double(threads) * 7e10),
            memory: 200_000_000 + 4 * kept * (2 * configuration.hidden.reduce(0.0) { $0 + Double($1) } + copies),
            disk: 20_000)
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let (d, method) = (setting.dimension, setting.method)
        let model = MLPEnergy(
            dimension: d, hidden: configuration.hidden, using: context.generator("initialisation"))
        let x = try Self.data(d, configuration.batchSize, seed: context.seed)
        let flips = context.generator("flips")
        let adam = Adam(model.parameters, .init(learningRate: 0.0005, weightDecay: 0.0001))
        func step() throws -> Double {
            let (loss, found) =
                switch method {
                case .copies: try RatioMatching(.exact).lossAndGradients(GenericFlips(model), x, using: flips)
                case .rm: try RatioMatching(.exact).lossAndGradients(model, x, using: flips)
                case .chunked:
                    try RatioMatching(.exactInChunks(of: configuration.chunk)).lossAndGradients(model, x, using: flips)
                case .rmwrand:
                    try RatioMatching(.uniform(flips: configuration.flips)).lossAndGradients(model, x, using: flips)
                case .rmwggis:
                    try RatioMatching(.gradientGuided(flips: configuration.flips))
                        .lossAndGradients(model, x, using: flips)
                }
            let value = loss.item()
            adam.update(found)
            return value
        }
        // The first step allocates; it is not timed.
        var loss = try step()
        let last = Kept(
            store: { $0["loss"] = HDF5Array([loss], shape: []) },
            restore: { loss = try $0.finiteElements("loss", shape: [])[0] })
        try context.train(
            configuration.iterations(method, d),
            keeping: [.parameters(model.parameters), .optimizer(adam), .generator(flips, "flips"), last]
        ) { iteration in
            loss = try step()
            try context.guardFinite("loss", loss, iteration: iteration)
        }
        try context.measure("loss", loss)
    }

    /// A batch of 2spirals in Gray code, or random bits where that ends.
    private static func data(_ d: Int, _ count: Int, seed: UInt64) throws -> Tensor {
        guard GrayCode.dimensions.contains(d) else {
            return Tensor.integers([count, d], 0..<2, using: RandomGenerator(seed: seed, stream: "bits")).converted(
                to: .float32)
        }
        var spirals = try BinaryToyData(
            .twoSpirals, dimension: d, seed: UInt32(truncatingIfNeeded: RandomGenerator.seed(seed, stream: "data")))
        let batch = try spirals.batch(count)
        return Tensor(batch.bits, shape: [count, d]).converted(to: .float32)
    }
}
