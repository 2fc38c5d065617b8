import EnergyModels
import Experiments
import Objectives
import ReplicationShared

extension NCEFamily {
    public enum Part: String, Choice {
        /// What each method learns of a target: Table 3.1 of the thesis in the plane.
        case claims
        /// What each method learns of products against their dimension.
        case dimension
        /// Noise-contrastive estimation against where the noise lies, and how wide.
        case noise
        /// Conditional noise-contrastive estimation against its bandwidth.
        case bandwidth
        /// The learnt logit against the true one.
        case discriminator
        /// Self-adapting estimation against K, Ψ and how the frozen model is drawn from.
        case sampling
        /// The kernel Stein discrepancy as a test.
        case stein
    }

    public enum Method: String, Choice {
        case nce, ranking, cnce, ace, fce, adance
    }

    /// How a discriminator is made.
    public enum Form: String, Choice {
        /// From a normalised energy and the noise's density: noise-contrastive estimation.
        case energy
        /// A network of its own.
        case network
    }

    /// How the noise of self-adapting estimation is drawn.
    public enum Draws: String, Choice {
        /// Independent draws of the frozen model by a grid.
        case exact
        /// Chains of MALA that go on from update to update.
        case mala
        /// Short Langevin chains without correction, from noise.
        case shortRun = "short-run"
    }

    /// Ψ
    public enum Generator: String, Choice {
        case noiseContrastive = "noise-contrastive"
        case kullbackLeibler = "kullback-leibler"
        case leastSquares = "least-squares"
        case itakuraSaito = "itakura-saito"

        var bregman: BregmanGenerator {
            switch self {
            case .noiseContrastive: .noiseContrastive
            case .kullbackLeibler: .kullbackLeibler
            case .leastSquares: .leastSquares
            case .itakuraSaito: .itakuraSaito
            }
        }
    }

    /// What a Stein test is tried on.
    public enum SteinTarget: String, Choice {
        /// Standard, in the plane.
        case gaussian
        case eightGaussians = "8gaussians"

        /// The standard deviation of a component, the unit of shifts.
        var deviation: Double {
            switch self {
            case .gaussian: 1
            case .eightGaussians: (PlanarTarget.eightGaussians.density as! GaussianMixture).deviations[0]
            }
        }

        var density: any Density {
            switch self {
            // A deviation of 1 is a valid setting.
            case .gaussian: try! GaussianDensity(dimension: 2, standardDeviation: 1)
            case .eightGaussians: PlanarTarget.eightGaussians.density
            }
        }
    }

    /// A cell's part, and what that varies.
    public enum Setting: ExperimentSetting {
        case claims(Claim), dimension(ProductLearning), noise(Contrast), bandwidth(Bandwidth)
        case discriminator(Discriminator), sampling(SelfAdaptedSampling), stein(SteinTests)

        public func encode(to encoder: any Encoder) throws {
            func encode(_ part: Part, _ setting: some Encodable) throws {
                try PartOfExperiment(part.rawValue, setting).encode(to: encoder)
            }
            switch self {
            case .claims(let setting): try encode(.claims, setting)
            case .dimension(let setting): try encode(.dimension, setting)
            case .noise(let setting): try encode(.noise, setting)
            case .bandwidth(let setting): try encode(.bandwidth, setting)
            case .discriminator(let setting): try encode(.discriminator, setting)
            case .sampling(let setting): try encode(.sampling, setting)
            case .stein(let setting): try encode(.stein, setting)
            }
        }
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var parts: [Part]
        public var seeds: Int
        public var hidden: [Int]
        public var confinement: Double
        public var batchSize: Int
        public var iterations: Int
        public var learningRate: Double
        public var logEvery: Int
        public var cells: Int
        public var methods: [Method]
        public var rankingSamples: Int
        public var bandwidth: Double
        public var latentDraws: Int
        public var noiseHidden: [Int]
        public var couplings: Int
        public var adaptiveInterval: Int
        public var chainSteps: Int
        public var timeStep: Double
        public var shortRunSteps: Int
        public var shortRunStep: Double
        public var targets: [KnownTarget]
        public var claimSeeds: Int
        public var productTarget: KnownTarget
        public var dimensions: [Int]
        public var temperatures: Int
        public var annealingChains: Int
        public var annealingStep: Double
        public var heldOut: Int
        public var noiseTarget: KnownTarget
        public var shifts: [Double]
        public var scales: [Double]
        public var bandwidthTarget: KnownTarget
        public var bandwidths: [Double]
        public var gradientBatches: Int
        public var discriminatorTargets: [KnownTarget]
        public var discriminatorShifts: [Double]
        public var samplingTarget: KnownTarget
        public var intervals: [Int]
        public var generators: [Generator]
        public var draws: [Draws]
        public var samplingCells: Int
        public var steinTargets: [SteinTarget]
        public var steinShifts: [Double]
        public var sampleSizes: [Int]
        public var repetitions: Int
        public var levelRepetitions: Int
        public var replicates: Int

        var training: DensityTraining {
            DensityTraining(
                iterations: iterations, batchSize: batchSize, learningRate: learningRate, logEvery: logEvery)
        }

        public func validate() throws {
            try requireList("parts", parts)
            try requireCounts([
                ("seeds", seeds, 1...1000), ("claimSeeds", claimSeeds, 1...1000), ("batchSize", batchSize, 2...1 << 20),
                ("iterations", iterations, 4...1 << 40), ("logEvery", logEvery, 1...1 << 40),
                ("cells", cells, 50...2000),
                ("rankingSamples", rankingSamples, 1...1 << 16), ("latentDraws", latentDraws, 1...1 << 16),
                ("couplings", couplings, 2...1000), ("adaptiveInterval", adaptiveInterval, 1...1 << 40),
                ("chainSteps", chainSteps, 1...1 << 20), ("shortRunSteps", shortRunSteps, 1...1 << 20),
                ("temperatures", temperatures, 1...1 << 20), ("annealingChains", annealingChains, 2...1 << 20),
                ("heldOut", heldOut, 2...1 << 24), ("gradientBatches", gradientBatches, 2...1 << 20),
                ("samplingCells", samplingCells, 50...1000), ("repetitions", repetitions, 1...1 << 20),
                ("levelRepetitions", levelRepetitions, 1...1 << 20), ("replicates", replicates, 1...1 << 20),
            ])
            try requireWidths("hidden", hidden)
            try requireWidths("noiseHidden", noiseHidden)
            for (key, value) in [
                ("learningRate", learningRate), ("bandwidth", bandwidth), ("timeStep", timeStep),
                ("shortRunStep", shortRunStep), ("annealingStep", annealingStep),
            ] {
                try requirePositive(key, value)
            }
            try require(
                "confinement", confinement, confinement > 0 && confinement <= Self.largestNumber,
                "a positive number up to \(Self.largestNumber): without it exp(−E) has no mass")
            for (key, list) in [("bandwidths", bandwidths), ("scales", scales)] {
                try requireList(key, list, in: 0.001...100, isOptional: true)
            }
            for (key, list) in [
                ("shifts", shifts), ("discriminatorShifts", discriminatorShifts), ("steinShifts", steinShifts),
            ] {
                try requireList(key, list, in: 0...100, isOptional: true)
            }
            try requireList("intervals", intervals, in: 1...1 << 30, isOptional: true)
            try requireList("sampleSizes", sampleSizes, in: 2...10_000, isOptional: true)
            // A product has copies of a density of the plane.
            try requireList("dimensions", dimensions, of: "even numbers from 2 to 4096", isOptional: true) {
                2...4096 ~= $0 && $0.isMultiple(of: 2)
            }
            for target in [productTarget] + discriminatorTargets {
                try require(
                    "target", target.rawValue, target != .checkerboard,
                    "a target that is positive everywhere, not checkerboard")
            }
        }
    }

    /// From runs on one thread of two cores.
    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        let iterations = Double(configuration.iterations)
        let seconds: Double
        switch setting {
        case .claims(let claim): seconds = iterations * configuration.secondsOfUpdate(claim.method)
        case .dimension(let product):
            let d = product.dimension
            seconds =
                iterations * configuration.secondsOfUpdate(product.method, dimension: d)
                + Double(configuration.temperatures)
                * (1e-3 + Double(configuration.annealingChains) * (configuration.secondsOfPoint(d) + 2e-7 * Double(d))
                    * 1.5)
        case .noise, .discriminator: seconds = iterations * configuration.secondsOfUpdate(.nce)
        case .bandwidth:
            seconds = iterations * configuration.secondsOfUpdate(.cnce) + Double(configuration.gradientBatches) * 2e-3
        case .sampling(let sampling):
            let point = configuration.secondsOfPoint(2)
            let draws =
                switch sampling.draws {
                case .exact:
                    Double(configuration.samplingCells * configuration.samplingCells) * point * 0.07
                        / Double(sampling.interval) + 2e-4
                case .mala: configuration.secondsOfChains(2)
                case .shortRun:
                    Double(configuration.shortRunSteps) * (7e-5 + Double(configuration.batchSize) * point * 0.07)
                }
            let batches = Double(SelfAdaptation.probes * configuration.gradientBatches)
            let update = configuration.secondsOfUpdate(.nce)
            seconds = (iterations + batches) * (update + draws) + batches * update
        case .stein(let stein):
            let n = Double(stein.sampleSize)
            seconds =
                Double(stein.tests(configuration))
                * (2e-4 + Double(configuration.replicates) * (n * 2e-8 + n * n * 1e-10))
        }
        return Estimate(seconds: 0.8 + seconds / Double(threads), memory: 320_000_000, disk: 200_000)
    }
}

extension NCEFamily.Configuration {
    private func products(_ widths: [Int]) -> Double {
        Double(zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 })
    }

    /// The time of an energy and its gradients at a point.
    fileprivate func secondsOfPoint(_ d: Int) -> Double { products([d] + hidden + [1]) * 1e-9 }

    /// The time of an update's chains of MALA.
    fileprivate func secondsOfChains(_ d: Int) -> Double {
        Double(chainSteps) * (1.6e-4 + Double(batchSize) * secondsOfPoint(d) * 0.2)
    }

    fileprivate func secondsOfUpdate(_ method: NCEFamily.Method, dimension d: Int = 2) -> Double {
        let rows = Double(batchSize), point = secondsOfPoint(d)
        let own = 4e-4 + 0.8 * rows * point
        return switch method {
        case .nce, .cnce: own
        case .ranking: own + 0.25 * Double(rankingSamples) * rows * point
        case .ace: own + 3.5e-3 + 3 * rows * Double(latentDraws) * Double(d) * 1.2e-8
        case .fce: own + 1.8e-3 * Double(couplings) + 3 * rows * products([d] + noiseHidden + [d]) * 4e-9
        case .adance: own + secondsOfChains(d)
        }
    }
}
