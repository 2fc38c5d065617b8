import Experiments

extension RMwGGISIsing {
    public struct Configuration: ExperimentConfiguration {
        /// What J is learnt from: see README.md for the names.
        public var datasets: [String]
        public var methods: [Method]
        /// Steps of the chains an iteration, a cell for each: single-site updates, or steps of Gibbs-with-gradients.
        public var pcdSteps: [Int]
        /// Seeds a method: the run's seed and the ones after it.
        public var seeds: Int
        /// Points of data, each the last point of a chain of its own.
        public var dataChains: Int
        /// Single-site updates of each of those chains.
        public var dataUpdates: Int
        /// A field on every site of Erdős–Rényi data: 0.1 in the released data, by accident.
        public var dataField: Double
        /// Iterations a fit; a cell has a fit without penalty, one for each penalty, and one at the penalty that was
        /// chosen.
        public var iterations: Int
        public var batchSize: Int
        /// Persistent chains.
        public var chains: Int
        /// s, flips a point.
        public var flips: Int
        /// Of J with each edge counted twice, at up to 100 sites; in proportion to 1/D above.
        public var learningRate: Double
        /// Standard deviation of J at the start, each edge counted twice.
        public var initialScale: Double
        /// Weights of Σᵢⱼ |Jᵢⱼ| among which held-out data choose, in units of a correlation; empty for none of that.
        public var penalties: [Double]
        /// The share of the data that is held out to choose.
        public var heldOut: Double
        /// Iterations between two points of a curve.
        public var evaluateEvery: Int
        /// What is sampled in the sampling experiment.
        public var samplingDatasets: [String]
        public var samplers: [Sampler]
        public var samplingChains: Int
        public var samplingSteps: Int

        public func validate() throws {
            func requireDifferent(_ key: String, _ values: [String]) throws {
                try require(
                    key, "[\(values.joined(separator: ", "))]", Set(values).count == values.count, "different entries")
            }
            for (key, names) in [("datasets", datasets), ("samplingDatasets", samplingDatasets)] {
                try requireDifferent(key, names)
                for name in names { try require(key, name, SpinData(name) != nil, SpinData.forms) }
            }
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
