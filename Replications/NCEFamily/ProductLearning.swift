import EnergyModels
import Experiments
import Foundation
import Metrics
import Samplers
import Torch

/// A method on copies of a density of the plane side by side, x ∈ ℝ^d: KL(p‖p_θ) = E_p[log p + E] + log Z, the first by
/// held-out draws, of which log p is known, the second by annealed importance sampling from the Gaussian of p's mean
/// and covariance.
struct ProductLearning {
    private let cell: Cell
    private let configuration: NCEFamily.Configuration

    init(_ cell: Cell, _ configuration: NCEFamily.Configuration) {
        (self.cell, self.configuration) = (cell, configuration)
    }

    func run(_ context: CellContext) throws -> CellResult {
        let d = Int(cell.label("d")!)!
        let target = PlanarTarget(rawValue: cell.label("target")!)!
        let density = try Self.product(target.density, copies: d / 2)
        let learnt = try MethodLearning(NCEFamily.Method(rawValue: cell.label("method")!)!, density, configuration).run(
            context)

        func generator(_ stream: String) -> RandomGenerator { RandomGenerator(seed: cell.seed, stream: stream) }
        let annealing = try ContinuousAnnealing(
            temperatures: configuration.temperatures, chains: configuration.annealingChains,
            transition: HamiltonianMonteCarlo(stepSize: configuration.annealingStep, leapfrogSteps: 3))
        let noise = try DataScale(of: density, seed: cell.seed).gaussian
        let estimate: AnnealedImportanceSampling.Estimate
        do {
            estimate = try annealing.logPartitionFunction(of: learnt.model, from: noise, using: generator("annealing"))
        } catch is ChainError {
            throw Divergence(quantity: "energy of annealed chains", iteration: configuration.iterations)
        }
        let x = density.sample(configuration.heldOut, dtype: .float64, using: generator("held-out data"))
        let logP = density.logDensity(x)
        let gaps = logP + learnt.model.evaluate(x.converted(to: .float32)).converted(to: .float64)
        let sampling = (gaps.variance().item() / Double(configuration.heldOut)).squareRoot()
        let logZ = estimate.logPartitionFunction
        var values = [
            "KL": gaps.mean().item() + logZ,
            "KL's error": (sampling * sampling + estimate.standardError * estimate.standardError).squareRoot(),
            "logMass": logZ - (learnt.logNormalizer ?? 0), "logZ's error": estimate.standardError,
            "effectiveChains": estimate.effectiveSampleSize, "KL@gaussian": (logP - noise.logDensity(x)).mean().item(),
        ]
        if d == 2 {
            let grid = try QuadratureGrid(target, cells: configuration.cells)
            let found = try DensityComparison(of: learnt.model, with: target.density, on: grid)
            values["KL@quadrature"] = found.divergence
            values["logMass@quadrature"] = found.logPartitionFunction - (learnt.logNormalizer ?? 0)
        }
        return CellResult(values)
    }

    private static func product<Base: Density>(_ base: Base, copies: Int) throws -> any Density {
        try ProductDensity(base, copies: copies)
    }
}
