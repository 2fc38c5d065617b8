import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct LearnedSteinTests {
    private let generator = RandomGenerator(seed: 51)

    /// ∇·f by central differences; and the gradients in θ and ψ.
    @Test(arguments: [[5], [6, 4]]) func derivativesMatchFiniteDifferences(hidden: [Int]) throws {
        let critic = SteinCritic(dimension: 3, hidden: hidden, dtype: .float64, using: generator)
        let model = ContinuousMLPEnergy(dimension: 3, hidden: [5], confinement: 0.5, dtype: .float64, using: generator)
        let x = Tensor.normal([6, 3], dtype: .float64, using: generator)
        let divergence = (0..<3).reduce(into: [Double](repeating: 0, count: 6)) { sum, i in
            let column = centralDifferences(at: x) {
                critic.valueAndDivergence(x).value.detached().selected(1, i).sum().item()
            }
            for point in 0..<6 { sum[point] += column[3 * point + i] }
        }
        #expect(deviation(critic.valueAndDivergence(x).divergence.detached().array(), divergence) < 1e-8)

        let objective = try LearnedStein(penalty: 0.7)
        func values() -> (loss: Double, gain: Double) {
            guard let found = try? objective.values(model, critic, x) else { return (.nan, .nan) }
            return (found.discrepancy.item(), found.criticGain.item())
        }
        let found = try objective.lossAndGradients(model, critic, x)
        for (parameter, gradient) in zip(model.parameters.tensors, found.model) {
            #expect(deviation(gradient.array(), centralDifferences(at: parameter) { values().loss }) < 1e-7)
        }
        for (parameter, gradient) in zip(critic.parameters.tensors, found.critic) {
            #expect(deviation((-gradient).array(), centralDifferences(at: parameter) { values().gain }) < 1e-7)
        }
    }

    /// Trained against a fixed model on fresh data, the critic nears (s − ∇ log p_data)/2λ: its gain is the Fisher
    /// divergence over 2λ, which bounds it, both by quadrature.
    @Test func theBestCriticMeasuresTheFisherDivergence() throws {
        let data = try GaussianDensity(
            mean: Tensor([0.5, 0]), covariance: Tensor([1, 0.3, 0.3, 0.7] as [Double], shape: [2, 2]))
        let model = try GaussianDensity(dimension: 2, standardDeviation: 1.2)
        let critic = SteinCritic(dimension: 2, hidden: [24], dtype: .float64, using: generator)
        let objective = try LearnedStein(penalty: 0.5)
        let adam = Adam(critic.parameters, .init(learningRate: 0.02))
        for step in 0..<400 {
            if step == 250 { adam.settings.learningRate = 0.004 }
            adam.update(
                try objective.lossAndGradients(model, critic, data.sample(512, dtype: .float64, using: generator))
                    .critic)
        }
        let grid = try QuadratureGrid(x: -5.5...6.5, y: -5...5, columns: 100, rows: 100)
        let points = grid.points(dtype: .float64)
        let p = data.logDensity(points).exp() * grid.cellArea
        let fisher = 0.5 * (p * (model.score(points) - data.score(points)).squared().sum(1)).sum().item()
        let (value, divergence) = withoutGradients { critic.valueAndDivergence(points) }
        let stein = divergence + (model.score(points) * value).sum(1)
        let gain = (p * (stein - 0.5 * value.squared().sum(1))).sum().item()
        #expect(gain < fisher + 1e-9 && gain > 0.9 * fisher)
    }

    @Test func whatHasNoMeaningIsNamed() throws {
        #expect(throws: ObjectiveSettingError.self) { try LearnedStein(penalty: 0) }
        let critic = SteinCritic(dimension: 2, hidden: [4], dtype: .float64, using: generator)
        let model = GaussianEnergy(dimension: 2, dtype: .float64)
        let x = Tensor.normal([4, 2], dtype: .float64, using: generator)
        withoutGradients { critic.layers[0].weight.fill(.nan) }
        #expect(throws: NonFiniteQuantity("critic's divergence")) {
            try LearnedStein(penalty: 1).lossAndGradients(model, critic, x)
        }
        withoutGradients { model.mean.fill(.infinity) }
        #expect(throws: NonFiniteQuantity("score")) { try LearnedStein(penalty: 1).lossAndGradients(model, critic, x) }
    }
}
