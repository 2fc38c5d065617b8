import EnergyModels
import Experiments
import Metrics
import ReplicationShared
import Samplers
import Torch

extension NCEFamily {
    /// A method on copies of a density of the plane side by side, x ∈ ℝ^d: KL(p‖p_θ) = E_p[log p + E] + log Z, the
    /// first by held-out draws, of which log p is known, the second by annealed importance sampling from the Gaussian
    /// of p's mean and covariance. In the plane by quadrature too.
    public struct ProductLearning: ExperimentSetting {
        public var target: KnownTarget
        public var dimension: Int
        public var method: Method

        private enum CodingKeys: String, CodingKey {
            case target
            case dimension = "d"
            case method
        }

        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let density = try Self.product(target.planar.density, copies: dimension / 2)
            let learnt = try method.learn(density, configuration, context)
            let annealing = try ContinuousAnnealing(
                temperatures: configuration.temperatures, chains: configuration.annealingChains,
                transition: HamiltonianMonteCarlo(stepSize: configuration.annealingStep, leapfrogSteps: 3))
            let noise = try DataScale(of: density, context).gaussian
            let estimate = try annealing.logPartitionFunction(
                of: learnt.model, from: noise, using: context.generator("annealing"))
            let x = density.sample(configuration.heldOut, dtype: .float64, using: context.generator("held-out data"))
            let logP = density.logDensity(x)
            let gaps = logP + learnt.model.evaluate(x.converted(to: .float32)).converted(to: .float64)
            let sampling = (gaps.variance().item() / Double(configuration.heldOut)).squareRoot()
            let (logZ, error) = (estimate.logPartitionFunction, estimate.standardError)
            try context.measure(
                "kl", gaps.mean().item() + logZ, error: (sampling * sampling + error * error).squareRoot())
            try context.measure("logMass", logZ - learnt.logNormalizer, error: error)
            try context.measure("effectiveChains", estimate.effectiveSampleSize)
            try context.measure("kl", (logP - noise.logDensity(x)).mean().item(), at: ["of": "gaussian"])
            guard dimension == 2 else { return }
            let grid = try QuadratureGrid(target.planar, cells: configuration.cells)
            let found = try DensityComparison(of: learnt.model, with: target.planar.density, on: grid)
            try context.measure("kl", found.divergence, at: ["by": "quadrature"])
            try context.measure(
                "logMass", found.logPartitionFunction - learnt.logNormalizer, at: ["by": "quadrature"])
        }

        private static func product(_ base: some Density, copies: Int) throws -> any Density {
            try ProductDensity(base, copies: copies)
        }
    }
}
