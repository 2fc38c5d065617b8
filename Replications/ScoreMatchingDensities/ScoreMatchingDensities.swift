import EnergyModels
import Experiments
import Metrics
import Objectives
import ReplicationShared

/// Score matching on densities of the plane that are known (Jin, sections 3 and 4; Dai 2023, section 10.2.5): what each
/// estimator learns, beside maximum likelihood and contrastive divergence, what it costs, and the limits in which the
/// lecture notes say that one is another.
public struct ScoreMatchingDensities: Replication {
    public let name = "score-matching"
    public let summary =
        "score matching on known densities of the plane: exact, Hutchinson, sliced, denoising, and contrastive divergence as its limit"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.parts.flatMap { part -> [Setting] in
            switch part {
            case .learning:
                configuration.targets.flatMap { target in
                    configuration.objectives.map { .learning(Learning(target: target, objective: $0)) }
                }
            case .oneStep: configuration.limitTargets.map { .oneStep(OneStepLimit(target: $0)) }
            case .traces:
                configuration.dimensions.flatMap { dimension in
                    configuration.estimators.map { .traces(TraceEstimates(dimension: dimension, estimator: $0)) }
                }
            case .noise:
                configuration.noiseDeviations.map {
                    .noise(Denoising(target: configuration.noiseTarget, deviation: $0))
                }
            }
        }
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        do {
            switch setting {
            case .learning(let learning): try learning.run(configuration, context)
            case .oneStep(let limit): try limit.run(configuration, context)
            case .traces(let estimates): try estimates.run(configuration, context)
            case .noise(let denoising): try denoising.run(configuration, context)
            }
        } catch let fault as QuadratureError { throw RunError("\(context.cell.id): \(fault)") }
    }
}

extension ScoreMatchingDensities {
    /// An objective on a target, and how far what is learnt is from the truth.
    public struct Learning: ExperimentSetting {
        public var target: KnownTarget
        public var objective: Objective

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let target = target.planar
            let objective: any DensityObjective =
                switch objective {
                case .maximumLikelihood:
                    QuadratureLikelihood(try QuadratureGrid(target, cells: configuration.trainingCells))
                case .exact: try ScoreMatching(.exact)
                case .hutchinson: try ScoreMatching(.hutchinson(.rademacher))
                case .sliced: try ScoreMatching(.sliced(.rademacher))
                case .denoising: try ScoreMatching(.denoising(standardDeviation: configuration.denoisingDeviation))
                case .oneStep: try OneStepContrastiveDivergence(step: configuration.langevinStep)
                }
            let model = try configuration.learn(target.density, by: objective, context)
            let grid = try QuadratureGrid(target, cells: configuration.cells)
            try context.writeDensities(model, beside: target.density, on: grid)
            let found = try DensityComparison(of: model, with: target.density, on: grid)
            try context.measureDistances(found)
            try context.measureMass(found)
            try context.writeSamples(model, beside: target.density, in: target.box, configuration.samples)
        }
    }

    /// Denoising with one σ: how far what is learnt is from the data's density, and from that of the data with noise.
    public struct Denoising: ExperimentSetting {
        public var target: KnownTarget
        public var deviation: Double

        private enum CodingKeys: String, CodingKey {
            case target
            case deviation = "sigma"
        }

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let target = target.planar
            let clean = target.density as! GaussianMixture
            let model = try configuration.learn(
                clean, by: ScoreMatching(.denoising(standardDeviation: deviation)), context)
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
            for (name, truth) in [("noisy", noisy), ("clean", clean)] {
                let found = try DensityComparison(of: model, with: truth, on: grid)
                try context.measureDistances(found, at: ["truth": name])
                if name == "noisy" { try context.measureMass(found) }
            }
        }
    }
}

extension ScoreMatchingDensities.Configuration {
    /// The perceptron that an objective learns from draws of a density of the plane.
    fileprivate func learn(
        _ density: any Density, by objective: some DensityObjective, _ context: CellContext
    ) throws -> ContinuousMLPEnergy {
        let model = ContinuousMLPEnergy(
            dimension: 2, hidden: hidden, confinement: confinement, using: context.generator("initialisation"))
        try training.run(model, objective, on: density, context)
        return model
    }
}

extension CellContext {
    /// Measures how far the model is from the truth.
    fileprivate func measureDistances(
        _ found: DensityComparison, at readOut: KeyValuePairs<String, any CustomStringConvertible> = [:]
    ) throws {
        try measure("kl", found.divergence, at: readOut)
        if let fisher = found.fisherDivergence { try measure("fisher", fisher, at: readOut) }
        try measure("totalVariation", found.totalVariation, at: readOut)
    }

    /// Measures how much mass the model has, and where.
    fileprivate func measureMass(_ found: DensityComparison) throws {
        try measure("logZ", found.logPartitionFunction)
        try measure("massOutside", found.modelMassOutside)
    }
}
