import ReplicationShared
import EnergyModels
import Experiments
import Objectives

extension NCEFamily {
    public enum Part: String, Choice {
        /// Target × method × seed: Table 3.1 of the thesis in the plane.
        case claims
        /// Method × dimension, on products.
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

        /// Whether the thesis, or for the first two its chapter 2, says that the normaliser is learnt.
        var isSelfNormalizing: Bool { [.nce, .ace, .fce].contains(self) }
    }

    /// How a discriminator is made.
    public enum Form: String, Choice {
        /// From a normalised energy and the noise's density: noise-contrastive estimation.
        case energy
        /// A network of its own.
        case network
    }

    /// What noise of self-adapting estimation is.
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

        /// That of a component, the unit of shifts.
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

    public struct Configuration: ExperimentConfiguration {
        public var parts: [Part]
        /// Seeds a setting: the run's seed and the ones after it.
        public var seeds: Int
        /// Widths of the perceptron's hidden layers.
        public var hidden: [Int]
        /// κ
        public var confinement: Double
        public var batchSize: Int
        public var iterations: Int
        /// Of Adam, at the start; it falls to 0 in a straight line.
        public var learningRate: Double
        /// Iterations between lines of the log.
        public var logEvery: Int
        /// Cells on a side of the grid on which a model is compared with the truth.
        public var cells: Int

        public var methods: [Method]
        /// K of ranking: noise for each datum.
        public var rankingSamples: Int
        /// σ of the conditional form, in deviations of the data.
        public var bandwidth: Double
        /// M of the adversarial form.
        public var latentDraws: Int
        /// Widths of the hidden layers of its generator, and of each network of the flow.
        public var noiseHidden: [Int]
        /// Of the flow.
        public var couplings: Int
        /// K of the self-adapting form.
        public var adaptiveInterval: Int
        /// Steps of its chains of MALA for each update.
        public var chainSteps: Int
        /// τ of these.
        public var timeStep: Double
        /// Steps of short-run chains.
        public var shortRunSteps: Int
        /// τ of these.
        public var shortRunStep: Double

        public var targets: [KnownTarget]
        /// Seeds of `claims`.
        public var claimSeeds: Int

        public var productTarget: KnownTarget
        /// Even.
        public var dimensions: [Int]
        /// Of annealed importance sampling.
        public var temperatures: Int
        public var annealingChains: Int
        /// ε of its moves.
        public var annealingStep: Double
        /// Points on which the likelihood is measured.
        public var heldOut: Int

        public var noiseTarget: KnownTarget
        /// Of the noise's mean, in deviations of the data.
        public var shifts: [Double]
        /// By which the noise's deviations are multiplied.
        public var scales: [Double]

        public var bandwidthTarget: KnownTarget
        /// σ, in deviations of the data.
        public var bandwidths: [Double]
        /// Over which a gradient's mean and variance are taken.
        public var gradientBatches: Int

        public var discriminatorTargets: [KnownTarget]
        public var discriminatorShifts: [Double]

        public var samplingTarget: KnownTarget
        /// K
        public var intervals: [Int]
        /// All but the first with exact draws only.
        public var generators: [Generator]
        public var draws: [Draws]
        /// Cells on a side of the grid from which exact draws are made.
        public var samplingCells: Int

        public var steinTargets: [SteinTarget]
        /// Of the data's mean, in deviations of a component.
        public var steinShifts: [Double]
        public var sampleSizes: [Int]
        /// Tests of a setting.
        public var repetitions: Int
        /// The same where nothing is shifted.
        public var levelRepetitions: Int
        /// Of the bootstrap.
        public var replicates: Int

        var training: DensityTraining {
            DensityTraining(
                iterations: iterations, batchSize: batchSize, learningRate: learningRate, logEvery: logEvery)
        }

        public func validate() throws {
            let counts: [(String, Int, Int, Int)] = [
                ("seeds", seeds, 1, 1000), ("claimSeeds", claimSeeds, 1, 1000), ("batchSize", batchSize, 2, 1 << 20),
                ("iterations", iterations, 4, 1 << 40), ("logEvery", logEvery, 1, 1 << 40), ("cells", cells, 50, 2000),
                ("rankingSamples", rankingSamples, 1, 1 << 16), ("latentDraws", latentDraws, 1, 1 << 16),
                ("couplings", couplings, 2, 1000),
                ("adaptiveInterval", adaptiveInterval, 1, 1 << 40), ("chainSteps", chainSteps, 1, 1 << 20),
                ("shortRunSteps", shortRunSteps, 1, 1 << 20),
                ("temperatures", temperatures, 1, 1 << 20), ("annealingChains", annealingChains, 2, 1 << 20),
                ("heldOut", heldOut, 2, 1 << 24),
                ("gradientBatches", gradientBatches, 2, 1 << 20), ("samplingCells", samplingCells, 50, 1000),
                ("repetitions", repetitions, 1, 1 << 20), ("levelRepetitions", levelRepetitions, 1, 1 << 20),
                ("replicates", replicates, 1, 1 << 20),
            ]
            for (key, value, least, most) in counts { try requireCount(key, value, from: least, to: most) }
            for (key, widths) in [("hidden", hidden), ("noiseHidden", noiseHidden)] {
                try require(
                    key, widths, !widths.isEmpty && widths.allSatisfy { 1...4096 ~= $0 },
                    "a list of widths from 1 to 4096, at least one")
            }
            let positive: [(String, Double)] = [
                ("learningRate", learningRate), ("bandwidth", bandwidth), ("timeStep", timeStep),
                ("shortRunStep", shortRunStep),
                ("annealingStep", annealingStep),
            ]
            for (key, value) in positive { try requirePositive(key, value) }
            try require(
                "confinement", confinement, confinement > 0 && confinement <= Self.largestNumber,
                "a positive number up to \(Self.largestNumber): without it exp(−E) has no mass")
            for (key, list) in [("bandwidths", bandwidths), ("scales", scales)] {
                try requireDistinct(key, list, 0.001...100)
            }
            for (key, list) in [
                ("shifts", shifts), ("discriminatorShifts", discriminatorShifts), ("steinShifts", steinShifts),
            ] {
                try requireDistinct(key, list, 0...100)
            }
            try requireDistinct("intervals", intervals, 1...1 << 30)
            try requireDistinct("sampleSizes", sampleSizes, 2...10_000)
            try require(
                "dimensions", dimensions,
                dimensions.allSatisfy { 2...4096 ~= $0 && $0.isMultiple(of: 2) }
                    && Set(dimensions).count == dimensions.count,
                "a list of different even numbers from 2 to 4096: the product has copies of a density of the plane")
            for target in [productTarget] + discriminatorTargets {
                try require(
                    "target", target.rawValue, target != .checkerboard,
                    "a target that is positive everywhere, not checkerboard")
            }
        }
    }
}
