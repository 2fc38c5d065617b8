import ReplicationShared
import EnergyModels
import Experiments
import Objectives

extension ScoreMatchingDensities {
    public enum Part: String, Choice {
        /// Objective × target: how far what is learnt is from the truth.
        case learning
        /// One Langevin step of contrastive divergence against score matching, as ε → 0.
        case oneStep = "one-step"
        /// Variance and cost of the estimators of the loss against the dimension.
        case traces
        /// What denoising learns, against σ.
        case noise
    }

    public typealias Target = KnownTarget

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

    /// Of the loss of score matching at a point.
    public enum Estimator: String, Choice {
        case exact
        case hutchinsonRademacher = "hutchinson-rademacher"
        case hutchinsonGaussian = "hutchinson-gaussian"
        case slicedRademacher = "sliced-rademacher"
        case slicedGaussian = "sliced-gaussian"

        var objective: ScoreMatching {
            // One direction is a valid setting.
            switch self {
            case .exact: try! ScoreMatching(.exact)
            case .hutchinsonRademacher: try! ScoreMatching(.hutchinson(.rademacher))
            case .hutchinsonGaussian: try! ScoreMatching(.hutchinson(.gaussian))
            case .slicedRademacher: try! ScoreMatching(.sliced(.rademacher))
            case .slicedGaussian: try! ScoreMatching(.sliced(.gaussian))
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

        public var targets: [Target]
        public var objectives: [Objective]
        /// Cells on a side of the grid of maximum likelihood.
        public var trainingCells: Int
        /// σ of denoising.
        public var denoisingDeviation: Double
        /// ε of contrastive divergence.
        public var langevinStep: Double

        /// Chains that are run on what is learnt, the gradients that each takes, and τ.
        public var chains: Int
        public var chainGradients: Int
        public var chainTimeStep: Double

        public var limitTargets: [Target]
        /// ε, falling, at least three.
        public var limitSteps: [Double]
        public var limitPoints: Int
        /// By which the initial weights are multiplied where no model is trained.
        public var weightScale: Double

        public var dimensions: [Int]
        public var estimators: [Estimator]
        public var tracePoints: Int
        /// Draws of the directions at each point.
        public var traceDraws: Int
        /// Gradients that are timed.
        public var traceSteps: Int

        /// A mixture of Gaussians.
        public var noiseTarget: Target
        /// σ
        public var noiseDeviations: [Double]

        var training: DensityTraining {
            DensityTraining(
                iterations: iterations, batchSize: batchSize, learningRate: learningRate, logEvery: logEvery)
        }

        var samples: DensitySamples {
            DensitySamples(chains: chains, gradients: chainGradients, timeStep: chainTimeStep)
        }

        public func validate() throws {
            let counts = [
                ("seeds", seeds, 1, 1000), ("batchSize", batchSize, 1, 1 << 20), ("iterations", iterations, 1, 1 << 40),
                ("logEvery", logEvery, 1, 1 << 40), ("cells", cells, 50, 2000),
                ("trainingCells", trainingCells, 20, 1000),
                ("limitPoints", limitPoints, 1, 1 << 20), ("tracePoints", tracePoints, 1, 1 << 16),
                ("traceDraws", traceDraws, 2, 1 << 20),
                ("traceSteps", traceSteps, 1, 1 << 20), ("chains", chains, 1, 1 << 20),
                ("chainGradients", chainGradients, 1, 1 << 30),
            ]
            for (key, value, least, most) in counts { try requireCount(key, value, from: least, to: most) }
            try require(
                "hidden", hidden, !hidden.isEmpty && hidden.allSatisfy { 1...4096 ~= $0 },
                "a list of widths from 1 to 4096, at least one")
            let positive = [
                ("learningRate", learningRate), ("denoisingDeviation", denoisingDeviation),
                ("langevinStep", langevinStep),
                ("weightScale", weightScale), ("chainTimeStep", chainTimeStep),
            ]
            for (key, value) in positive { try requirePositive(key, value) }
            try require(
                "confinement", confinement, confinement > 0 && confinement <= Self.largestNumber,
                "a positive number up to \(Self.largestNumber): without it exp(−E) has no mass")
            try require(
                "limitSteps", limitSteps,
                limitSteps.count >= 3 && limitSteps.allSatisfy { 1e-4...1 ~= $0 }
                    && zip(limitSteps, limitSteps.dropFirst()).allSatisfy { $0 > $1 },
                "a falling list of at least three numbers from 0.0001 to 1")
            try requireDistinct("noiseDeviations", noiseDeviations, 0.01...2)
            try require(
                "noiseTarget", noiseTarget.rawValue, noiseTarget.planar.density is GaussianMixture,
                "a mixture of Gaussians, such as 8gaussians")
            try requireDistinct("dimensions", dimensions, 1...4096)
        }
    }
}
