import EnergyModels
import Experiments
import Foundation
import Objectives
import ReplicationShared
import Torch

extension ScoreMatchingDensities {
    /// The gradient of contrastive divergence with one Langevin step beside that of score matching (Jin, equations 14
    /// to 21):
    ///
    ///     mean ∇E(x) − E_z mean ∇E(x − ½ε²∇ₓE(x) + εz)  =  ½ε² ∇J  +  O(ε⁴),   J = mean [½‖∇ₓE‖² − tr ∇ₓ²E]
    ///
    /// The notes have o(ε²) for the remainder. Odd powers of ε vanish with the odd moments of z, so the next term is of
    /// order ε⁴ and the error relative to ½ε²∇J of order ε²: slope 2 on logarithmic axes. With one z for each point the
    /// term ε z·∇ₓ∇E does not vanish but averages out, and its error relative to ½ε²∇J grows as 1/ε: slope −1.
    public struct OneStepLimit: ExperimentSetting {
        public var target: KnownTarget

        /// An iteration is an ε.
        func run(_ configuration: Configuration, _ context: CellContext) throws {
            let x = target.planar.density.sample(
                configuration.limitPoints, dtype: .float64, using: context.generator("data"))
            let model = ContinuousMLPEnergy(
                dimension: 2, hidden: configuration.hidden, confinement: configuration.confinement, dtype: .float64,
                using: context.generator("initialisation"))
            model.scaleWeights(by: configuration.weightScale)
            let truth = flattened(
                try ScoreMatching(.exact).lossAndGradients(model, x, using: context.generator("objective")).gradients)
            let steps = configuration.limitSteps
            try context.train(steps.count, keeping: []) { iteration in
                let step = steps[iteration - 1]
                let expected = Agreement(
                    of: 2 / (step * step) * flattened(expectedGradients(model, x, step)), with: truth)
                let one = try OneStepContrastiveDivergence(step: step).lossAndGradients(
                    model, x, using: context.generator("noise \(iteration)")
                ).gradients
                let drawn = Agreement(of: 2 / (step * step) * flattened(one), with: truth)
                try context.log(
                    iteration: iteration,
                    [
                        "step": step, "ratio": expected.ratio, "angle": expected.angle, "error": expected.error,
                        "ratioDrawn": drawn.ratio, "angleDrawn": drawn.angle, "errorDrawn": drawn.error,
                    ])
            }
            for (gradient, suffix) in [("expected", ""), ("drawn", "Drawn")] {
                for name in ["ratio", "error", "angle"] {
                    let logged = try context.logged(name + suffix).map(\.value)
                    for (step, value) in zip(steps, logged) {
                        try context.measure(name, value, at: ["gradient": gradient, "step": step])
                    }
                    guard name != "ratio" else { continue }
                    try context.measure(
                        "\(name)Slope", Self.slope(steps.suffix(3), logged.suffix(3)), at: ["gradient": gradient])
                }
            }
        }

        /// mean ∇E(x) − E_z mean ∇E(x̃), the expectation by the Gauss–Hermite rule of three nodes in each coordinate,
        /// exact for polynomials to degree 5 in each: for all terms below ε⁶.
        private func expectedGradients(_ model: ContinuousMLPEnergy, _ x: Tensor, _ step: Double) -> [Tensor] {
            let nodes = [
                (z: -3.0.squareRoot(), weight: 1.0 / 6), (z: 0, weight: 2.0 / 3),
                (z: 3.0.squareRoot(), weight: 1.0 / 6),
            ]
            let centres = x - 0.5 * step * step * model.inputGradient(x)
            var loss = model.energy(x).mean()
            for first in nodes {
                for second in nodes {
                    let z = Tensor([first.z, second.z], shape: [1, 2])
                    loss = loss - first.weight * second.weight * model.energy(centres + step * z).mean()
                }
            }
            return gradients(of: loss, withRespectTo: model.parameters.tensors)
        }

        private func flattened(_ gradients: [Tensor]) -> Tensor { .concatenated(gradients.map { $0.reshaped([-1]) }) }

        /// The slope of the line through (log x, log y), by least squares.
        private static func slope(_ x: some Sequence<Double>, _ y: some Sequence<Double>) -> Double {
            let (x, y) = (x.map { log($0) }, y.map { log($0) })
            let n = Double(x.count)
            let (meanX, meanY) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
            return zip(x, y).reduce(0) { $0 + ($1.0 - meanX) * ($1.1 - meanY) }
                / x.reduce(0) { $0 + ($1 - meanX) * ($1 - meanX) }
        }
    }
}

/// How two vectors g and t agree.
private struct Agreement {
    /// ‖g‖/‖t‖
    let ratio: Double
    /// The angle between them, in radians.
    let angle: Double
    /// ‖g − t‖/‖t‖
    let error: Double

    init(of g: Tensor, with t: Tensor) {
        func norm(_ a: Tensor) -> Double { a.squared().sum().item().squareRoot() }
        let length = norm(t)
        let along = (g * t).sum().item() / length
        ratio = norm(g) / length
        // The part across keeps its digits where the angle is small.
        angle = atan2(norm(g - along / length * t), along)
        error = norm(g - t) / length
    }
}

extension ContinuousMLPEnergy {
    /// Multiplies all matrices in place, so that a model that is not trained bends as one that is.
    func scaleWeights(by factor: Double) {
        withoutGradients { for layer in layers { layer.weight.assign(factor * layer.weight) } }
    }
}
