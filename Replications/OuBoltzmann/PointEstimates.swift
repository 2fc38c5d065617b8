import EnergyModels
import Foundation
import Objectives
import Torch

/// Which flips enter an estimate of a point's squared-ratio loss J(x) = Σᵢ fᵢ, fᵢ = e^{2Δᵢ}.
package enum FlipEstimator: String, CaseIterable {
    case uniform
    /// ñ ∝ f̃ᵢ, the first-order flip.
    case guided
    /// n* ∝ fᵢ.
    case optimal
    /// n ∝ ‖∇fᵢ‖: the proposal of the least gradient variance, ours for comparison.
    case gradientOptimal = "gradient-optimal"
    /// ñ without weights: the plain sum over the drawn flips.
    case unweighted
    /// Equation 12: no draws.
    case surrogate
}

/// The exact first two moments, over the draws of the flips, of every estimate of one point's loss and gradient.
///
/// With contributions fᵢ, their gradients gᵢ = ∇fᵢ and a proposal n, the weighted estimates (1/s) Σₜ f/n have no bias
/// and
///
///     Var(loss) = (1/s) (Σ fᵢ²/nᵢ − (Σ fᵢ)²)      tr Var(gradient) = (1/s) (Σ ‖gᵢ‖²/nᵢ − ‖Σ gᵢ‖²)
///
/// The unweighted ones have mean s Σ ñᵢ fᵢ and s Σ ñᵢ gᵢ, and variance s (Σ ñᵢ fᵢ² − (Σ ñᵢ fᵢ)²), likewise with gᵢ; the
/// surrogate has no variance, and the bias that it has. All fᵢ are kept relative to the largest: they span hundreds of
/// orders of magnitude.
package struct PointEstimates {
    /// ñ and n*.
    package let guided: [Double], optimal: [Double]
    /// fᵢ.
    private let losses: [Double]
    /// gᵢ·gⱼ, row-major.
    private let products: [Double]
    /// Its error in the loss, and the norm of its error in the gradient squared.
    private let surrogateErrors: (loss: Double, gradient: Double)

    /// - Parameter x: one point, float64 bits [1, d].
    package init(_ model: some BinaryEnergyModel, _ x: Tensor) {
        let d = model.dimension
        let parameters = model.parameters.tensors
        func flat(_ gradients: [Tensor]) -> Tensor { .concatenated(gradients.map { $0.reshaped([$0.count]) }) }

        let logarithms = RatioFunction.squared.logarithm(withoutGradients { model.flipDifferences(x, at: nil) })
        let largest = logarithms.max().item()
        let f = (logarithms - largest).exp()
        losses = f.array()
        optimal = logarithms.softmax(1).array()
        guided = RatioMatching(.gradientGuided(flips: 1)).logProposal(model, x)!.exp().array()

        // gᵢ = fᵢ · 2 (∇E(x) − ∇E(x₋ᵢ))
        let all = BoltzmannMachine.allIndices(x)
        let copies = BoltzmannMachine.flippedCopies(x, at: all).reshaped([d, d])
        let own = flat(gradients(of: model.energy(x).sum(), withRespectTo: parameters))
        let rows = (0..<d).map { i in
            own
                - flat(
                    gradients(
                        of: model.energy(copies.narrowed(0, start: i, length: 1)).sum(), withRespectTo: parameters))
        }
        let g = 2 * f.reshaped([d, 1]) * Tensor.stacked(rows)
        products = g.matmul(g.transposed()).array()

        // Equation 12, Σᵢ e^{2Δ̃ᵢ} with Δ̃ = (2x − 1) ⊙ ∇ₓE, and its gradient.
        let variable = x.detached().copied().requiringGradient()
        let slope = gradients(of: model.energy(variable).sum(), withRespectTo: [variable], differentiable: true)[0]
        let surrogate = (2 * (2 * x - 1) * slope - largest).exp().sum()
        let surrogateGradient = flat(gradients(of: surrogate, withRespectTo: parameters))
        surrogateErrors = (
            surrogate.item() - f.sum().item(), (surrogateGradient - g.sum(0)).squared().sum().item()
        )
    }

    /// What an estimate from s flips is off by.
    package struct Errors {
        /// The mean-squared error of the loss over J², and its part that is variance.
        package var loss: Double, lossVariance: Double
        /// The mean-squared error of the gradient over ‖∇J‖², and its part that is variance (the trace).
        package var gradient: Double, gradientVariance: Double
    }

    package func errors(of estimator: FlipEstimator, flips s: Int) -> Errors {
        let s = Double(s)
        let ones = [Double](repeating: 1, count: losses.count)
        let loss = losses.reduce(0, +)
        let gradient = product(ones, ones)
        func relative(_ bias: (loss: Double, gradient: Double), _ variance: (loss: Double, gradient: Double)) -> Errors
        {
            Errors(
                loss: (bias.loss + variance.loss) / (loss * loss), lossVariance: variance.loss / (loss * loss),
                gradient: (bias.gradient + variance.gradient) / gradient, gradientVariance: variance.gradient / gradient
            )
        }
        func weighted(_ n: [Double]) -> Errors {
            var (losses2, gradients2) = (0.0, 0.0)
            for (i, f) in losses.enumerated() where f > 0 {
                losses2 += f * f / n[i]
                gradients2 += products[i * losses.count + i] / n[i]
            }
            // Rounding leaves −10⁻¹⁶ where there is no variance.
            return relative((0, 0), (max(0, losses2 - loss * loss) / s, max(0, gradients2 - gradient) / s))
        }
        switch estimator {
        case .uniform: return weighted(ones.map { $0 / Double(losses.count) })
        case .guided: return weighted(guided)
        case .optimal: return weighted(optimal)
        case .gradientOptimal: return weighted(gradientOptimal)
        case .unweighted:
            let mean = zip(guided, losses).reduce(0) { $0 + $1.0 * $1.1 }
            let second = zip(guided, losses).reduce(0) { $0 + $1.0 * $1.1 * $1.1 }
            let meanNorm = product(guided, guided)
            let secondNorm = guided.indices.reduce(0) { $0 + guided[$1] * products[$1 * losses.count + $1] }
            // ‖s m − G‖² with m = Σ ñᵢ gᵢ, G = Σ gᵢ.
            let bias = s * s * meanNorm - 2 * s * product(guided, ones) + gradient
            return relative(
                ((s * mean - loss) * (s * mean - loss), max(0, bias)),
                (s * max(0, second - mean * mean), s * max(0, secondNorm - meanNorm)))
        case .surrogate:
            return relative((surrogateErrors.loss * surrogateErrors.loss, surrogateErrors.gradient), (0, 0))
        }
    }

    /// n ∝ ‖gᵢ‖; n* where all are 0.
    private var gradientOptimal: [Double] {
        let norms = losses.indices.map { products[$0 * losses.count + $0].squareRoot() }
        let sum = norms.reduce(0, +)
        return sum > 0 ? norms.map { $0 / sum } : optimal
    }

    /// (Σᵢ aᵢ gᵢ)·(Σⱼ bⱼ gⱼ)
    private func product(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for i in a.indices { for j in b.indices { sum += a[i] * b[j] * products[i * b.count + j] } }
        return sum
    }

    /// The largest |ñᵢ − n*ᵢ|.
    package var proposalDifference: Double { zip(guided, optimal).reduce(0) { max($0, abs($1.0 - $1.1)) } }

    /// ½ Σ |ñᵢ − n*ᵢ|, the total variation distance.
    package var proposalDistance: Double { zip(guided, optimal).reduce(0) { $0 + abs($1.0 - $1.1) } / 2 }
}
