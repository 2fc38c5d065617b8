import EnergyModels
import Foundation
import Objectives
import Torch

/// What the gradient estimates of squared-ratio matching are on average over their flips: of all weighted ones the
/// exact gradient, and those of the two biased forms. Parameters are strung together to one vector.
package struct ExpectedGradients {
    /// Σᵢ gᵢ
    package let exact: Tensor
    /// Σᵢ ñᵢ gᵢ: what one unweighted flip gives.
    package let unweighted: Tensor
    /// The gradient of equation 12.
    package let surrogate: Tensor

    /// The mean over points x, float64 bits [batch, d].
    package init(_ model: some BinaryEnergyModel, over x: Tensor) throws {
        // The recorded forms: the closed one of a Boltzmann machine does not tell the surrogate from all flips.
        func gradient(_ estimator: RatioMatching.Estimator) throws -> Tensor {
            let loss = try RatioMatching(estimator).loss(model, x, using: RandomGenerator(seed: 0))
            return Self.flat(gradients(of: loss, withRespectTo: model.parameters.tensors))
        }
        (exact, surrogate) = (try gradient(.exact), try gradient(.surrogate))
        let proposal = RatioMatching(.gradientGuided(flips: 1)).logProposal(model, x)!.exp()
        let mean = (proposal * (2 * model.flipDifferences(x, at: nil)).exp()).sum(1).mean()
        unweighted = Self.flat(gradients(of: mean, withRespectTo: model.parameters.tensors))
    }

    /// The expectation over data ∝ p^power, where p is the model's own distribution, by enumeration; up to one common
    /// factor. Of a state y the gradient ∇E(y) enters as a point and as the flip of its d neighbours, so that
    ///
    ///     Σₓ p(x)^power Σᵢ wᵢ 2e^{2Δᵢ} (∇E(x) − ∇E(x₋ᵢ)) = Σ_y c(y) ∇E(y)
    ///
    /// is one weighted sum over states; w is 1 or ñ.
    package init(enumerating model: some BinaryEnergyModel, power: Double) {
        let d = model.dimension
        let (states, chunk) = (1 << d, 1 << 12)
        let logP = model.exactDistributions(keepingLogProbabilities: true)[0].logProbabilities!
        // p(x)^power e^{2Δᵢ} = p(x₋ᵢ)² p(x)^{power − 2}
        func logWeight(_ x: Int, _ i: Int) -> Double { 2 * logP[x ^ 1 << i] + (power - 2) * logP[x] }
        var largest = -Double.infinity
        for x in 0..<states { for i in 0..<d { largest = max(largest, logWeight(x, i)) } }
        var exactWeights = [Double](repeating: 0, count: states)
        var unweightedWeights = exactWeights
        let proposals = RatioMatching(.gradientGuided(flips: 1))
        var surrogate: [Tensor]?
        for first in stride(from: 0, to: states, by: chunk) {
            let range = first..<min(first + chunk, states)
            let points = model.stateTensor(range)
            let proposal = proposals.logProposal(model, points)!.exp().array(Double.self)
            for x in range {
                for i in 0..<d {
                    let weight = 2 * exp(logWeight(x, i) - largest)
                    let guided = weight * proposal[(x - first) * d + i]
                    exactWeights[x] += weight
                    exactWeights[x ^ 1 << i] -= weight
                    unweightedWeights[x] += guided
                    unweightedWeights[x ^ 1 << i] -= guided
                }
            }
            let variable = points.copied().requiringGradient()
            let slope = gradients(of: model.energy(variable).sum(), withRespectTo: [variable], differentiable: true)[0]
            let shift = Tensor(logP[range].map { power * $0 - largest }, shape: [range.count, 1])
            let part = (2 * (2 * points - 1) * slope + shift).exp().sum()
            Self.add(gradients(of: part, withRespectTo: model.parameters.tensors), to: &surrogate)
        }
        func sum(_ weights: [Double]) -> Tensor {
            var total: [Tensor]?
            for first in stride(from: 0, to: states, by: chunk) {
                let range = first..<min(first + chunk, states)
                let part = (Tensor(Array(weights[range])) * model.energy(model.stateTensor(range))).sum()
                Self.add(gradients(of: part, withRespectTo: model.parameters.tensors), to: &total)
            }
            return Self.flat(total!)
        }
        (exact, unweighted, self.surrogate) = (sum(exactWeights), sum(unweightedWeights), Self.flat(surrogate!))
    }

    /// ‖a − b‖ / ‖b‖
    package static func distance(_ a: Tensor, from b: Tensor) -> Double { (a - b).norm().item() / b.norm().item() }

    /// The same for the multiple of a that is closest to b: the sine of the angle between them.
    package static func turn(_ a: Tensor, from b: Tensor) -> Double {
        let multiple = (a * b).sum().item() / a.squared().sum().item()
        return distance(a * multiple, from: b)
    }

    private static func flat(_ tensors: [Tensor]) -> Tensor { .concatenated(tensors.map { $0.reshaped([$0.count]) }) }

    private static func add(_ found: [Tensor], to total: inout [Tensor]?) {
        total = total.map { zip($0, found).map { $0 + $1 } } ?? found
    }
}
