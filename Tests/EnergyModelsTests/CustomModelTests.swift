import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// A model that states its energy alone gets everything else: `SpinEnergy` of the oracles, E = −½ sᵀJs − h·s, against
/// its closed forms. Float64 throughout; 10⁻¹³ is some hundred roundings.
@Suite struct CustomModelTests {
    private let model = SpinEnergy.random(6, scale: 0.7, using: RandomGenerator(seed: 5))
    private let x = coinFlips([10, 6], dtype: .float64)

    private var spins: Tensor { 2 * x - 1 }
    /// Σⱼ Jᵢⱼsⱼ + hᵢ
    private var localFields: Tensor { (spins.matmul(model.coupling) + model.field).detached() }

    /// E(x) − E(x₋ᵢ) = −2 sᵢ (Σⱼ Jᵢⱼsⱼ + hᵢ)
    @Test func flipDifferencesAreTwiceTheLocalFields() {
        let expected = -2 * spins * localFields
        #expect(deviation(model.flipDifferences(x, at: nil).detached(), expected) < 1e-13)
        let indices = Tensor((0..<30).map { $0 * 7 % 6 }, shape: [10, 3])
        #expect(deviation(model.flipDifferences(x, at: indices).detached(), expected.gathered(1, indices)) < 1e-13)
    }

    /// ∇ₓE = −2 (Js + h)
    @Test func theInputGradientIsTheLocalField() {
        #expect(deviation(model.inputGradient(x), -2 * localFields) < 1e-13)
        #expect(deviation(withoutGradients { model.inputGradient(x) }, -2 * localFields) < 1e-13)
        #expect(!model.inputGradient(x).requiresGradient)
    }

    /// ∂/∂Jᵢⱼ Σ E = −½ Σ sᵢsⱼ, ∂/∂hᵢ Σ E = −Σ sᵢ
    @Test func parametersLearnByTheirSpins() {
        let found = gradients(of: model.energy(x).sum(), withRespectTo: model.parameters.tensors)
        #expect(deviation(found[0], -0.5 * spins.transposed().matmul(spins)) < 1e-13)
        #expect(deviation(found[1], -spins.sum(0)) < 1e-13)
    }

    @Test func evaluatingRecordsNothing() {
        #expect(model.energy(x).requiresGradient && !model.evaluate(x).requiresGradient)
        #expect(model.energy(x).array(Double.self) == model.evaluate(x).array(Double.self))
    }

    @Test func flippedCopiesDifferInTheirBitAlone() {
        let indices = Tensor([2, 2, 5, 0], shape: [2, 2])
        let copies = SpinEnergy.flippedCopies(x[0..<2], at: indices).array(Int.self)
        let bits = x.array(Int.self)
        for (row, index) in [(0, 2), (0, 2), (1, 5), (1, 0)].enumerated().map({ ($0, $1) }) {
            let expected = (0..<6).map { $0 == index.1 ? 1 - bits[index.0 * 6 + $0] : bits[index.0 * 6 + $0] }
            #expect(Array(copies[row * 6..<row * 6 + 6]) == expected)
        }
        #expect(SpinEnergy.allIndices(x[0..<2]).array(Int.self) == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5])
    }
}
