import ReplicationShared
import EnergyModels
import Experiments
import Foundation
import Metrics
import Objectives
import Torch

/// Score matching on densities of the plane that are known (Jin, sections 3 and 4; Dai 2023, section 10.2.5): what each
/// estimator learns, beside maximum likelihood and contrastive divergence, what it costs, and the limits in which the
/// lecture notes say that one is another.
public struct ScoreMatchingDensities: Replication {
    public let name = "score-matching"
    public let summary =
        "score matching on known densities of the plane: exact, Hutchinson, sliced, denoising, and contrastive divergence as its limit"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    public let columns: [Column] = []

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        func add(_ labels: KeyValuePairs<String, String>) {
            for seed in consecutiveSeeds(configuration.seeds, from: seed) {
                cells.append(Cell(index: cells.count + 1, labels: labels, seed: seed))
            }
        }
        for part in configuration.parts {
            switch part {
            case .learning:
                for target in configuration.targets {
                    for objective in configuration.objectives {
                        add(["part": part.rawValue, "target": target.rawValue, "objective": objective.rawValue])
                    }
                }
            case .oneStep:
                for target in configuration.limitTargets { add(["part": part.rawValue, "target": target.rawValue]) }
            case .traces:
                for d in configuration.dimensions {
                    for estimator in configuration.estimators {
                        add(["part": part.rawValue, "d": "\(d)", "estimator": estimator.rawValue])
                    }
                }
            case .noise:
                for deviation in configuration.noiseDeviations {
                    add([
                        "part": part.rawValue, "target": configuration.noiseTarget.rawValue,
                        "sigma": String(format: "%g", deviation),
                    ])
                }
            }
        }
        return cells
    }

    /// From runs on one thread of two cores.
    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        let widths = [2] + configuration.hidden
        let products = Double(zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 })
        let (seconds, memory): (Double, Double)
        switch Part(rawValue: cell.label("part")!)! {
        case .learning where cell.label("objective") == Objective.maximumLikelihood.rawValue:
            let points = Double(configuration.trainingCells * configuration.trainingCells + configuration.batchSize)
            (seconds, memory) = (Double(configuration.iterations) * (5e-4 + points * products * 2e-10), 300_000_000)
        case .learning, .noise:
            (seconds, memory) = (
                Double(configuration.iterations) * (5e-4 + Double(configuration.batchSize) * products * 1e-9),
                250_000_000
            )
        case .oneStep:
            (seconds, memory) = (
                Double(configuration.limitSteps.count) * Double(configuration.limitPoints) * 5e-5, 300_000_000
            )
        case .traces:
            let d = Double(cell.label("d")!)!
            let exact = d * Double(configuration.tracePoints) * products * 2e-10
            seconds = exact * Double(configuration.traceSteps) + Double(configuration.traceDraws) * 2e-3
            memory = 250_000_000 + 40 * d * Double(configuration.tracePoints) * Double(configuration.hidden.max()!)
        }
        return Estimate(seconds: 1 + seconds / Double(threads), memory: memory, disk: 300_000)
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        do {
            switch Part(rawValue: cell.label("part")!)! {
            case .learning: return try learn(cell, configuration, context)
            case .oneStep: return try OneStepLimit(cell, configuration).run(context)
            case .traces: return try TraceEstimates(cell, configuration).run(context)
            case .noise: return try denoise(cell, configuration, context)
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

    /// An objective on a target, and how far what is learnt is from the truth.
    private func learn(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let target = Target(rawValue: cell.label("target")!)!.planar
        let objective: any DensityObjective =
            switch Objective(rawValue: cell.label("objective")!)! {
            case .maximumLikelihood:
                QuadratureLikelihood(try QuadratureGrid(target, cells: configuration.trainingCells))
            case .exact: try ScoreMatching(.exact)
            case .hutchinson: try ScoreMatching(.hutchinson(.rademacher))
            case .sliced: try ScoreMatching(.sliced(.rademacher))
            case .denoising: try ScoreMatching(.denoising(standardDeviation: configuration.denoisingDeviation))
            case .oneStep: try OneStepContrastiveDivergence(step: configuration.langevinStep)
            }
        let model = try learnt(target.density, objective, configuration, context)
        let grid = try QuadratureGrid(target, cells: configuration.cells)
        try context.writeDensities(model, beside: target.density, on: grid)
        let acceptance = try context.writeSamples(model, beside: target.density, in: target.box, configuration.samples)
        return CellResult(try distances(model, target.density, grid).merging(acceptance) { $1 })
    }

    /// Denoising with one σ: how far what is learnt is from the data's density, and from that of the data with noise.
    private func denoise(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let deviation = Double(cell.label("sigma")!)!
        let target = Target(rawValue: cell.label("target")!)!.planar
        let clean = target.density as! GaussianMixture
        let model = try learnt(clean, ScoreMatching(.denoising(standardDeviation: deviation)), configuration, context)
        // p ∗ N(0, σ²I): each component's variance grows by σ².
        let noisy = try GaussianMixture(
            weights: clean.weights, means: clean.means,
            deviations: clean.deviations.map { ($0 * $0 + deviation * deviation).squareRoot() })
        let (box, margin) = (target.box, 4 * deviation)
        let grid = try QuadratureGrid(
            x: box.x.lowerBound - margin...box.x.upperBound + margin,
            y: box.y.lowerBound - margin...box.y.upperBound + margin,
            columns: configuration.cells, rows: configuration.cells)
        try context.writeDensities(model, beside: noisy, on: grid)
        var values = try distances(model, noisy, grid)
        for (name, value) in try distances(model, clean, grid) where ["KL", "fisher", "TV"].contains(name) {
            values["\(name)@clean"] = value
        }
        return CellResult(values)
    }

    private func learnt(
        _ density: any Density, _ objective: some DensityObjective, _ configuration: Configuration,
        _ context: CellContext
    ) throws -> ContinuousMLPEnergy {
        let model = ContinuousMLPEnergy(
            dimension: 2, hidden: configuration.hidden, confinement: configuration.confinement,
            using: RandomGenerator(seed: context.cell.seed, stream: "initialisation"))
        try configuration.training.run(model, objective, on: density, context)
        return model
    }

    private func distances(_ model: ContinuousMLPEnergy, _ density: any Density, _ grid: QuadratureGrid) throws
        -> [String: Double]
    {
        let found = try DensityComparison(of: model, with: density, on: grid)
        var values = [
            "KL": found.divergence, "TV": found.totalVariation, "logZ": found.logPartitionFunction,
            "massOutside": found.modelMassOutside,
        ]
        values["fisher"] = found.fisherDivergence
        return values
    }
}
