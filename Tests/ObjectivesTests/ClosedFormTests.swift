import EnergyModels
import Objectives
import Oracles
import Testing
import Torch

/// The closed forms of Boltzmann machines beside the recorded loss of the same objective, in float64.
@Suite struct ClosedFormTests {
    private static let d = 7

    /// What is learnt need be neither symmetric nor zero on the diagonal.
    private func machine(_ alphabet: Alphabet) -> BoltzmannMachine {
        let generator = RandomGenerator(seed: 1)
        let machine = BoltzmannMachine(dimension: Self.d, alphabet: alphabet, dtype: .float64)
        machine.parameters.assign(
            Parameters([
                ("couplings", 0.4 * Tensor.normal([Self.d, Self.d], dtype: .float64, using: generator)),
                ("fields", 0.5 * Tensor.normal([Self.d], dtype: .float64, using: generator)),
            ]))
        return machine
    }

    private let x = Tensor.integers([11, d], 0..<2, dtype: .float64, using: RandomGenerator(seed: 2))

    private static let estimators: [RatioMatching.Estimator] = [
        .exact, .exactInChunks(of: 3), .uniform(flips: 4), .gradientGuided(flips: 4),
        .gradientGuidedUnweighted(flips: 4),
        .optimal(flips: 4), .surrogate,
    ]

    private func compare(_ objective: some BinaryObjective, _ machine: BoltzmannMachine) throws {
        let (loss, found) = try objective.lossAndGradients(machine, x, using: RandomGenerator(seed: 3))
        let recorded = try objective.loss(machine, x, using: RandomGenerator(seed: 3))
        let expected = gradients(of: recorded, withRespectTo: machine.parameters.tensors)
        #expect(abs(loss.item() - recorded.item()) < 1e-12 * abs(recorded.item()))
        for (a, b) in zip(found, expected) { #expect(deviation(a, b) < 1e-12 * (1 + b.abs().max().item())) }
        #expect(!loss.requiresGradient && found.allSatisfy { !$0.requiresGradient })
    }

    @Test(arguments: estimators, [RatioFunction.squared, .power(0.5), .bounded])
    func ratioMatchingIsTheRecordedOne(estimator: RatioMatching.Estimator, ratio: RatioFunction) throws {
        for alphabet in Alphabet.allCases { try compare(RatioMatching(estimator, ratio: ratio), machine(alphabet)) }
    }

    @Test func pseudoLikelihoodIsTheRecordedOne() throws {
        for alphabet in Alphabet.allCases { try compare(PseudoLikelihood(), machine(alphabet)) }
    }

    @Test func energyGradientsAreTheRecordedOnes() {
        for alphabet in Alphabet.allCases {
            let machine = machine(alphabet)
            let expected = gradients(of: machine.energy(x).mean(), withRespectTo: machine.parameters.tensors)
            for (a, b) in zip(machine.energyGradients(x), expected) { #expect(deviation(a, b) < 1e-13) }
        }
    }

    /// A flip that is not drawn enters nowhere, even where its ratio is beyond the largest float.
    @Test func ratiosBeyondTheLargestFloatEnterOnlyWhereTheyAreDrawn() throws {
        let machine = BoltzmannMachine(dimension: 2, alphabet: .bits)
        machine.parameters.assign(Parameters([("couplings", .zeros([2, 2])), ("fields", Tensor([Float(60), 0.5]))]))
        let x = Tensor([Float(0), 0], shape: [1, 2])
        let (loss, gradients) = try RatioMatching(.uniform(flips: 1))
            .lossAndGradients(machine, x, using: RandomGenerator(seed: 1, stream: "second"))
        let isFirst = loss.item() == .infinity
        var seen = isFirst
        for seed in 2..<40 as Range<UInt64> where !seen {
            seen =
                try RatioMatching(.uniform(flips: 1)).lossAndGradients(machine, x, using: RandomGenerator(seed: seed))
                .loss.item() == .infinity
        }
        #expect(seen && gradients.allSatisfy { isFirst || $0.isFinite().all() })
    }
}
