import EnergyModels
import Experiments
import Objectives

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
        case cd1 = "cd-1"
        case pcd
        /// Ratio matching over all flips: squared as in the note, and with the two functions that learn p_data.
        case rm
        case rmHalfPower = "rm-power-half"
        case rmBounded = "rm-bounded"
        /// Few flips: uniform; guided by the gradient and weighted; guided and unweighted.
        case rmwrand
        case basic = "rmwggis-basic"
        case basicHalfPower = "rmwggis-basic-power-half"
        case advanced = "rmwggis-advanced"
        /// Equation 12 of the note.
        case surrogate = "equation-12"

        /// The β at which e^{−βE} is p_data, were the model free to take any form and data without end. What the
        /// advanced form learns is no power; it is read out as the squared ratios are.
        var readOut: Double { 1 / (ratio?.learntPower ?? 1) }

        /// Of ratio matching; nil otherwise.
        var ratio: RatioFunction? {
            switch self {
            case .maximumLikelihood, .pseudoLikelihood, .cd1, .pcd: nil
            case .rm, .rmwrand, .basic, .advanced, .surrogate: .squared
            case .rmHalfPower, .basicHalfPower: .power(0.5)
            case .rmBounded: .bounded
            }
        }
    }

    public struct Configuration: ExperimentConfiguration {
        public var parts: [Part]
        /// Seeds a cell's kind: the run's seed and the ones after it.
        public var seeds: Int

        public var models: [Model]
        /// Scales of the weights.
        public var scales: [Double]
        /// d of the estimates.
        public var estimateDimensions: [Int]
        /// Hidden units of `hidden`.
        public var hiddenUnits: Int
        /// Widths of the MLP's hidden layers.
        public var mlpWidths: [Int]
        /// Points, drawn from the model itself, that the estimates' errors are averaged over.
        public var points: Int

        public var methods: [Method]
        /// d of the machines that are learnt.
        public var dimensions: [Int]
        /// n, points of data.
        public var samples: [Int]
        /// The truth's couplings are normal with standard deviation couplingScale / √d, its fields with fieldScale;
        /// spins.
        public var couplingScale: Double
        public var fieldScale: Double
        /// s, flips a point.
        public var flips: Int
        /// Chains of PCD.
        public var chains: Int
        public var iterations: Int
        /// Adam's, at the first iteration; it falls to 0 along a half cosine.
        public var learningRate: Double
        /// Iterations between evaluations.
        public var evaluateEvery: Int

        public func validate() throws {
            func requireList<T: Hashable>(_ key: String, _ values: [T], _ expected: String, _ holds: (T) -> Bool) throws
            {
                let isList = !values.isEmpty && Set(values).count == values.count && values.allSatisfy(holds)
                try require(
                    key, "[\(values.map { "\($0)" }.joined(separator: ", "))]", isList,
                    "a list of different \(expected)")
            }
            func requireScale(_ key: String, _ value: Double) throws {
                try require(key, value, value >= 0 && value <= 100, "a number from 0 to 100")
            }
            let most = ExactDistribution.largestDimension
            try requireList("parts", parts.map(\.rawValue), "parts") { _ in true }
            try requireCount("seeds", seeds, to: 1000)
            try requireList("models", models.map(\.rawValue), "models") { _ in true }
            try requireList("scales", scales, "numbers above 0, up to 100") { $0 > 0 && $0 <= 100 }
            try requireList("estimateDimensions", estimateDimensions, "whole numbers from 2 to \(most)") {
                2...most ~= $0
            }
            try requireCount("hiddenUnits", hiddenUnits, to: UnrestrictedBoltzmannMachine.largestHiddenCount)
            try require(
                "mlpWidths", mlpWidths, !mlpWidths.isEmpty && mlpWidths.allSatisfy { 1...4096 ~= $0 },
                "a list of widths from 1 to 4096")
            try requireCount("points", points, to: 1 << 20)
            try requireList("methods", methods.map(\.rawValue), "methods") { _ in true }
            try requireList("dimensions", dimensions, "whole numbers from 2 to \(most)") { 2...most ~= $0 }
            try requireList("samples", samples, "whole numbers from 1 to \(1 << 24)") { 1...1 << 24 ~= $0 }
            try requireScale("couplingScale", couplingScale)
            try requireScale("fieldScale", fieldScale)
            try requireCount("flips", flips, to: 1 << 20)
            try requireCount("chains", chains, to: 1 << 20)
            try requireCount("iterations", iterations, to: 1 << 30)
            try require("learningRate", learningRate, learningRate > 0 && learningRate < .infinity, "a positive number")
            try requireCount("evaluateEvery", evaluateEvery, to: 1 << 30)
        }
    }
}
