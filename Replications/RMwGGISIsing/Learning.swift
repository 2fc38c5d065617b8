import EnergyModels
import Experiments
import Figures
import Foundation
import HDF5
import Objectives
import Samplers
import Torch

/// One cell of the learning part: data, and J learnt from them without a penalty and with the one that held-out data
/// choose.
struct Learning {
    let cell: Cell
    let configuration: RMwGGISIsing.Configuration
    let data: SpinData
    let rule: LearningRule

    init(_ cell: Cell, _ configuration: RMwGGISIsing.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
        data = SpinData(cell.label("data")!)!
        rule = LearningRule(label: cell.label("method")!, flips: configuration.flips, siteCount: data.siteCount)
    }

    /// The fits of a cell, one after the other; all start alike and see the same batches of their points.
    enum Phase: Equatable {
        /// All points, no penalty.
        case plain
        /// The points that are not held out, at one of the penalties.
        case trial(Int)
        /// All points, at the penalty whose fit had the least loss on those held out.
        case chosen

        var isTrial: Bool { if case .trial = self { true } else { false } }
    }

    var phases: [Phase] {
        configuration.penalties.isEmpty
            ? [.plain] : [.plain] + configuration.penalties.indices.map { .trial($0) } + [.chosen]
    }

    func run(_ context: CellContext) throws -> CellResult {
        let truth = try data.couplingMatrix(seed: cell.seed)
        let recovery = Recovery(truth: truth, siteCount: data.siteCount)
        let points = try data.sample(
            chains: configuration.dataChains, updates: configuration.dataUpdates, field: configuration.dataField,
            seed: cell.seed)
        let kept = configuration.dataChains - Int(configuration.heldOut * Double(configuration.dataChains))
        let known = rule.method == .knownGraph ? truth : nil

        func penalty(_ phase: Phase, _ losses: [Double]) -> Double {
            switch phase {
            case .plain: 0
            case .trial(let index): configuration.penalties[index]
            case .chosen: configuration.penalties[losses.indices.min { losses[$0] < losses[$1] }!]
            }
        }
        func fit(_ phase: Phase, _ losses: [Double]) throws -> Fit {
            var seen = points
            if case .trial = phase { seen = points[0..<kept] }
            return try Fit(self, points: seen, penalty: penalty(phase, losses), known: known)
        }

        let (phases, length) = (phases, configuration.iterations)
        var losses: [Double] = []
        var found: [[Double]] = []
        var current: Fit?
        if let saved = context.restored {
            let (phase, done) = min(saved.iteration, phases.count * length).quotientAndRemainder(dividingBy: length)
            let ended = phases.prefix(phase)
            losses = try saved.finiteElements("heldOutLosses", shape: [ended.filter(\.isTrial).count])
            found = try ended.filter { !$0.isTrial }.indices.map {
                try saved.finiteElements("found.\($0)", shape: [truth.count])
            }
            if done > 0 {
                current = try fit(phases[phase], losses)
                try current!.restore(saved)
            }
        }
        for iteration in context.iterations(of: phases.count * length) {
            let phase = phases[(iteration - 1) / length]
            let step = (iteration - 1) % length + 1
            if step == 1 { current = try context.untimed { try fit(phase, losses) } }
            let fit = current!
            let loss: Double
            do { loss = try fit.step(step, of: length) } catch let fault as NonFiniteQuantity {
                throw Divergence(quantity: fault.quantity, iteration: iteration)
            }
            try context.guardFinite("loss", loss, iteration: iteration)
            if case .trial = phase {
            } else if step.isMultiple(of: configuration.evaluateEvery) || step == length {
                try context.untimed {
                    let learnt = fit.couplings
                    let (plain, scaled) = (
                        recovery.rootMeanSquareError(of: learnt),
                        recovery.rootMeanSquareError(of: learnt, times: 1 / rule.power)
                    )
                    try context.guardFinite("J", plain, iteration: iteration)
                    if phase == .plain {
                        try context.log(
                            iteration: iteration, ["loss": loss, "lnRMSE": log(plain), "lnRMSEScaled": log(scaled)])
                    } else {
                        try context.log(
                            iteration: iteration,
                            ["loss": loss, "lnRMSE@l1": log(plain), "lnRMSEScaled@l1": log(scaled)])
                    }
                }
            }
            if step == length {
                try context.untimed {
                    if case .trial = phase {
                        let held = try rule.validation.lossAndGradients(
                            fit.machine, points[kept..<configuration.dataChains], using: RandomGenerator(seed: 0)
                        ).loss.item()
                        losses.append(held.isNaN ? .infinity : held)
                    } else {
                        found.append(fit.couplings)
                    }
                }
            }
            try context.endIteration(iteration, of: phases.count * length) { checkpoint in
                fit.store(in: &checkpoint)
                checkpoint["heldOutLosses"] = HDF5Array(losses, shape: [losses.count])
                checkpoint["found"] = HDF5Array([Int64(found.count)], shape: [1])
                for (index, couplings) in found.enumerated() {
                    checkpoint["found.\(index)"] = HDF5Array(couplings, shape: [couplings.count])
                }
            }
        }

        var values = recovery.values(found[0], power: rule.power)
        if found.count > 1 {
            for (name, value) in recovery.values(found[1], power: rule.power) { values["\(name)@l1"] = value }
            values["penalty"] = penalty(.chosen, losses)
            for (penalty, loss) in zip(configuration.penalties, losses) { values["heldOut@\(penalty)"] = loss }
        }
        values["iterations"] = Double(length)
        values["lnRMSEBaseline"] = log(recovery.baseline)
        values["lnRMSEIndependent"] = log(recovery.standardError(points: configuration.dataChains))
        values["edges"] = Double(truth.filter { $0 != 0 }.count / 2)
        try writeCouplings(truth, found.last!.map { $0 / rule.power }, context)
        return CellResult(values)
    }

    /// The sites that a picture of couplings shows: the first ones.
    private static let shownSites = 250

    /// `couplings.png`: J_true on the left, the learnt J of the last fit, over the power, on the right; one scale of
    /// colours.
    private func writeCouplings(_ truth: [Double], _ learnt: [Double], _ context: CellContext) throws {
        let (d, shown) = (data.siteCount, min(data.siteCount, Self.shownSites))
        let gap = [Double](repeating: .nan, count: max(1, shown / 50))
        let rows = (0..<shown).flatMap { i -> [Double] in
            let row = i * d..<i * d + shown
            return Array(truth[row]) + gap + Array(learnt[row])
        }
        let image = try Image.heatMap(
            values: rows, rows: shown, columns: 2 * shown + gap.count, magnification: max(1, 200 / shown))
        try atomically(replacing: context.directory.appendingPathComponent("couplings.png")) {
            try image.writePNG(to: $0, text: [(key: "Title", value: "\(cell.id): true J, learnt J")])
        }
    }
}

extension Recovery {
    /// What the table shows of a learnt J.
    func values(_ learnt: [Double], power: Double) -> [String: Double] {
        [
            "lnRMSE": log(rootMeanSquareError(of: learnt)),
            "lnRMSEScaled": log(rootMeanSquareError(of: learnt, times: 1 / power)), "slope": slope(of: learnt),
            "edgeArea": edgeArea(of: learnt),
        ]
    }
}

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
        let (configuration, d, seed) = (learning.configuration, learning.data.siteCount, learning.cell.seed)
        self.configuration = configuration
        (rule, self.points, self.penalty) = (learning.rule, points, penalty)
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
            if penalty > 0 { gradient += machine.couplings.sign() * (0.5 * rule.gradientScale * penalty) }
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
        let objective: any BinaryObjective = rule.ratioMatching ?? PseudoLikelihood()
        let (loss, gradients) = try objective.lossAndGradients(machine, x, using: flips)
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
