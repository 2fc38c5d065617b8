import EnergyModels
import Experiments
import HDF5
import Objectives
import Samplers
import Torch

/// J being learnt: the machine without fields, its optimizer, and whatever the method draws from.
///
/// The machine counts each pair once, J = 2 J_GWG; steps of Adam have the size of the learning rate whatever the scale,
/// so a rate doubled here is that rate for J_GWG.
final class Fit {
    let machine: BoltzmannMachine
    private let rule: LearningRule
    private let configuration: RMwGGISIsing.Configuration
    private let points: Tensor
    private let penalty: Double
    private let gradientScale: Double
    /// 1 where a coupling may be learnt; nil for everywhere.
    private let mask: Tensor?
    private let adam: Adam
    private let learningRate: Double
    private let batches: RandomGenerator
    private let flips: RandomGenerator
    private var chains: DenseSpinChains?

    /// - Parameters:
    ///   - points: bits [n, d].
    ///   - known: J_GWG of the true graph where only its edges are to be learnt.
    init(_ learning: Learning, points: Tensor, penalty: Double, known: [Double]?) throws {
        let (configuration, d, seed) = (learning.configuration, learning.data.siteCount, learning.seed)
        self.configuration = configuration
        (rule, self.points, self.penalty) = (learning.rule, points, penalty)
        gradientScale = rule.gradientScale(flips: configuration.flips, sites: d)
        mask = known.map { Tensor($0.map { Float($0 == 0 ? 0 : 1) }, shape: [d, d]) }
        machine = BoltzmannMachine(dimension: d, alphabet: .spins)
        adam = Adam(Parameters([("couplings", machine.couplings)]), .init(learningRate: configuration.learningRate))
        learningRate = coupling(fromDoublyCounted: configuration.learningRate) * min(1, 100 / Double(d))
        batches = RandomGenerator(seed: seed, stream: "batches")
        flips = RandomGenerator(seed: seed, stream: "flips")
        let noise = Tensor.normal([d, d], using: RandomGenerator(seed: seed, stream: "initialisation"))
        // The antisymmetric part of the noise never enters: it is left out.
        let start = (noise + noise.transposed()) * (0.5 * coupling(fromDoublyCounted: configuration.initialScale))
        let upper = (mask.map { start * $0 } ?? start).upperTriangle(1)
        withoutGradients { machine.couplings.assign(upper + upper.transposed()) }
        if rule.method.isPersistent {
            chains = try DenseSpinChains(
                machine, rule.method == .pcdGibbs ? .gibbs : .gradients, count: configuration.chains,
                using: RandomGenerator(seed: seed, stream: "chains"))
        }
    }

    /// One update of J; the learning rate is constant for the first half of the fit, then falls to 0 on a line.
    ///
    /// - Returns: the loss without the penalty; of persistent chains the difference of the mean energies of data and
    ///   chains.
    /// - Throws: `NonFiniteQuantity`.
    func step(_ step: Int, of length: Int) throws -> Double {
        adam.settings.learningRate = learningRate * min(1, 2 * (1 - Double(step - 1) / Double(length)))
        let drawn = Tensor.integers([configuration.batchSize], 0..<points.size(0), using: batches)
        let x = points.indexSelected(0, drawn)
        var (loss, gradient) = try lossAndGradient(x)
        withoutGradients {
            if penalty > 0 { gradient += machine.couplings.sign() * (0.5 * gradientScale * penalty) }
            if let mask { gradient *= mask }
        }
        adam.update([gradient])
        return loss
    }

    private func lossAndGradient(_ x: Tensor) throws -> (Double, Tensor) {
        if chains != nil {
            chains!.setModel(machine)
            chains!.advance(rule.steps)
            let gradient = machine.energyGradients(x)[0] - machine.energyGradients(chains!.points)[0]
            // The energy is linear in the couplings.
            return (withoutGradients { (gradient * machine.couplings).sum() }.item(), gradient)
        }
        let (loss, gradients) = try rule.objective(flips: configuration.flips).lossAndGradients(
            machine, x, using: flips)
        return (loss.item(), gradients[0])
    }

    /// J as Gibbs-with-gradients counts it, row-major.
    var couplings: [Double] {
        withoutGradients { machine.symmetricCouplings }.array(Double.self).map { doublyCountedCoupling(from: $0) }
    }

    func store(in checkpoint: inout Checkpoint) {
        checkpoint.store(adam.parameters)
        checkpoint.store(adam)
        checkpoint.store(batches, named: "batches")
        checkpoint.store(flips, named: "flips")
        if let chains { checkpoint.store(chains.state, named: "chains") }
    }

    func restore(_ saved: Checkpoint) throws {
        try saved.restore(adam.parameters)
        try saved.restore(adam)
        try saved.restore(batches, named: "batches")
        try saved.restore(flips, named: "flips")
        if let chains { try self.chains!.restore(saved.chainState(named: "chains", like: chains.points)) }
    }
}

extension Checkpoint {
    /// Stores where chains stand, and what moves them.
    mutating func store(_ state: ChainState, named name: String) {
        self["\(name).points"] = HDF5Array(state.points)
        self["\(name).generator"] = HDF5Array(state.generator, shape: [state.generator.count])
        self["\(name).position"] = HDF5Array([Int64(state.position)], shape: [1])
    }

    /// Throws `RunError` where it is not there, or of another shape than these points.
    func chainState(named name: String, like points: Tensor) throws -> ChainState {
        ChainState(
            points: try tensor("\(name).points", like: points), generator: try elements("\(name).generator"),
            position: Int(try elements("\(name).position", as: Int64.self, shape: [1])[0]))
    }
}
