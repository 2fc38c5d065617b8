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
    public let name = "rmwggis-ising"
    public let summary =
        "couplings of Ising models learnt by ratio matching, its estimates, PCD and pseudo-likelihood; and Gibbs against GWG"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    /// The first of those that the released Erdős–Rényi data have.
    public let defaultSeed: UInt64 = 1111
    /// Peak memory is a process's.
    public let cellsAreProcesses = true
    public let columns: [Column] = []

    public init() {}

    /// The two parts, as the label `part` names them.
    enum Part: String { case learning, sampling }

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        func add(_ part: Part, _ data: String, _ method: String, seed: UInt64) {
            let labels: KeyValuePairs = ["part": part.rawValue, "data": data, "method": method]
            cells.append(Cell(index: cells.count + 1, labels: labels, seed: seed))
        }
        for data in configuration.datasets {
            for method in configuration.methods {
                let names =
                    method.isPersistent ? configuration.pcdSteps.map { "\(method.rawValue)-\($0)" } : [method.rawValue]
                for name in names {
                    for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                        add(.learning, data, name, seed: seed)
                    }
                }
            }
        }
        for data in configuration.samplingDatasets {
            for sampler in configuration.samplers {
                for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                    add(.sampling, data, sampler.rawValue, seed: seed)
                }
            }
        }
        return cells
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        switch Part(rawValue: cell.label("part")!)! {
        case .learning: try Learning(cell, configuration).run(context)
        case .sampling: try Sampling(cell, configuration).run(context)
        }
    }

    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        let d = Double(SpinData(cell.label("data")!)!.siteCount)
        let numbers = 4 * d * d
        guard Part(rawValue: cell.label("part")!) == .learning else {
            let work = Double(configuration.samplingSteps) * Double(configuration.samplingChains) * d
            return Estimate(
                seconds: 1 + 2e-9 * work, memory: 200_000_000,
                disk: 20_000 + Double(configuration.samplingSteps) * d * 4)
        }
        let rule = LearningRule(label: cell.label("method")!, flips: configuration.flips, siteCount: Int(d))
        let points = Double(configuration.batchSize + (rule.method.isPersistent ? configuration.chains : 0))
        let chainSteps = Double(rule.steps) * Double(configuration.chains) * d * (rule.method == .pcdGWG ? 1e-9 : 2e-10)
        let iteration = 1e-4 + 4 * points * d * d / 5e10 + 1e-8 * d * d + chainSteps
        let fits = configuration.penalties.isEmpty ? 1 : configuration.penalties.count + 2
        let data = 4e-9 * Double(configuration.dataChains) * Double(configuration.dataUpdates)
        return Estimate(
            seconds: 1 + (data + iteration * Double(fits) * Double(configuration.iterations)) / Double(threads),
            memory: 200_000_000 + 12 * numbers, disk: 20_000 + 5 * numbers)
    }
}
