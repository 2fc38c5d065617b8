import EnergyModels
import Samplers
import Torch

/// How a self-adapting training goes.
public struct SelfAdaptingSettings: Equatable, Sendable {
    /// K, after how many updates the frozen copy is taken anew.
    public var adaptiveInterval: Int
    /// How many Langevin steps a sample takes.
    public var chainLength: Int
    public var adam: Adam.Settings
    /// Whether a new frozen copy starts with a new buffer.
    public var resetsBuffer: Bool
    /// The gradients of all parameters together are scaled to at most this norm; nil: as they are.
    public var gradientNormLimit: Double?
    /// α in α(mean E(x⁺)² + mean E(x⁻)²), which is added to the loss.
    public var energyPenalty: Double
    /// Whether chains are recorded as graphs, on a GPU: see `LangevinChains`. Decides nothing of how the training goes.
    public var recordsGraphs: Bool

    /// The defaults are those of section 5.1.2, K = 1; without clipping and penalty, and with a buffer that is kept,
    /// which are ours.
    public init(
        adaptiveInterval: Int = 1, chainLength: Int = 100,
        adam: Adam.Settings = .init(learningRate: 1e-4, beta1: 0, beta2: 0.999), resetsBuffer: Bool = false,
        gradientNormLimit: Double? = nil, energyPenalty: Double = 0, recordsGraphs: Bool = false
    ) {
        (self.adaptiveInterval, self.chainLength, self.adam) = (adaptiveInterval, chainLength, adam)
        (self.resetsBuffer, self.gradientNormLimit, self.energyPenalty) = (
            resetsBuffer, gradientNormLimit, energyPenalty
        )
        self.recordsGraphs = recordsGraphs
    }

    func validate() throws {
        guard adaptiveInterval > 0 else {
            throw SelfAdaptingError("an adaptive interval of \(adaptiveInterval) updates: at least 1")
        }
        guard chainLength > 0 else { throw SelfAdaptingError("chains of \(chainLength) steps: at least 1") }
        guard adam.learningRate > 0, adam.learningRate.isFinite else {
            throw SelfAdaptingError("a learning rate of \(adam.learningRate): it is positive and finite")
        }
        if let limit = gradientNormLimit, !(limit > 0) {
            throw SelfAdaptingError("a gradient norm limit of \(limit): it is positive")
        }
        guard energyPenalty >= 0, energyPenalty.isFinite else {
            throw SelfAdaptingError("an energy penalty of \(energyPenalty): it is finite and at least 0")
        }
    }
}

/// Algorithm 3.1 of Xu 2022: updates of a model against short-run samples of a frozen copy, which becomes a copy of the
/// model again every K updates.
///
///     let training = try SelfAdaptingTraining(
///         model, AdaNCE(), dynamics: LangevinDynamics(stepSize: 1, noise: 0.005),
///         buffer: ReplayBuffer(shape: [1, 28, 28], .init(), using: generator), .init(adaptiveInterval: 5), using: generator)
///     for _ in 0..<updates { let update = try training.update(images.batch()) }
///
/// An update draws chains from the frozen copy, starting in the replay buffer; takes loss and gradients; moves the
/// parameters by Adam; and then advances the model's state (its power iterations), once. What follows depends on
/// `state` alone.
public final class SelfAdaptingTraining<Model: FreezableEnergyModel> {
    /// What one update saw.
    public struct Update {
        public let loss: Double
        /// ν, the mean of ‖∇ₓEₘ‖ along the chains.
        public let meanGradientNorm: Double
        /// The norm of all parameters' gradients together, before any limit.
        public let parameterGradientNorm: Double
        /// Energies before the update; constants. Frozen energies are the model's own where the objective does not use
        /// them.
        public let energies: ContrastedEnergies
        /// Where the chains ended, [batch, …].
        public let samples: Tensor
        /// Whether the frozen copy was taken anew after it.
        public let adapted: Bool
    }

    public let model: Model
    public let objective: any SelfAdaptingObjective
    public let dynamics: LangevinDynamics
    public let buffer: ReplayBuffer
    public let settings: SelfAdaptingSettings
    public let optimizer: Adam
    /// The noise model.
    public private(set) var frozen: Model.Frozen
    /// How many updates were made.
    public private(set) var updates = 0
    private let generator: RandomGenerator

    /// - Parameter generator: for slots, rejuvenation and the noise of the chains.
    /// - Throws: `SelfAdaptingError` for settings out of range.
    public init(
        _ model: Model, _ objective: any SelfAdaptingObjective, dynamics: LangevinDynamics, buffer: ReplayBuffer,
        _ settings: SelfAdaptingSettings, using generator: RandomGenerator
    ) throws {
        try settings.validate()
        (self.model, self.objective, self.dynamics, self.buffer) = (model, objective, dynamics, buffer)
        (self.settings, self.generator) = (settings, generator)
        optimizer = Adam(model.parameters, settings.adam)
        frozen = model.frozen()
    }

    /// One update from a batch of data, [batch, …].
    ///
    /// - Throws: `ChainDivergence` or `NonFiniteQuantity` where chains, loss or gradients leave the finite numbers: the
    ///   parameters are then as they were; the generator has moved on, and where the chains ended well the buffer holds
    ///   them.
    public func update(_ data: Tensor) throws -> Update {
        let start = buffer.draw(data.size(0), using: generator)
        let points = start.points.rank == 4 ? start.points.channelsLast() : start.points
        let run = try dynamics.run(
            frozen, from: points, steps: settings.chainLength, asGraph: settings.recordsGraphs, using: generator)
        buffer.store(run.points, from: start)

        let energies = contrastedEnergies(noise: run.points, data: data)
        var loss = try objective.loss(energies)
        if settings.energyPenalty > 0 {
            loss = loss + settings.energyPenalty * (energies.data.squared().mean() + energies.noise.squared().mean())
        }
        let found = gradients(of: loss, withRespectTo: model.parameters.tensors)
        let norm = clipGradientNorm(found, to: settings.gradientNormLimit ?? .infinity).item()
        guard norm.isFinite else { throw NonFiniteQuantity("norm of the parameters' gradients") }
        optimizer.update(found)
        model.advance()

        updates += 1
        let adapted = updates.isMultiple(of: settings.adaptiveInterval)
        if adapted {
            frozen = model.frozen()
            if settings.resetsBuffer { buffer.reset(using: generator) }
        }
        return Update(
            loss: loss.item(), meanGradientNorm: run.meanGradientNorm, parameterGradientNorm: norm,
            energies: ContrastedEnergies(
                noise: energies.noise.detached(), data: energies.data.detached(),
                frozenNoise: energies.frozenNoise.detached(),
                frozenData: energies.frozenData.detached()),
            samples: run.points, adapted: adapted)
    }

    /// Noise and data in one batch, for the model as for the copy: so that equal weights give equal energies, to the
    /// bit.
    private func contrastedEnergies(noise: Tensor, data: Tensor) -> ContrastedEnergies {
        let n = noise.size(0)
        let both = Tensor.concatenated([noise, data])
        let energy = model.energy(both)
        let frozenEnergy = objective.usesFrozenEnergies ? frozen.evaluate(both) : energy.detached()
        func split(_ x: Tensor) -> (noise: Tensor, data: Tensor) {
            (x.narrowed(0, start: 0, length: n), x.narrowed(0, start: n, length: data.size(0)))
        }
        let (own, other) = (split(energy), split(frozenEnergy))
        return ContrastedEnergies(noise: own.noise, data: own.data, frozenNoise: other.noise, frozenData: other.data)
    }
}

/// Everything that decides how a training goes on, by name, for a checkpoint.
public struct SelfAdaptingState {
    /// `parameter.…`, `state.…`, `frozen.…`, `adam.first.…`, `adam.second.…`, `buffer.points`. As read from a training
    /// they are the training's own tensors, which change with the next update.
    public var tensors: [String: Tensor]
    /// `updates`, `buffer.count`, `buffer.next`.
    public var counts: [String: Int]
    /// The generator's state.
    public var generator: [UInt8]

    public init(tensors: [String: Tensor], counts: [String: Int], generator: [UInt8]) {
        (self.tensors, self.counts, self.generator) = (tensors, counts, generator)
    }
}

extension SelfAdaptingTraining {
    public var state: SelfAdaptingState {
        SelfAdaptingState(
            tensors: tensors,
            counts: ["updates": updates, "buffer.count": buffer.count, "buffer.next": buffer.next],
            generator: generator.state)
    }

    private var tensors: [String: Tensor] {
        let lists: [(String, [(String, Tensor)])] = [
            ("parameter", model.parameters.map { ($0.name, $0.tensor.detached()) }),
            ("state", model.state.map { ($0.name, $0.tensor) }),
            ("frozen", frozen.parameters.map { ($0.name, $0.tensor) }),
            ("adam.first", Array(zip(model.parameters.names, optimizer.firstMoments))),
            ("adam.second", Array(zip(model.parameters.names, optimizer.secondMoments))),
            ("buffer", [("points", buffer.points)]),
        ]
        let named = lists.flatMap { prefix, list in list.map { ("\(prefix).\($0.0)", $0.1) } }
        return Dictionary(uniqueKeysWithValues: named)
    }

    /// Goes on from a saved state of a training with the same model and settings.
    ///
    /// - Throws: `SelfAdaptingError` or `SamplingError` naming what is missing or does not fit; the training is then as
    ///   it was.
    public func restore(_ saved: SelfAdaptingState) throws {
        let own = tensors
        for (name, tensor) in own.sorted(by: { $0.key < $1.key }) {
            guard let found = saved.tensors[name] else { throw SelfAdaptingError("the saved state has no '\(name)'") }
            guard found.shape == tensor.shape, found.dtype == tensor.dtype else {
                throw SelfAdaptingError(
                    "'\(name)' of the saved state is \(found.dtype) \(found.shape): this training's is \(tensor.dtype) \(tensor.shape)"
                )
            }
        }
        func count(_ name: String) throws -> Int {
            guard let value = saved.counts[name], value >= 0 else {
                throw SelfAdaptingError("the saved state has no count '\(name)'")
            }
            return value
        }
        let (updates, filled, next) = (try count("updates"), try count("buffer.count"), try count("buffer.next"))
        let former = generator.state
        do { try generator.restore(saved.generator) } catch { throw SelfAdaptingError("generator: \(error)") }
        do { try buffer.restore(points: saved.tensors["buffer.points"]!, count: filled, next: next) } catch {
            try generator.restore(former)
            throw error
        }
        func list(_ prefix: String, _ names: [String]) -> [Tensor] { names.map { saved.tensors["\(prefix).\($0)"]! } }
        for prefix in ["parameter", "state"] {
            for (name, tensor) in own where name.hasPrefix("\(prefix).") { tensor.assign(saved.tensors[name]!) }
        }
        let names = model.parameters.names
        optimizer.restore(
            firstMoments: list("adam.first", names), secondMoments: list("adam.second", names), updates: updates)
        frozen = model.frozen(
            with: Parameters(
                zip(frozen.parameters.names, list("frozen", frozen.parameters.names)).map {
                    ($0, $1.detached().copied())
                }))
        self.updates = updates
    }
}
