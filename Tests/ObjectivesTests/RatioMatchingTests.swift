import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

/// Squared-ratio matching at d = 5 in float64, where everything can be enumerated: all points, all flips, all draws.
@Suite struct RatioMatchingTests {
    private static let d = 5
    private let model = MLPEnergy(dimension: d, hidden: [6, 4], dtype: .float64, using: RandomGenerator(seed: 1))
    private let x = Tensor.integers([7, d], 0..<2, dtype: .float64, using: RandomGenerator(seed: 2))

    init() {
        // Energies of order one, so that ratios differ.
        withoutGradients { for parameter in model.parameters.tensors { parameter.assign(3 * parameter) } }
    }

    /// rᵢ(x) = exp(E(x) − E(x₋ᵢ)) for each point, from the table of all energies.
    private func ratios(_ model: some BinaryEnergyModel, _ x: Tensor) -> [[Double]] {
        let table = model.evaluate(allStates(model.dimension)).array(Double.self)
        return stateNumbers(x).map { n in (0..<model.dimension).map { exp(table[n] - table[n ^ 1 << $0]) } }
    }

    private func squareSum(_ ratios: [Double]) -> Double { ratios.reduce(0) { $0 + $1 * $1 } }

    private let flips = Tensor(
        [0, 1, 2, 2, 4, 0, 3, 3, 1, 0, 4, 2, 1, 1, 0, 4, 2, 3, 3, 0, 1], shape: [7, 3])

    private static let estimators: [RatioMatching.Estimator] = [
        .exact, .uniform(flips: 3), .gradientGuided(flips: 3), .gradientGuidedUnweighted(flips: 3),
    ]

    private func indices(_ estimator: RatioMatching.Estimator) -> Tensor? { estimator == .exact ? nil : flips }

    // MARK: - Values

    @Test func exactRatioMatchingSumsOverAllFlips() throws {
        let expected = ratios(model, x).map(squareSum).reduce(0, +) / 7
        let loss = try RatioMatching(.exact).loss(model, x, using: RandomGenerator(seed: 0))
        #expect(loss.count == 1)
        #expect(abs(loss.item() / expected - 1) < 1e-13)
    }

    /// The formulas of the type's comment, written with loops.
    @Test func eachEstimateIsItsFormula() {
        let r = ratios(model, x)
        let proposal = RatioMatching(.gradientGuided(flips: 3)).logProposal(model, x)!
        let n = proposal.exp().array(Double.self)
        let drawn = flips.array(Int.self)
        func mean(_ term: (_ point: Int, _ flip: Int) -> Double) -> Double {
            (0..<21).reduce(0) { $0 + term($1 / 3, drawn[$1]) } / 7
        }
        let expected: [RatioMatching.Estimator: Double] = [
            .uniform(flips: 3): 5.0 / 3 * mean { r[$0][$1] * r[$0][$1] },
            .gradientGuided(flips: 3): 1.0 / 3 * mean { r[$0][$1] * r[$0][$1] / n[$0 * 5 + $1] },
            .gradientGuidedUnweighted(flips: 3): mean { r[$0][$1] * r[$0][$1] },
        ]
        for (estimator, value) in expected {
            let loss = RatioMatching(estimator).loss(model, x, at: flips, proposal: proposal)
            #expect(abs(loss.item() / value - 1) < 1e-13)
        }
    }

    /// ñᵢ ∝ exp(2 (2xᵢ − 1) ∂E/∂xᵢ), the derivative by central differences.
    @Test func theProposalFollowsTheInputGradient() {
        let point = x.copied()
        let slopes = centralDifferences(at: point) { model.evaluate(point).sum().item() }
        let bits = x.array(Double.self)
        let weights = zip(slopes, bits).map { exp(2 * (2 * $1 - 1) * $0) }
        let expected = weights.indices.map { n in
            log(weights[n] / weights[n / 5 * 5..<n / 5 * 5 + 5].reduce(0, +))
        }
        for constant in [true, false] {
            let objective = RatioMatching(.gradientGuided(flips: 1), proposalIsConstant: constant)
            let found = objective.logProposal(model, x)!
            #expect(found.requiresGradient == !constant)
            #expect(deviation(found.array(), expected) < 1e-8)
        }
        #expect(RatioMatching(.exact).logProposal(model, x) == nil)
        #expect(RatioMatching(.uniform(flips: 2)).logProposal(model, x) == nil)
    }

    // MARK: - Gradients

    /// Indices and proposal fixed: gradients against central differences of the loss, whose error is 10⁻⁹ relative.
    @Test(arguments: estimators)
    func gradientsMatchFiniteDifferences(estimator: RatioMatching.Estimator) {
        for pairing in [RatioMatching.Pairing.own, .misread] {
            let objective = RatioMatching(estimator, pairing: pairing)
            let proposal = objective.logProposal(model, x)
            func loss() -> Tensor { objective.loss(model, x, at: indices(estimator), proposal: proposal) }
            let found = gradients(of: loss(), withRespectTo: model.parameters.tensors)
            for ((name, parameter), gradient) in zip(model.parameters, found) {
                let differences = centralDifferences(at: parameter) { withoutGradients { loss().item() } }
                #expect(deviation(gradient.array(), differences) < 1e-7, "\(name), \(pairing)")
            }
        }
    }

    /// A proposal that is no constant: the loss, proposal and all, against its central differences at fixed indices.
    /// The gradient then differs from the one with the constant proposal.
    @Test(arguments: [RatioMatching.Pairing.own, .misread])
    func aProposalThatIsNoConstantAddsItsOwnGradient(pairing: RatioMatching.Pairing) {
        let estimator = RatioMatching.Estimator.gradientGuided(flips: 3)
        let objective = RatioMatching(estimator, pairing: pairing, proposalIsConstant: false)
        func loss() -> Tensor {
            objective.loss(model, x, at: flips, proposal: objective.logProposal(model, x))
        }
        let found = gradients(of: loss(), withRespectTo: model.parameters.tensors)
        for ((name, parameter), gradient) in zip(model.parameters, found) {
            let differences = centralDifferences(at: parameter) { loss().item() }
            #expect(deviation(gradient.array(), differences) < 1e-7, "\(name)")
        }
        let constant = RatioMatching(estimator, pairing: pairing)
        let without = gradients(
            of: constant.loss(model, x, at: flips, proposal: constant.logProposal(model, x)),
            withRespectTo: model.parameters.tensors)
        #expect(relativeDeviation(found[0], without[0]) > 0.01)
    }

    // MARK: - Expectations over all draws

    /// Every draw of s flips with its probability, the product of its flips' probabilities.
    private func draws(_ s: Int, _ probabilities: [Double]) -> [(flips: [Int], probability: Double)] {
        (0..<s).reduce([([], 1)]) { found, _ in
            found.flatMap { flips, probability in
                probabilities.indices.map { (flips + [$0], probability * probabilities[$0]) }
            }
        }
    }

    private func proposal(_ estimator: RatioMatching.Estimator, _ point: Tensor) -> [Double] {
        RatioMatching(estimator).logProposal(model, point)?.exp().array()
            ?? [Double](repeating: 1 / Double(Self.d), count: Self.d)
    }

    /// Σ over draws of probability × value, the value being what `body` makes of the loss.
    private func expectation(
        _ estimator: RatioMatching.Estimator, flips s: Int, _ point: Tensor, _ body: (Tensor) -> [Double]
    ) -> [Double] {
        let objective = RatioMatching(estimator)
        let logProposal = objective.logProposal(model, point)
        var total: [Double] = []
        for (flips, probability) in draws(s, proposal(estimator, point)) {
            let values = body(objective.loss(model, point, at: Tensor(flips, shape: [1, s]), proposal: logProposal))
            total = total.isEmpty ? values.map { $0 * probability } : zip(total, values).map { $0 + $1 * probability }
        }
        return total
    }

    /// Sums of at most 25 terms: 10⁻¹² is thousands of roundings.
    @Test(arguments: [1, 2])
    func theUniformAndTheBasicEstimateAreUnbiased(flips s: Int) {
        for row in 0..<4 {
            let point = x[row..<row + 1]
            let exact = squareSum(ratios(model, point)[0])
            for estimator in [RatioMatching.Estimator.uniform(flips: s), .gradientGuided(flips: s)] {
                let mean = expectation(estimator, flips: s, point) { [$0.item()] }
                #expect(abs(mean[0] / exact - 1) < 1e-12)
            }
        }
    }

    @Test(arguments: [1, 2])
    func theirGradientsAreUnbiasedWhileTheProposalIsConstant(flips s: Int) {
        let tensors = model.parameters.tensors
        func flat(_ loss: Tensor) -> [Double] {
            gradients(of: loss, withRespectTo: tensors).flatMap { $0.array(Double.self) }
        }
        for row in 0..<2 {
            let point = x[row..<row + 1]
            let exact = flat(RatioMatching(.exact).loss(model, point, at: nil, proposal: nil))
            for estimator in [RatioMatching.Estimator.uniform(flips: s), .gradientGuided(flips: s)] {
                #expect(deviation(expectation(estimator, flips: s, point, flat), exact) < 1e-12)
            }
        }
    }

    @Test(arguments: [1, 2])
    func theAdvancedEstimateExpectsTheProposalsMeanOfSquaredRatios(flips s: Int) {
        let estimator = RatioMatching.Estimator.gradientGuidedUnweighted(flips: s)
        for row in 0..<4 {
            let point = x[row..<row + 1]
            let r = ratios(model, point)[0]
            let biased = Double(s) * zip(proposal(estimator, point), r).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
            let mean = expectation(estimator, flips: s, point) { [$0.item()] }
            #expect(abs(mean[0] / biased - 1) < 1e-12)
            #expect(abs(mean[0] / squareSum(r) - 1) > 0.01)
        }
    }

    /// Where the energy is linear in each bit the first-order flip is exact, so the proposal is the optimal one, ∝ r²,
    /// and every draw gives the exact loss.
    @Test func onAnIsingModelTheBasicEstimateHasNoVariance() {
        let ising = SpinEnergy.random(Self.d, scale: 0.5, using: RandomGenerator(seed: 3))
        let exact = ratios(ising, x).map(squareSum).reduce(0, +) / 7
        let objective = RatioMatching(.gradientGuided(flips: 3))
        let proposal = objective.logProposal(ising, x)
        for seed in 0..<5 {
            let flips = Tensor.integers([7, 3], 0..<Self.d, using: RandomGenerator(seed: UInt64(seed)))
            #expect(abs(objective.loss(ising, x, at: flips, proposal: proposal).item() / exact - 1) < 1e-12)
        }
    }

    // MARK: - Log space

    /// 2(2x − 1)⊙∇E here reaches beyond ±200, where e^x overflows float32 (at 88.7).
    @Test func proposalsStayFiniteWhereRatiosOverflow() throws {
        let wild = SpinEnergy.random(Self.d, scale: 40, dtype: .float32, using: RandomGenerator(seed: 4))
        let bits = x.converted(to: .float32)
        let exponents = 2 * (2 * bits - 1) * wild.inputGradient(bits)
        #expect(exponents.max().item() > 200)
        #expect(!exponents.exp().isFinite().all())
        for constant in [true, false] {
            let objective = RatioMatching(.gradientGuided(flips: 4), proposalIsConstant: constant)
            let proposal = objective.logProposal(wild, bits)!
            #expect(proposal.isFinite().all())
            #expect(deviation(proposal.exp().sum(1).array(), [Double](repeating: 1, count: 7)) < 1e-6)
            let flips = try objective.drawFlips(bits, from: proposal, using: RandomGenerator(seed: 1))!
            #expect(flips.array(Int.self).allSatisfy { 0..<Self.d ~= $0 })
        }
    }

    // MARK: - Pairing

    /// Energies of the copies flip by flip, [s, batch] written row by row, then read as if [batch, s].
    @Test(arguments: estimators)
    func theMisreadPairingIsTheReshapingOfReleasedCode(estimator: RatioMatching.Estimator) {
        let objective = RatioMatching(estimator, pairing: .misread)
        let logProposal = objective.logProposal(model, x)
        let n = logProposal?.array(Double.self)
        let table = model.evaluate(allStates(Self.d)).array(Double.self)
        let states = stateNumbers(x)
        let (batch, s) = (7, estimator == .exact ? Self.d : 3)
        let flips = indices(estimator)?.array(Int.self) ?? (0..<batch * s).map { $0 % s }
        var flipMajor: [Double] = []
        for t in 0..<s {
            for b in 0..<batch { flipMajor.append(table[states[b] ^ 1 << flips[b * s + t]]) }
        }
        var total = 0.0
        for b in 0..<batch {
            for t in 0..<s {
                let squaredRatio = exp(2 * (table[states[b]] - flipMajor[b * s + t]))
                switch estimator {
                case .exact, .gradientGuidedUnweighted: total += squaredRatio
                case .uniform: total += squaredRatio * Double(Self.d) / Double(s)
                case .exactInChunks, .optimal, .surrogate: Issue.record("not among these estimators")
                case .gradientGuided: total += squaredRatio / exp(n![b * Self.d + flips[b * s + t]]) / Double(s)
                }
            }
        }
        let loss = objective.loss(model, x, at: indices(estimator), proposal: logProposal)
        #expect(abs(loss.item() / (total / Double(batch)) - 1) < 1e-13)
        let own = RatioMatching(estimator).loss(model, x, at: indices(estimator), proposal: logProposal)
        #expect(abs(loss.item() / own.item() - 1) > 1e-4)
    }

    @Test func aBatchOfOneCannotBeMisread() throws {
        let point = x[0..<1]
        let (own, misread) = (RatioMatching(.exact), RatioMatching(.exact, pairing: .misread))
        let generator = RandomGenerator(seed: 0)
        #expect(
            try own.loss(model, point, using: generator).item() == misread.loss(model, point, using: generator).item())
    }

    // MARK: - Draws

    @Test func withoutReplacementFlipsAreDistinct() throws {
        let generator = RandomGenerator(seed: 5)
        let many = Tensor.integers([200, Self.d], 0..<2, dtype: .float64, using: generator)
        for s in [2, 3, 5] {
            for estimator in [RatioMatching.Estimator.uniform(flips: s), .gradientGuided(flips: s)] {
                func drawn(_ replacement: Bool) throws -> [Set<Int>] {
                    let objective = RatioMatching(estimator, replacement: replacement)
                    let flips = try objective.drawFlips(
                        many, from: objective.logProposal(model, many), using: generator)!
                    #expect(flips.shape == [200, s] && flips.dtype == .int64)
                    return (0..<200).map { Set(flips[$0].array(Int.self)) }
                }
                #expect(try drawn(false).allSatisfy { $0.count == s })
                #expect(try drawn(true).contains { $0.count < s })
            }
        }
        #expect(try RatioMatching(.exact).drawFlips(many, from: nil, using: generator) == nil)
    }

    /// 40,000 flips of one point: Pearson's statistic within 6 standard deviations.
    @Test func flipsFollowTheirProposal() throws {
        let generator = RandomGenerator(seed: 6)
        let point = x[2..<3].expanded([10_000, Self.d])
        for estimator in [RatioMatching.Estimator.uniform(flips: 4), .gradientGuided(flips: 4)] {
            let objective = RatioMatching(estimator)
            let flips = try objective.drawFlips(point, from: objective.logProposal(model, point), using: generator)!
            #expect(chiSquareDeviation(flips.array(), proposal(estimator, x[2..<3])) < 6)
        }
    }

    @Test(arguments: estimators)
    func theLossDrawsFromItsGeneratorAlone(estimator: RatioMatching.Estimator) throws {
        let objective = RatioMatching(estimator)
        let whole = try objective.loss(model, x, using: RandomGenerator(seed: 7)).item()
        let proposal = objective.logProposal(model, x)
        let flips = try objective.drawFlips(x, from: proposal, using: RandomGenerator(seed: 7))
        #expect(objective.loss(model, x, at: flips, proposal: proposal).item() == whole)
        #expect(try objective.loss(model, x, using: RandomGenerator(seed: 7)).item() == whole)
    }

    /// The float32 kernels under the objective: loss and gradients to float32 rounding of the float64 ones.
    @Test(arguments: estimators)
    func theKernelsGiveTheSameLoss(estimator: RatioMatching.Estimator) {
        let single = MLPEnergy(dimension: Self.d, hidden: [16, 32], using: RandomGenerator(seed: 8))
        let double = MLPEnergy(dimension: Self.d, hidden: [16, 32], dtype: .float64, using: RandomGenerator(seed: 8))
        double.parameters.assign(single.parameters)
        let objective = RatioMatching(estimator)
        func lossAndGradients(_ model: MLPEnergy, _ x: Tensor) -> [Tensor] {
            let loss = objective.loss(model, x, at: indices(estimator), proposal: objective.logProposal(model, x))
            return [loss.detached()] + gradients(of: loss, withRespectTo: model.parameters.tensors).dropLast()
        }
        let found = lossAndGradients(single, x.converted(to: .float32))
        for (a, b) in zip(found, lossAndGradients(double, x)) { #expect(relativeDeviation(a, b) < 1e-5) }
    }
}
