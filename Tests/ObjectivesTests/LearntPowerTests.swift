import EnergyModels
import Foundation
import Objectives
import Oracles
import Testing
import Torch

/// An energy free to take any form over {0, 1}^d: a number for each state, multilinear in between,
/// E(x) = Σₙ tₙ Πᵢ xᵢ^{nᵢ} (1 − xᵢ)^{1 − nᵢ}, so that its first-order flip is exact.
private struct TableEnergy: BinaryEnergyModel {
    let dimension: Int
    let table: Tensor

    init(dimension: Int) {
        self.dimension = dimension
        table = Tensor.zeros([1 << dimension], dtype: .float64).requiringGradient()
    }

    var parameters: Parameters { Parameters([("table", table)]) }

    func energy(_ x: Tensor) -> Tensor {
        var products = Tensor.ones([x.size(0), 1], dtype: .float64)
        for i in 0..<dimension {
            let bit = x.selected(1, i).unsqueezed(1)
            products = Tensor.concatenated([products * (1 - bit), products * bit], along: 1)
        }
        return products.matmul(table)
    }
}

/// What ratio matching learns, over 16 states: data whose frequencies are whole numbers, so that the mean over a batch
/// is the exact expectation.
@Suite struct LearntPowerTests {
    private let counts = [3, 17, 5, 40, 11, 2, 29, 8, 13, 21, 4, 9, 34, 6, 15, 7]

    private var data: Tensor {
        let states = allStates(4)
        let numbers = stateNumbers(states)
        let rows = numbers.indices.flatMap { row in [Int](repeating: row, count: counts[numbers[row]]) }
        return states.indexSelected(0, Tensor(rows))
    }

    /// Slope and largest residual of the straight line from log p_data to the learnt −E.
    private func fit(_ model: TableEnergy) -> (slope: Double, residual: Double) {
        let y = model.table.detached().array(Double.self).map { -$0 }
        let x = counts.map { log(Double($0)) }
        let (mx, my) = (x.reduce(0, +) / 16, y.reduce(0, +) / 16)
        let slope = zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) } / x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
        return (slope, zip(x, y).map { abs($1 - my - slope * ($0 - mx)) }.max()!)
    }

    /// All pairs of neighbours reach their minimum together, so the fit is exact; L-BFGS to a gradient of 10⁻⁹ leaves
    /// less than 10⁻⁵ in an energy.
    @Test(arguments: [
        RatioFunction.squared, .power(2), .power(1), .power(0.5), .power(0.25), .bounded,
    ])
    func aFreeEnergyLearnsAPowerOfTheData(_ ratio: RatioFunction) throws {
        try expect(RatioMatching(.exact, ratio: ratio), learnsPower: ratio.learntPower)
    }

    /// The consistent objectives learn the data itself.
    @Test func likelihoodAndPseudoLikelihoodLearnTheData() throws {
        try expect(MaximumLikelihood(), learnsPower: 1)
        try expect(PseudoLikelihood(), learnsPower: 1)
    }

    private func expect(_ objective: some BinaryObjective, learnsPower power: Double) throws {
        let model = TableEnergy(dimension: 4)
        let x = data
        let result = try LBFGS(maximumIterations: 5000).minimize([model.table]) {
            let (loss, found) = try objective.lossAndGradients(model, x, using: RandomGenerator(seed: 0))
            return (loss.item(), found)
        }
        #expect(result.converged)
        let (slope, residual) = fit(model)
        #expect(abs(slope - power) < 1e-5, "\(objective): slope \(slope)")
        #expect(residual < 1e-5)
    }

    /// The advanced variant follows Σ ñᵢ ∇rᵢ² with ñ a constant, which is the gradient of no function of the energies.
    /// Its fixed point, found by Newton's method on that field with its Jacobian by central differences, is flatter
    /// than the fourth root and no power at all.
    @Test func theUnweightedEstimatorLearnsNoPower() throws {
        let model = TableEnergy(dimension: 4)
        let x = data
        _ = try LBFGS().minimize([model.table]) {
            let (loss, found) = try RatioMatching(.exact).lossAndGradients(model, x, using: RandomGenerator(seed: 0))
            return (loss.item(), found)
        }
        let objective = RatioMatching(.gradientGuidedUnweighted(flips: 1))
        func field(_ table: [Double]) -> [Double] {
            withoutGradients { model.table.assign(Tensor(table)) }
            let proposal = objective.logProposal(model, x)!.exp()
            let expected = (proposal * (2 * model.flipDifferences(x, at: nil)).exp()).sum(1).mean()
            return gradients(of: expected, withRespectTo: [model.table])[0].array(Double.self)
        }
        var table = model.table.detached().array(Double.self)
        var largest = Double.infinity
        for _ in 0..<30 {
            let g = field(table)
            largest = g.map(abs).max()!
            if largest < 1e-10 { break }
            let columns = (0..<16).map { i -> [Double] in
                var (up, down) = (table, table)
                up[i] += 1e-5
                down[i] -= 1e-5
                return zip(field(up), field(down)).map { ($0 - $1) / 2e-5 }
            }
            // Energies are known up to a constant: a multiple of the matrix of ones settles it.
            let jacobian = Tensor(columns.flatMap { $0 }, shape: [16, 16]).transposed() + 1
            let step = jacobian.solve(Tensor(g)).array(Double.self)
            let length = Swift.min(1, 0.5 / step.map(abs).max()!)
            table = zip(table, step).map { $0 - length * $1 }
        }
        #expect(largest < 1e-10)
        _ = field(table)
        let (slope, residual) = fit(model)
        #expect(0.1..<0.24 ~= slope, "slope \(slope)")
        // A hundred times what the exact fits above leave.
        #expect(residual > 1e-3, "residual \(residual)")
    }

    /// Theorem 1 of Ou's note: drawn from n* ∝ r², every draw gives the same loss, Σ r². The gradient it gives is
    /// another at every draw.
    @Test func theOptimalProposalHasNoVarianceInTheLossAlone() throws {
        let generator = RandomGenerator(seed: 4)
        let model = SpinEnergy.random(6, scale: 0.2, using: generator)
        let x = Tensor.integers([5, 6], 0..<2, dtype: .float64, using: generator)
        let (exact, exactGradients) = try RatioMatching(.exact).lossAndGradients(model, x, using: generator)
        let objective = RatioMatching(.optimal(flips: 2))
        var mean = Tensor.zeros(like: exactGradients[0])
        var spread = 0.0
        let draws = 400
        for _ in 0..<draws {
            let (loss, found) = try objective.lossAndGradients(model, x, using: generator)
            #expect(abs(loss.item() / exact.item() - 1) < 1e-12)
            mean += found[0] / Double(draws)
            spread += (found[0] - exactGradients[0]).squared().sum().item() / Double(draws)
        }
        let scale = exactGradients[0].squared().sum().item()
        #expect(spread > 1e-3 * scale)
        // Unbiased: the mean of 400 is within five standard errors (in norm, of E‖·‖² = spread / 400).
        #expect((mean - exactGradients[0]).squared().sum().item() < 25 * spread / Double(draws))
    }

    /// Equation 12 is exact ratio matching where the energy is linear in each bit, and differs where it is not.
    @Test func theSurrogateIsExactWhereTheFirstOrderFlipIs() throws {
        let generator = RandomGenerator(seed: 5)
        let x = Tensor.integers([6, 6], 0..<2, dtype: .float64, using: generator)
        let spins = SpinEnergy.random(6, scale: 0.4, using: generator)
        for ratio in [RatioFunction.squared, .power(0.5), .bounded] {
            let (exact, exactGradients) = try RatioMatching(.exact, ratio: ratio).lossAndGradients(
                spins, x, using: generator)
            let (loss, found) = try RatioMatching(.surrogate, ratio: ratio).lossAndGradients(spins, x, using: generator)
            // SpinEnergy with sᵀJs, J without diagonal, is linear in each bit.
            #expect(abs(loss.item() / exact.item() - 1) < 1e-12)
            for (a, b) in zip(found, exactGradients) { #expect(deviation(a.upperPart, b.upperPart) < 1e-12) }
        }
        let mlp = MLPEnergy(dimension: 6, hidden: [16, 16], dtype: .float64, using: generator)
        let exact = try RatioMatching(.exact).loss(mlp, x, using: generator).item()
        let surrogate = try RatioMatching(.surrogate).loss(mlp, x, using: generator).item()
        #expect(abs(surrogate / exact - 1) > 1e-7)
    }

    /// Chunks of any size give the loss and gradients of all flips at once, to rounding.
    @Test(arguments: [1, 3, 5, 16, 100])
    func chunksOfFlipsAddUp(_ size: Int) throws {
        let generator = RandomGenerator(seed: 6)
        let model = MLPEnergy(dimension: 16, hidden: [32, 32], using: generator)
        let x = Tensor.integers([9, 16], 0..<2, using: generator).converted(to: .float32)
        let whole = try RatioMatching(.exact).lossAndGradients(model, x, using: generator)
        let parts = try RatioMatching(.exactInChunks(of: size)).lossAndGradients(model, x, using: generator)
        #expect(abs(parts.loss.item() / whole.loss.item() - 1) < 1e-5)
        for (name, (a, b)) in zip(model.parameters.names, zip(parts.gradients, whole.gradients)) {
            #expect(deviation(a, b) < 1e-5 * Swift.max(1, b.abs().max().item()), "\(name)")
        }
    }

    /// The proposal follows the ratio function: for an energy linear in each bit ñ ∝ f(Δᵢ), enumerated.
    @Test(arguments: [RatioFunction.squared, .power(0.5), .bounded])
    func theProposalFollowsTheRatioFunction(_ ratio: RatioFunction) {
        let generator = RandomGenerator(seed: 7)
        let model = SpinEnergy.random(5, scale: 0.5, using: generator)
        let x = Tensor.integers([8, 5], 0..<2, dtype: .float64, using: generator)
        let guided = RatioMatching(.gradientGuided(flips: 1), ratio: ratio).logProposal(model, x)!
        let energies = model.evaluate(allStates(5)).array(Double.self)
        for (row, state) in stateNumbers(x).enumerated() {
            let values = (0..<5).map { i -> Double in
                let difference = energies[state] - energies[state ^ 1 << i]
                switch ratio {
                case .squared: return exp(2 * difference)
                case .power(let k): return exp(k * difference)
                case .bounded: return pow(1 / (1 + exp(-difference)), 2)
                }
            }
            let expected = values.map { log($0 / values.reduce(0, +)) }
            #expect(deviation(guided[row].detached().array(Double.self), expected) < 1e-12)
        }
    }
}

extension Tensor {
    /// A matrix's part above the diagonal (what a symmetric coupling can learn); a vector as it is.
    fileprivate var upperPart: Tensor { rank == 2 ? (self + transposed()).upperTriangle(1) : self }
}
