import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

@Suite struct AdaNCETests {
    static let generators: [BregmanGenerator] = [
        .noiseContrastive, .kullbackLeibler, .leastSquares, .itakuraSaito, try! .power(0.5), try! .power(-0.5),
        try! .power(2),
    ]

    private func energies(_ golden: AdaNCEGolden.Objectives) -> ContrastedEnergies {
        ContrastedEnergies(
            noise: Tensor(golden.currentEnergyNoise).requiringGradient(),
            data: Tensor(golden.currentEnergyData).requiringGradient(),
            frozenNoise: Tensor(golden.frozenEnergyNoise), frozenData: Tensor(golden.frozenEnergyData))
    }

    /// Float64 throughout.
    @Test func lossesAndGradientsArePyTorchs() throws {
        let golden = try AdaNCEGolden.load().objectives
        let cases: [(any SelfAdaptingObjective, AdaNCEGolden.Loss)] = [
            (AdaNCE(), golden.adance), (AdaBRM(.noiseContrastive), golden.adance),
            (AdaBRM(.kullbackLeibler), golden.kullbackLeibler),
            (AdaBRM(.leastSquares), golden.leastSquares), (AdaBRM(try .power(1)), golden.leastSquares),
        ]
        for (objective, expected) in cases {
            let energies = energies(golden)
            let loss = try objective.loss(energies)
            let found = gradients(of: loss, withRespectTo: [energies.noise, energies.data])
            #expect(abs(loss.item() - expected.loss) < 1e-12, "\(objective.name)")
            #expect(deviation(found[0].array(), expected.gradNoiseEnergy) < 1e-12, "\(objective.name)")
            #expect(deviation(found[1].array(), expected.gradDataEnergy) < 1e-12, "\(objective.name)")
        }
    }

    /// S₀′(u) = u S₁′(u) is what makes the two belong to one Ψ, and S₁′ = Ψ″ > 0 what makes it convex. With u = eᵃ both
    /// derivatives gain a factor u.
    @Test(arguments: generators) func theTwoFunctionsBelongToOneConvexFunction(generator: BregmanGenerator) {
        let a = Tensor([-3.0, -1, -0.1, 0, 0.4, 2, 3]).requiringGradient()
        let first = gradients(of: generator.s0(a).sum(), withRespectTo: [a])[0]
        let second = gradients(of: generator.s1(a).sum(), withRespectTo: [a])[0]
        #expect(deviation((second * a.detached().exp()).array(), first.array()) < 1e-13)
        #expect(second.min().item() > 0)
        #expect(abs(first.array(Double.self)[3] - generator.slopeAtOne) < 1e-15)
    }

    /// Ψ = −S₀ + u S₁ against the formula where that is written down without constants of integration.
    @Test func theFunctionsAreTheNamedOnes() throws {
        let u = Tensor([0.2, 0.7, 1, 2.5])
        let a = u.log()
        func psi(_ generator: BregmanGenerator) -> Tensor { u * generator.s1(a) - generator.s0(a) }
        #expect(deviation(psi(.noiseContrastive), u * u.log() - (1 + u) * (1 + u).log()) < 1e-14)
        #expect(deviation(psi(.kullbackLeibler), u * u.log()) < 1e-14)
        #expect(deviation(psi(.leastSquares), u * u / 2) < 1e-14)
        #expect(deviation(psi(.itakuraSaito), -u.log()) < 1e-14)
        #expect(deviation(psi(try .power(0.5)), u.raised(to: 1.5) / 0.75) < 1e-14)
    }

    private func atGap(_ gap: Double) -> ContrastedEnergies {
        let n = 128
        return ContrastedEnergies(
            noise: Tensor.zeros([n]).requiringGradient(), data: Tensor.zeros([n]).requiringGradient(),
            frozenNoise: .full([n], gap),
            frozenData: .full([n], gap))
    }

    @Test func theNoiseContrastiveLossIsFiniteAtAnyGap() throws {
        for gap in [80, -80, 1e4, -1e30, 1e30] {
            let energies = atGap(gap)
            let loss = try AdaNCE().loss(energies)
            // softplus(a) + softplus(−a) = |a| + 2 log(1 + e^{−|a|})
            let relative = loss.item() / Swift.abs(gap)
            #expect(abs(relative - 1) < 1e-6)
            let found = gradients(of: loss, withRespectTo: [energies.noise, energies.data]).map { $0.sum().item() }
            // Noise whose ratio is large is pushed up, data whose ratio is small down; the others are left alone.
            let expected: [Double] = gap > 0 ? [-1, 0] : [0, 1]
            #expect(deviation(found, expected) < 1e-6)
        }
        #expect(throws: NonFiniteQuantity.self) { _ = try AdaNCE().loss(atGap(.nan)) }
        #expect(throws: NonFiniteQuantity.self) {
            _ = try SampledMaximumLikelihood().loss(
                ContrastedEnergies(
                    noise: Tensor([Double.infinity]), data: Tensor([0.0]), frozenNoise: Tensor([0.0]),
                    frozenData: Tensor([0.0])))
        }
    }

    /// Float32 ends at e^88.7: so gaps of 80 leave room for sums of a batch, and 100 does not fit.
    @Test(arguments: [
        (BregmanGenerator.kullbackLeibler, 80.0, 1.0), (.itakuraSaito, 80, -1), (.leastSquares, 40, 1),
        (try! .power(0.5), 53, 1),
    ])
    func theOthersAreFiniteToTheirRangeAndThenDiverge(generator: BregmanGenerator, range: Double, side: Double) throws {
        let objective = AdaBRM(generator)
        for gap in [range, -range] {
            let energies = atGap(gap)
            let loss = try objective.loss(energies)
            #expect(loss.item().isFinite)
            let found = gradients(of: loss, withRespectTo: [energies.noise, energies.data])
            #expect(found.allSatisfy { $0.isFinite().all() })
        }
        // Nothing is clamped: the loss still grows as it should.
        let ratio = try objective.loss(atGap(side * range)).item() / objective.loss(atGap(side * (range - 1))).item()
        #expect(abs(log(ratio) - 80 / range) < 0.05)
        let error = #expect(throws: NonFiniteQuantity.self) { _ = try objective.loss(atGap(side * range * 1.25)) }
        #expect(error?.description.contains(generator.name) == true)
        #expect(error?.description.contains("\(range * 1.25)") == true)
    }

    @Test func powersWithoutAFunctionAreRefused() {
        for power in [0, -1, Double.nan] {
            #expect(throws: SelfAdaptingError.self) { _ = try BregmanGenerator.power(power) }
        }
    }
}

@Suite struct AdaNCEGoldenStepTests {
    /// One update of the narrow model A against a perturbed copy: loss, gradients, and the parameters after Adam.
    /// Float32 sums in another order.
    @Test func theTrainingStepIsPyTorchs() throws {
        let golden = try AdaNCEGolden.load().trainingStep
        let architecture = try ConvNetArchitecture.a.scaled(width: 1 / 8)
        func model() throws -> ConvNetEnergy {
            let model = try ConvNetEnergy(architecture, leakySlope: 0.05, using: RandomGenerator(seed: 0))
            model.assignGoldenParameters()
            return model
        }
        let current = try model()
        current.assignGoldenState()
        let other = try model()
        for (index, name) in other.parameters.names.sorted().enumerated() {
            let tensor = other.parameters[name]!.detached()
            tensor.assign(
                tensor + 0.02 * Tensor.normal(tensor.shape, using: RandomGenerator(seed: UInt64(2000 + index))))
        }
        other.assignGoldenState()
        let frozen = other.frozen()
        let (data, noise) = (architecture.goldenImages(8, seed: 11), architecture.goldenImages(8, seed: 12))
        let parameters = current.parameters
        let loss = try AdaNCE().loss(
            ContrastedEnergies(
                noise: current.energy(noise), data: current.energy(data), frozenNoise: frozen.evaluate(noise),
                frozenData: frozen.evaluate(data)))
        #expect(abs(loss.item() - golden.loss) < 1e-6)
        let found = gradients(of: loss, withRespectTo: parameters.tensors)
        for (name, gradient) in zip(parameters.names, found) {
            let expected = try #require(golden.gradientL2[name])
            #expect(abs(gradient.norm().item() / expected - 1) < 2e-5, "\(name)")
        }
        // Whatever the gradients' layout in memory.
        Adam(parameters, .init(learningRate: 1e-4, beta1: 0, beta2: 0.999)).update(
            found.map { $0.rank == 4 ? $0.channelsLast() : $0 })
        for (name, tensor) in parameters {
            let expected = try #require(golden.parametersAfterL2[name])
            #expect(abs(tensor.detached().converted(to: .float64).norm().item() / expected - 1) < 2e-6, "\(name)")
        }
    }
}
