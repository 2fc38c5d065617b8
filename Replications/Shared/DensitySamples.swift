import EnergyModels
import Experiments
import Figures
import Foundation
import Samplers
import Torch

/// Chains on a density of the plane that has been learnt, from points anywhere in a box: what samplers find that do not
/// know the data. Each takes as many gradients a chain as the others, to within one step.
package struct DensitySamples {
    package let chains: Int
    /// Gradients a chain.
    package let gradients: Int
    /// τ of Langevin dynamics and MALA; ε of HMC is √τ, and a step of it is five leapfrog steps.
    package let timeStep: Double

    package init(chains: Int, gradients: Int, timeStep: Double) {
        (self.chains, self.gradients, self.timeStep) = (chains, gradients, timeStep)
    }

    private static let leapfrogSteps = 5

    /// Where the chains of a sampler end, and what share of its moves was accepted.
    package struct Drawn {
        package let name: String
        package let points: Tensor
        /// nil where the sampler rejects nothing.
        package let acceptance: Double?
    }

    /// Langevin dynamics, MALA and HMC, from the same points [chains, 2].
    ///
    /// - Throws: `LeftFiniteNumbers` where chains do.
    package func draw(_ model: some EnergyModel, from start: Tensor, using generator: RandomGenerator) throws -> [Drawn]
    {
        func adjusted(_ name: String, _ sampler: HamiltonianMonteCarlo) throws -> Drawn {
            let chains = try sampler.chains(model, from: start, using: generator)
            var moves = Moves()
            for _ in 0..<max(1, gradients / sampler.leapfrogSteps) { moves += chains.step() }
            return Drawn(name: name, points: chains.points, acceptance: moves.acceptanceRate)
        }
        let langevin = try LangevinDynamics.eulerMaruyama(timeStep: timeStep).run(
            model, from: start, steps: gradients, using: generator)
        return [
            Drawn(name: "Langevin", points: langevin.points, acceptance: nil),
            try adjusted("MALA", .metropolisAdjustedLangevin(timeStep: timeStep)),
            try adjusted(
                "HMC", HamiltonianMonteCarlo(stepSize: timeStep.squareRoot(), leapfrogSteps: Self.leapfrogSteps)),
        ]
    }
}

extension CellContext {
    /// The pictures `samples-true`, `samples-Langevin`, `samples-MALA` and `samples-HMC`: as many draws of the truth as
    /// there are chains, and where the chains ended that `samples` runs on the model; measures the shares of moves that
    /// were accepted, read out at `sampler`.
    ///
    /// - Throws: as `DensitySamples.draw`, and what writing throws.
    package func writeSamples(
        _ model: some FreezableEnergyModel, beside truth: any Density,
        in box: (x: ClosedRange<Double>, y: ClosedRange<Double>), _ samples: DensitySamples
    ) throws {
        let generator = generator("samples")
        let known = truth.sample(samples.chains, dtype: model.dtype, using: generator)
        func coordinate(_ range: ClosedRange<Double>) -> Tensor {
            range.lowerBound + (range.upperBound - range.lowerBound)
                * Tensor.uniform([samples.chains], dtype: model.dtype, using: generator)
        }
        let start = Tensor.stacked([coordinate(box.x), coordinate(box.y)], along: 1)
        let drawn = try samples.draw(model.frozen(), from: start, using: generator)

        let reach = [box.x, box.y].reduce(0) { max($0, abs($1.lowerBound), abs($1.upperBound)) }
        for (name, points) in [("true", known)] + drawn.map({ ($0.name, $0.points) }) {
            let numbers = points.array(Double.self)
            let places = (0..<samples.chains).map { SIMD2(numbers[2 * $0], numbers[2 * $0 + 1]) }
            let picture = try Image.density(
                points: places, range: -reach...reach, bins: 80, fullScale: max(1, samples.chains / 100),
                magnification: 2)
            try write(picture, named: "samples-\(name)")
        }
        for one in drawn {
            if let acceptance = one.acceptance { try measure("acceptance", acceptance, at: ["sampler": one.name]) }
        }
    }
}
