import Experiments
import Foundation
import Torch

/// Learning the couplings of Ising models from samples (Liu et al. 2023; the setting is that of Gibbs-with-gradients,
/// Grathwohl et al. 2021), and sampling from Ising models.
///
/// Learning: 2,000 points of a lattice or a random graph are given, the dense symmetric J is learnt by ratio matching,
/// exactly or from a few flips, by persistent contrastive divergence and by pseudo-likelihood. Sampling: Gibbs against
/// Gibbs-with-gradients by effective sample size.
public struct RMwGGISIsing: Replication {
    /// What J is learnt from and how, or what is sampled and how.
    public enum Setting: ExperimentSetting {
        case learning(SpinData, LearningRule)
        case sampling(SpinData, Sampler)

        private struct Keys<Method: Encodable>: Encodable {
            let data: SpinData
            let method: Method
        }

        public func encode(to encoder: any Encoder) throws {
            switch self {
            case .learning(let data, let rule):
                try PartOfExperiment("learning", Keys(data: data, method: rule)).encode(to: encoder)
            case .sampling(let data, let sampler):
                try PartOfExperiment("sampling", Keys(data: data, method: sampler)).encode(to: encoder)
            }
        }
    }

    public let name = "rmwggis-ising"
    public let summary =
        "couplings of Ising models learnt by ratio matching, its estimates, PCD and pseudo-likelihood; and Gibbs against GWG"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)
    /// The first of those that the released Erdős–Rényi data have.
    public let defaultSeed: UInt64 = 1111
    /// Peak memory is a process's.
    public let cellsAreProcesses = true

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        let rules = configuration.methods.flatMap { method in
            (method.isPersistent ? configuration.pcdSteps : [0]).map { LearningRule(method: method, steps: $0) }
        }
        return configuration.datasets.flatMap { data in rules.map { .learning(data, $0) } }
            + configuration.samplingDatasets.flatMap { data in configuration.samplers.map { .sampling(data, $0) } }
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        switch setting {
        case .learning(let data, let rule):
            try Learning(data: data, rule: rule, configuration: configuration, seed: context.seed).run(context)
        case .sampling(let data, let sampler):
            try Sampling(data: data, sampler: sampler, configuration: configuration).run(context)
        }
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        switch setting {
        case .learning(let data, let rule): estimate(data, rule, configuration, threads)
        case .sampling(let data, _): estimate(data, configuration)
        }
    }

    private func estimate(
        _ data: SpinData, _ rule: LearningRule, _ configuration: Configuration, _ threads: Int
    ) -> Estimate {
        let d = Double(data.siteCount)
        let numbers = 4 * d * d
        let points = Double(configuration.batchSize + (rule.method.isPersistent ? configuration.chains : 0))
        let chainSteps = Double(rule.steps) * Double(configuration.chains) * d * (rule.method == .pcdGWG ? 1e-9 : 2e-10)
        let iteration = 1e-4 + 4 * points * d * d / 5e10 + 1e-8 * d * d + chainSteps
        let fits = configuration.penalties.isEmpty ? 1 : configuration.penalties.count + 2
        let draws = 4e-9 * Double(configuration.dataChains) * Double(configuration.dataUpdates)
        return Estimate(
            seconds: 1 + (draws + iteration * Double(fits) * Double(configuration.iterations)) / Double(threads),
            memory: 200_000_000 + 12 * numbers, disk: 20_000 + 5 * numbers)
    }

    private func estimate(_ data: SpinData, _ configuration: Configuration) -> Estimate {
        let (steps, d) = (Double(configuration.samplingSteps), Double(data.siteCount))
        return Estimate(
            seconds: 1 + 2e-9 * steps * Double(configuration.samplingChains) * d, memory: 200_000_000,
            disk: 20_000 + steps * d * 4)
    }
}
