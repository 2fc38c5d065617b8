import EnergyModels
import Experiments
import Objectives
import ReplicationShared

extension ScoreMatchingDensities {
    public enum Part: String, Choice {
        /// How far what an objective learns of a target is from the truth.
        case learning
        /// One Langevin step of contrastive divergence against score matching, as ε → 0.
        case oneStep = "one-step"
        /// Variance and cost of the estimators of the loss against the dimension.
        case traces
        /// What denoising learns, against σ.
        case noise
    }

    public enum Objective: String, Choice {
        /// Maximum likelihood, log Z by quadrature: what the others are measured against.
        case maximumLikelihood = "maximum-likelihood"
        /// Implicit score matching with the exact trace, and with one Rademacher direction for it.
        case exact, hutchinson
        /// One Rademacher direction for the whole.
        case sliced
        case denoising
        /// Contrastive divergence by one Langevin step from the data.
        case oneStep = "cd-1"
    }

    /// How the loss of score matching at a point is estimated.
    public enum Estimator: String, Choice {
        case exact
        case hutchinsonRademacher = "hutchinson-rademacher"
        case hutchinsonGaussian = "hutchinson-gaussian"
        case slicedRademacher = "sliced-rademacher"
        case slicedGaussian = "sliced-gaussian"

        /// nil where no direction is drawn.
        var projection: Projection? {
            switch self {
            case .exact: nil
            case .hutchinsonRademacher, .slicedRademacher: .rademacher
            case .hutchinsonGaussian, .slicedGaussian: .gaussian
            }
        }

        var objective: ScoreMatching {
            // One direction is a valid setting.
            switch self {
            case .exact: try! ScoreMatching(.exact)
            case .hutchinsonRademacher, .hutchinsonGaussian: try! ScoreMatching(.hutchinson(projection!))
            case .slicedRademacher, .slicedGaussian: try! ScoreMatching(.sliced(projection!))
            }
        }
    }

    /// A cell's part, and what that varies.
    public enum Setting: ExperimentSetting {
        case learning(Learning), oneStep(OneStepLimit), traces(TraceEstimates), noise(Denoising)

        public func encode(to encoder: any Encoder) throws {
            func encode(_ part: Part, _ setting: some Encodable) throws {
                try PartOfExperiment(part.rawValue, setting).encode(to: encoder)
            }
            switch self {
            case .learning(let setting): try encode(.learning, setting)
            case .oneStep(let setting): try encode(.oneStep, setting)
            case .traces(let setting): try encode(.traces, setting)
            case .noise(let setting): try encode(.noise, setting)
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
        public var targets: [KnownTarget]
        public var objectives: [Objective]
        public var trainingCells: Int
        public var denoisingDeviation: Double
        public var langevinStep: Double
        public var chains: Int
        public var chainGradients: Int
        public var chainTimeStep: Double
        public var limitTargets: [KnownTarget]
        public var limitSteps: [Double]
        public var limitPoints: Int
        public var weightScale: Double
        public var dimensions: [Int]
        public var estimators: [Estimator]
        public var tracePoints: Int
        public var traceDraws: Int
        public var traceSteps: Int
        public var noiseTarget: KnownTarget
        public var noiseDeviations: [Double]

        var training: DensityTraining {
            DensityTraining(
                iterations: iterations, batchSize: batchSize, learningRate: learningRate, logEvery: logEvery)
        }

        var samples: DensitySamples {
            DensitySamples(chains: chains, gradients: chainGradients, timeStep: chainTimeStep)
        }

        public func validate() throws {
            try requireList("parts", parts)
            try requireCounts([
                ("seeds", seeds, 1...1000), ("batchSize", batchSize, 1...1 << 20),
                ("iterations", iterations, 1...1 << 40),
                ("logEvery", logEvery, 1...1 << 40), ("cells", cells, 50...2000),
                ("trainingCells", trainingCells, 20...1000), ("limitPoints", limitPoints, 1...1 << 20),
                ("tracePoints", tracePoints, 1...1 << 16), ("traceDraws", traceDraws, 2...1 << 20),
                ("traceSteps", traceSteps, 1...1 << 20), ("chains", chains, 1...1 << 20),
                ("chainGradients", chainGradients, 1...1 << 30),
            ])
            try requireWidths("hidden", hidden)
            for (key, value) in [
                ("learningRate", learningRate), ("denoisingDeviation", denoisingDeviation),
                ("langevinStep", langevinStep), ("weightScale", weightScale), ("chainTimeStep", chainTimeStep),
            ] {
                try requirePositive(key, value)
            }
            try require(
                "confinement", confinement, confinement > 0 && confinement <= Self.largestNumber,
                "a positive number up to \(Self.largestNumber): without it exp(−E) has no mass")
            try require(
                "limitSteps", limitSteps,
                limitSteps.count >= 3 && limitSteps.allSatisfy { 1e-4...1 ~= $0 }
                    && zip(limitSteps, limitSteps.dropFirst()).allSatisfy { $0 > $1 },
                "a falling list of at least three numbers from 0.0001 to 1")
            try requireList("noiseDeviations", noiseDeviations, in: 0.01...2, isOptional: true)
            try require(
                "noiseTarget", noiseTarget.rawValue, noiseTarget.planar.density is GaussianMixture,
                "a mixture of Gaussians, such as 8gaussians")
            try requireList("dimensions", dimensions, in: 1...4096, isOptional: true)
        }
    }

    /// From runs on one thread of two cores.
    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        let widths = [2] + configuration.hidden
        let products = Double(zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 })
        var (seconds, memory) = (0.0, 250_000_000.0)
        switch setting {
        case .learning(let setting) where setting.objective == .maximumLikelihood:
            let points = Double(configuration.trainingCells * configuration.trainingCells + configuration.batchSize)
            (seconds, memory) = (Double(configuration.iterations) * (5e-4 + points * products * 2e-10), 300_000_000)
        case .learning, .noise:
            seconds = Double(configuration.iterations) * (5e-4 + Double(configuration.batchSize) * products * 1e-9)
        case .oneStep:
            seconds = Double(configuration.limitSteps.count) * Double(configuration.limitPoints) * 5e-5
            memory = 300_000_000
        case .traces(let setting):
            let d = Double(setting.dimension)
            let exact = d * Double(configuration.tracePoints) * products * 2e-10
            seconds = exact * Double(configuration.traceSteps) + Double(configuration.traceDraws) * 2e-3
            memory += 40 * d * Double(configuration.tracePoints) * Double(configuration.hidden.max()!)
        }
        return Estimate(seconds: 1 + seconds / Double(threads), memory: memory, disk: 300_000)
    }
}
