import ReplicationShared
import EnergyModels
import Experiments
import Foundation
import Metrics
import Objectives
import Samplers
import Torch

/// Noise-contrastive estimation and its relatives on densities that are known (Xu 2022, chapters 2 to 4 and section
/// 5.3; Jin, section 4): what the thesis says of them in Table 3.1 and gives as reasons, measured.
public struct NCEFamily: Replication {
    public let name = "nce-family"
    public let summary =
        "noise-contrastive estimation and its relatives on known densities: normalisers, stability, dimension, noise, self-adaptation"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    public let columns: [Column] = []

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        func add(_ labels: KeyValuePairs<String, String>, seeds: Int? = nil) {
            for seed in consecutiveSeeds(seeds ?? configuration.seeds, from: seed) {
                cells.append(Cell(index: cells.count + 1, labels: labels, seed: seed))
            }
        }
        func text(_ value: Double) -> String { String(format: "%g", value) }
        for part in configuration.parts {
            let name = part.rawValue
            switch part {
            case .claims:
                for target in configuration.targets {
                    for method in configuration.methods {
                        add(
                            ["part": name, "target": target.rawValue, "method": method.rawValue],
                            seeds: configuration.claimSeeds)
                    }
                }
            case .dimension:
                for d in configuration.dimensions {
                    for method in configuration.methods {
                        add([
                            "part": name, "target": configuration.productTarget.rawValue, "d": "\(d)",
                            "method": method.rawValue,
                        ])
                    }
                }
            case .noise:
                let settings =
                    configuration.shifts.map { (shift: $0, scale: 1.0) }
                    + configuration.scales.map { (shift: 0.0, scale: $0) }
                for (index, setting) in settings.enumerated()
                where !settings[..<index].contains(where: { $0 == setting }) {
                    add([
                        "part": name, "target": configuration.noiseTarget.rawValue, "shift": text(setting.shift),
                        "scale": text(setting.scale),
                    ])
                }
            case .bandwidth:
                for sigma in configuration.bandwidths {
                    add(["part": name, "target": configuration.bandwidthTarget.rawValue, "sigma": text(sigma)])
                }
            case .discriminator:
                for target in configuration.discriminatorTargets {
                    for shift in configuration.discriminatorShifts {
                        for form in Form.allCases {
                            add(["part": name, "target": target.rawValue, "shift": text(shift), "form": form.rawValue])
                        }
                    }
                }
            case .sampling:
                for draws in configuration.draws {
                    for generator in configuration.generators
                    where draws == .exact || generator == configuration.generators[0] {
                        for interval in configuration.intervals {
                            add([
                                "part": name, "target": configuration.samplingTarget.rawValue, "draws": draws.rawValue,
                                "psi": generator.rawValue,
                                "K": "\(interval)",
                            ])
                        }
                    }
                }
            case .stein:
                for target in configuration.steinTargets {
                    for n in configuration.sampleSizes {
                        for shift in configuration.steinShifts {
                            add(["part": name, "target": target.rawValue, "n": "\(n)", "shift": text(shift)])
                        }
                    }
                }
            }
        }
        return cells
    }

    /// From runs on one thread of two cores.
    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        func network(_ widths: [Int]) -> Double {
            Double(zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 })
        }
        let d = cell.label("d").flatMap { Int($0) } ?? 2
        let rows = Double(configuration.batchSize)
        let point = network([d] + configuration.hidden + [1]) * 1e-9
        let chains = Double(configuration.chainSteps) * (1.6e-4 + rows * point * 0.2)
        let exact = Double(configuration.samplingCells * configuration.samplingCells) * point * 0.07
        // An update, in seconds.
        func update(_ method: Method) -> Double {
            let own = 4e-4 + 0.8 * rows * point
            switch method {
            case .nce, .cnce: return own
            case .ranking: return own + 0.25 * Double(configuration.rankingSamples) * rows * point
            case .ace: return own + 3.5e-3 + 3 * rows * Double(configuration.latentDraws) * Double(d) * 1.2e-8
            case .fce:
                return own + 1.8e-3 * Double(configuration.couplings) + 3 * rows
                    * network([d] + configuration.noiseHidden + [d]) * 4e-9
            case .adance: return own + chains
            }
        }
        let iterations = Double(configuration.iterations)
        var seconds: Double
        switch Part(rawValue: cell.label("part")!)! {
        case .claims: seconds = iterations * update(Method(rawValue: cell.label("method")!)!)
        case .dimension:
            seconds = iterations * update(Method(rawValue: cell.label("method")!)!)
            seconds +=
                Double(configuration.temperatures)
                * (1e-3 + Double(configuration.annealingChains) * (point + 2e-7 * Double(d)) * 1.5)
        case .noise, .discriminator: seconds = iterations * update(.nce)
        case .bandwidth: seconds = iterations * update(.cnce) + Double(configuration.gradientBatches) * 2e-3
        case .sampling:
            let interval = Double(cell.label("K")!)!
            let draws =
                switch Draws(rawValue: cell.label("draws")!)! {
                case .exact: exact / interval + 2e-4
                case .mala: chains
                case .shortRun: Double(configuration.shortRunSteps) * (7e-5 + rows * point * 0.07)
                }
            let batches = Double(SelfAdaptation.probes * configuration.gradientBatches)
            seconds = (iterations + batches) * (update(.nce) + draws) + batches * update(.nce)
        case .stein:
            let n = Double(cell.label("n")!)!
            let tests = Double(cell.label("shift") == "0" ? configuration.levelRepetitions : configuration.repetitions)
            seconds = tests * (2e-4 + Double(configuration.replicates) * (n * 2e-8 + n * n * 1e-10))
        }
        return Estimate(seconds: 0.8 + seconds / Double(threads), memory: 320_000_000, disk: 200_000)
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        do {
            switch Part(rawValue: cell.label("part")!)! {
            case .claims: return try claim(cell, configuration, context)
            case .dimension: return try ProductLearning(cell, configuration).run(context)
            case .noise: return try contrast(cell, configuration, context)
            case .bandwidth: return try Bandwidth(cell, configuration).run(context)
            case .discriminator: return try Discriminator(cell, configuration).run(context)
            case .sampling: return try SelfAdaptedSampling(cell, configuration).run(context)
            case .stein: return try SteinTests(cell, configuration).run(context)
            }
        } catch let fault as QuadratureError {
            if case .notFinite(let quantity) = fault {
                throw Divergence(quantity: quantity, iteration: configuration.iterations)
            }
            throw RunError("\(cell.id): \(fault)")
        } catch let fault as NonFiniteQuantity {
            throw Divergence(quantity: fault.quantity, iteration: configuration.iterations)
        }
    }

    /// A method on a target of the plane.
    private func claim(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let target = KnownTarget(rawValue: cell.label("target")!)!.planar
        let learnt = try MethodLearning(Method(rawValue: cell.label("method")!)!, target.density, configuration).run(
            context)
        var values = try learnt.compared(with: target, configuration, context)
        let gaussian = try DataScale(of: target.density, seed: cell.seed).gaussian
        let grid = try QuadratureGrid(target, cells: configuration.cells)
        values["KL@gaussian"] = try DensityComparison(of: gaussian, with: target.density, on: grid).divergence
        return CellResult(values)
    }

    /// Binary estimation with noise beside the data: its mean `shift` deviations off along the first axis, its
    /// deviations times `scale`.
    private func contrast(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let target = KnownTarget(rawValue: cell.label("target")!)!.planar
        let data = try DataScale(of: target.density, seed: cell.seed)
        let noise = try data.noise(shift: Double(cell.label("shift")!)!, scale: Double(cell.label("scale")!)!)
        let model = MethodLearning.model(dimension: 2, configuration, seed: cell.seed)
        let normalized = LearntNormalizer(model)
        try configuration.training.run(normalized, NoiseContrastive(noise: noise), on: target.density, context)
        var values = try LearntDensity(model, logNormalizer: normalized.logPartitionFunction.item()).compared(
            with: target, configuration, context)
        values["JS"] = try Discriminator.divergence(target, noise, cells: configuration.cells)
        return CellResult(values)
    }
}
