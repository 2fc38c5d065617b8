import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

@Suite struct LangevinDynamicsTests {
    /// Five steps of PyTorch on the networks of Table 5.1, with its draws: float32 rounding of sums in another order.
    @Test(arguments: [("A", ConvNetArchitecture.a), ("B", .b), ("C", .c)])
    func chainsOnConvNetsArePyTorchs(name: String, architecture: ConvNetArchitecture) throws {
        let golden = try #require(try AdaNCEGolden.load().models[name])
        let model = try ConvNetEnergy(architecture, leakySlope: 0.05, using: RandomGenerator(seed: 0))
        model.assignGoldenParameters()
        model.assignGoldenState()
        let dynamics = try LangevinDynamics(stepSize: 1, noise: 0.005)
        let x = architecture.goldenImages(4, seed: 12345)
        for start in [x, x.channelsLast()] {
            let run = try dynamics.run(model.frozen(), from: start, steps: 5, using: RandomGenerator(seed: 777))
            #expect(relativeDeviation(Tensor(run.gradientNorms), Tensor(golden.langevin5MeanGradientL2PerStep)) < 2e-5)
            #expect(relativeDeviation(model.evaluate(run.points), Tensor(golden.langevin5Energy)) < 1e-5)
            #expect(abs(run.points.converted(to: .float64).sum().item() - golden.langevin5Sum) < 1e-3)
            #expect(deviation(Array(run.points.array(Double.self).prefix(6)), golden.langevin5First) < 1e-6)
            #expect(run.points.isChannelsLast == start.isChannelsLast)
            #expect(abs(run.meanGradientNorm - golden.langevin5MeanGradientL2PerStep.reduce(0, +) / 5) < 1e-6)
        }
    }

    /// On a Gaussian a step is linear: x ← (1 − τλ)x + σz, or with momentum (x, v) ← a matrix times (x, v); the
    /// covariance after n steps follows by recursion. 40,000 independent normals: five standard deviations are 3.5 %.
    @Test(arguments: [(0.3, 0.7, 0.0, 6), (0.3, 0.7, 0.5, 12), (1.0, 0.005, 0.0, 1), (0.1, 0.2, 0.9, 30)])
    func theVarianceOnAGaussianIsKnown(stepSize: Double, noise: Double, momentum: Double, steps: Int) throws {
        let precision = 1.7
        let dynamics = try LangevinDynamics(stepSize: stepSize, noise: noise, momentum: momentum)
        let run = try dynamics.run(
            GaussianEnergy(precision: precision), from: normals([10_000, 4], seed: 1), steps: steps,
            using: RandomGenerator(seed: 2))
        var (xx, xv, vv) = (1.0, 0.0, 0.0)
        for _ in 0..<steps {
            // v′ = μv − τλx + σz, x′ = x + v′
            let force = stepSize * precision
            let newVV = momentum * momentum * vv - 2 * momentum * force * xv + force * force * xx + noise * noise
            let newXV = momentum * xv - force * xx
            (xx, xv, vv) = (xx + 2 * newXV + newVV, newXV + newVV, newVV)
        }
        #expect(abs(varianceDeviation(run.points, xx)) < 5)
    }

    @Test func eulerMaruyamaCouplesStepAndNoise() throws {
        let dynamics = try LangevinDynamics.eulerMaruyama(timeStep: 0.09)
        #expect(dynamics.stepSize == 0.045 && dynamics.noise == 0.3)
    }

    /// Without noise: x ← (1 − τλ)x to the last place or so, the norm before each step recorded, the generator
    /// untouched.
    @Test func withoutNoiseItIsDescent() throws {
        let generator = RandomGenerator(seed: 3)
        let before = generator.state
        let x = Tensor([3.0, -4.0, 0.6, 0.8], shape: [2, 2])
        let run = try LangevinDynamics(stepSize: 0.25, noise: 0).run(
            GaussianEnergy(precision: 2), from: x, steps: 3, using: generator)
        #expect(deviation(run.points, x * 0.125) < 1e-15)
        #expect(deviation(run.gradientNorms, [6, 3, 1.5]) < 1e-15)
        #expect(run.meanGradientNorm == 3.5)
        #expect(generator.state == before)
        #expect(x.array(Double.self) == [3, -4, 0.6, 0.8])
    }

    @Test func gradientsAndPointsCanBeLimited() throws {
        let x = Tensor([3.0, -0.4], shape: [1, 2])
        let limited = try LangevinDynamics(stepSize: 0.5, noise: 0, gradientLimit: 1)
        let run = try limited.run(GaussianEnergy(), from: x, steps: 1, using: RandomGenerator(seed: 0))
        #expect(deviation(run.points.array(), [2.5, -0.2]) < 1e-15)
        // The norm is that of the gradient, not of what is left of it.
        #expect(deviation(run.gradientNorms, [3.0265491900843113]) < 1e-15)
        let boxed = try LangevinDynamics(stepSize: 0.5, noise: 3, box: -1...0.5)
        let points = try boxed.run(
            GaussianEnergy(), from: normals([50, 3], seed: 1), steps: 2, using: RandomGenerator(seed: 1)
        ).points
        #expect(points.min().item() == -1 && points.max().item() == 0.5)
    }

    @Test func stepsInTwoPartsAreTheSameChains() throws {
        let dynamics = try LangevinDynamics(stepSize: 0.1, noise: 0.3, momentum: 0.8)
        let start = normals([20, 2], seed: 1)
        let whole = try dynamics.run(QuarticEnergy(), from: start, steps: 7, using: RandomGenerator(seed: 5)).points
        let generator = RandomGenerator(seed: 5)
        let first = LangevinChains(dynamics, QuarticEnergy(), from: start, using: generator)
        try first.advance(3)
        let second = LangevinChains(
            dynamics, QuarticEnergy(), from: first.points, velocity: first.velocity, using: generator)
        try second.advance(4)
        #expect(second.points.array(Double.self) == whole.array(Double.self))
    }

    @Test func divergenceIsAnErrorThatNamesIt() throws {
        let steep = try LangevinDynamics(stepSize: 1e4, noise: 0)
        let x = Tensor([1.0, 0, 0.0, 0], shape: [2, 2]).converted(to: .float32)
        // 10⁴ a step: squares overflow float32 before the sixth.
        let error = #expect(throws: ChainDivergence.self) {
            _ = try steep.run(GaussianEnergy(), from: x, steps: 20, using: RandomGenerator(seed: 0))
        }
        #expect(error == ChainDivergence("gradient", step: 5, chains: 1, of: 2))
        #expect(error?.description == "divergence: the gradient of 1 of 2 chains is not finite at step 5")
        let last = #expect(throws: ChainDivergence.self) {
            _ = try LangevinDynamics(stepSize: 1e38, noise: 0).run(
                GaussianEnergy(), from: x * 100, steps: 1, using: RandomGenerator(seed: 0))
        }
        #expect(last == ChainDivergence("points", step: 1, chains: 1, of: 2))
        #expect(throws: ChainDivergence("gradient", step: 0, chains: 1, of: 2)) {
            _ = try steep.run(
                GaussianEnergy(), from: x / Tensor([1.0, 1, 0, 1], shape: [2, 2]), steps: 1,
                using: RandomGenerator(seed: 0))
        }
    }

    @Test func settingsOutOfRangeAreRefused() {
        #expect(throws: SamplingError.self) { _ = try LangevinDynamics(stepSize: 0, noise: 1) }
        #expect(throws: SamplingError.self) { _ = try LangevinDynamics(stepSize: .nan, noise: 1) }
        #expect(throws: SamplingError.self) { _ = try LangevinDynamics(stepSize: 1, noise: -1) }
        #expect(throws: SamplingError.self) { _ = try LangevinDynamics(stepSize: 1, noise: 1, momentum: 1) }
        #expect(throws: SamplingError.self) { _ = try LangevinDynamics(stepSize: 1, noise: 1, gradientLimit: 0) }
        #expect(throws: SamplingError.self) { _ = try LangevinDynamics.eulerMaruyama(timeStep: -1) }
    }
}
