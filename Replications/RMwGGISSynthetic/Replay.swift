import Datasets
import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

// Re-tracing a recorded run from its seed alone: the same data, initialisation, flips and updates, on one thread, by
// the generic path. The file's flips are injected, because rounding can turn a draw and everything after it.

/// The order of draws (PyTorch's and NumPy's generators, both seeded with the run's seed): the data set's 5,000 points;
/// the layers' weights and biases; then, in the released code, 1,000 coin-flip points and 1,000 data points; in every
/// iteration a batch of data and one multinomial draw of flips.
struct Replay {
    /// Largest relative difference of a loss, and of a parameter's norm at the end, that passes.
    static let lossTolerance = 1e-4
    static let parameterTolerance = 1e-3

    let golden: URL
    let report: (String) -> Void

    /// Whether the trace was met.
    func run() throws -> Bool {
        let trace = try GoldenTrace.read(golden)
        let threads = Runtime.threads
        Runtime.threads = 1
        defer { Runtime.threads = threads }
        report(
            "\(golden.lastPathComponent): \(trace.method) on \(trace.data), variant \(trace.variant), "
                + "seed \(trace.seed), \(trace.iterations) iterations")

        var data = try BinaryToyData(named: trace.data, dimension: trace.dimension, seed: trace.seed)
        let generator = RandomGenerator(seed: UInt64(trace.seed))
        let model = MLPEnergy(
            dimension: trace.dimension, hidden: [trace.hidden, trace.hidden, trace.hidden], using: generator)
        var passed = check("int_scale", data.intScale, trace.intScale, tolerance: 1e-12)
        if let start = trace.parametersAtStart {
            passed = checkParameters(model, start, "parameters at the start", tolerance: 1e-5) && passed
        }
        if !trace.isCommunity {
            passed = try checkEnergies(of: model, trace, &data, generator) && passed
        }
        return try train(model, trace, &data, generator) && passed
    }

    /// The iterations, compared loss by loss, and the parameters that they end with.
    private func train(
        _ model: MLPEnergy, _ trace: GoldenTrace, _ data: inout BinaryToyData, _ generator: RandomGenerator
    ) throws -> Bool {
        let objective = try trace.objective(golden)
        let generic = GenericFlips(model)
        let parameters = model.parameters
        let adam = Adam(
            parameters, .init(learningRate: trace.learningRate, weightDecay: trace.weightDecay))
        var runningSum: [Tensor]?
        var worst = (difference: 0.0, iteration: 0)
        var firstForeignDraw: Int?
        for iteration in 0..<trace.iterations {
            let x = Tensor(try data.batch(trace.batchSize))
            let proposal = objective.logProposal(generic, x)
            var indices: Tensor?
            do { indices = try objective.drawFlips(x, from: proposal, using: generator) } catch let fault
                as NonFiniteQuantity
            {
                report("\(fault.quantity): not finite at iteration \(iteration + 1): \(verdict(false))")
                return false
            }
            if let recorded = trace.indices(iteration), let own = indices {
                if firstForeignDraw == nil, own.array(Int.self) != recorded { firstForeignDraw = iteration + 1 }
                indices = Tensor(recorded, shape: own.shape)
            }
            let loss = objective.loss(generic, x, at: indices, proposal: proposal)
            let difference = abs(loss.item() - trace.loss[iteration]) / abs(trace.loss[iteration])
            if !(difference <= worst.difference) { worst = (difference, iteration + 1) }

            var found = gradients(of: loss, withRespectTo: parameters.tensors)
            // The community code never sets its gradients back: each update sees their sum so far, clipped in place.
            if trace.isCommunity, let sum = runningSum { found = zip(sum, found).map { $0 + $1 } }
            clipGradientNorm(found, to: trace.gradientClip)
            runningSum = found
            adam.update(found)
        }
        let lossesMet = worst.difference <= Self.lossTolerance
        report(
            "losses: largest relative difference \(scientific(worst.difference)) at iteration \(worst.iteration), "
                + "tolerance \(scientific(Self.lossTolerance)): \(verdict(lossesMet))")
        if trace.draws == nil {
            report(trace.method == "rm" ? "draws: none, all flips enter" : "draws: not in the file; ours were taken")
        } else if let firstForeignDraw {
            report("draws: ours first differ from the file's at iteration \(firstForeignDraw); the file's were taken")
        } else {
            report("draws: ours are the file's in every iteration")
        }
        return checkParameters(
            model, trace.parametersAtEnd, "parameters at the end", tolerance: Self.parameterTolerance) && lossesMet
    }

    /// The untrained energies of 1,000 coin-flip points and 1,000 data points, which the released code looks at first.
    private func checkEnergies(
        of model: MLPEnergy, _ trace: GoldenTrace, _ data: inout BinaryToyData, _ generator: RandomGenerator
    ) throws -> Bool {
        let coinFlips = Tensor.integers([1000, trace.dimension], 0..<2, using: generator).converted(to: .float32)
        let points = Tensor(try data.batch(1000))
        var passed = true
        for (name, x, expected) in [
            ("coin flips", coinFlips, trace.energyOfCoinFlips), ("data", points, trace.energyOfData),
        ] {
            guard let expected else { continue }
            let energies = model.evaluate(x)
            passed = check("mean energy of \(name)", energies.mean().item(), expected[0], tolerance: 1e-4) && passed
            passed =
                check(
                    "its standard deviation", energies.variance().squareRoot().item(), expected[1], tolerance: 1e-4)
                && passed
        }
        return passed
    }

    private func check(_ name: String, _ ours: Double, _ theirs: Double, tolerance: Double) -> Bool {
        let difference = abs(ours - theirs) / abs(theirs)
        let met = difference <= tolerance
        report("\(name): \(ours), the file's \(theirs): \(verdict(met))")
        return met
    }

    private func checkParameters(
        _ model: MLPEnergy, _ expected: [GoldenTrace.ParameterRecord], _ title: String, tolerance: Double
    ) -> Bool {
        // The file's names are its program's; the order is the same, and the output bias may be left out.
        let worst = zip(model.parameters, expected).map { parameter, record in
            (name: record.name, difference: abs(parameter.tensor.norm().item() - record.l2) / record.l2)
        }.max { $0.difference < $1.difference }!
        let met = worst.difference <= tolerance && expected.count >= model.parameters.count - 1
        report(
            "\(title): largest relative difference of a norm \(scientific(worst.difference)) (\(worst.name)), "
                + "tolerance \(scientific(tolerance)): \(verdict(met))")
        return met
    }

    private func verdict(_ met: Bool) -> String { met ? "met" : "MISSED" }

    private func scientific(_ value: Double) -> String { String(format: "%.1e", value) }
}

extension GoldenTrace {
    var isCommunity: Bool { variant == "community" }

    /// The objective that the file's fields describe.
    func objective(_ file: URL) throws -> RatioMatching {
        let estimator: RatioMatching.Estimator =
            switch method {
            case "rm": .exact
            case "rand": .uniform(flips: flips)
            case "ggis_unbiased": .gradientGuided(flips: flips)
            case "ggis_biased": .gradientGuidedUnweighted(flips: flips)
            default:
                throw RunError("\(file.path): 'method' is '\(method)', expected rm, rand, ggis_unbiased or ggis_biased")
            }
        return RatioMatching(
            estimator, pairing: pairing.hasPrefix("mismatched") ? .misread : .own, replacement: withReplacement,
            proposalIsConstant: proposalIsDetached)
    }
}
