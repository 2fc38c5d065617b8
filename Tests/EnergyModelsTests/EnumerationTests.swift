import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

@Suite struct EnumerationTests {
    private func fields(_ values: [Double]) -> SpinEnergy {
        SpinEnergy(coupling: .zeros([values.count, values.count], dtype: .float64), field: Tensor(values))
    }

    /// Plain sums over 2⁸ energies in the oracle's order of states: to rounding.
    @Test func allProbabilitiesAgreeWithPlainSums() {
        let model = SpinEnergy.random(8, scale: 0.5, using: RandomGenerator(seed: 1))
        let energies = model.evaluate(allStates(8)).array(Double.self)
        let betas = [0, 0.5, 1, 4]
        let found = model.exactDistributions(inverseTemperatures: betas, keepingLogProbabilities: true)
        #expect(found.map(\.inverseTemperature) == betas)
        for (exact, beta) in zip(found, betas) {
            let expected = boltzmannProbabilities(energies, inverseTemperature: beta)
            #expect(deviation((exact.logProbabilities ?? []).map { exp($0) }, expected) < 1e-13)
            let sum = energies.reduce(0) { $0 + exp(-beta * $1) }
            #expect(abs(exact.logPartitionFunction - log(sum)) < 1e-12)
        }
        #expect(abs(found[0].logPartitionFunction - 8 * log(2)) < 1e-14)
        let lean = model.exactDistributions(inverseTemperatures: betas)
        #expect(lean.allSatisfy { $0.logProbabilities == nil })
        #expect(lean.map(\.logPartitionFunction) == found.map(\.logPartitionFunction))
    }

    /// Independent spins, E(x) = −Σ hᵢ sᵢ: log Z(β) = Σ log 2 cosh βhᵢ. One batch, several, and the largest d; 10⁻¹² of
    /// tens.
    @Test(arguments: [1, 13, 15, 20])
    func independentSpinsHaveTheirClosedForm(d: Int) {
        let values = (0..<d).map { 0.7 * sin(Double($0 + 1)) }
        let found = fields(values).exactDistributions(inverseTemperatures: [1, 3])
        for exact in found {
            let expected = values.reduce(0) { $0 + log(2 * cosh(exact.inverseTemperature * $1)) }
            #expect(abs(exact.logPartitionFunction - expected) < 1e-12)
        }
    }

    /// −log p(x) of single states; the mean of several. The float32 MLP's energies are its own, of order one to 10⁻⁶.
    @Test func negativeLogLikelihoodIsTheMeanOverPoints() {
        let spins = SpinEnergy.random(6, scale: 0.5, using: RandomGenerator(seed: 2))
        let mlp = MLPEnergy(dimension: 6, hidden: [16, 16], using: RandomGenerator(seed: 2))
        let models: [(any BinaryEnergyModel, DType, Double)] = [(spins, .float64, 1e-12), (mlp, .float32, 1e-5)]
        for (model, dtype, tolerance) in models {
            let states = allStates(6, dtype: dtype)
            let energies = model.evaluate(states).array(Double.self)
            for beta in [1.0, 2] {
                let logs = boltzmannProbabilities(energies, inverseTemperature: beta).map { log($0) }
                let chosen = [3, 3, 17, 60]
                let expected = -chosen.reduce(0) { $0 + logs[$1] } / 4
                let x = states.indexSelected(0, Tensor(chosen))
                let found = model.exactNegativeLogLikelihood(of: x, inverseTemperatures: [4, beta])
                #expect(abs(found[1] - expected) < tolerance)
                let logPartitionFunction = model.exactDistributions(inverseTemperatures: [beta])[0].logPartitionFunction
                let known = model.negativeLogLikelihood(
                    of: x, inverseTemperature: beta, logPartitionFunction: logPartitionFunction)
                #expect(abs(known - expected) < tolerance)
            }
        }
    }

    /// One pass whatever is asked, in batches that do not grow with d.
    @Test func eachStateIsEvaluatedOnceInBoundedBatches() {
        let model = RecordingModel(fields([Double](repeating: 0.1, count: 15)))
        _ = model.exactDistributions(inverseTemperatures: [1, 2, 4], keepingLogProbabilities: true)
        #expect(model.batches == [8192, 8192, 8192, 8192])
    }

    /// Energies of ±10⁴, where e^E is no double, and a state that is forbidden.
    @Test func extremeEnergiesNeitherOverflowNorVanish() {
        let model = fields([-10_000, 2])
        let exact = model.exactDistributions(keepingLogProbabilities: true)[0]
        #expect(abs(exact.logPartitionFunction - (10_000 + log(2 * cosh(2)))) < 1e-11)
        let forbidding = TableEnergy([.infinity, 1, 2, .infinity])
        let left = forbidding.exactDistributions(keepingLogProbabilities: true)[0]
        #expect(abs(left.logPartitionFunction - log(exp(-1) + exp(-2))) < 1e-14)
        #expect(left.logProbabilities?[0] == -.infinity)
        let broken = TableEnergy([0, 1, .nan, 0]).exactDistributions()[0]
        #expect(broken.logPartitionFunction.isNaN)
    }

    @Test func moreThanTwentyBitsTrap() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let model = MLPEnergy(dimension: 21, hidden: [16], using: RandomGenerator(seed: 1))
            _ = model.exactDistributions()
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("2^21 states are too many to enumerate, at most d = 20"))
    }
}

/// Remembers the sizes of the batches that it is asked for.
private final class RecordingModel: BinaryEnergyModel {
    let model: SpinEnergy
    private(set) var batches: [Int] = []

    init(_ model: SpinEnergy) { self.model = model }

    var parameters: Parameters { model.parameters }
    var dimension: Int { model.dimension }
    func energy(_ x: Tensor) -> Tensor {
        batches.append(x.size(0))
        return model.energy(x)
    }
}

/// An energy for each of four states, in the order of state numbers; nothing to learn.
private struct TableEnergy: BinaryEnergyModel {
    let table: Tensor

    init(_ energies: [Double]) { table = Tensor(energies) }

    var parameters: Parameters { Parameters([]) }
    var dimension: Int { 2 }
    func energy(_ x: Tensor) -> Tensor {
        table.indexSelected(0, (x * Tensor([1, 2] as [Float])).sum(1).converted(to: .int64))
    }
}
