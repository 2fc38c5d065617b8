import EnergyModels
import ReplicationShared
import Samplers
import Testing
import Torch

@Suite struct DensitySamplesTests {
    /// A normal's moments within five standard errors of 4,000 chains that start far away. The bias of Langevin's τ is
    /// in its variance, σ²/(1 − τ/4σ²): 1 % here.
    @Test func everySamplerFindsANormal() throws {
        let (mean, variance, n) = ([0.5, -1.0], 0.25, 4000)
        let density = try GaussianDensity(
            mean: Tensor(mean), covariance: Tensor([variance, 0, 0, variance], shape: [2, 2]))
        let start = Tensor.full([n, 2], 3, dtype: .float64)
        let drawn = try DensitySamples(chains: n, gradients: 500, timeStep: 0.01).draw(
            density, from: start, using: RandomGenerator(seed: 1))
        #expect(drawn.map(\.name) == ["Langevin", "MALA", "HMC"] && drawn[0].acceptance == nil)
        for one in drawn {
            let expected = one.name == "Langevin" ? variance / (1 - 0.01 / (4 * variance)) : variance
            let found = one.points.mean(0).array(Double.self)
            let spread = (one.points - Tensor(mean)).squared().mean(0).array(Double.self)
            for axis in 0..<2 {
                #expect(
                    abs(found[axis] - mean[axis]) < 5 * (expected / Double(n)).squareRoot(), "\(one.name): \(found)")
                #expect(
                    abs(spread[axis] - expected) < 5 * expected * (2 / Double(n)).squareRoot(), "\(one.name): \(spread)"
                )
            }
        }
        // One leapfrog step of 0.1 against σ = 0.5 is hardly ever refused, five are less kind.
        #expect(drawn[1].acceptance! > 0.98 && drawn[1].acceptance! < 1, "\(drawn[1].acceptance!)")
        #expect(drawn[2].acceptance! > 0.95 && drawn[2].acceptance! < 1, "\(drawn[2].acceptance!)")
    }

    @Test func chainsThatLeaveTheFiniteNumbersAreADivergence() throws {
        let density = try GaussianDensity(
            mean: Tensor([0.0, 0]), covariance: Tensor([1e-6, 0, 0, 1e-6], shape: [2, 2]))
        #expect(throws: ChainDivergence.self) {
            try DensitySamples(chains: 4, gradients: 500, timeStep: 1).draw(
                density, from: Tensor.ones([4, 2], dtype: .float64), using: RandomGenerator(seed: 1))
        }
    }
}
