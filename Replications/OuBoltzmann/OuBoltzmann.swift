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
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    public let defaultSeed: UInt64 = 1
    public let elementType = "float64"
    public let columns: [Column] = []

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        func add(_ labels: KeyValuePairs<String, String>) {
            for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                cells.append(Cell(index: cells.count + 1, labels: labels, seed: seed))
            }
        }
        if configuration.parts.contains(.estimators) {
            for d in configuration.estimateDimensions {
                for model in configuration.models {
                    for scale in configuration.scales {
                        add([
                            "part": "estimators", "d": "\(d)", "model": model.rawValue,
                            "scale": String(format: "%g", scale),
                        ])
                    }
                }
            }
        }
        if configuration.parts.contains(.learning) {
            for d in configuration.dimensions {
                for count in configuration.samples {
                    for method in configuration.methods {
                        add(["part": "learning", "d": "\(d)", "n": "\(count)", "method": method.rawValue])
                    }
                }
            }
        }
        return cells
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        switch Part(rawValue: cell.label("part")!)! {
        case .estimators: try Estimators(cell, configuration).run(context)
        case .learning: try Learning(cell, configuration).run(context)
        }
    }

    /// From runs on one thread of two cores.
    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        let d = Double(cell.label("d")!)!
        let states = exp2(d)
        switch Part(rawValue: cell.label("part")!)! {
        case .estimators:
            let perState =
                cell.label("model") == Model.hidden.rawValue
                ? 1.2e-8 * exp2(Double(configuration.hiddenUnits)) * d : 1.5e-6 * d
            return Estimate(
                seconds: 0.3 + 1e-4 * d * Double(configuration.points) + perState * states,
                memory: 300_000_000 + 8 * (d + 6) * states, disk: 10_000)
        case .learning:
            let n = Double(cell.label("n")!)!
            let method = Method(rawValue: cell.label("method")!)!
            let perIteration =
                switch method {
                case .maximumLikelihood: 1e-4 + 3e-9 * states
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
