import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

/// Ou's note "Gradient Guided Ratio Matching" (2021) on Boltzmann machines: what its first-order flip costs where it is
/// no longer exact, and what its objectives learn beside the classic ones.
public struct OuBoltzmann: Replication {
    public let name = "ou-boltzmann"
    public let summary =
        "Ou's gradient-guided ratio matching: what its approximation costs, and Boltzmann machines learnt with it"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)
    public let defaultSeed: UInt64 = 1
    public let elementType = "float64"

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        let parts = configuration.parts
        return (parts.contains(.estimators) ? estimators(configuration) : [])
            + (parts.contains(.learning) ? learning(configuration) : [])
    }

    private func estimators(_ configuration: Configuration) -> [Setting] {
        configuration.estimateDimensions.flatMap { d in
            configuration.models.flatMap { model in
                configuration.scales.map { .estimators(EstimatorSetting(d: d, model: model, scale: $0)) }
            }
        }
    }

    private func learning(_ configuration: Configuration) -> [Setting] {
        configuration.dimensions.flatMap { d in
            configuration.samples.flatMap { n in
                configuration.methods.map { .learning(LearningSetting(d: d, n: n, method: $0)) }
            }
        }
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        switch setting {
        case .estimators(let setting): try Estimators(setting: setting, configuration: configuration).run(context)
        case .learning(let setting): try Learning(setting, configuration, seed: context.seed).run(context)
        }
    }

    /// From runs on one thread of two cores.
    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        switch setting {
        case .estimators(let setting):
            let (d, states) = (Double(setting.d), exp2(Double(setting.d)))
            let perState =
                setting.model == .hidden ? 1.2e-8 * exp2(Double(configuration.hiddenUnits)) * d : 1.5e-6 * d
            return Estimate(
                seconds: 0.3 + 1e-4 * d * Double(configuration.points) + perState * states,
                memory: 300_000_000 + 8 * (d + 6) * states, disk: 10_000)
        case .learning(let setting):
            let (d, n) = (Double(setting.d), Double(setting.n))
            let perIteration =
                switch setting.method {
                case .maximumLikelihood: 1e-4 + 3e-9 * exp2(d)
                case .cd1: 1e-3 + 3e-8 * d * n
                case .pcd: 1e-3 + 3e-8 * d * Double(configuration.chains) + 2e-9 * d * n
                case .rmwrand, .basic, .basicHalfPower, .advanced: 3e-4 + 4e-8 * d * n
                default: 2e-4 + 1e-8 * d * n
                }
            return Estimate(
                seconds: 0.2 + perIteration * Double(configuration.iterations), memory: 200_000_000 + 80 * n * d,
                disk: 300 * Double(configuration.iterations / configuration.evaluateEvery) + 20_000)
        }
    }
}
