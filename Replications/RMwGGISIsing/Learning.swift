import Experiments
import Figures
import Foundation
import HDF5
import Torch

/// A cell of the learning part: data, and J learnt from them without a penalty and with the one that held-out data
/// choose.
struct Learning {
    let data: SpinData
    let rule: LearningRule
    let configuration: RMwGGISIsing.Configuration
    let seed: UInt64

    func run(_ context: CellContext) throws {
        let truth = try data.couplingMatrix(seed: seed)
        let recovery = Recovery(truth: truth, siteCount: data.siteCount)
        let fits = try Fits(self, truth: truth)
        let length = configuration.iterations
        try context.train(fits.phases.count * length, keeping: [fits.kept]) { iteration in
            let phase = fits.phases[(iteration - 1) / length]
            let step = (iteration - 1) % length + 1
            if step == 1 { try context.untimed { try fits.begin(phase) } }
            let loss = try fits.current!.step(step, of: length)
            try context.guardFinite("loss", loss, iteration: iteration)
            try context.untimed {
                if !phase.isTrial, step.isMultiple(of: configuration.evaluateEvery) || step == length {
                    try note(loss, recovery, phase, fits.current!.couplings, iteration, context)
                }
                if step == length { try fits.end(phase) }
            }
        }
        try measure(fits, recovery, context)
        try writeCouplings(truth, fits.found.last!.map { $0 / rule.power }, context)
    }

    private func note(
        _ loss: Double, _ recovery: Recovery, _ phase: Fits.Phase, _ learnt: [Double], _ iteration: Int,
        _ context: CellContext
    ) throws {
        let plain = recovery.rootMeanSquareError(of: learnt)
        let scaled = recovery.rootMeanSquareError(of: learnt, times: 1 / rule.power)
        try context.guardFinite("J", plain, iteration: iteration)
        if phase == .plain {
            try context.log(iteration: iteration, ["loss": loss, "lnRMSE": log(plain), "lnRMSEScaled": log(scaled)])
        } else {
            try context.log(
                iteration: iteration,
                ["loss": loss, "lnRMSEPenalized": log(plain), "lnRMSEScaledPenalized": log(scaled)])
        }
    }

    private func measure(_ fits: Fits, _ recovery: Recovery, _ context: CellContext) throws {
        try recovery.measure(fits.found[0], power: rule.power, context)
        if fits.found.count > 1 {
            try recovery.measure(fits.found[1], power: rule.power, context, at: ["penalty": "chosen"])
            try context.measure("chosenPenalty", fits.chosenPenalty)
            // A fit that ran away can have an infinite loss on points that it has not seen.
            for (penalty, loss) in zip(configuration.penalties, fits.heldOutLosses) where loss.isFinite {
                try context.measure("heldOutLoss", loss, at: ["penalty": penalty])
            }
        }
        let edges = recovery.truth.count { $0 != 0 } / 2
        try context.measure("edges", Double(edges))
        // Without an edge J = 0 is no error.
        if edges > 0 { try context.measure("lnRMSE", log(recovery.baseline), at: ["of": "J = 0"]) }
        try context.measure(
            "lnRMSE", log(recovery.standardError(points: configuration.dataChains)), at: ["of": "independent spins"])
    }

    /// The sites that a picture of couplings shows: the first ones.
    private static let shownSites = 250

    /// The pictures `truth` and `learnt`: J_true, and the learnt J of the last fit over the power, both with the colours
    /// of −max |J_true| … max |J_true|.
    private func writeCouplings(_ truth: [Double], _ learnt: [Double], _ context: CellContext) throws {
        let (d, shown) = (data.siteCount, min(data.siteCount, Self.shownSites))
        let largest = truth.map(abs).max()!
        for (name, couplings) in [("truth", truth), ("learnt", learnt)] {
            let values = (0..<shown).flatMap { i in couplings[i * d..<i * d + shown] }
            let image = try Image.heatMap(
                values: values, rows: shown, columns: shown, scale: -largest...largest)
            try context.write(image, named: name, scale: -largest...largest)
        }
    }
}

/// The fits of a cell, one after the other; all start alike and see the same batches of their points.
final class Fits {
    enum Phase: Equatable {
        /// All points, no penalty.
        case plain
        /// The points that are not held out, at one of the penalties.
        case trial(Int)
        /// All points, at the penalty whose fit had the least loss on those held out.
        case chosen

        var isTrial: Bool { if case .trial = self { true } else { false } }
    }

    let phases: [Phase]
    /// The fit that goes on; nil before the first.
    private(set) var current: Fit?
    /// The loss of each trial on the points held out.
    private(set) var heldOutLosses: [Double] = []
    /// J of each fit of all points, as `Fit.couplings`.
    private(set) var found: [[Double]] = []

    private let learning: Learning
    /// Bits [n, d], and how many of the first are not held out.
    private let points: Tensor, seen: Int
    /// J_true where only its edges are to be learnt.
    private let known: [Double]?

    init(_ learning: Learning, truth: [Double]) throws {
        let configuration = learning.configuration
        self.learning = learning
        let trials = configuration.penalties.indices.map { Phase.trial($0) }
        phases = [.plain] + (trials.isEmpty ? [] : trials + [.chosen])
        points = try learning.data.sample(
            chains: configuration.dataChains, updates: configuration.dataUpdates, field: configuration.dataField,
            seed: learning.seed)
        seen = configuration.dataChains - Int(configuration.heldOut * Double(configuration.dataChains))
        known = learning.rule.method == .knownGraph ? truth : nil
    }

    /// The penalty whose trial had the least loss.
    var chosenPenalty: Double {
        learning.configuration.penalties[heldOutLosses.indices.min { heldOutLosses[$0] < heldOutLosses[$1] }!]
    }

    func begin(_ phase: Phase) throws {
        let penalty =
            switch phase {
            case .plain: 0.0
            case .trial(let index): learning.configuration.penalties[index]
            case .chosen: chosenPenalty
            }
        current = try Fit(
            learning, points: phase.isTrial ? points[0..<seen] : points, penalty: penalty, known: known)
    }

    func end(_ phase: Phase) throws {
        guard phase.isTrial else { return found.append(current!.couplings) }
        let held = try learning.rule.validation.lossAndGradients(
            current!.machine, points[seen..<points.size(0)], using: RandomGenerator(seed: 0)
        ).loss.item()
        heldOutLosses.append(held.isNaN ? .infinity : held)
    }

    /// The current fit and what the earlier ones found.
    var kept: Kept {
        Kept(
            store: { [self] checkpoint in
                current!.store(in: &checkpoint)
                checkpoint["heldOutLosses"] = HDF5Array(heldOutLosses, shape: [heldOutLosses.count])
                checkpoint["found"] = HDF5Array([Int64(found.count)], shape: [1])
                for (index, couplings) in found.enumerated() {
                    checkpoint["found.\(index)"] = HDF5Array(couplings, shape: [couplings.count])
                }
            },
            restore: { [self] saved in
                let length = learning.configuration.iterations
                let (phase, done) = min(saved.iteration, phases.count * length).quotientAndRemainder(dividingBy: length)
                let ended = phases.prefix(phase)
                heldOutLosses = try saved.finiteElements("heldOutLosses", shape: [ended.count(where: \.isTrial)])
                let numbers = learning.data.siteCount * learning.data.siteCount
                found = try ended.filter { !$0.isTrial }.indices.map {
                    try saved.finiteElements("found.\($0)", shape: [numbers])
                }
                if done > 0 {
                    try begin(phases[phase])
                    try current!.restore(saved)
                }
            })
    }
}
