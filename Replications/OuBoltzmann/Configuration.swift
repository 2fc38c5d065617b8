import EnergyModels
import Experiments
import Objectives
import ReplicationShared

extension OuBoltzmann {
    /// The two halves of the experiment.
    public enum Part: String, Choice {
        /// What few flips and the first-order flip cost, computed without Monte Carlo.
        case estimators
        /// Fitting a Boltzmann machine to draws from a known one.
        case learning
    }

    /// Energies on which estimates are compared; all weights are normal with standard deviation scale / √inputs.
    public enum Model: String, Choice {
        /// Fully visible: linear in each bit.
        case boltzmann
        /// Hidden units coupled among themselves, summed out.
        case hidden
        /// Restricted Boltzmann machine, as many hidden units as visible ones.
        case rbm
        /// Two hidden layers with Swish.
        case mlp
    }

    /// How a Boltzmann machine is fitted.
    public enum Method: String, Choice {
        case maximumLikelihood = "ml"
        case pseudoLikelihood = "pseudo-likelihood"
        /// Contrastive divergence by one Gibbs sweep, from the data and with persistent chains.
        case cd1 = "cd-1"
        case pcd
        /// Ratio matching, by the names of `RatioMatchingMethod`.
        case rm
        case halfPower = "rm-power-half"
        case bounded = "rm-bounded"
        case rmwrand
        case basic = "rmwggis-basic"
        case basicHalfPower = "rmwggis-power-half"
        case advanced = "rmwggis-advanced"
        /// Equation 12 of the note.
        case surrogate = "equation-12"

        /// nil for what draws no flips.
        var ratioMatching: RatioMatchingMethod? { RatioMatchingMethod(rawValue: rawValue) }

        /// The β at which e^{−βE} is p_data, were the model free to take any form and data without end. What the
        /// advanced form learns is no power; it is read out as the squared ratios are.
        var readOut: Double {
            let ratio = self == .surrogate ? .squared : ratioMatching?.ratio
            return 1 / (ratio?.learntPower ?? 1)
        }
    }

    /// A model on which estimates are compared.
    public struct EstimatorSetting: ExperimentSetting {
        /// Bits.
        let d: Int
        let model: Model
        /// The scale of the weights.
        let scale: Double
    }

    /// A fit.
    public struct LearningSetting: ExperimentSetting {
        /// Bits of the machine, and points of data.
        let d: Int, n: Int
        let method: Method
    }

    public enum Setting: ExperimentSetting {
        case estimators(EstimatorSetting)
        case learning(LearningSetting)

        public func encode(to encoder: any Encoder) throws {
            switch self {
            case .estimators(let setting): try PartOfExperiment(Part.estimators.rawValue, setting).encode(to: encoder)
            case .learning(let setting): try PartOfExperiment(Part.learning.rawValue, setting).encode(to: encoder)
            }
        }
    }

    /// What the keys mean stands in `profiles.yaml`.
    public struct Configuration: ExperimentConfiguration {
        public var parts: [Part]
        public var seeds: Int
        public var models: [Model]
        public var scales: [Double]
        public var estimateDimensions: [Int]
        public var hiddenUnits: Int
        public var mlpWidths: [Int]
        public var points: Int
        public var methods: [Method]
        public var dimensions: [Int]
        public var samples: [Int]
        public var couplingScale: Double
        public var fieldScale: Double
        public var flips: Int
        public var chains: Int
        public var iterations: Int
        public var learningRate: Double
        public var evaluateEvery: Int

        public func validate() throws {
            let most = ExactDistribution.largestDimension
            try requireList("parts", parts)
            try requireList("models", models)
            try requireList("methods", methods)
            try requireList("scales", scales, of: "numbers above 0, up to 100") { $0 > 0 && $0 <= 100 }
            try requireList("estimateDimensions", estimateDimensions, in: 2...most)
            try requireList("dimensions", dimensions, in: 2...most)
            try requireList("samples", samples, in: 1...1 << 24)
            try requireWidths("mlpWidths", mlpWidths)
            try requireCounts([
                ("seeds", seeds, 1...1000),
                ("hiddenUnits", hiddenUnits, 1...UnrestrictedBoltzmannMachine.largestHiddenCount),
                ("points", points, 1...1 << 20), ("flips", flips, 1...1 << 20), ("chains", chains, 1...1 << 20),
                ("iterations", iterations, 1...1 << 30), ("evaluateEvery", evaluateEvery, 1...1 << 30),
            ])
            for (key, scale) in [("couplingScale", couplingScale), ("fieldScale", fieldScale)] {
                try require(key, scale, 0...100 ~= scale, "a number from 0 to 100")
            }
            try requirePositive("learningRate", learningRate)
        }
    }
}
