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
    let declarations = Declarations(
        profiles: """
            settings:
              points: data that are learnt from
              updates: of the couplings
              learningRate: Adam's
              ratios: what is summed over the flips, a cell each
            defaults: {points: 20000, learningRate: 0.02, ratios: [squared, half]}
            smoke:
              summary: seconds
              updates: 600
            """,
        metrics:
            "slope: {title: learnt power, decimals: 3, better: neither, meaning: slope of learnt on true couplings}",
        shows: """
            tables:
              - name: powers
                title: Which power of the data's distribution is learnt
                caption: By the formula ¼ for squared ratios and 1 for the power ½.
                rows: [ratio]
                columns: [{metric: slope}, {metric: loss}]
            charts:
              - name: loss
                title: loss
                x: {by: iteration}
                lines: [{metric: loss, by: [ratio]}]
            """,
        // The reference is the formula's value, the spread the standard deviation over the seeds 1 to 8.
        expected: """
            values:
              - {profile: smoke, metric: slope, where: {ratio: squared}, reference: 0.25, spread: 0.0026, tolerance: 0.016,
                 why: six spreads of 20000 points}
              - {profile: smoke, metric: slope, where: {ratio: half}, reference: 1, spread: 0.011, tolerance: 0.065,
                 why: six spreads of 20000 points}
            """)

    struct Setting: ExperimentSetting { var ratio: Ratio }

    func settings(_ configuration: Configuration) -> [Setting] { configuration.ratios.map { Setting(ratio: $0) } }

    func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        Estimate(seconds: 2e-3 * Double(configuration.updates), memory: 200_000_000, disk: 50_000)
    }

    func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let truth = FourBits(
            couplings: Tensor([0, 1.5, 0, -1, 0, 0, 1, 0, 0, 0, 0, -1.5, 0, 0, 0, 0] as [Float], shape: [4, 4]))
        let states = Tensor((0..<64).map { Float(($0 >> 2) >> ($0 & 3) & 1) }, shape: [16, 4])
        let draws = context.generator("data").multinomial(
            (-truth.energy(states)).exp().unsqueezed(0), count: configuration.points, replacement: true)
        let data = states.indexSelected(0, draws.reshaped([configuration.points]))

        let model = FourBits(couplings: Tensor.zeros([4, 4]).requiringGradient())
        let adam = Adam(model.parameters, .init(learningRate: configuration.learningRate))
        let objective = RatioMatching(.exact, ratio: setting.ratio == .half ? .power(0.5) : .squared)
        let generator = context.generator("objective")
        try context.train(
            configuration.updates, keeping: [.parameters(model.parameters), .optimizer(adam)]
        ) { update in
            let (loss, gradients) = try objective.lossAndGradients(model, data, using: generator)
            try context.guardFinite("loss", loss.item(), iteration: update)
            adam.update(gradients)
            if update.isMultiple(of: 50) { try context.log(iteration: update, ["loss": loss.item()]) }
        }
        let (learnt, known) = (model.couplings.upperTriangle(1), truth.couplings)
        let slope: Double = (learnt * known).sum().item() / (known * known).sum().item()
        try context.measure("slope", slope)
        if let last = try context.logged("loss").last { try context.measure("loss", last.value) }
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
