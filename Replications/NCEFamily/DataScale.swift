import EnergyModels
import Experiments
import Torch

/// Mean and covariance of a density, from draws of it: what fixed noise is made of, and the unit of bandwidths and
/// shifts.
struct DataScale {
    /// N(μ̂, Σ̂)
    let gaussian: GaussianDensity

    init(of density: any Density, _ context: CellContext) throws {
        let draws = density.sample(10_000, dtype: .float64, using: context.generator("noise fit"))
        gaussian = try GaussianDensity(fittedTo: draws)
    }

    /// (tr Σ̂/d)^½
    var deviation: Double { gaussian.covariance.diagonal().mean().item().squareRoot() }

    /// N(μ̂ + s(deviation)e₁, r²Σ̂)
    func noise(shift s: Double = 0, scale r: Double = 1) throws -> GaussianDensity {
        let mean = gaussian.mean.copied()
        mean[0..<1].assign(mean[0..<1] + s * deviation)
        return try GaussianDensity(mean: mean, covariance: r * r * gaussian.covariance)
    }
}
