import EnergyModels
import Experiments
import Metrics
import Objectives
import ReplicationShared

/// Noise-contrastive estimation and its relatives on densities that are known (Xu 2022, chapters 2 to 4 and section
/// 5.3; Jin, section 4): what the thesis says of them in Table 3.1 and gives as reasons, measured.
public struct NCEFamily: Replication {
    public let name = "nce-family"
    public let summary =
        "noise-contrastive estimation and its relatives on known densities: normalisers, stability, dimension, noise, self-adaptation"
    public let declarations = Declarations(
        profiles: PackageResources.profiles_yaml, metrics: PackageResources.metrics_yaml,
        shows: PackageResources.shows_yaml, expected: PackageResources.expected_yaml,
        claims: PackageResources.claims_yaml)

    public init() {}

    public func settings(_ configuration: Configuration) -> [Setting] {
        configuration.parts.flatMap { settings(of: $0, configuration) }
    }

    private func settings(of part: Part, _ configuration: Configuration) -> [Setting] {
        switch part {
        case .claims:
            configuration.targets.flatMap { target in
                configuration.methods.map { .claims(Claim(target: target, method: $0)) }
            }
        case .dimension:
            configuration.dimensions.flatMap { d in
                configuration.methods.map {
                    .dimension(ProductLearning(target: configuration.productTarget, dimension: d, method: $0))
                }
            }
        case .noise:
            // Noise of the data's own width that is not shifted belongs to both lists.
            configuration.shifts.map { .noise(Contrast(target: configuration.noiseTarget, shift: $0, scale: 1)) }
                + configuration.scales.filter { $0 != 1 || !configuration.shifts.contains(0) }.map {
                    .noise(Contrast(target: configuration.noiseTarget, shift: 0, scale: $0))
                }
        case .bandwidth:
            configuration.bandwidths.map {
                .bandwidth(Bandwidth(target: configuration.bandwidthTarget, bandwidth: $0))
            }
        case .discriminator:
            configuration.discriminatorTargets.flatMap { target in
                configuration.discriminatorShifts.flatMap { shift in
                    Form.allCases.map { .discriminator(Discriminator(target: target, shift: shift, form: $0)) }
                }
            }
        case .sampling:
            configuration.draws.flatMap { draws in
                (draws == .exact ? configuration.generators : [configuration.generators[0]]).flatMap { generator in
                    configuration.intervals.map {
                        .sampling(
                            SelfAdaptedSampling(
                                target: configuration.samplingTarget, draws: draws, generator: generator, interval: $0))
                    }
                }
            }
        case .stein:
            configuration.steinTargets.flatMap { target in
                configuration.sampleSizes.flatMap { n in
                    configuration.steinShifts.map { .stein(SteinTests(target: target, sampleSize: n, shift: $0)) }
                }
            }
        }
    }

    public func seeds(_ setting: Setting, _ configuration: Configuration) -> Int {
        if case .claims = setting { configuration.claimSeeds } else { configuration.seeds }
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        do {
            switch setting {
            case .claims(let claim): try claim.run(configuration, context)
            case .dimension(let product): try product.run(configuration, context)
            case .noise(let contrast): try contrast.run(configuration, context)
            case .bandwidth(let bandwidth): try bandwidth.run(configuration, context)
            case .discriminator(let discriminator): try discriminator.run(configuration, context)
            case .sampling(let sampling): try sampling.run(configuration, context)
            case .stein(let tests): try tests.run(configuration, context)
            }
        } catch let fault as QuadratureError { throw RunError("\(context.cell.id): \(fault)") }
    }
}

extension NCEFamily {
    /// A method on a target of the plane.
    public struct Claim: ExperimentSetting {
        public var target: KnownTarget
        public var method: Method

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let target = target.planar
            let learnt = try method.learn(target.density, configuration, context)
            try learnt.measure(beside: target, configuration, context)
            let gaussian = try DataScale(of: target.density, context).gaussian
            let grid = try QuadratureGrid(target, cells: configuration.cells)
            let found = try DensityComparison(of: gaussian, with: target.density, on: grid)
            try context.measure("kl", found.divergence, at: ["of": "gaussian"])
        }
    }

    /// Binary estimation with noise beside the data: its mean `shift` deviations off along the first axis, its
    /// deviations times `scale`.
    public struct Contrast: ExperimentSetting {
        public var target: KnownTarget
        public var shift: Double
        public var scale: Double

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let target = target.planar
            let noise = try DataScale(of: target.density, context).noise(shift: shift, scale: scale)
            let normalized = LearntNormalizer(configuration.model(context))
            try configuration.training.run(normalized, NoiseContrastive(noise: noise), on: target.density, context)
            try LearntDensity(normalized).measure(beside: target, configuration, context)
            try context.measure(
                "jensenShannon", Discriminator.divergence(target, noise, cells: configuration.cells))
        }
    }
}
