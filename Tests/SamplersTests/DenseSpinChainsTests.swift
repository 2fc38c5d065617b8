import EnergyModels
import Foundation
import Samplers
import Testing
import Torch

/// Beyond the contract of all samplers: more than one vector of sites, changing machines, calls longer than the fields
/// are trusted.
@Suite struct DenseSpinChainsTests {
    private static let d = 18
    private static let chains = 6000

    private static func machine(seed: UInt64) throws -> (machine: BoltzmannMachine, energy: QuadraticEnergy) {
        let generator = RandomGenerator(seed: seed)
        let upper = (0.15 * Tensor.normal([d, d], dtype: .float64, using: generator)).upperTriangle(1)
        let energy = try QuadraticEnergy(
            couplings: (upper + upper.transposed()).array(),
            fields: (0.3 * Tensor.normal([d], dtype: .float64, using: generator)).array(), alphabet: .spins)
        return (BoltzmannMachine(energy), energy)
    }

    /// The largest deviation of ⟨sᵢ⟩, ⟨sᵢsⱼ⟩ and ⟨E⟩ over the chains from the enumerated ones, in standard errors; 172
    /// numbers, so a correct sampler stays below 6. The energy tells most: a tenth of β moves it by a tenth of its
    /// standard deviation.
    private func deviation(_ points: Tensor, from energy: QuadraticEnergy) throws -> Double {
        let exact = try energy.exactMoments().moments
        let s = 2 * points.converted(to: .float64) - 1
        let n = Double(s.size(0))
        let (first, second) = (s.mean(0).array(Double.self), (s.transposed().matmul(s) / n).array(Double.self))
        let d = Self.d
        var largest = 0.0
        for i in 0..<d {
            largest = max(
                largest, abs(first[i] - exact.first[i]) / ((1 - exact.first[i] * exact.first[i]) / n).squareRoot())
            for j in 0..<i {
                let truth = exact.second[i * d + j]
                largest = max(largest, abs(second[i * d + j] - truth) / ((1 - truth * truth) / n).squareRoot())
            }
        }
        let energies =
            (-0.5 * (s.matmul(Tensor(energy.couplings, shape: [d, d])) * s).sum(1) - (s * Tensor(energy.fields)).sum(1))
        let standardError = (energies.variance().item() / n).squareRoot()
        return max(largest, abs(energies.mean().item() - energy.meanEnergy(of: exact)) / standardError)
    }

    /// From fair coins, 1,100 steps in one call: 60 sweeps, over which rounding of the fields would add up.
    @Test(arguments: [DenseSpinChains.Move.gibbs, .gradients])
    func momentsAreTheEnumeratedOnes(move: DenseSpinChains.Move) throws {
        let (machine, energy) = try Self.machine(seed: 1)
        var chains = try DenseSpinChains(machine, move, count: Self.chains, using: RandomGenerator(seed: 2))
        let moves = chains.advance(1100)
        #expect(try deviation(chains.points, from: energy) < 6)
        #expect(moves.proposed == 1100 * Self.chains)
        #expect(move == .gibbs ? moves.acceptanceRate == 1 : (0.5..<0.999).contains(moves.acceptanceRate))
        // Another machine's law is another.
        let (other, otherEnergy) = try Self.machine(seed: 3)
        #expect(try deviation(chains.points, from: otherEnergy) > 12)
        chains.setModel(other)
        chains.advance(1100)
        #expect(try deviation(chains.points, from: otherEnergy) < 6)
    }

    /// Fields that follow the flips are those of where the spins are: as many steps one by one, each from fields anew,
    /// end where one call does. Rounding may turn a draw; in 50 chains of 200 steps it hardly does once.
    @Test func guidedStepsInOneCallAreThoseOfMany() throws {
        let (machine, _) = try Self.machine(seed: 1)
        var whole = try DenseSpinChains(machine, .gradients, count: 50, using: RandomGenerator(seed: 4))
        var single = whole
        whole.advance(200)
        for _ in 0..<200 { _ = single.step() }
        let differing = (whole.points - single.points).abs().max(1).sum().item()
        #expect(differing <= 2)
    }

    /// 7 + 5 single-site updates are 12: the scan goes on where it stood, for every chain at the same site.
    @Test func theScanGoesOnWhereItStood() throws {
        let (machine, _) = try Self.machine(seed: 1)
        var whole = try DenseSpinChains(machine, .gibbs, count: 50, using: RandomGenerator(seed: 4))
        var parts = whole
        whole.advance(33)
        for steps in [7, 5, 21] { parts.advance(steps) }
        #expect(whole.points.array(Int.self) == parts.points.array(Int.self))
        #expect(whole.state.position == 33 % Self.d && parts.state.position == 33 % Self.d)
    }
}
