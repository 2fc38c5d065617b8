import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

@Suite struct MaximumEntropyModelTests {
    private typealias Model = MaximumEntropyModel

    /// The means of a model's features by plain sums over its states.
    private func means(_ model: MaximumEntropyModel) -> [Double] {
        let states = allStates(model.dimension)
        let p = boltzmannProbabilities(model.evaluate(states).array())
        return (model.features.function(states) * Tensor(p).unsqueezed(1)).sum(0).array()
    }

    /// Means alone: independent bits, ηᵢ = log μᵢ/(1 − μᵢ), and the entropy of coins. Means down to 10⁻⁶ are feasible.
    @Test func meansOfBitsMakeIndependentBits() throws {
        let mu = [0.5, 0.1, 0.9, 1e-6, 0.3]
        let fit = try Model.fit(dimension: 5, features: .values(.bits, dimension: 5), moments: mu)
        let eta = fit.model.multipliers.array(Double.self)
        // An error of 10⁻¹⁰ in the mean of 10⁻⁶ is one of 10⁻⁴ in its logit; the last step leaves far less.
        #expect(zip(eta, mu).allSatisfy { abs($0 - log($1 / (1 - $1))) < 1e-6 })
        #expect(deviation(means(fit.model), mu) < 1e-10 && fit.largestError < 1e-10)
        let coins = mu.reduce(0) { $0 - $1 * log($1) - (1 - $1) * log(1 - $1) }
        #expect(abs(fit.entropy - coins) < 1e-9)
    }

    /// First and second moments of a Boltzmann machine give its fields and couplings back: the dual's optimum is
    /// unique. The model's distribution, entropy and moments follow.
    @Test(arguments: Alphabet.allCases)
    func pairMomentsGiveTheBoltzmannMachineBack(alphabet: Alphabet) throws {
        let d = 6
        let truth = randomQuadratic(d, scale: 0.5, alphabet: alphabet, seed: 31)
        let exact = try truth.exactMoments()
        let pairs = (0..<d).flatMap { i in (i + 1..<d).map { i * d + $0 } }
        let moments = exact.moments.first + pairs.map { exact.moments.second[$0] }
        let fit = try Model.fit(dimension: d, features: .valuesAndPairs(alphabet, dimension: d), moments: moments)
        let eta = fit.model.multipliers.array(Double.self)
        #expect(deviation(eta, truth.fields + pairs.map { truth.couplings[$0] }) < 1e-8)
        #expect(deviation(means(fit.model), moments) < 1e-10)
        #expect(abs(fit.entropy - exact.entropy) < 1e-9)
        #expect(fit.iterations < 20)
        let expected = (0..<64).map { truth.energy(ofState: $0) }
        #expect(deviation(fit.model.evaluate(allStates(d)).array(), expected) < 1e-7)
        let x = coinFlips([4, d], dtype: .float64)
        let found = gradients(of: fit.model.energy(x).sum(), withRespectTo: [fit.model.multipliers])[0]
        #expect(deviation(found, -fit.model.features.function(x).sum(0)) < 1e-14)
    }

    /// No distribution of these moments has more entropy: moving along a direction that keeps them only loses.
    @Test func theEntropyIsTheLargest() throws {
        // One feature, the number of ones, over three bits: mean 2.
        let count = Model.Features(count: 1) { $0.sum(1).unsqueezed(1) }
        let fit = try Model.fit(dimension: 3, features: count, moments: [2])
        // e^{ηn}, three equal bits of mean 2/3.
        #expect(abs(fit.model.multipliers.item() - log(2)) < 1e-9)
        let p = boltzmannProbabilities(fit.model.evaluate(allStates(3)).array())
        #expect(abs(entropy(of: p) - fit.entropy) < 1e-10)
        // States 001 and 110 have three ones together, 010 and 101 too: weight moved from one couple to the other keeps
        // the mean.
        for change in [-0.01, -1e-4, 1e-4, 0.01] {
            var q = p
            for state in [1, 6] { q[state] += change }
            for state in [2, 5] { q[state] -= change }
            #expect(entropy(of: q) < fit.entropy)
        }
    }

    /// Features that repeat one another, and one that is constant, cost nothing as long as their means agree.
    @Test func dependentFeaturesAreFitted() throws {
        let features = Model.Features(count: 5) { x in
            let a = x.selected(1, 0), b = x.selected(1, 1)
            return .stacked([a, b, a + b, 2 * a, Tensor.ones(a.shape, dtype: a.dtype)], along: 1)
        }
        let fit = try Model.fit(dimension: 3, features: features, moments: [0.2, 0.6, 0.8, 0.4, 1])
        #expect(deviation(means(fit.model), [0.2, 0.6, 0.8, 0.4, 1]) < 1e-10)
        let constant = Model.Features(count: 1) { Tensor.full([$0.size(0), 1], 3, dtype: $0.dtype) }
        #expect(try Model.fit(dimension: 3, features: constant, moments: [3]).entropy == 3 * log(2))
        #expect(throws: MaximumEntropyError.self) { try Model.fit(dimension: 3, features: constant, moments: [2.5]) }
        do {
            _ = try Model.fit(dimension: 3, features: features, moments: [0.2, 0.6, 0.9, 0.4, 1])
            Issue.record("means that contradict one another were accepted")
        } catch {
            #expect(error.description.contains("is the same for all states, and the moments' is off by"))
        }
    }

    /// ⟨s₀s₁⟩ = ⟨s₁s₂⟩ = ⟨s₀s₂⟩ = −½ asks for a sum of −1.5 where every state has at least −1: each moment alone is
    /// possible.
    @Test func momentsThatContradictEachOtherAreInfeasible() {
        let features = Model.Features(count: 3) { x in
            let s = 2 * x - 1
            return s * s.indexSelected(1, Tensor([1, 2, 0]))
        }
        for sum in [-0.5, -0.35] {
            do {
                _ = try Model.fit(dimension: 3, features: features, moments: [sum, sum, sum])
                Issue.record("infeasible moments were accepted")
            } catch {
                guard case .infeasible(let direction, let wanted, let most) = error else {
                    Issue.record("\(error)")
                    continue
                }
                // −(f₀ + f₁ + f₂), at most 1.
                #expect(deviation(direction, [-1, -1, -1]) < 1e-3)
                #expect(abs(most - 1) < 1e-2 && abs(wanted + 3 * sum) < 1e-2 && wanted > most)
                #expect(error.description.contains("no distribution has these moments: the combination -1·f["))
            }
        }
        // −1/3 is the boundary, −0.33 within.
        #expect { try Model.fit(dimension: 3, features: features, moments: [-1.0 / 3, -1.0 / 3, -1.0 / 3]) } throws: {
            if case .boundary? = $0 as? MaximumEntropyError { true } else { false }
        }
        #expect(throws: Never.self) { try Model.fit(dimension: 3, features: features, moments: [-0.33, -0.33, -0.33]) }
    }

    @Test func momentsOnTheBoundaryAreNamed() {
        for mu in [[1.0, 0.5], [0.5, 0]] {
            do {
                _ = try Model.fit(dimension: 2, features: .values(.bits, dimension: 2), moments: mu)
                Issue.record("a bit that never varies was accepted")
            } catch {
                guard case .boundary = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(error.description.contains("boundary of what is possible"))
            }
        }
    }

    @Test func badInputIsNamed() {
        func message(_ d: Int, _ moments: [Double], _ features: Model.Features? = nil) -> String {
            do {
                _ = try Model.fit(dimension: d, features: features ?? .values(.spins, dimension: d), moments: moments)
                return "accepted"
            } catch { return error.description }
        }
        #expect(message(2, [0.1, 0.2]) == "accepted")
        #expect(message(21, [Double](repeating: 0, count: 21)).contains("d must be 1 to 20"))
        #expect(message(0, [0], .values(.spins, dimension: 1)).contains("d must be 1 to 20"))
        #expect(message(2, [0.1]) == "1 moments for 2 features: give one for each")
        #expect(message(2, [0.1, .nan]).contains("moment [1] is nan"))
        #expect(message(2, [0.1, -1.2]) == "moment [1] is -1.2, but feature [1] lies in -1.0 … 1.0")
        #expect(
            message(2, [0.1], .init(count: 1) { $0.sum(1).unsqueezed(1).log() }).contains("a feature is not finite"))
    }
}
