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
    private let configuration: OuBoltzmann.Configuration
    private let method: OuBoltzmann.Method
    private let truth: Truth
    /// The data, all of which enter every iteration; float64 bits [n, d].
    private let x: Tensor

    init(_ setting: OuBoltzmann.LearningSetting, _ configuration: OuBoltzmann.Configuration, seed: UInt64) throws {
        (self.configuration, method) = (configuration, setting.method)
        truth = try Truth(
            randomMachine(
                setting.d, couplings: configuration.couplingScale / Double(setting.d).squareRoot(),
                fields: configuration.fieldScale, using: RandomGenerator(seed: seed, stream: "truth")))
        x = try exactDraws(
            logProbabilities: truth.energy.exactLogProbabilities().array(), count: setting.n,
            using: RandomGenerator(seed: seed, stream: "data"))
    }

    func run(_ context: CellContext) throws {
        let model = BoltzmannMachine(dimension: x.size(1), alphabet: .spins, dtype: .float64)
        let adam = Adam(model.parameters, .init(learningRate: configuration.learningRate))
        let generator = context.generator("learning")
        let chains = PersistentContrastiveDivergence(
            GibbsSampler.Sweeps(1),
            from: generator.bernoulli(.full([configuration.chains, x.size(1)], 0.5, dtype: .float64)))
        let moments = BinaryMoments(of: x, alphabet: .spins)
        let keptChains = Kept(
            store: { $0["chains"] = HDF5Array(chains.chains) },
            restore: { chains.chains = try $0.bits("chains", like: chains.chains) })

        let total = configuration.iterations
        try context.train(
            total,
            keeping: [.parameters(model.parameters), .optimizer(adam), .generator(generator, "learning"), keptChains]
        ) { iteration in
            adam.settings.learningRate =
                configuration.learningRate * (1 + cos(.pi * Double(iteration - 1) / Double(total))) / 2
            adam.update(try gradients(model, chains, moments, generator))
            guard iteration.isMultiple(of: configuration.evaluateEvery) || iteration == total else { return }
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
        try measure(energy(of: model, context, total), context)
        let squares = try gradients(model, chains, moments, generator).reduce(0) { $0 + $1.squared().sum().item() }
        try context.measure("gradientNorm", squares.squareRoot())
    }

    private func measure(_ learnt: QuadraticEnergy, _ context: CellContext) throws {
        let scores = try truth.scores(of: learnt, readOut: method.readOut)
        let best = try truth.bestReadOut(of: learnt)
        try context.measure("kl", scores.divergence, at: ["beta": 1])
        try context.measure("kl", scores.divergenceOfReadOut, at: ["beta": "own"])
        try context.measure("kl", best.divergence, at: ["beta": "best"])
        try context.measure("bestBeta", best.beta)
        try context.measure("rmse", scores.error, at: ["beta": 1])
        try context.measure("rmse", scores.errorOfReadOut, at: ["beta": "own"])
        // A truth without couplings has no slope.
        if scores.slope.isFinite { try context.measure("slope", scores.slope) }
        try context.measure("entropy", truth.entropy)
    }

    private func gradients(
        _ model: BoltzmannMachine, _ chains: PersistentContrastiveDivergence<GibbsSampler.Sweeps>,
        _ moments: BinaryMoments, _ generator: RandomGenerator
    ) throws -> [Tensor] {
        let loss: Tensor
        switch method {
        case .maximumLikelihood: loss = try model.exactNegativeLogLikelihood(of: moments)
        // Through the input gradient, as for any energy: the closed form would be that of all flips.
        case .surrogate: loss = try RatioMatching(.surrogate).loss(model, x, using: generator)
        default: return try objective(chains).lossAndGradients(model, x, using: generator).gradients
        }
        return Torch.gradients(of: loss, withRespectTo: model.parameters.tensors)
    }

    private func objective(
        _ chains: PersistentContrastiveDivergence<GibbsSampler.Sweeps>
    ) -> any BinaryObjective {
        switch method {
        case .cd1: ContrastiveDivergence(GibbsSampler.Sweeps(1))
        case .pcd: chains
        default: method.ratioMatching?.objective(flips: configuration.flips) ?? PseudoLikelihood()
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
