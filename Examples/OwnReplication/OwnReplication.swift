import Commands
import EnergyModels
import Experiments
import Foundation
import Objectives
import Torch

/// A replication in one file: ratio matching with squared ratios learns p_data to the power ¼, with the power ½ of
/// ratios p_data itself.
///
/// The data are drawn from a known Boltzmann machine of four bits; learnt are its couplings, exactly up to that power.
/// What is measured is the slope of the learnt on the true couplings, which the two forms set to ¼ and 1.
struct LearntPower: Replication {
    enum Ratio: String, Choice { case squared, half }

    struct Configuration: ExperimentConfiguration {
        var points: Int
        var updates: Int
        var learningRate: Double
        var ratios: [Ratio]

        func validate() throws {
            try requireCount("points", points, from: 100, to: 1_000_000)
            try requireCount("updates", updates, to: 1_000_000)
            try require(
                "learningRate", learningRate, learningRate > 0 && learningRate <= 1, "a number above 0, up to 1")
            try require(
                "ratios", ratios, !ratios.isEmpty && Set(ratios).count == ratios.count, "a list of different ratios")
        }
    }

    let name = "learnt-power"
    let summary = "which power of the data's distribution ratio matching learns"
    let columns: [Column] = [.label("ratio"), .value("slope", decimals: 3), .value("loss", decimals: 3)]
    let profiles = """
        defaults: {points: 20000, learningRate: 0.02, ratios: [squared, half]}
        smoke:
          summary: seconds
          updates: 600
        """
    // The reference is the formula's value, the spread the standard deviation over the seeds 1 to 8.
    let expected = """
        values:
          - {metric: slope, cell: {ratio: squared}, profile: smoke, paper: not at hand, where: not at hand,
             reference: 0.25, spread: 0.0026, tolerance: 0.016, why: six spreads of 20000 points}
          - {metric: slope, cell: {ratio: half}, profile: smoke, paper: not at hand, where: not at hand,
             reference: 1, spread: 0.011, tolerance: 0.065, why: six spreads of 20000 points}
        """

    func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        configuration.ratios.enumerated().map { Cell(index: $0 + 1, labels: ["ratio": $1.rawValue], seed: seed) }
    }

    func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        Estimate(seconds: 2e-3 * Double(configuration.updates), memory: 200_000_000, disk: 50_000)
    }

    func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let truth = FourBits(
            couplings: Tensor([0, 1.5, 0, -1, 0, 0, 1, 0, 0, 0, 0, -1.5, 0, 0, 0, 0] as [Float], shape: [4, 4]))
        let states = Tensor((0..<64).map { Float(($0 >> 2) >> ($0 & 3) & 1) }, shape: [16, 4])
        let draws = RandomGenerator(seed: cell.seed, stream: "data").multinomial(
            (-truth.energy(states)).exp().unsqueezed(0), count: configuration.points, replacement: true)
        let data = states.indexSelected(0, draws.reshaped([configuration.points]))

        let model = FourBits(couplings: Tensor.zeros([4, 4]).requiringGradient())
        let adam = Adam(model.parameters, .init(learningRate: configuration.learningRate))
        let objective = RatioMatching(.exact, ratio: cell.label("ratio") == "half" ? .power(0.5) : .squared)
        let generator = RandomGenerator(seed: cell.seed, stream: "objective")
        if let saved = context.restored {
            try saved.restore(model.parameters)
            try saved.restore(adam)
        }
        var last = Double.nan
        for update in context.iterations(of: configuration.updates) {
            let (loss, gradients) = try objective.lossAndGradients(model, data, using: generator)
            last = loss.item()
            try context.guardFinite("loss", last, iteration: update)
            adam.update(gradients)
            if update.isMultiple(of: 50) { try context.log(iteration: update, ["loss": last]) }
            try context.endIteration(update, of: configuration.updates) { checkpoint in
                checkpoint.store(model.parameters)
                checkpoint.store(adam)
            }
        }
        let (learnt, known) = (model.couplings.upperTriangle(1), truth.couplings)
        let slope: Double = (learnt * known).sum().item() / (known * known).sum().item()
        return CellResult(["slope": slope, "loss": try context.logged("loss").last?.value ?? last])
    }
}

/// E(x) = −Σ_{i<j} Wᵢⱼ xᵢ xⱼ over x ∈ {0, 1}⁴.
struct FourBits: BinaryEnergyModel {
    let couplings: Tensor
    var dimension: Int { 4 }
    var parameters: Parameters { Parameters([("couplings", couplings)]) }
    func energy(_ x: Tensor) -> Tensor { -(x.matmul(couplings.upperTriangle(1)) * x).sum(1) }
}

/// The command line, with this one replication.
@main
enum OwnReplication: Catalogue {
    static let replications: [any Replication] = [LearntPower()]
    static var environment: RunEnvironment {
        RunEnvironment(
            commit: "example", libraries: ["libtorch": Runtime.version], setThreads: { Runtime.threads = $0 })
    }
    static func main() { Replicate<OwnReplication>.start() }
}
