import EnergyModels
import Experiments
import Foundation
import Metrics
import Torch

/// Chains whose energies are noted step by step: where they end, and how well they have mixed.
package struct TracedChains {
    /// Where the chains stand at the end, [chains, …].
    package let points: Tensor
    /// The energies after each step of the second half, float64 [steps, chains].
    private let energies: Tensor
    private let steps: Int

    /// - Parameters:
    ///   - start: where the chains start, [chains, …].
    ///   - steps: at least 8.
    ///   - step: moves all chains on once.
    /// - Throws: what `step` throws.
    package init(
        of model: some EnergyModel, from start: Tensor, steps: Int, _ step: (Tensor) throws -> Tensor
    ) throws {
        require(steps >= 8, "\(steps) steps of chains that are traced")
        var (points, energies) = (start, [Tensor]())
        for index in 1...steps {
            points = try step(points)
            if index > steps / 2 { energies.append(model.evaluate(points).converted(to: .float64)) }
        }
        (self.points, self.steps) = (points, steps)
        self.energies = Tensor.stacked(energies, along: 0)
    }

    /// Chains of several batches as one set of chains, which have made as many steps.
    package init(joining batches: [TracedChains]) {
        points = .concatenated(batches.map(\.points))
        energies = .concatenated(batches.map(\.energies), along: 1)
        steps = batches[0].steps
    }

    /// R̂ of the energy over the chains, and the median over the chains of its effective sample size; `move` says what
    /// share of the moves was taken, where that is known.
    package func diagnostics(_ kind: String, move: String? = nil) -> String {
        let (kept, count) = (energies.size(0), energies.size(1))
        let rHat = splitRHat(energies)
        let sizes = effectiveSampleSizes(energies).filter(\.isFinite).sorted()
        let size = sizes.isEmpty ? "none, since no chain moved" : String(format: "%.1f", sizes[sizes.count / 2])
        let parts =
            ["\(count) chains of \(steps) \(kind)"] + (move.map { [$0] } ?? [])
            + [
                "energy over the last \(kept): R̂ \(String(format: "%.4f", rHat))",
                "effective sample size a chain \(size)",
            ]
        return parts.joined(separator: "; ")
    }
}

extension DrawRequest {
    /// Samples of bits by moves from coin flips, each the end of a chain of its own.
    ///
    /// - Parameters:
    ///   - kind: what a step is called, in the plural: "Gibbs sweeps".
    ///   - steps: where the request does not say.
    ///   - move: moves all chains on once.
    /// - Returns: bits as floating-point numbers [count, d], and the line of diagnostics.
    package func bits(
        of model: some BinaryEnergyModel, _ kind: String, steps: Int,
        _ move: (Tensor, RandomGenerator) throws -> Tensor
    ) throws -> (bits: Tensor, diagnostics: String) {
        let generator = generator()
        let start = Tensor.integers([count, model.dimension], 0..<2, using: generator).converted(to: model.dtype)
        let steps = max(8, self.steps ?? steps)
        var (changed, total) = (0.0, 0.0)
        let chains = try TracedChains(of: model, from: start, steps: steps) { x in
            let next = try move(x, generator)
            changed += (next .!= x).converted(to: .float64).mean().item()
            total += 1
            return next
        }
        let share = String(format: "%.1f %% of the bits change in one", 100 * changed / total)
        return (chains.points, chains.diagnostics(kind, move: share))
    }
}
