import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// Float64 throughout unless said; 10⁻¹³ is some hundred roundings of numbers of order one.
@Suite struct BoltzmannMachineTests {
    private func machine(_ alphabet: Alphabet, d: Int = 6, dtype: DType = .float64) -> BoltzmannMachine {
        BoltzmannMachine(randomQuadratic(d, scale: 0.7, alphabet: alphabet, offset: 0.3, seed: 5), dtype: dtype)
    }

    /// Against the pair by pair sums of `QuadraticEnergy`, and by that of all states.
    @Test(arguments: Alphabet.allCases)
    func theEnergyIsThatOfItsNumbers(alphabet: Alphabet) throws {
        let machine = machine(alphabet)
        let expected = (0..<64).map {
            randomQuadratic(6, scale: 0.7, alphabet: alphabet, offset: 0.3, seed: 5).energy(ofState: $0)
        }
        #expect(deviation(machine.evaluate(allStates(6)).array(), expected) < 1e-14)
        #expect(
            try machine.quadraticEnergy() == randomQuadratic(6, scale: 0.7, alphabet: alphabet, offset: 0.3, seed: 5))
        let other = try machine.converted(to: alphabet == .bits ? .spins : .bits)
        #expect(deviation(other.evaluate(allStates(6)).array(), expected) < 1e-14)
        #expect(machine.dtype == .float64 && self.machine(alphabet, dtype: .float32).dtype == .float32)
        let zero = BoltzmannMachine(dimension: 3, alphabet: alphabet).evaluate(allStates(3, dtype: .float32))
        #expect(zero.array() == [Float](repeating: 0, count: 8))
    }

    /// An asymmetric matrix with a diagonal counts by its symmetric part without it.
    @Test(arguments: Alphabet.allCases)
    func onlyTheSymmetricPartCounts(alphabet: Alphabet) throws {
        let machine = machine(alphabet)
        let energies = machine.evaluate(allStates(6))
        let lower = Tensor.normal([6, 6], dtype: .float64, using: RandomGenerator(seed: 9)).lowerTriangle(-1)
        withoutGradients {
            machine.couplings.assign(
                machine.couplings + lower - lower.transposed() + Tensor.identity(6, dtype: .float64) * 3)
        }
        #expect(deviation(machine.evaluate(allStates(6)), energies) < 1e-14)
        let j = machine.symmetricCouplings.detached()
        #expect(
            j.array(Double.self) == j.transposed().array() && j.diagonal().array() == [Double](repeating: 0, count: 6))
        #expect(deviation(try machine.quadraticEnergy().couplings, j.array()) == 0)
    }

    @Test(arguments: Alphabet.allCases)
    func flipDifferencesAreThoseOfFlippedCopies(alphabet: Alphabet) {
        let (machine, x) = (machine(alphabet), coinFlips([10, 6], dtype: .float64))
        let indices = Tensor((0..<40).map { $0 * 7 % 6 }, shape: [10, 4])
        for indices in [nil, indices] {
            let (found, expected) = (
                machine.flipDifferences(x, at: indices), machine.genericFlipDifferences(x, at: indices)
            )
            #expect(deviation(found, expected) < 1e-13)
            // The parameters' gradients too, of a sum in which no two differences weigh the same.
            let weights = Tensor.normal(found.shape, dtype: .float64, using: RandomGenerator(seed: 3))
            let parameters = machine.parameters.tensors
            let a = gradients(of: (weights * found.squared()).sum(), withRespectTo: parameters)
            let b = gradients(of: (weights * expected.squared()).sum(), withRespectTo: parameters)
            for (a, b) in zip(a, b) { #expect(deviation(a, b) < 1e-12) }
        }
    }

    /// E is linear in each bit: the first-order difference (2x − 1) ⊙ ∇ₓE is the flip's.
    @Test(arguments: Alphabet.allCases)
    func theFirstOrderFlipIsExact(alphabet: Alphabet) {
        let (machine, x) = (machine(alphabet), coinFlips([10, 6], dtype: .float64))
        #expect(deviation(machine.inputGradient(x), machine.recordedInputGradient(x)) < 1e-13)
        #expect(!machine.inputGradient(x).requiresGradient)
        let firstOrder = (2 * x - 1) * machine.inputGradient(x)
        #expect(deviation(firstOrder, machine.genericFlipDifferences(x, at: nil)) < 1e-13)
    }

    /// By central differences in every entry, 10⁻¹⁰ from the step; symmetric, with a zero diagonal.
    @Test(arguments: Alphabet.allCases)
    func gradientsOfTheCouplingsStaySymmetric(alphabet: Alphabet) {
        let (machine, x) = (machine(alphabet), coinFlips([10, 6], dtype: .float64))
        let loss = { machine.flipDifferences(x, at: nil).exp().sum() }
        let found = gradients(of: loss(), withRespectTo: machine.parameters.tensors)
        for (parameter, gradient) in zip(machine.parameters.tensors, found) {
            let expected = centralDifferences(at: parameter) { withoutGradients { loss().item() } }
            #expect(deviation(gradient.array(), expected) < 1e-8)
        }
        #expect(found[0].array(Double.self) == found[0].transposed().array())
        #expect(found[0].diagonal().array() == [Double](repeating: 0, count: 6))
    }

    /// Points alone are carried from flip to flip: float32 errors do not grow with the number of flips.
    @Test(arguments: Alphabet.allCases)
    func chainsStayTrue(alphabet: Alphabet) {
        follow(machine(alphabet, d: 7), dtype: .float64, steps: 100, tolerance: 1e-13)
        follow(machine(alphabet, d: 7, dtype: .float32), dtype: .float32, steps: 100, tolerance: 3e-6)
    }

    /// The recorded likelihood: its value from all probabilities, its gradients by central differences.
    @Test(arguments: Alphabet.allCases)
    func theExactLikelihoodHasItsGradients(alphabet: Alphabet) throws {
        let machine = machine(alphabet)
        let x = coinFlips([20, 6], dtype: .float64)
        let data = BinaryMoments(of: x, alphabet: .spins)
        let loss = try machine.exactNegativeLogLikelihood(of: data)
        #expect(abs(loss.item() - machine.exactNegativeLogLikelihood(of: x)[0]) < 1e-12)
        let found = gradients(of: 3 * loss, withRespectTo: machine.parameters.tensors)
        for (parameter, gradient) in zip(machine.parameters.tensors, found) {
            let expected = centralDifferences(at: parameter) { 3 * machine.exactNegativeLogLikelihood(of: x)[0] }
            #expect(deviation(gradient.array(), expected) < 1e-8)
        }
        withoutGradients { machine.fields.fill(.nan) }
        #expect(throws: CouplingError.self) { try machine.exactNegativeLogLikelihood(of: data) }
    }

    /// Exact maximum likelihood recovers a machine from its own moments: L-BFGS to gradients of 10⁻⁹, couplings to
    /// 10⁻⁷. The kernel of contiguous matrices gives the same bytes as tensor operations, which others take.
    @Test(arguments: [1, 2, 31, 32, 33, 130])
    func symmetricPartsAreThoseOfTensorOperations(d: Int) {
        for dtype in [DType.float32, .float64] {
            let matrix = Tensor.normal([d, d], dtype: dtype, using: RandomGenerator(seed: UInt64(d)))
            let upper = (matrix + matrix.transposed()).upperTriangle(1) * 0.5
            let expected = (upper + upper.transposed()).array(Double.self)
            #expect(matrix.symmetricPartWithoutDiagonal().array(Double.self) == expected)
            #expect(matrix.transposed().symmetricPartWithoutDiagonal().array(Double.self) == expected)
        }
    }

    @Test func maximumLikelihoodRecoversTheMachine() throws {
        let truth = randomQuadratic(8, scale: 0.4, alphabet: .spins, seed: 8)
        let moments = try truth.exactMoments().moments
        let learner = BoltzmannMachine(dimension: 8, alphabet: .spins, dtype: .float64)
        let result = try LBFGS().minimize(learner.parameters.tensors) {
            let loss = try learner.exactNegativeLogLikelihood(of: moments)
            return (loss.item(), gradients(of: loss, withRespectTo: learner.parameters.tensors))
        }
        let found = try learner.quadraticEnergy()
        #expect(result.converged)
        #expect(deviation(found.couplings, truth.couplings) < 1e-7 && deviation(found.fields, truth.fields) < 1e-7)
    }
}
