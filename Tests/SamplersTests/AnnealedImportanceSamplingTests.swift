import EnergyModels
import Foundation
import Oracles
import Samplers
import Testing
import Torch

/// Against enumeration by plain sums over 2^d energies.
@Suite struct AnnealedImportanceSamplingTests {
    private static let d = 10

    /// log Σ e^{−βE} in the order of the states.
    private func logPartitionFunction(_ model: some BinaryEnergyModel, beta: Double) -> Double {
        let energies = model.evaluate(allStates(model.dimension, dtype: model.dtype)).array(Double.self)
        let least = energies.min()!
        return log(energies.reduce(0) { $0 + exp(-beta * ($1 - least)) }) - beta * least
    }

    private func spins(_ scale: Double) -> SpinEnergy {
        .random(Self.d, scale: scale, using: RandomGenerator(seed: 1))
    }

    private func mlp() -> MLPEnergy {
        let mlp = MLPEnergy(dimension: Self.d, hidden: [16, 16], using: RandomGenerator(seed: 1))
        withoutGradients { for parameter in mlp.parameters.tensors { parameter.assign(2.5 * parameter) } }
        return mlp
    }

    private let skewedLogits = Tensor((0..<Self.d).map { sin(Double($0 * $0)) })

    /// By blocks, on a restricted Boltzmann machine, within 5 of its own standard errors of the sum over all states;
    /// few steps and many, from fair coins and from other logits.
    @Test(arguments: [(1, false), (1, true), (4, true), (20, false), (20, true)])
    func blocksAgreeWithEnumeration(temperatures: Int, skewed: Bool) {
        let machine = RestrictedBoltzmannMachine(
            visible: Self.d, hidden: 6, dtype: .float64, using: RandomGenerator(seed: 3))
        withoutGradients { for tensor in machine.parameters.tensors { tensor.assign(2 * tensor + 0.15) } }
        let exact = logPartitionFunction(machine, beta: 1)
        let found = AnnealedImportanceSampling(temperatures: temperatures, chains: 20_000).logPartitionFunctionByBlocks(
            of: machine, baseLogits: skewed ? 0.5 * skewedLogits : nil, using: RandomGenerator(seed: 4))
        #expect(found.standardError < 0.03 && found.effectiveSampleSize > 1000)
        #expect(abs(found.logPartitionFunction - exact) < 5 * found.standardError)
        // More steps, less spread: what annealing is for.
        if temperatures == 20 { #expect(found.effectiveSampleSize > 15_000) }
    }

    struct Setting: CustomTestStringConvertible, Sendable {
        let model: String
        let beta: Double
        let skewed: Bool
        let temperatures: Int
        var testDescription: String {
            "\(model), β \(beta), \(skewed ? "skewed" : "fair") base, \(temperatures) temperatures"
        }
    }

    private static let settings = ["spins", "mlp"].flatMap { model in
        [1.0, 2].flatMap { beta in
            [false, true].flatMap { skewed in
                [8, 32].map { Setting(model: model, beta: beta, skewed: skewed, temperatures: $0) }
            }
        }
    }

    /// Within 5 of its own standard errors. Those are true: 4,000 chains have an effective sample size of hundreds at
    /// least. And they are small: 5 % of Z at most.
    @Test(arguments: settings)
    func theEstimateAgreesWithEnumeration(setting: Setting) {
        let model: any BinaryEnergyModel = setting.model == "spins" ? spins(0.2) : mlp()
        let exact = logPartitionFunction(model, beta: setting.beta)
        let sampling = AnnealedImportanceSampling(
            inverseTemperature: setting.beta, temperatures: setting.temperatures, chains: 4000)
        let found = sampling.logPartitionFunction(
            of: model, baseLogits: setting.skewed ? skewedLogits : nil, using: RandomGenerator(seed: 2))
        #expect(found.standardError < 0.05)
        #expect(found.standardError > 0)
        #expect(abs(found.logPartitionFunction - exact) < 5 * found.standardError)
        #expect(found.logWeights.count == 4000 && found.effectiveSampleSize > 400)
    }

    /// Bits that are independent under the target, E(x) = −Σ hᵢ sᵢ: log Z = Σ log 2 cosh hᵢ, far above what can be
    /// enumerated.
    @Test func theEstimateAgreesWithAClosedFormInManyDimensions() {
        let fields = (0..<80).map { 0.5 * cos(Double($0)) }
        let model = SpinEnergy(coupling: .zeros([80, 80], dtype: .float64), field: Tensor(fields))
        let found = AnnealedImportanceSampling(temperatures: 20, chains: 500)
            .logPartitionFunction(of: model, using: RandomGenerator(seed: 3))
        let exact = fields.reduce(0) { $0 + log(2 * cosh($1)) }
        #expect(found.standardError < 0.05)
        #expect(abs(found.logPartitionFunction - exact) < 5 * found.standardError)
    }

    /// Where the target is the base, logits 2h, every weight is Z whatever the chains do: to rounding. One logit is
    /// large enough for log(1 + e^a) ≈ a to show.
    @Test(arguments: [1, 7])
    func weightsAreConstantWhereTheTargetIsTheBase(temperatures: Int) {
        let fields = (0..<12).map { $0 == 5 ? 11 : sin(Double($0)) }
        let model = SpinEnergy(coupling: .zeros([12, 12], dtype: .float64), field: Tensor(fields))
        let found = AnnealedImportanceSampling(temperatures: temperatures, chains: 50)
            .logPartitionFunction(of: model, baseLogits: Tensor(fields.map { 2 * $0 }), using: RandomGenerator(seed: 4))
        let exact = fields.reduce(0) { $0 + log(2 * cosh($1)) }
        #expect(abs(found.logPartitionFunction - exact) < 1e-12)
        #expect(found.standardError < 1e-12)
        #expect(abs(found.effectiveSampleSize - 50) < 1e-9)
    }

    /// Four times the temperatures halve the standard error in the limit; by 1.5 at least each time here, where its own
    /// relative error from 2,000 chains is a few percent.
    @Test func theErrorShrinksWithMoreTemperatures() {
        let errors = [8, 32, 128, 512].map { temperatures in
            AnnealedImportanceSampling(temperatures: temperatures, chains: 2000)
                .logPartitionFunction(of: spins(0.3), using: RandomGenerator(seed: 5)).standardError
        }
        for (few, many) in zip(errors, errors.dropFirst()) { #expect(many < few / 1.5, "\(errors)") }
    }

    @Test(arguments: ["spins", "mlp"])
    func weightsRepeatFromTheGeneratorsState(name: String) throws {
        let model: any BinaryEnergyModel = name == "spins" ? spins(0.2) : mlp()
        let sampling = AnnealedImportanceSampling(temperatures: 20, chains: 30)
        let generator = RandomGenerator(seed: 6)
        let state = generator.state
        let first = sampling.logPartitionFunction(of: model, using: generator).logWeights
        let next = sampling.logPartitionFunction(of: model, using: generator).logWeights
        try generator.restore(state)
        let again = sampling.logPartitionFunction(of: model, using: generator).logWeights
        #expect(first == again && first != next)
    }

    /// The cost: K − 1 sweeps of d evaluations, one for each of the K terms of a weight, and one for where the chains
    /// start.
    @Test func theCostIsAsDocumented() {
        let model = CountedEnergy(model: spins(0.2))
        _ = AnnealedImportanceSampling(temperatures: 20, chains: 5)
            .logPartitionFunction(of: model, using: RandomGenerator(seed: 7))
        #expect(model.evaluations == 19 * Self.d + 20 + 1)
    }

    /// Weights 1, 2, 3, 6 times e^c: mean 3, variance 14/3, (Σw)² = 144, Σw² = 50; c far beyond what a double's
    /// exponent holds.
    @Test(arguments: [0, 5000, -5000])
    func theEstimateOfKnownWeightsHasItsClosedForm(shift: Double) {
        let found = AnnealedImportanceSampling.Estimate(logWeights: [1, 2, 3, 6].map { log($0) + shift })
        #expect(abs(found.logPartitionFunction - (log(3) + shift)) < 1e-11)
        #expect(abs(found.standardError - (14.0 / 3 / 4).squareRoot() / 3) < 1e-11)
        #expect(abs(found.effectiveSampleSize - 144.0 / 50) < 1e-10)
    }

    @Test func aWeightThatIsNoNumberShows() {
        for weights in [[0, .nan, 1], [.nan, 0, 1], [0, 1, .nan]] {
            let found = AnnealedImportanceSampling.Estimate(logWeights: weights)
            #expect(found.logPartitionFunction.isNaN && found.standardError.isNaN && found.effectiveSampleSize.isNaN)
        }
        // A chain that ended where the target has no mass weighs nothing.
        let found = AnnealedImportanceSampling.Estimate(logWeights: [0, -.infinity])
        #expect(abs(found.logPartitionFunction - log(0.5)) < 1e-15 && found.effectiveSampleSize == 1)
    }

    @Test func whatIsNoBaseTraps() async {
        await #expect(processExitsWith: .failure) {
            let model = MLPEnergy(dimension: 4, hidden: [16], using: RandomGenerator(seed: 1))
            _ = AnnealedImportanceSampling(temperatures: 2, chains: 2)
                .logPartitionFunction(of: model, baseLogits: .zeros([5]), using: RandomGenerator(seed: 1))
        }
        await #expect(processExitsWith: .failure) {
            let model = MLPEnergy(dimension: 4, hidden: [16], using: RandomGenerator(seed: 1))
            _ = AnnealedImportanceSampling(temperatures: 2, chains: 2)
                .logPartitionFunction(of: model, baseLogits: .full([4], .infinity), using: RandomGenerator(seed: 1))
        }
        await #expect(processExitsWith: .failure) { _ = AnnealedImportanceSampling(temperatures: 0, chains: 2) }
        await #expect(processExitsWith: .failure) { _ = AnnealedImportanceSampling(temperatures: 1, chains: 1) }
    }
}

/// Counts how often the energy is asked for.
private final class CountedEnergy: BinaryEnergyModel {
    let model: SpinEnergy
    private(set) var evaluations = 0

    init(model: SpinEnergy) { self.model = model }

    var parameters: Parameters { model.parameters }
    var dimension: Int { model.dimension }
    func energy(_ x: Tensor) -> Tensor {
        evaluations += 1
        return model.energy(x)
    }
}
