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
            func requireDifferent(_ key: String, _ values: [String]) throws {
                try require(
                    key, "[\(values.joined(separator: ", "))]", Set(values).count == values.count, "different entries")
            }
            try requireDifferent("datasets", datasets.map(\.name))
            try requireDifferent("samplingDatasets", samplingDatasets.map(\.name))
            try requireDifferent("methods", methods.map(\.rawValue))
            try requireDifferent("samplers", samplers.map(\.rawValue))
            try requireDifferent("pcdSteps", pcdSteps.map(String.init))
            for steps in pcdSteps { try requireCount("pcdSteps", steps, to: 1 << 20) }
            try requireCount("seeds", seeds, to: 1000)
            try requireCount("dataChains", dataChains, from: 10, to: 1 << 20)
            try requireCount("dataUpdates", dataUpdates, to: 1 << 40)
            try require("dataField", dataField, abs(dataField) <= 10, "a number from -10 to 10")
            try requireCount("iterations", iterations, to: 1 << 30)
            try requireCount("batchSize", batchSize, to: 1 << 20)
            try requireCount("chains", chains, to: 1 << 20)
            try requireCount("flips", flips, to: 1 << 20)
            try require("learningRate", learningRate, learningRate > 0 && learningRate < .infinity, "a positive number")
            try require("initialScale", initialScale, initialScale >= 0 && initialScale < .infinity, "a number from 0")
            try require(
                "penalties", penalties,
                Set(penalties).count == penalties.count && penalties.allSatisfy { $0 >= 0 && $0 < .infinity },
                "a list of different numbers from 0")
            try require("heldOut", heldOut, 0.05...0.5 ~= heldOut, "a share from 0.05 to 0.5")
            try requireCount("evaluateEvery", evaluateEvery, to: 1 << 30)
            try requireCount("samplingChains", samplingChains, to: 1 << 20)
            try requireCount("samplingSteps", samplingSteps, from: 20, to: 1 << 24)
        }
    }
}
