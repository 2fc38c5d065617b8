import EnergyModels
import Foundation
import Objectives
import Oracles
import Samplers
import Testing
import Torch

@Suite struct ChainLikelihoodTests {
    private let generator = RandomGenerator(seed: 71)

    /// The loss from each start is the difference of mean energies to where the transition leads from there, by draws
    /// of its own.
    @Test func chainsStartWhereTheyAreToldTo() throws {
        let model = ContinuousMLPEnergy(dimension: 2, hidden: [6], confinement: 0.5, dtype: .float64, using: generator)
        let x = Tensor.normal([8, 2], dtype: .float64, using: generator)
        let begin = Tensor.normal([5, 2], dtype: .float64, using: generator)
        let noise = try GaussianDensity(dimension: 2, standardDeviation: 2)
        let dynamics = try LangevinDynamics.eulerMaruyama(timeStep: 0.05)
        let run = try LangevinDynamics.Run(dynamics, steps: 3)
        func arrived(_ from: Tensor, _ seed: RandomGenerator) throws -> Tensor {
            try dynamics.run(model, from: from, steps: 3, using: seed).points
        }
        func gap(_ points: Tensor) -> Double { model.evaluate(x).mean().item() - model.evaluate(points).mean().item() }
        let seed = { RandomGenerator(seed: 4) }

        let data = try ChainLikelihood(run, from: .data).loss(model, x, using: seed()).item()
        #expect(try abs(data - gap(arrived(x, seed()))) < 1e-12)
        let anew = seed()
        let fresh = try ChainLikelihood(run, from: .noise(noise)).loss(model, x, using: seed()).item()
        #expect(try abs(fresh - gap(arrived(noise.sample(8, dtype: .float64, using: anew), anew))) < 1e-12)

        let persistent = ChainLikelihood(run, from: .persistent(begin))
        let (first, second) = (seed(), seed())
        var points = begin
        for _ in 0..<3 {
            let loss = try persistent.loss(model, x, using: first).item()
            points = try arrived(points, second)
            #expect(abs(loss - gap(points)) < 1e-12)
        }
        #expect(persistent.chains!.array(Double.self) == points.array(Double.self))
    }

    /// Persistent Hamiltonian chains, one proposal an update, lead Adam to the mean and the covariance of the sample,
    /// which maximise the likelihood; the parameters are averaged over the last updates.
    @Test func persistentChainsFindAGaussian() throws {
        let data = try GaussianDensity(
            mean: Tensor([0.7, -0.4]), covariance: Tensor([1, 0.5, 0.5, 0.8] as [Double], shape: [2, 2]))
        let x = data.sample(2000, dtype: .float64, using: generator)
        let model = GaussianEnergy(dimension: 2, dtype: .float64)
        let sampler = try HamiltonianMonteCarlo(stepSize: 0.4, leapfrogSteps: 4)
        let objective = ChainLikelihood(
            try HamiltonianMonteCarlo.Run(sampler, steps: 1),
            from: .persistent(.normal([2000, 2], dtype: .float64, using: generator)))
        let adam = Adam(model.parameters, .init(learningRate: 0.05, beta1: 0.5))
        var sums = model.parameters.tensors.map { Tensor.zeros(like: $0) }
        let (warmUp, averaged) = (150, 250)
        for step in 0..<warmUp + averaged {
            if step == warmUp { adam.settings.learningRate = 0.01 }
            adam.update(try objective.lossAndGradients(model, x, using: generator).gradients)
            if step >= warmUp {
                for (i, tensor) in model.parameters.tensors.enumerated() {
                    sums[i] += tensor.detached() / Double(averaged)
                }
            }
        }
        let centred = x - x.mean(0)
        let covariance = centred.transposed().matmul(centred) / 2000.0
        let factor = sums[1].lowerTriangle()
        let precision = factor.matmul(factor.transposed())
        // 2000 chains, 250 updates: the chains' means scatter by 1/√2000 = 0.022 an update, less than a third of that
        // over the average.
        #expect((sums[0] - x.mean(0)).abs().max().item() < 0.04)
        #expect((precision.matmul(covariance) - .identity(2, dtype: .float64)).abs().max().item() < 0.08)
    }

    @Test func whatCannotBeRunIsNamed() throws {
        let dynamics = try LangevinDynamics.eulerMaruyama(timeStep: 0.1)
        #expect(throws: SamplingError.self) { try LangevinDynamics.Run(dynamics, steps: 0) }
        #expect(throws: SamplingError.self) {
            try HamiltonianMonteCarlo.Run(HamiltonianMonteCarlo(stepSize: 0.1, leapfrogSteps: 2), steps: 0)
        }
        // Diverging chains leave persistent ones where they stood.
        let model = GaussianEnergy(dimension: 2, dtype: .float64)
        let begin = Tensor.ones([3, 2], dtype: .float64)
        let objective = ChainLikelihood(try LangevinDynamics.Run(dynamics, steps: 2), from: .persistent(begin))
        withoutGradients { model.mean.fill(.nan) }
        #expect(throws: ChainDivergence.self) { try objective.loss(model, begin, using: generator) }
        #expect(objective.chains!.array(Double.self) == begin.array(Double.self))
    }
}
