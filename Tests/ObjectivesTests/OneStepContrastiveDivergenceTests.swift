import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct OneStepContrastiveDivergenceTests {
    private let generator = RandomGenerator(seed: 61)

    private func isotropic(_ precision: Double) -> GaussianEnergy {
        let model = GaussianEnergy(dimension: 2, dtype: .float64)
        withoutGradients { model.factor.assign(precision.squareRoot() * Tensor.identity(2, dtype: .float64)) }
        return model
    }

    /// With the dropped term the loss is D of equation 4 up to log Z, which cancels, in the batch's own law; and its
    /// gradient is D's: by central differences through the step itself. Without the term it is not.
    @Test func withTheDroppedTermTheGradientIsTheObjectives() throws {
        let step = 0.7
        let model = ContinuousMLPEnergy(
            dimension: 2, hidden: [5, 4], confinement: 0.6, dtype: .float64, using: generator)
        let x = Tensor.normal([12, 2], dtype: .float64, using: generator)
        let z = Tensor.normal([12, 2], dtype: .float64, using: RandomGenerator(seed: 3))
        // mean E(x) − mean [E(x̃) + log p⁽¹⁾(x̃)], written out.
        func divergence() -> Double {
            let centres = x - 0.5 * step * step * model.inputGradient(x)
            let moved = (centres + step * z).array(Double.self)
            let means = centres.array(Double.self)
            var sum = 0.0
            for i in 0..<12 {
                var density = 0.0
                for j in 0..<12 {
                    let (a, b) = (moved[2 * i] - means[2 * j], moved[2 * i + 1] - means[2 * j + 1])
                    density += exp(-(a * a + b * b) / (2 * step * step)) / (2 * Double.pi * step * step)
                }
                sum += log(density / 12)
            }
            let energies = model.evaluate(x).mean() - model.evaluate(Tensor(moved, shape: [12, 2])).mean()
            return energies.item() - sum / 12
        }
        func found(_ weight: Double) throws -> (loss: Tensor, gradients: [Tensor]) {
            try OneStepContrastiveDivergence(step: step, droppedTermWeight: weight).lossAndGradients(
                model, x, using: RandomGenerator(seed: 3))
        }
        let (whole, plain, added) = (try found(-1), try found(0), try found(1))
        #expect(abs(whole.loss.item() - divergence()) < 1e-12)
        var gap = 0.0
        for (index, parameter) in model.parameters.tensors.enumerated() {
            let differences = centralDifferences(at: parameter, of: divergence)
            #expect(deviation(whole.gradients[index].array(), differences) < 1e-7)
            gap = max(gap, deviation(plain.gradients[index].array(), differences))
            // The term enters by its weight.
            #expect(deviation(whole.gradients[index] + added.gradients[index], 2 * plain.gradients[index]) < 1e-12)
        }
        #expect(gap > 1e-3)
    }

    /// From N(0, I) a step with E = ½P‖x‖² leads to the variance (1 − ε²P/2)² + ε², which is 1 again, and the gradient
    /// 0, where P(1 − ε²P/4) = 1: at P = 1.25 for ε = 0.8, not at the truth. Six standard errors over 100 batches.
    @Test func itsFixedPointIsThatOfTheDiscreteChain() throws {
        let objective = try OneStepContrastiveDivergence(step: 0.8)
        func slope(_ precision: Double) throws -> (mean: Double, error: Double) {
            let model = isotropic(precision)
            let slopes = try (0..<100).map { _ -> Double in
                let x = Tensor.normal([1000, 2], dtype: .float64, using: generator)
                return try objective.lossAndGradients(model, x, using: generator).gradients[1].diagonal().sum().item()
            }
            let mean = slopes.reduce(0, +) / 100
            return (mean, (slopes.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 99 / 100).squareRoot())
        }
        let (fixed, truth) = (try slope(1.25), try slope(1))
        #expect(abs(fixed.mean) < 6 * fixed.error)
        #expect(abs(truth.mean) > 12 * truth.error)
    }

    @Test func settingsWithoutMeaningAreNamed() {
        for bad in [0, -1, .nan, .infinity] {
            #expect(throws: ObjectiveSettingError.self) { try OneStepContrastiveDivergence(step: bad) }
        }
        #expect(throws: ObjectiveSettingError.self) {
            try OneStepContrastiveDivergence(step: 1, droppedTermWeight: .nan)
        }
    }
}
