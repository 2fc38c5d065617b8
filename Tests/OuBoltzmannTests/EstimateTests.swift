import EnergyModels
import Foundation
import Objectives
import Oracles
import OuBoltzmann
import Testing
import Torch

@Suite struct EstimateTests {
    private func mlp(_ generator: RandomGenerator, scale: Double) -> MLPEnergy {
        let model = MLPEnergy(dimension: 5, hidden: [6, 6], dtype: .float64, using: generator)
        withoutGradients {
            for parameter in model.parameters where parameter.name != "swish.beta" {
                parameter.tensor.assign(parameter.tensor * scale)
            }
        }
        return model
    }

    /// The closed formulas beside 2,500 draws of the objectives themselves, for each estimate: mean and trace of the
    /// gradient's covariance, and of the loss, within five standard errors (from the draws' own spread), and not for
    /// want of precision: those are below a tenth of the value.
    @Test func theFormulasAreTheMomentsOfTheObjectivesDraws() throws {
        let generator = RandomGenerator(seed: 31)
        let model = mlp(generator, scale: 2.5)
        let x = Tensor([1.0, 0, 0, 1, 1], shape: [1, 5])
        let estimates = PointEstimates(model, x)
        #expect(estimates.proposalDistance > 0.01, "the first-order flip is an approximation here")
        let exact = try RatioMatching(.exact).lossAndGradients(model, x, using: generator)
        let exactLoss = exact.loss.item()
        func flat(_ tensors: [Tensor]) -> Tensor { .concatenated(tensors.map { $0.reshaped([$0.count]) }) }
        let exactGradient = flat(exact.gradients)
        let norm = exactGradient.squared().sum().item()
        let cases: [(FlipEstimator, RatioMatching.Estimator)] = [
            (.uniform, .uniform(flips: 3)), (.guided, .gradientGuided(flips: 3)), (.optimal, .optimal(flips: 3)),
            (.unweighted, .gradientGuidedUnweighted(flips: 3)),
        ]
        for (estimator, drawn) in cases {
            var lossErrors: [Double] = [], gradientErrors: [Double] = []
            for _ in 0..<2500 {
                let (loss, found) = try RatioMatching(drawn).lossAndGradients(model, x, using: generator)
                lossErrors.append(pow(loss.item() / exactLoss - 1, 2))
                gradientErrors.append((flat(found) - exactGradient).squared().sum().item() / norm)
            }
            let errors = estimates.errors(of: estimator, flips: 3)
            for (values, formula) in [(lossErrors, errors.loss), (gradientErrors, errors.gradient)] {
                let mean = values.reduce(0, +) / 2500
                let error = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }).squareRoot() / 2500
                #expect(abs(mean - formula) < 5 * error + 1e-14, "\(estimator): \(mean) by draws, \(formula)")
                #expect(formula < 1e-12 || error < 0.1 * formula, "\(estimator)")
            }
        }
        let surrogate = try RatioMatching(.surrogate).lossAndGradients(model, x, using: generator)
        let errors = estimates.errors(of: .surrogate, flips: 3)
        #expect(abs(errors.loss - pow(surrogate.loss.item() / exactLoss - 1, 2)) < 1e-12 * errors.loss)
        let distance = (flat(surrogate.gradients) - exactGradient).squared().sum().item() / norm
        #expect(abs(errors.gradient - distance) < 1e-10 * distance)
        #expect(errors.lossVariance == 0 && errors.gradientVariance == 0)
    }

    /// n ∝ ‖gᵢ‖ has the least gradient variance that a weighted proposal can have, n* no loss variance; a variance
    /// falls as 1/s, and the unweighted form's grows as s.
    @Test func eachOptimalProposalIsTheBestOfItsKind() {
        let generator = RandomGenerator(seed: 32)
        for scale in [1.0, 3] {
            let model = mlp(generator, scale: scale)
            for row in 0..<4 {
                let x = allStates(5).narrowed(0, start: 7 * row, length: 1)
                let estimates = PointEstimates(model, x)
                let best = estimates.errors(of: .gradientOptimal, flips: 1).gradientVariance
                // By Cauchy and Schwarz none has less than ((Σ ‖gᵢ‖)² − ‖Σ gᵢ‖²)/‖Σ gᵢ‖²; each gᵢ here from the loss of
                // one flip.
                let g = (0..<5).map { flip in
                    let loss = RatioMatching(.uniform(flips: 1)).loss(
                        model, x, at: Tensor([flip], shape: [1, 1]), proposal: nil)
                    return Tensor.concatenated(
                        gradients(of: loss, withRespectTo: model.parameters.tensors).map { $0.reshaped([$0.count]) })
                }
                let norms = g.reduce(0) { $0 + $1.norm().item() }
                let least = norms * norms / g.dropFirst().reduce(g[0], +).squared().sum().item() - 1
                #expect(abs(best - least) < 1e-10 * (1 + least), "\(best) and \(least)")
                for other in [FlipEstimator.uniform, .guided, .optimal] {
                    let one = estimates.errors(of: other, flips: 1)
                    #expect(best <= one.gradientVariance * (1 + 1e-12), "\(other)")
                    #expect(
                        abs(estimates.errors(of: other, flips: 4).gradient * 4 - one.gradient) < 1e-12 * one.gradient)
                }
                #expect(estimates.errors(of: .optimal, flips: 1).loss < 1e-12)
                let unweighted = estimates.errors(of: .unweighted, flips: 1).gradientVariance
                #expect(
                    abs(estimates.errors(of: .unweighted, flips: 4).gradientVariance - 4 * unweighted) < 1e-12
                        * unweighted)
            }
        }
    }

    /// In a fully visible Boltzmann machine the guided proposal is the optimal one, and equation 12 is exact ratio
    /// matching.
    @Test(arguments: [0.5, 3]) func theFirstOrderFlipOfABoltzmannMachineIsExact(_ scale: Double) throws {
        let energy = try randomMachine(8, couplings: scale, fields: scale / 2, using: RandomGenerator(seed: 33))
        let model = BoltzmannMachine(energy, dtype: .float64)
        for state in [0, 100, 255] {
            let estimates = PointEstimates(model, allStates(8).narrowed(0, start: state, length: 1))
            #expect(estimates.proposalDifference < 1e-12)
            #expect(estimates.errors(of: .guided, flips: 1).loss < 1e-12)
            #expect(estimates.errors(of: .surrogate, flips: 1).loss < 1e-20)
            #expect(estimates.errors(of: .surrogate, flips: 1).gradient < 1e-20)
        }
    }

    /// The weighted sum over states beside plain expectations: the mean over all states, each weighted by p^power, one
    /// by one.
    @Test(arguments: [1.0, 2]) func enumeratedGradientsAreExpectations(_ power: Double) throws {
        let model = mlp(RandomGenerator(seed: 34), scale: 2)
        let found = ExpectedGradients(enumerating: model, power: power)
        let p = boltzmannProbabilities(model.evaluate(allStates(5)).array(Double.self)).map { pow($0, power) }
        var sums: [Tensor]?
        for (row, state) in stateNumbers(allStates(5)).enumerated() {
            let one = try ExpectedGradients(model, over: allStates(5).narrowed(0, start: row, length: 1))
            let parts = [one.exact, one.unweighted, one.surrogate].map { $0 * p[state] }
            sums = sums.map { zip($0, parts).map { $0 + $1 } } ?? parts
        }
        // They are known up to one factor.
        let factor = found.exact.norm().item() / sums![0].norm().item()
        for (a, b) in zip([found.exact, found.unweighted, found.surrogate], sums!) {
            #expect(ExpectedGradients.distance(a, from: b * factor) < 1e-10)
        }
        #expect(ExpectedGradients.turn(found.surrogate, from: found.exact) > 0.01)
        #expect(ExpectedGradients.turn(found.unweighted, from: found.exact) > 0.01)
        #expect(ExpectedGradients.turn(3 * found.exact, from: found.exact) < 1e-12)
    }

    /// Frequencies of 40,000 draws beside the probabilities: a state of probability 0 never comes, the others within
    /// five standard deviations.
    @Test func exactDrawsFollowTheProbabilities() {
        let logarithms = [0.3, -Double.infinity, 1.2, -2, 0, 0.1, -1, -Double.infinity]
        let p = logarithms.map(exp)
        let total = p.reduce(0, +)
        let x = exactDraws(logProbabilities: logarithms, count: 40_000, using: RandomGenerator(seed: 35))
        var counts = [Int](repeating: 0, count: 8)
        for state in stateNumbers(x) { counts[state] += 1 }
        for (count, weight) in zip(counts, p) {
            let expected = 40_000 * weight / total
            #expect(abs(Double(count) - expected) <= 5 * (expected * (1 - weight / total)).squareRoot())
        }
    }
}
