import EnergyModels
import Torch

/// Unadjusted Langevin dynamics with a step and a noise of their own (section 3.2.1 of Xu 2022):
///
///     v ← μv − τ∇E(x) + σz,   x ← x + v,   z standard normal.
///
///     let short = try LangevinDynamics(stepSize: 1, noise: 0.005)
///     let run = try short.run(model.frozen(), from: images, steps: 100, using: generator)
///     print(run.meanGradientNorm)
///
/// Without momentum (μ = 0), and with σ = √(2τ), chains sample from p ∝ exp(−E) as τ → 0; with a smaller σ they sample
/// from exp(−E·2τ/σ²), or descend where it is 0. μ > 0 with σ = 0 is gradient descent with momentum: the variants that
/// the thesis leaves to future work.
public struct LangevinDynamics: Hashable, Sendable {
    /// τ, the factor of the gradient.
    public let stepSize: Double
    /// σ, the standard deviation of the noise in each coordinate and step.
    public let noise: Double
    /// μ, what is kept of the last move.
    public let momentum: Double
    /// Each element of the gradient is brought into ± this before it moves a chain; nil: as it is.
    public let gradientLimit: Double?
    /// Points are brought into this box after every step; nil: they go where they go.
    public let box: ClosedRange<Double>?

    /// - Parameters:
    ///   - stepSize: positive.
    ///   - noise: at least 0.
    ///   - momentum: in 0 ..< 1.
    ///   - gradientLimit: positive.
    /// - Throws: `SamplingError` for numbers out of these ranges.
    public init(
        stepSize: Double, noise: Double, momentum: Double = 0, gradientLimit: Double? = nil,
        box: ClosedRange<Double>? = nil
    ) throws {
        guard stepSize > 0, stepSize.isFinite else {
            throw SamplingError("a Langevin step of \(stepSize): it is positive and finite")
        }
        guard noise >= 0, noise.isFinite else {
            throw SamplingError("Langevin noise of \(noise): it is finite and at least 0")
        }
        guard (0..<1).contains(momentum) else { throw SamplingError("a momentum of \(momentum): it lies in 0 ..< 1") }
        if let gradientLimit, !(gradientLimit > 0) {
            throw SamplingError("a gradient limit of \(gradientLimit): it is positive")
        }
        (self.stepSize, self.noise, self.momentum) = (stepSize, noise, momentum)
        (self.gradientLimit, self.box) = (gradientLimit, box)
    }

    /// The Euler–Maruyama discretisation with time step τ (equations 2.3 and 3.6): x ← x − (τ/2)∇E + √τ z.
    public static func eulerMaruyama(timeStep: Double) throws -> LangevinDynamics {
        guard timeStep > 0, timeStep.isFinite else {
            throw SamplingError("a time step of \(timeStep): it is positive and finite")
        }
        return try LangevinDynamics(stepSize: timeStep / 2, noise: timeStep.squareRoot())
    }

    /// Chains from x [chains, …], so many steps on.
    ///
    /// - Parameter asGraph: see `LangevinChains`.
    /// - Throws: `ChainDivergence` where a gradient or a point is no longer finite; `DeviceError` where there are no
    ///   graphs.
    public func run(
        _ model: some EnergyModel, from x: Tensor, steps: Int, asGraph: Bool = false, using generator: RandomGenerator
    ) throws -> LangevinRun {
        let chains = LangevinChains(self, model, from: x, asGraph: asGraph, using: generator)
        try chains.advance(steps)
        return LangevinRun(points: chains.points, gradientNorms: chains.gradientNorms)
    }
}

/// Where chains arrived, and how steep the energy was on their way.
public struct LangevinRun {
    /// Shape [chains, …].
    public let points: Tensor
    /// The mean of ‖∇E(x)‖₂ over the chains before each step.
    public let gradientNorms: [Double]

    /// ν, the mean of those over the steps; NaN where there was none.
    public var meanGradientNorm: Double { gradientNorms.reduce(0, +) / Double(gradientNorms.count) }
}

/// Chains under way by Langevin dynamics. What they do next depends on points, velocity and generator alone.
///
/// Nothing is read back before the end of `advance`: on a GPU the steps are issued one after the other while it
/// computes. Every move is accepted, and how far chains go is not measured.
public final class LangevinChains<Model: EnergyModel>: Chains {
    public let dynamics: LangevinDynamics
    public let model: Model
    private let generator: RandomGenerator
    private let x: Tensor
    private let v: Tensor?
    private let z: Tensor?
    /// ‖∇E(x)‖₂ of each chain before the last step.
    private let norms: Tensor
    private let asGraph: Bool
    private var recorded: RecordedWork?
    /// How many steps were taken.
    public private(set) var steps = 0
    /// The mean of ‖∇E(x)‖₂ over the chains before each step of the last `advance`.
    public private(set) var gradientNorms: [Double] = []

    /// - Parameters:
    ///   - start: points [chains, …] in the model's type; their layout in memory is kept, they themselves are not
    ///     changed.
    ///   - velocity: where earlier chains had arrived; nil for rest. Without meaning where there is no momentum.
    ///   - asGraph: whether a step is recorded once and then issued as a whole, on a GPU (`RecordedWork`). The model
    ///     must keep its weights, and its gradient must not depend on anything that is read back.
    public init(
        _ dynamics: LangevinDynamics, _ model: Model, from start: Tensor, velocity: Tensor? = nil,
        asGraph: Bool = false,
        using generator: RandomGenerator
    ) {
        (self.dynamics, self.model, self.generator, self.asGraph) = (dynamics, model, generator, asGraph)
        x = start.detached().copied()
        v = dynamics.momentum > 0 ? velocity?.detached().copied() ?? .zeros(like: start) : nil
        z = dynamics.noise > 0 ? .empty(start.shape, dtype: start.dtype, device: start.device) : nil
        norms = .zeros([start.size(0)], dtype: start.dtype, device: start.device)
    }

    public var count: Int { norms.count }
    /// A copy, shape [chains, …].
    public var points: Tensor { x.copied() }
    /// The last move, where there is momentum; a copy.
    public var velocity: Tensor? { v?.copied() }

    public func step() throws -> Moves { try advance(1) }

    /// So many steps of every chain; `gradientNorms` tells of them.
    ///
    /// - Throws: `ChainDivergence` where a gradient, or a point at the end, is not finite: the chains are then of no
    ///   more use. `DeviceError` where steps are to be recorded and cannot be.
    @discardableResult
    public func advance(_ count: Int) throws -> Moves {
        gradientNorms = try withoutGradients {
            let seen = Tensor.empty([count, norms.count], dtype: norms.dtype, device: norms.device)
            for step in 0..<count {
                // The same draws whatever the layout of the points.
                if let z { generator.fillNormal(z) }
                if let recorded {
                    recorded.issue()
                } else if asGraph {
                    recorded = try RecordedWork(on: x.device) { withoutGradients { move() } }
                } else {
                    move()
                }
                seen.narrowed(0, start: step, length: 1).assign(norms.unsqueezed(0))
            }
            let means = count == 0 ? [] : seen.mean(1).array(Double.self)
            if let step = means.firstIndex(where: { !$0.isFinite }) {
                throw Self.divergence(
                    "gradient", seen.narrowed(0, start: step, length: 1).isFinite(), step: steps + step)
            }
            steps += count
            let finite = x.isFinite()
            if !finite.all() {
                throw Self.divergence(
                    "points", finite.reshaped([x.size(0), -1]).converted(to: .int64).min(1) .> 0, step: steps)
            }
            return means
        }
        let moved = count * norms.count
        return Moves(proposed: moved, accepted: moved, distance: .nan)
    }

    public var state: ChainState { ChainState(points: points, generator: generator.state, velocity: velocity) }

    public func restore(_ state: ChainState) throws {
        guard state.points.shape == x.shape else { throw SamplingError.shape(state.points.shape, expected: x.shape) }
        guard state.position == 0 else { throw SamplingError.position(state.position, sites: 1) }
        guard state.points.isFinite().all() else { throw SamplingError("chains at points that are not finite") }
        if v != nil {
            guard let velocity = state.velocity, velocity.shape == x.shape, velocity.isFinite().all() else {
                throw SamplingError("chains with momentum need a finite velocity of shape \(x.shape)")
            }
        }
        do { try generator.restore(state.generator) } catch { throw SamplingError.generator("\(error)") }
        withoutGradients {
            x.assign(state.points.converted(to: x.dtype))
            if let v, let velocity = state.velocity { v.assign(velocity.converted(to: v.dtype)) }
        }
    }

    /// A step, by the noise drawn for it: from `x` and `v` to `x`, `v` and `norms`, without reading an element.
    private func move() {
        var gradient = model.inputGradient(x)
        norms.assign(gradient.norm(over: Array(1..<max(2, x.rank))))
        if let limit = dynamics.gradientLimit { gradient = gradient.maximum(-limit).minimum(limit) }
        if let v {
            v.assign(v * dynamics.momentum)
            v.add(gradient, scale: -dynamics.stepSize)
            addNoise(to: v)
            x.add(v, scale: 1)
        } else {
            x.add(gradient, scale: -dynamics.stepSize)
            addNoise(to: x)
        }
        if let box = dynamics.box { x.assign(x.maximum(box.lowerBound).minimum(box.upperBound)) }
    }

    private func addNoise(to x: Tensor) {
        if let z { x.add(z, scale: dynamics.noise) }
    }

    /// From a boolean for each chain: whether it is still finite.
    private static func divergence(_ quantity: String, _ finite: Tensor, step: Int) -> ChainDivergence {
        let total = finite.count
        let bad = total - Int(finite.converted(to: .int64).sum().item())
        // A mean can overflow where no norm does: then all of them count.
        return ChainDivergence(quantity, step: step, chains: bad == 0 ? total : bad, of: total)
    }
}
