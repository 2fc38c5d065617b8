import EnergyModels
import Experiments
import Objectives
import Samplers
import Torch

/// Updates by self-adapting ratio matching (Xu 2022, algorithm 3.1 and equation 4.10): noise is drawn from a frozen
/// copy, which becomes a copy of the model again before updates 1, 1 + K, 1 + 2K …
final class SelfAdaptation {
    /// How often gradients are measured in a training.
    static let probes = 3

    let frozen: ContinuousMLPEnergy
    let objective: AdaBRM
    private let model: ContinuousMLPEnergy
    private let draws: NCEFamily.Draws
    private let interval: Int
    /// The Gaussian of the data twice as wide, where chains start.
    private let start: GaussianDensity
    private let mala: HamiltonianMonteCarlo.Run
    private let langevin: LangevinDynamics.Run
    private let grid: QuadratureGrid?
    /// Where chains of MALA stand, [batch, d].
    private let chains: Tensor
    /// Draws from the frozen copy as it is; nil until it is asked for.
    private var sampler: GridSampler?

    /// - Parameter grid: its cells are what exact draws are made from.
    init(
        _ model: ContinuousMLPEnergy, _ generator: NCEFamily.Generator, _ draws: NCEFamily.Draws, interval: Int,
        _ data: DataScale, grid: QuadratureGrid?, _ configuration: NCEFamily.Configuration, _ context: CellContext
    ) throws {
        (self.model, self.draws, self.interval, self.grid) = (model, draws, interval, grid)
        frozen = model.frozen()
        objective = AdaBRM(generator.bregman)
        start = try data.noise(scale: 2)
        mala = try .init(.metropolisAdjustedLangevin(timeStep: configuration.timeStep), steps: configuration.chainSteps)
        langevin = try .init(.eulerMaruyama(timeStep: configuration.shortRunStep), steps: configuration.shortRunSteps)
        chains = start.sample(configuration.batchSize, dtype: .float32, using: context.generator("chains"))
    }

    /// What an update depends on besides the model.
    var state: Parameters { frozen.parameters.prefixed("frozen") + Parameters([("chains", chains)]) }

    /// Makes the frozen copy a copy of the model again.
    func renew() {
        frozen.parameters.assign(model.parameters)
        sampler = nil
    }

    /// - Throws: `LeftFiniteNumbers`, `QuadratureError`.
    func update(_ iteration: Int, _ x: Tensor, _ generator: RandomGenerator) throws -> (
        loss: Tensor, gradients: [Tensor]
    ) {
        if (iteration - 1).isMultiple(of: interval) { renew() }
        let noise = try drawn(x.size(0), from: chains, using: generator)
        if draws == .mala { chains.assign(noise) }
        let loss = try self.loss(noise: noise, data: x)
        return (loss.detached(), gradients(of: loss, withRespectTo: model.parameters.tensors))
    }

    /// Points [count, d] that stand for the frozen copy; chains of MALA, as many as there are, go on from where they
    /// are said to stand.
    ///
    /// - Throws: `LeftFiniteNumbers` where chains or energies do, `QuadratureError`.
    func drawn(_ count: Int, from position: Tensor, using generator: RandomGenerator) throws -> Tensor {
        switch draws {
        case .exact:
            let found = try sampler ?? GridSampler(frozen, on: grid!)
            sampler = found
            return found.sample(count, dtype: .float32, using: generator)
        case .mala: return try mala.moved(frozen, from: position, using: generator)
        case .shortRun:
            let x = start.sample(count, dtype: .float32, using: generator)
            return try langevin.moved(frozen, from: x, using: generator)
        }
    }

    /// A copy of where the chains stand.
    var position: Tensor { chains.copied() }

    /// L, recorded.
    func loss(noise: Tensor, data: Tensor) throws -> Tensor {
        let both = Tensor.concatenated([noise, data])
        let (energies, others, n) = (model.energy(both), frozen.evaluate(both), noise.size(0))
        return try objective.loss(
            ContrastedEnergies(
                noise: energies[0..<n], data: energies[n..<both.size(0)], frozenNoise: others[0..<n],
                frozenData: others[n..<both.size(0)]))
    }
}
