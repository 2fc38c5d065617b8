import Experiments

extension RMwGGISIsing {
    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var datasets: [SpinData]
        public var methods: [Method]
        public var pcdSteps: [Int]
        public var seeds: Int
        public var dataChains: Int
        public var dataUpdates: Int
        public var dataField: Double
        public var iterations: Int
        public var batchSize: Int
        public var chains: Int
        public var flips: Int
        public var learningRate: Double
        public var initialScale: Double
        public var penalties: [Double]
        public var heldOut: Double
        public var evaluateEvery: Int
        public var samplingDatasets: [SpinData]
        public var samplers: [Sampler]
        public var samplingChains: Int
        public var samplingSteps: Int

        public func validate() throws {
            try requireList("datasets", datasets.map(\.name), isOptional: true)
            try requireList("samplingDatasets", samplingDatasets.map(\.name), isOptional: true)
            try requireList("methods", methods, isOptional: true)
            try requireList("samplers", samplers, isOptional: true)
            try requireList("pcdSteps", pcdSteps, in: 1...1 << 20, isOptional: true)
            try requireList("penalties", penalties, in: 0...Self.largestNumber, isOptional: true)
            try requireCounts([
                ("seeds", seeds, 1...1000), ("dataChains", dataChains, 10...1 << 20),
                ("dataUpdates", dataUpdates, 1...1 << 40), ("iterations", iterations, 1...1 << 30),
                ("batchSize", batchSize, 1...1 << 20), ("chains", chains, 1...1 << 20), ("flips", flips, 1...1 << 20),
                ("evaluateEvery", evaluateEvery, 1...1 << 30), ("samplingChains", samplingChains, 1...1 << 20),
                ("samplingSteps", samplingSteps, 20...1 << 24),
            ])
            try require("dataField", dataField, abs(dataField) <= 10, "a number from -10 to 10")
            try requirePositive("learningRate", learningRate)
            try requireAmount("initialScale", initialScale)
            try require("heldOut", heldOut, 0.05...0.5 ~= heldOut, "a share from 0.05 to 0.5")
        }
    }
}
