import EnergyModels
import Experiments
import Foundation
import HDF5
import Objectives
import Samplers
import Torch

/// A cell of the second part: a fully visible Boltzmann machine fitted to draws from a known one. Truth, data and start
/// depend on the seed, d and n alone, so that methods are compared on the same ones.
struct Learning {
    private let cell: Cell
    private let configuration: OuBoltzmann.Configuration
    private let method: OuBoltzmann.Method
    private let truth: Truth
    /// The data, all of which enter every iteration; float64 bits [n, d].
    private let x: Tensor

    init(_ cell: Cell, _ configuration: OuBoltzmann.Configuration) throws {
        (self.cell, self.configuration) = (cell, configuration)
        method = OuBoltzmann.Method(rawValue: cell.label("method")!)!
        let d = Int(cell.label("d")!)!
        truth = try Truth(
            randomMachine(
                d, couplings: configuration.couplingScale / Double(d).squareRoot(), fields: configuration.fieldScale,
                using: RandomGenerator(seed: cell.seed, stream: "truth")))
        x = try exactDraws(
            logProbabilities: truth.energy.exactLogProbabilities().array(), count: Int(cell.label("n")!)!,
            using: RandomGenerator(seed: cell.seed, stream: "data"))
    }

    func run(_ context: CellContext) throws -> CellResult {
        let model = BoltzmannMachine(dimension: x.size(1), alphabet: .spins, dtype: .float64)
        let adam = Adam(model.parameters, .init(learningRate: configuration.learningRate))
        let generator = RandomGenerator(seed: cell.seed, stream: "learning")
        let chains = PersistentContrastiveDivergence(
            GibbsSampler.Sweeps(1),
            from: generator.bernoulli(.full([configuration.chains, x.size(1)], 0.5, dtype: .float64)))
        let moments = BinaryMoments(of: x, alphabet: .spins)
        if let saved = context.restored {
            try saved.restore(model.parameters)
            try saved.restore(adam)
            try saved.restore(generator, named: "learning")
            chains.chains = try saved.bits("chains", like: chains.chains)
        }

        let total = configuration.iterations
        for iteration in context.iterations(of: total) {
            adam.settings.learningRate =
                configuration.learningRate * (1 + cos(.pi * Double(iteration - 1) / Double(total))) / 2
            let found: [Tensor]
            do { found = try gradients(model, chains, moments, generator) } catch let fault as NonFiniteQuantity {
                throw Divergence(quantity: fault.quantity, iteration: iteration)
            }
            adam.update(found)
            if iteration.isMultiple(of: configuration.evaluateEvery) || iteration == total {
                try context.untimed {
                    let scores = try truth.scores(of: energy(of: model, context, iteration), readOut: method.readOut)
                    try context.log(
                        iteration: iteration,
                        [
                            "kl": scores.divergence, "klReadOut": scores.divergenceOfReadOut, "rmse": scores.error,
                            "rmseReadOut": scores.errorOfReadOut, "slope": scores.slope,
                        ])
                }
            }
            try context.endIteration(iteration, of: total) { checkpoint in
                checkpoint.store(model.parameters)
                checkpoint.store(adam)
                checkpoint.store(generator, named: "learning")
                checkpoint["chains"] = HDF5Array(chains.chains)
            }
        }

        let learnt = try energy(of: model, context, total)
        let scores = try truth.scores(of: learnt, readOut: method.readOut)
        let best = try truth.bestReadOut(of: learnt)
        return CellResult([
            "kl": scores.divergence, "klReadOut": scores.divergenceOfReadOut, "rmse": scores.error,
            "rmseReadOut": scores.errorOfReadOut, "slope": scores.slope, "bestBeta": best.beta,
            "klBest": best.divergence,
            "entropy": truth.entropy,
            "gradientNorm": try gradients(model, chains, moments, generator)
                .reduce(0) { $0 + $1.squared().sum().item() }.squareRoot(),
        ])
    }

    private func gradients(
        _ model: BoltzmannMachine, _ chains: PersistentContrastiveDivergence<GibbsSampler.Sweeps>,
        _ moments: BinaryMoments,
        _ generator: RandomGenerator
    ) throws -> [Tensor] {
        func of(_ objective: some BinaryObjective) throws -> [Tensor] {
            try objective.lossAndGradients(model, x, using: generator).gradients
        }
        func matching(_ estimator: RatioMatching.Estimator) throws -> [Tensor] {
            try of(RatioMatching(estimator, ratio: method.ratio!))
        }
        let s = configuration.flips
        switch method {
        case .maximumLikelihood:
            return Torch.gradients(
                of: try model.exactNegativeLogLikelihood(of: moments), withRespectTo: model.parameters.tensors)
        case .pseudoLikelihood: return try of(PseudoLikelihood())
        case .cd1: return try of(ContrastiveDivergence(GibbsSampler.Sweeps(1)))
        case .pcd: return try of(chains)
        case .rm, .rmHalfPower, .rmBounded: return try matching(.exact)
        case .rmwrand: return try matching(.uniform(flips: s))
        case .basic, .basicHalfPower: return try matching(.gradientGuided(flips: s))
        case .advanced: return try matching(.gradientGuidedUnweighted(flips: s))
        case .surrogate:
            // Through the input gradient, as for any energy: the closed form would be that of all flips.
            return Torch.gradients(
                of: try RatioMatching(.surrogate).loss(model, x, using: generator),
                withRespectTo: model.parameters.tensors)
        }
    }

    private func energy(of model: BoltzmannMachine, _ context: CellContext, _ iteration: Int) throws -> QuadraticEnergy
    {
        try context.guardFinite(model.parameters, iteration: iteration)
        return try model.quadraticEnergy()
    }
}

/// The machine that the data come from, and how far another is from it.
package struct Truth {
    package let energy: QuadraticEnergy
    private let moments: BinaryMoments
    /// In nats.
    package let entropy: Double

    package init(_ energy: QuadraticEnergy) throws {
        self.energy = energy
        let exact = try energy.exactMoments()
        (moments, entropy) = (exact.moments, exact.entropy)
    }

    package struct Scores {
        /// KL(truth‖e^{−E}/Z) in nats, and KL(truth‖e^{−βE}/Z) at the method's own β.
        package var divergence: Double, divergenceOfReadOut: Double
        /// The root-mean-square error over all couplings (each pair once) and fields, of E and of βE.
        package var error: Double, errorOfReadOut: Double
        /// The least-squares slope, through 0, of learnt on true couplings: of what power of the truth they are.
        package var slope: Double
    }

    package func scores(of learnt: QuadraticEnergy, readOut beta: Double) throws -> Scores {
        let scaled = try learnt.scaled(by: beta)
        let d = energy.dimension
        let pairs = (0..<d * d).filter { $0 / d < $0 % d }
        func error(_ other: QuadraticEnergy) -> Double {
            let squares =
                pairs.map { other.couplings[$0] - energy.couplings[$0] }
                + zip(other.fields, energy.fields).map { $0 - $1 }
            return (squares.reduce(0) { $0 + $1 * $1 } / Double(squares.count)).squareRoot()
        }
        let products = pairs.reduce(0) { $0 + learnt.couplings[$1] * energy.couplings[$1] }
        let squares = pairs.reduce(0) { $0 + energy.couplings[$1] * energy.couplings[$1] }
        return Scores(
            divergence: try divergence(of: learnt), divergenceOfReadOut: try divergence(of: scaled),
            error: error(learnt),
            errorOfReadOut: error(scaled), slope: products / squares)
    }

    /// The β in 1/16 … 16 at which e^{−βE} is closest to the truth: KL is convex in β, so a golden-section search finds
    /// it.
    package func bestReadOut(of learnt: QuadraticEnergy) throws -> (beta: Double, divergence: Double) {
        let ratio = (5.0.squareRoot() - 1) / 2
        var (low, high) = (log(1.0 / 16), log(16.0))
        for _ in 0..<30 {
            let (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
            if try divergence(of: learnt.scaled(by: exp(left))) < divergence(of: learnt.scaled(by: exp(right))) {
                high = right
            } else {
                low = left
            }
        }
        let beta = exp((low + high) / 2)
        return (beta, try divergence(of: learnt.scaled(by: beta)))
    }

    private func divergence(of other: QuadraticEnergy) throws -> Double {
        try other.exactDivergence(from: moments, entropy: entropy).value
    }
}

extension QuadraticEnergy {
    /// βE
    fileprivate func scaled(by beta: Double) throws(CouplingError) -> QuadraticEnergy {
        try QuadraticEnergy(
            couplings: couplings.map { beta * $0 }, fields: fields.map { beta * $0 }, offset: beta * offset,
            alphabet: alphabet)
    }
}
