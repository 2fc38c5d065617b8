import EnergyModels
import Foundation
import Objectives
import Samplers
import Testing
import Torch

/// A convolutional energy that counts how often its state is advanced.
private final class CountedEnergy: FreezableEnergyModel {
    let model: ConvNetEnergy
    var advances = 0

    init(_ model: ConvNetEnergy) { self.model = model }

    var parameters: Parameters { model.parameters }
    var state: Parameters { model.state }
    func energy(_ x: Tensor) -> Tensor { model.energy(x) }
    func frozen() -> FrozenConvNetEnergy { model.frozen() }
    func frozen(with parameters: Parameters) -> FrozenConvNetEnergy { model.frozen(with: parameters) }
    func advance() {
        advances += 1
        model.advance()
    }
}

@Suite struct SelfAdaptingTrainingTests {
    private let data = Tensor.uniform([6, 1, 6, 6], low: -1, high: 1, using: RandomGenerator(seed: 8))

    private func network(seed: UInt64 = 1) throws -> ConvNetEnergy {
        let architecture = try ConvNetArchitecture(
            inputShape: [1, 6, 6],
            convolutions: [.init(3, 1, 1, channels: 4), .init(4, 2, 1, channels: 8), .init(3, 1, 0, channels: 16)],
            hidden: [8])
        return try ConvNetEnergy(architecture, using: RandomGenerator(seed: seed))
    }

    private func training<Model: FreezableEnergyModel>(
        _ model: Model, _ objective: any SelfAdaptingObjective = AdaNCE(), interval: Int = 1,
        resetsBuffer: Bool = false,
        limit: Double? = nil, penalty: Double = 0, seed: UInt64 = 3
    ) throws -> SelfAdaptingTraining<Model> {
        let generator = RandomGenerator(seed: seed)
        return try SelfAdaptingTraining(
            model, objective, dynamics: try LangevinDynamics(stepSize: 1, noise: 0.005, momentum: 0),
            buffer: try ReplayBuffer(shape: [1, 6, 6], .init(capacity: 20), using: generator),
            .init(
                adaptiveInterval: interval, chainLength: 3, adam: .init(learningRate: 1e-2, beta1: 0, beta2: 0.999),
                resetsBuffer: resetsBuffer, gradientNormLimit: limit, energyPenalty: penalty), using: generator)
    }

    private func numbers(_ parameters: Parameters) -> [[Float]] { parameters.map { $0.tensor.detached().array() } }

    /// Where E = Eₘ to the bit, the derivatives of softplus are ½, those of the others 1 (times what powers round to),
    /// and all that follows is linear with powers of two: the gradients agree to the bit.
    @Test func withEqualEnergiesEveryLossHasTheGradientOfMaximumLikelihood() throws {
        let model = try network()
        let frozen = model.frozen()
        let both = Tensor.concatenated([data, data * 0.5])
        func found(_ objective: any SelfAdaptingObjective) throws -> [[Float]] {
            let (energy, other) = (model.energy(both), frozen.evaluate(both))
            let loss = try objective.loss(
                ContrastedEnergies(
                    noise: energy[0..<6], data: energy[6..<12], frozenNoise: other[0..<6], frozenData: other[6..<12]))
            return gradients(of: loss, withRespectTo: model.parameters.tensors).map { $0.array() }
        }
        let likelihood = try found(SampledMaximumLikelihood())
        #expect(likelihood.joined().contains { Swift.abs($0) > 1e-3 })
        #expect(try found(AdaNCE()) == likelihood.map { $0.map { $0 / 2 } })
        for generator: BregmanGenerator in [
            .noiseContrastive, .kullbackLeibler, .leastSquares, .itakuraSaito, try .power(3),
        ] {
            #expect(
                try found(AdaBRM(generator)) == likelihood.map { $0.map { $0 * Float(generator.slopeAtOne) } },
                "\(generator.name)")
        }
    }

    /// The same through whole updates: with K = 1 frozen energies are the model's own in every one, spectral norms
    /// included.
    @Test func withIntervalOneTheDensityRatioIsExactlyOne() throws {
        let training = try training(try network())
        for _ in 0..<4 {
            let update = try training.update(data)
            #expect(update.adapted)
            #expect(update.energies.noise.array(Float.self) == update.energies.frozenNoise.array(Float.self))
            #expect(update.energies.data.array(Float.self) == update.energies.frozenData.array(Float.self))
            #expect(abs(update.loss - 2 * log(2)) < 1e-6)
            #expect(update.parameterGradientNorm > 0 && update.meanGradientNorm > 0)
        }
    }

    @Test func theFrozenCopyChangesEveryKUpdatesAndOnlyThen() throws {
        let training = try training(try network(), interval: 3)
        var kept = numbers(training.frozen.parameters)
        for index in 1...7 {
            let before = numbers(training.model.parameters)
            let update = try training.update(data)
            #expect(numbers(training.model.parameters) != before)
            #expect(update.adapted == index.isMultiple(of: 3))
            let now = numbers(training.frozen.parameters)
            #expect((now == kept) == !update.adapted)
            let gap = (update.energies.noise - update.energies.frozenNoise).abs().max().item()
            #expect((gap == 0) == (index % 3 == 1))
            kept = now
        }
    }

    /// One power iteration an update, whatever K and however long the chains.
    @Test func stateIsAdvancedOnceAnUpdate() throws {
        let model = CountedEnergy(try network())
        let training = try training(model, interval: 2)
        for _ in 0..<5 { _ = try training.update(data) }
        #expect(model.advances == 5 && training.updates == 5)
    }

    /// With K = 1, maximum likelihood moves Adam as its half does, but for ε = 10⁻⁸ and rounding: so the chains stay
    /// together.
    @Test func maximumLikelihoodTakesTheSameWay() throws {
        let (first, second) = (try training(try network()), try training(try network(), SampledMaximumLikelihood()))
        for _ in 0..<2 {
            let (a, b) = (try first.update(data), try second.update(data))
            let ratio = a.parameterGradientNorm / b.parameterGradientNorm
            #expect(abs(ratio - 0.5) < 1e-3)
            let apart = (a.samples - b.samples).abs().max().item()
            #expect(apart < 1e-3)
        }
    }

    @Test func samplesGoBackToTheBuffer() throws {
        let training = try training(try network(), interval: 2)
        let update = try training.update(data)
        let (held, pixels) = (Set(rows(training.buffer.points)), rows(update.samples))
        // Of several from one slot the last stays.
        #expect(held.intersection(pixels).count >= 3 && Set(pixels).count == 6)
        #expect(!update.samples.isFinite().all() == false)

        let resetting = try self.training(try network(), interval: 2, resetsBuffer: true)
        let start = Set(rows(resetting.buffer.points))
        _ = try resetting.update(data)
        #expect(Set(rows(resetting.buffer.points)).intersection(start).count >= 14)
        _ = try resetting.update(data)
        #expect(Set(rows(resetting.buffer.points)).intersection(start).isEmpty)
        #expect(resetting.buffer.points.abs().max().item() <= 1)
    }

    private func rows(_ x: Tensor) -> [[Float]] { (0..<x.size(0)).map { x[$0].array() } }

    @Test func gradientsAndEnergiesCanBeHeldDown() throws {
        let free = try training(try network()).update(data)
        let limited = try training(try network(), limit: free.parameterGradientNorm / 10)
        #expect(try limited.update(data).parameterGradientNorm == free.parameterGradientNorm)
        // Adam's second moments tell the gradient that it was given: a tenth, 10⁻³ of its square.
        let squares = limited.optimizer.secondMoments.reduce(0.0) { $0 + $1.converted(to: .float64).sum().item() }
        let limit: Double = free.parameterGradientNorm / 10
        #expect(abs(squares / (1e-3 * limit * limit) - 1) < 1e-4)
        let penalised = try training(try network(), penalty: 0.5).update(self.data)
        let (noise, data) = (free.energies.noise.squared().mean().item(), free.energies.data.squared().mean().item())
        let added = penalised.loss - free.loss
        #expect(abs(added - (noise + data) / 2) < 1e-6)
    }

    @Test func aRestoredTrainingGoesOnBitForBit() throws {
        let training = try training(try network(), interval: 3)
        for _ in 0..<4 { _ = try training.update(data) }
        var saved = training.state
        saved.tensors = saved.tensors.mapValues { $0.copied() }
        let losses = try (0..<4).map { _ in try training.update(data).loss }

        let other = try self.training(try network(seed: 7), interval: 3, seed: 11)
        _ = try other.update(data)
        try other.restore(saved)
        #expect(try (0..<4).map { _ in try other.update(data).loss } == losses)
        for (name, tensor) in training.state.tensors {
            let again = try #require(other.state.tensors[name])
            #expect(again.array(Float.self) == tensor.array(Float.self), "\(name)")
        }
        #expect(other.state.counts == training.state.counts && other.state.generator == training.state.generator)
        #expect(saved.tensors.keys.filter { $0.hasPrefix("frozen.") }.count == 10)
        #expect(saved.tensors.keys.contains("state.conv2.u") && saved.tensors.keys.contains("adam.second.fc2.bias"))

        // What is missing or does not fit is named, and nothing changes.
        let before = other.state.tensors.mapValues { $0.array(Float.self) }
        func message(_ change: (inout SelfAdaptingState) -> Void) -> String {
            var damaged = saved
            change(&damaged)
            do { try other.restore(damaged) } catch { return "\(error)" }
            return ""
        }
        #expect(message { $0.tensors["state.conv2.u"] = nil }.contains("no 'state.conv2.u'"))
        #expect(message { $0.tensors["frozen.fc1.bias"] = .zeros([3]) }.contains("'frozen.fc1.bias'"))
        #expect(message { $0.counts["updates"] = nil }.contains("'updates'"))
        #expect(message { $0.generator = [1, 2] }.contains("generator"))
        #expect(message { $0.counts["buffer.count"] = 21 }.contains("21 points"))
        #expect(other.state.tensors.mapValues { $0.array(Float.self) } == before)
    }

    /// √0 is 0 with an infinite derivative.
    private struct EdgeObjective: SelfAdaptingObjective {
        var name: String { "edge" }
        var usesFrozenEnergies: Bool { true }
        func loss(_ energies: ContrastedEnergies) -> Tensor {
            (energies.data - energies.data.detached()).squareRoot().mean()
        }
    }

    @Test func aGradientThatIsNotFiniteIsAnErrorAndChangesNoParameter() throws {
        let training = try training(try network(), EdgeObjective())
        let before = numbers(training.model.parameters)
        #expect(throws: NonFiniteQuantity("norm of the parameters' gradients")) { _ = try training.update(data) }
        #expect(numbers(training.model.parameters) == before && training.updates == 0)
    }

    @Test func aLossThatIsNotFiniteIsAnErrorAndChangesNoParameter() throws {
        let training = try training(try network())
        let before = numbers(training.model.parameters)
        #expect(throws: NonFiniteQuantity.self) { _ = try training.update(data / 0) }
        #expect(numbers(training.model.parameters) == before && training.updates == 0)
        training.buffer.points.fill(.nan)
        #expect(throws: ChainDivergence.self) { _ = try training.update(data) }
        #expect(numbers(training.model.parameters) == before && training.updates == 0)
    }

    @Test func settingsOutOfRangeAreRefusedByName() throws {
        func message(_ change: (inout SelfAdaptingSettings) -> Void) throws -> String {
            var settings = SelfAdaptingSettings()
            change(&settings)
            let generator = RandomGenerator(seed: 0)
            do {
                _ = try SelfAdaptingTraining(
                    try network(), AdaNCE(), dynamics: try LangevinDynamics(stepSize: 1, noise: 0),
                    buffer: try ReplayBuffer(shape: [1, 6, 6], .init(capacity: 2), using: generator), settings,
                    using: generator)
            } catch { return "\(error)" }
            return ""
        }
        #expect(try message { $0.adaptiveInterval = 0 }.contains("adaptive interval of 0"))
        #expect(try message { $0.chainLength = 0 }.contains("chains of 0 steps"))
        #expect(try message { $0.adam.learningRate = 0 }.contains("learning rate of 0.0"))
        #expect(try message { $0.gradientNormLimit = -1 }.contains("norm limit of -1.0"))
        #expect(try message { $0.energyPenalty = .nan }.contains("energy penalty of nan"))
        #expect(try message { _ in } == "")
    }
}
