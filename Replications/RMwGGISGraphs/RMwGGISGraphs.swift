import Datasets
import EnergyModels
import Experiments
import Torch

/// Graph generation by ratio matching (Liu et al. 2023; section 5.2 of their 2022 submission): a relational graph network is
/// the energy of a graph, learnt by ratio matching, exactly or from a few flips of pairs, and judged by the discrepancies of
/// the field, by exact likelihoods of small graphs, and by what kernels do not see.
///
/// Three parts: `population`, a known distribution over all graphs of five nodes, learnt from its expectation; `learning`,
/// sets of graphs; `cost`, a training step against the number of nodes.
public struct RMwGGISGraphs: Replication {
    public enum Setting: ExperimentSetting {
        case population(nodes: Int, Method)
        case learning(GraphData, Nodes, Method)
        case cost(nodes: Int, Method)

        private struct Sized: Encodable {
            let n: Int
            let method: Method
        }

        private struct Learnt: Encodable {
            let data: GraphData
            let nodes: Nodes
            let method: Method
        }

        public func encode(to encoder: any Encoder) throws {
            switch self {
            case .population(let n, let method):
                try PartOfExperiment("population", Sized(n: n, method: method)).encode(to: encoder)
            case .learning(let data, let nodes, let method):
                try PartOfExperiment("learning", Learnt(data: data, nodes: nodes, method: method)).encode(to: encoder)
            case .cost(let n, let method):
                try PartOfExperiment("cost", Sized(n: n, method: method)).encode(to: encoder)
            }
        }
    }

    public let name = "rmwggis-graphs"
    public let summary =
        "an energy of graphs learnt by ratio matching on Ego-small and Community-small, judged by MMDs beside floors and controls"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)
    /// Peak memory is a process's.
    public let cellsAreProcesses = true

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        let population = configuration.populationNodes.flatMap { n in
            configuration.populationMethods.map { Setting.population(nodes: n, $0) }
        }
        let learning = configuration.data.flatMap { data in
            configuration.nodes.flatMap { nodes in configuration.methods.map { Setting.learning(data, nodes, $0) } }
        }
        let cost = configuration.costNodes.flatMap { n in
            configuration.costMethods.map { Setting.cost(nodes: n, $0) }
        }
        return population + learning + cost
    }

    public func dataChecksums(_ configuration: Configuration) throws -> [String: String] {
        var checksums: [String: String] = [:]
        for data in configuration.data { checksums[data.name] = try data.checksum() }
        return checksums
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        switch setting {
        case .population(let n, let method):
            try Population(nodeCount: n, method: method, configuration: configuration).run(context)
        case .learning(let data, let nodes, let method):
            try Learning(data: data, nodes: nodes, method: method, configuration: configuration).run(context)
        case .cost(let n, let method):
            try Cost(nodeCount: n, method: method, configuration: configuration).run(context)
        }
    }

    /// From what a pass through the network takes: some 2·10⁹ multiplications a second of small products.
    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        func graph(_ n: Double) -> Double {
            let width = Double(configuration.width)
            return Double(configuration.layers) * n * width * (3 * width + n)
        }
        let (operations, largest): (Double, Double)
        switch setting {
        case .population(let n, _):
            let n = Double(n)
            largest = 34 * n * n / 2 * 16 * n
            operations = Double(configuration.populationIterations) * 34 * n * n / 2 * 3 * 3 * n * 16 * (48 + n)
        case .learning(_, let nodes, _):
            let n: Double = nodes == .padded ? Double(configuration.paddedNodes) : 8
            let flips = min(Double(configuration.flips), n * (n - 1) / 2) + 1
            let step = 3 * flips * Double(configuration.batchSize) * graph(n)
            let reads = Double(configuration.inverseTemperatures.count + configuration.otherSweeps.count) + 1
            let sampling = reads * Double(configuration.samples) * Double(configuration.sweeps) * n * n / 2 * graph(n)
            largest = flips * Double(configuration.batchSize) * n * Double(configuration.width)
            operations = Double(configuration.iterations) * (step + 2e7) + sampling
        case .cost(let n, let method):
            let n = Double(n)
            let flips = method.ratioMatching?.isExact ?? true ? n * (n - 1) / 2 : Double(configuration.flips)
            largest = flips * Double(configuration.costBatch) * n * (Double(configuration.width) + n)
            operations =
                Double(configuration.costIterations) * 3 * flips * Double(configuration.costBatch) * graph(n)
        }
        return Estimate(
            seconds: 2 + operations / (Double(threads) * 2e9),
            memory: 250_000_000 + 4 * largest * 8 * Double(configuration.layers), disk: 200_000)
    }
}
