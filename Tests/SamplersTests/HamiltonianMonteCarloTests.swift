import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

@Suite struct HamiltonianMonteCarloTests {
    /// The larger eigenvalue s of MᵀM, M the matrix of L leapfrog steps of ε on ½x² + ½v². M has determinant 1, the
    /// other is 1/s.
    private func stretch(_ ε: Double, _ steps: Int) -> Double {
        var (x, v) = ([1.0, 0.0], [0.0, 1.0])
        for _ in 0..<steps {
            for i in 0..<2 {
                v[i] -= ε / 2 * x[i]
                x[i] += ε * v[i]
                v[i] -= ε / 2 * x[i]
            }
        }
        let trace = (x + v).reduce(0) { $0 + $1 * $1 }
        return (trace + (trace * trace - 4).squareRoot()) / 2
    }

    /// In equilibrium H′ − H = ½ Σ (s − 1)aᵢ² + (1/s − 1)bᵢ² with a, b standard normal, and the acceptance rate is 2
    /// P(H′ < H): (4/π) arctan(1/√s) in one dimension, 2/(1 + s) in two. 100,000 chains: five standard deviations are
    /// 0.008.
    @Test(arguments: [(0.5, 1), (1, 1), (1.5, 1), (1.9, 1), (0.9, 2), (1.2, 4)])
    func acceptanceOnAGaussianIsKnown(ε: Double, steps: Int) throws {
        let (count, precision) = (100_000, 4.0)
        let s = stretch(ε, steps)
        // On variance 1/λ a step of ε/√λ is one of ε.
        let sampler = try HamiltonianMonteCarlo(stepSize: ε / precision.squareRoot(), leapfrogSteps: steps)
        let rates: [Double] = [4 / Double.pi * atan(1 / s.squareRoot()), 2 / (1 + s)]
        for (dimension, rate) in zip(1...2, rates) {
            let start = normals([count, dimension], seed: 1, deviation: 1 / precision.squareRoot())
            let chains = try sampler.chains(
                GaussianEnergy(precision: precision), from: start, using: RandomGenerator(seed: 2))
            let moves = chains.step()
            #expect(moves.proposed == count)
            let error = moves.acceptanceRate - rate
            let deviation: Double = (rate * (1 - rate) / Double(count)).squareRoot()
            #expect(abs(error) < 5 * deviation, "d \(dimension): \(moves.acceptanceRate), \(rate)")
            // And the Gaussian stays: 100,000 normals at least.
            #expect(abs(varianceDeviation(chains.points, 1 / precision)) < 5)
        }
    }

    /// The ratio of the MALA proposal written out: q(x′|x) = N(x − (τ/2)∇E, τ).
    @Test func metropolisAdjustedLangevinIsOneLeapfrogStep() throws {
        let τ = 0.8
        let sampler = try HamiltonianMonteCarlo.metropolisAdjustedLangevin(timeStep: τ)
        let start = normals([2000, 3], seed: 3)
        let generator = RandomGenerator(seed: 4)
        let chains = try sampler.chains(QuarticEnergy(), from: start, using: generator)
        let moves = chains.step()

        let again = RandomGenerator(seed: 4)
        let z = Tensor.normal([2000, 3], dtype: .float64, using: again)
        let u = Tensor.uniform([2000], dtype: .float64, using: again)
        func drift(_ x: Tensor) -> Tensor { x - (τ / 2) * x * x * x }
        let proposed = drift(start) + τ.squareRoot() * z
        let logForward = -(proposed - drift(start)).squared().sum(1) / (2 * τ)
        let logBackward = -(start - drift(proposed)).squared().sum(1) / (2 * τ)
        let model = QuarticEnergy()
        let ratio = model.evaluate(start) - model.evaluate(proposed) + logBackward - logForward
        let expected = Tensor.select((u .< ratio.exp()).unsqueezed(1), proposed, start)
        #expect(deviation(chains.points, expected) < 1e-12)
        #expect(moves.accepted > 500 && moves.accepted < 1900)
        let distance = (expected - start).norm(over: [1]).sum().item()
        #expect(abs(moves.distance - distance) < 1e-8)
    }

    /// E x² = 2Γ(¾)/Γ(¼) and E x⁴ = 1 for p ∝ exp(−x⁴/4), from chains that start elsewhere; 20,000 of them in one
    /// coordinate: a standard deviation of √(1 − (E x²)²) / √20,000. Chains that accept everything leave for infinity
    /// at these steps.
    @Test(arguments: [
        try HamiltonianMonteCarlo(stepSize: 0.6, leapfrogSteps: 4), try .metropolisAdjustedLangevin(timeStep: 0.8),
    ])
    func chainsReachAQuarticDensity(sampler: HamiltonianMonteCarlo) throws {
        let chains = try sampler.chains(
            QuarticEnergy(), from: .zeros([20_000, 1], dtype: .float64), using: RandomGenerator(seed: 6))
        for _ in 0..<40 { _ = chains.step() }
        let expected = 2 * tgamma(0.75) / tgamma(0.25)
        let deviation = (1 - expected * expected).squareRoot() / 20_000.0.squareRoot()
        let (square, energy) = (chains.points.squared().mean().item(), chains.energies.mean().item())
        #expect(abs(square - expected) < 5 * deviation)
        // E has variance 1/4 here, as ¼x⁴ is a gamma variable of shape ¼.
        #expect(abs(energy - 0.25) < 5 * 0.5 / 141)
        // ‖∇E‖ = |x|³
        #expect(chains.meanGradientNorm > 0.3 && chains.meanGradientNorm < 0.8)
    }

    @Test func proposalsWithoutAnEnergyAreRejected() throws {
        let chains = try HamiltonianMonteCarlo(stepSize: 0.7, leapfrogSteps: 2)
            .chains(IslandEnergy(), from: .zeros([500, 2], dtype: .float64), using: RandomGenerator(seed: 1))
        var moves = Moves()
        for _ in 0..<10 { moves += chains.step() }
        #expect(chains.points.squared().sum(1).max().item() < 1)
        #expect(moves.acceptanceRate > 0.05 && moves.acceptanceRate < 0.7)
        #expect(throws: NonFiniteQuantity.self) {
            _ = try HamiltonianMonteCarlo(stepSize: 1, leapfrogSteps: 1)
                .chains(IslandEnergy(), from: .ones([1, 2], dtype: .float64), using: RandomGenerator(seed: 1))
        }
    }

    @Test func restoredChainsGoOnBitForBit() throws {
        let sampler = try HamiltonianMonteCarlo(stepSize: 0.3, leapfrogSteps: 3)
        let chains = try sampler.chains(
            QuarticEnergy(), from: normals([50, 2], seed: 1), using: RandomGenerator(seed: 2))
        _ = chains.step()
        let state = chains.state
        let moves = chains.step()
        let other = try sampler.chains(
            QuarticEnergy(), from: .zeros([50, 2], dtype: .float64), using: RandomGenerator(seed: 9))
        try other.restore(state)
        #expect(other.step() == moves)
        #expect(other.points.array(Double.self) == chains.points.array(Double.self))
        #expect(throws: SamplingError.shape([3, 2], expected: [50, 2])) {
            try other.restore(ChainState(points: .zeros([3, 2]), generator: state.generator))
        }
    }

    @Test func settingsOutOfRangeAreRefused() {
        #expect(throws: SamplingError.self) { _ = try HamiltonianMonteCarlo(stepSize: 0, leapfrogSteps: 1) }
        #expect(throws: SamplingError.self) { _ = try HamiltonianMonteCarlo(stepSize: 1, leapfrogSteps: 0) }
        #expect(throws: SamplingError.self) {
            _ = try HamiltonianMonteCarlo.metropolisAdjustedLangevin(timeStep: .infinity)
        }
    }
}
