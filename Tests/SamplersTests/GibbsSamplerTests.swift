import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

/// A model that counts how often its energy is asked for.
private final class CountingModel: BinaryEnergyModel {
    let model: SpinEnergy
    private(set) var evaluations = 0

    init(_ model: SpinEnergy) { self.model = model }

    var parameters: Parameters { model.parameters }
    var dimension: Int { model.dimension }
    func energy(_ x: Tensor) -> Tensor {
        evaluations += 1
        return model.energy(x)
    }
}

/// Systematic-scan Gibbs against enumeration of all 2⁸ states. The chains are independent, so Pearson's statistic of
/// where they stand is chi-square; 6 of its standard deviations bound it at any seed (about once in 10⁷).
@Suite struct GibbsSamplerTests {
    private static let d = 8
    private static let chains = 20_000

    struct Setting: CustomTestStringConvertible, Sendable {
        let beta: Double
        let draw: GibbsSampler.Draw
        let model: String
        var testDescription: String { "\(model), β \(beta), \(draw)" }
    }

    static let settings = [1.0, 2].flatMap { beta in
        [GibbsSampler.Draw.uniform, .categorical].flatMap { draw in
            ["spins", "mlp"].map { Setting(beta: beta, draw: draw, model: $0) }
        }
    }

    /// Couplings in float64 by evaluation, or an MLP in float32 by kernels: log-probabilities over some units either
    /// way.
    private func model(_ name: String) -> any BinaryEnergyModel {
        if name == "spins" { return SpinEnergy.random(Self.d, scale: 0.3, using: RandomGenerator(seed: 1)) }
        let mlp = MLPEnergy(dimension: Self.d, hidden: [16, 16], using: RandomGenerator(seed: 1))
        withoutGradients { for parameter in mlp.parameters.tensors { parameter.assign(2.5 * parameter) } }
        return mlp
    }

    private func dtype(_ name: String) -> DType { name == "spins" ? .float64 : .float32 }

    private func energies(_ model: some BinaryEnergyModel, _ dtype: DType) -> [Double] {
        model.evaluate(allStates(Self.d, dtype: dtype)).array()
    }

    /// Exact samples by inversion of the cumulated probabilities.
    private func samples(_ probabilities: [Double], using generator: RandomGenerator) -> [Int] {
        var total = 0.0
        let cumulated = probabilities.map { probability in
            total += probability
            return total
        }
        return (0..<Self.chains).map { _ in
            let u = generator.uniform()
            return min(cumulated.firstIndex { u < $0 } ?? 255, 255)
        }
    }

    private func points(_ states: [Int], _ dtype: DType) -> Tensor {
        allStates(Self.d, dtype: dtype).indexSelected(0, Tensor(states))
    }

    @Test(arguments: settings)
    func gibbsLeavesTheBoltzmannDistributionInvariant(setting: Setting) {
        let model = model(setting.model)
        let generator = RandomGenerator(seed: 10)
        let probabilities = boltzmannProbabilities(
            energies(model, dtype(setting.model)), inverseTemperature: setting.beta)
        let start = samples(probabilities, using: generator)
        #expect(chiSquareDeviation(start, probabilities) < 6)
        let sampler = GibbsSampler(inverseTemperature: setting.beta, draw: setting.draw)
        let end = sampler.sample(model, from: points(start, dtype(setting.model)), sweeps: 2, using: generator)
        #expect(chiSquareDeviation(stateNumbers(end), probabilities) < 6)
        // The other temperature's distribution is another one: the test can tell.
        let others = boltzmannProbabilities(
            energies(model, dtype(setting.model)), inverseTemperature: 3 - setting.beta)
        #expect(chiSquareDeviation(stateNumbers(end), others) > 6)
    }

    /// The law after one and after two sweeps from a single state: site after site, in order, a state keeps the share
    /// p(xᵢ)/(p(xᵢ) + p(x₋ᵢ)) = 1 − σ(β(E(x) − E(x₋ᵢ))) of what it and its neighbour hold. So each conditional
    /// probability and the order of sites show, not the stationary law alone.
    @Test(arguments: settings)
    func sweepsFollowTheSitesConditionalProbabilitiesInOrder(setting: Setting) {
        let model = model(setting.model)
        let energies = energies(model, dtype(setting.model))
        let start = 0b0110_1001
        var law = [Double](repeating: 0, count: 256)
        law[start] = 1
        let sampler = GibbsSampler(inverseTemperature: setting.beta, draw: setting.draw)
        let x = points([Int](repeating: start, count: Self.chains), dtype(setting.model))
        for sweeps in 1...2 {
            for site in 0..<Self.d {
                law = law.indices.map { n in
                    let neighbour = n ^ 1 << site
                    return (law[n] + law[neighbour]) / (1 + exp(setting.beta * (energies[n] - energies[neighbour])))
                }
            }
            let end = sampler.sample(model, from: x, sweeps: sweeps, using: RandomGenerator(seed: UInt64(20 + sweeps)))
            #expect(chiSquareDeviation(stateNumbers(end), law) < 6)
        }
        // The law of sites in the opposite order after one sweep, for comparison.
        var reversed = [Double](repeating: 0, count: 256)
        reversed[start] = 1
        for site in (0..<Self.d).reversed() {
            reversed = reversed.indices.map { n in
                let neighbour = n ^ 1 << site
                return (reversed[n] + reversed[neighbour])
                    / (1 + exp(setting.beta * (energies[n] - energies[neighbour])))
            }
        }
        let end = sampler.sample(model, from: x, sweeps: 1, using: RandomGenerator(seed: 21))
        #expect(chiSquareDeviation(stateNumbers(end), reversed) > 6)
    }

    @Test(arguments: [GibbsSampler.Draw.uniform, .categorical])
    func eachSiteCostsOneEvaluation(draw: GibbsSampler.Draw) {
        let model = CountingModel(.random(Self.d, scale: 0.3, using: RandomGenerator(seed: 1)))
        let sampler = GibbsSampler(draw: draw)
        let x = points([3, 5, 200], .float64)
        _ = sampler.sample(model, from: x, sweeps: 4, using: RandomGenerator(seed: 1))
        #expect(model.evaluations == 1 + 4 * Self.d)
    }

    @Test(arguments: settings)
    func samplesRepeatFromTheGeneratorsState(setting: Setting) throws {
        let model = model(setting.model)
        let sampler = GibbsSampler(inverseTemperature: setting.beta, draw: setting.draw)
        let generator = RandomGenerator(seed: 3)
        let x = Tensor.integers([64, Self.d], 0..<2, dtype: dtype(setting.model), using: generator)
        let before = x.array(Int.self)
        let state = generator.state
        let first = sampler.sample(model, from: x, sweeps: 3, using: generator)
        try generator.restore(state)
        let again = sampler.sample(model, from: x, sweeps: 3, using: generator)
        #expect(first.array(Int.self) == again.array(Int.self))
        #expect(x.array(Int.self) == before)
        #expect(first.dtype == x.dtype && first.shape == x.shape && !first.requiresGradient)
        #expect(first.array(Double.self).allSatisfy { $0 == 0 || $0 == 1 })
        let other = sampler.sample(model, from: x, sweeps: 3, using: RandomGenerator(seed: 4))
        #expect(first.array(Int.self) != other.array(Int.self))
        #expect(sampler.sample(model, from: x, sweeps: 0, using: generator).array(Int.self) == before)
    }

    /// PyTorch 2.13 (Tests/DatasetsTests/Golden/primitives.json, `gibbs`): torch.manual_seed(1023); the MLP
    /// 32-256-256-256-1 by torch.nn.Linear in order, every parameter doubled but β = 1; torch.randint(2, (64, 32)); two
    /// sweeps, each site by torch.multinomial of softmax(−[E(xᵢ = 0), E(xᵢ = 1)]). Bits are exact; mean energies agree
    /// to float32 rounding.
    @Test func theReleasedCodesChainsAreRepeated() {
        let generator = RandomGenerator(seed: 1023)
        let model = MLPEnergy(dimension: 32, hidden: [256, 256, 256], using: generator)
        withoutGradients {
            for (name, tensor) in model.parameters where name != "swish.beta" { tensor.assign(2 * tensor) }
        }
        let x = Tensor.integers([64, 32], 0..<2, using: generator).converted(to: .float32)
        #expect(abs(model.evaluate(x).mean().item() - 0.22040371596813202) < 1e-6)
        let state = generator.state
        for path in 0..<2 {
            try? generator.restore(state)
            let sampler = GibbsSampler(draw: .categorical)
            let end =
                path == 0
                ? sampler.sample(model, from: x, sweeps: 2, using: generator)
                : sampler.sample(GenericFlips(model), from: x, sweeps: 2, using: generator)
            let rows = (0..<4).map { end[$0].array(Int.self).map(String.init).joined() }
            #expect(
                rows == [
                    "10110101110010100100010000000111", "01011100101110000000011001101100",
                    "00010101100001001010000111100000", "00011100110000010100100000100000",
                ])
            #expect(end.sum().item() == 978)
            #expect(abs(model.evaluate(end).mean().item() - 0.17813996970653534) < 1e-6)
        }
    }
}
