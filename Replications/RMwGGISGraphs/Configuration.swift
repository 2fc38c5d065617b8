import Datasets
import EnergyModels
import Experiments

extension RMwGGISGraphs {
    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var seeds: Int

        public var populationNodes: [Int]
        public var populationWeights: [Double]
        public var populationMethods: [Method]
        public var populationIterations: Int
        public var populationRate: Double

        public var data: [GraphData]
        public var nodes: [Nodes]
        public var paddedNodes: Int
        public var methods: [Method]
        public var layers: Int
        public var width: Int
        public var normalization: RelationalGraphNetwork.Normalization
        public var iterations: Int
        public var batchSize: Int
        public var flips: Int
        public var learningRate: Double
        public var weightDecay: Double
        public var gradientClip: Double
        public var pcdChains: Int
        public var pcdSteps: Int
        public var evaluateEvery: Int
        public var evaluationSamples: Int

        public var inverseTemperatures: [Double]
        public var samples: Int
        public var sampler: Sampler
        public var sweeps: Int
        public var otherSweeps: [Int]
        public var start: Start
        public var otherStarts: [Start]
        public var startDensity: Double
        public var exactNodes: Int

        public var costNodes: [Int]
        public var costMethods: [Method]
        public var costBatch: Int
        public var costIterations: Int

        public func validate() throws {
            try requireCounts([
                ("seeds", seeds, 1...1000), ("populationIterations", populationIterations, 1...1 << 30),
                ("paddedNodes", paddedNodes, 2...SimpleGraph.mostNodes), ("layers", layers, 1...64),
                ("width", width, 1...4096), ("iterations", iterations, 1...1 << 30),
                ("batchSize", batchSize, 1...1 << 16), ("flips", flips, 1...1 << 16),
                ("pcdChains", pcdChains, 1...1 << 16), ("pcdSteps", pcdSteps, 1...1 << 20),
                ("evaluateEvery", evaluateEvery, 1...1 << 30), ("evaluationSamples", evaluationSamples, 2...1 << 20),
                ("samples", samples, 40...1 << 20), ("sweeps", sweeps, 2...1 << 20),
                ("exactNodes", exactNodes, 1...IsomorphismClasses.mostNodes), ("costBatch", costBatch, 1...1 << 16),
                ("costIterations", costIterations, 1...1 << 20),
            ])
            for (key, value) in [
                ("populationRate", populationRate), ("learningRate", learningRate), ("gradientClip", gradientClip),
            ] {
                try requirePositive(key, value)
            }
            try requireAmount("weightDecay", weightDecay)
            try require("startDensity", startDensity, 0...1 ~= startDensity, "a share from 0 to 1")
            try requireList("populationNodes", populationNodes, in: 3...IsomorphismClasses.mostNodes, isOptional: true)
            try require(
                "populationWeights", populationWeights,
                populationWeights.count == 3 && populationWeights.allSatisfy { abs($0) <= 100 },
                "three numbers from -100 to 100: of edges, triangles and two-stars")
            try requireList(
                "populationMethods", populationMethods, of: "methods whose expectation is not that of another",
                where: \.hasOwnExpectation)
            try requireList("data", data.map(\.name), isOptional: true)
            try requireList("nodes", nodes)
            try requireList("methods", methods)
            try requireList("inverseTemperatures", inverseTemperatures, in: 0.01...1000)
            try requireList("otherSweeps", otherSweeps, in: 2...1 << 20, isOptional: true)
            try requireList("otherStarts", otherStarts, isOptional: true) { $0 != start }
            try requireList("costNodes", costNodes, in: 2...SimpleGraph.mostNodes, isOptional: true)
            try requireList("costMethods", costMethods) { $0 != .pcdGWG }
            try validateData()
        }

        /// The graphs can be read, and padded graphs have room for all nodes.
        private func validateData() throws {
            guard nodes.contains(.padded) else { return }
            for data in data {
                let most = try data.split().mostNodes
                try require(
                    "paddedNodes", paddedNodes, paddedNodes >= most,
                    "\(most) or more: a graph of \(data.name) has so many")
            }
        }
    }
}

extension RelationalGraphNetwork.Normalization: Choice {}
