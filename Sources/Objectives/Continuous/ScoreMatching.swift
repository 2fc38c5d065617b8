import EnergyModels
import Torch

/// Random directions v with E[v] = 0 and E[vvᵀ] = 1, on which sliced objectives and traces rest.
public enum Projection: String, Hashable, Sendable, CaseIterable, Codable {
    /// Entries ±1 with equal chances: of all such v the one with the least variance of vᵀAv for a symmetric A.
    case rademacher
    case gaussian
    /// Uniform on the sphere of radius √d.
    case sphere

    /// Directions of x's shape [batch, …] and type.
    public func directions(like x: Tensor, using generator: RandomGenerator) -> Tensor {
        switch self {
        case .rademacher: return 2 * Tensor.integers(x.shape, 0..<2, dtype: x.dtype, using: generator) - 1
        case .gaussian: return .normal(x.shape, dtype: x.dtype, using: generator)
        case .sphere:
            let d = Double(x.count / x.size(0))
            let z = Tensor.normal([x.size(0), x.count / x.size(0)], dtype: x.dtype, using: generator)
            return (d.squareRoot() * z / z.norm(1, keeping: true)).reshaped(x.shape)
        }
    }
}

/// Score matching: the Fisher divergence ½ E‖∇ log p_data − ∇ log p_θ‖² (Xu 2022, equation 2.6; Jin, equation 8), up to
/// a constant in θ, without the data's score and without log Z. With s = ∇ₓ log p_θ = −∇ₓE and H = ∇ₓ²E, for each
/// point,
///
///     exact:              ½ ‖s‖² − tr H                                                     (theorem 2.1; Jin, equation 12)
///     Hutchinson:         ½ ‖s‖² − mean_v vᵀHv                                              (equation 2.8)
///     sliced:             mean_v [½ (vᵀs)² − vᵀHv]                                          (equation 2.9)
///     finite difference:  mean_v [⅛ (E₊ − E₋)² − (E₊ − 2E + E₋)]/ε²,  E± = E(x ± εv)        (Pang et al. 2020)
///     denoising:          ½ ‖(x − x̃)/σ² − s(x̃)‖²,  x̃ = x + σz                              (equation 2.7; Jin, equation 13)
///
/// (equations of Xu 2022 where no other is named). Hutchinson's form is what Song et al. (2019) call sliced score
/// matching with variance reduction: (vᵀs)² replaced by its expectation ‖s‖² (Xu 2022, appendix A.2). All but denoising
/// have the expectation of the exact form, the finite differences up to terms of order ε². Denoising learns the score
/// of the data blurred by σ, not the data's, and its loss has another constant.
public struct ScoreMatching: DensityObjective, Hashable, Sendable {
    public enum Estimator: Hashable, Sendable {
        case exact
        /// `projections` directions for each point.
        case hutchinson(Projection, projections: Int = 1)
        case sliced(Projection, projections: Int = 1)
        /// `step` is ε. In float32 the second difference loses some 10⁻⁷|E|/ε² to rounding: ε = 0.1 is a fair choice
        /// there.
        case finiteDifference(Projection, projections: Int = 1, step: Double)
        case denoising(standardDeviation: Double)
    }

    public let estimator: Estimator

    /// - Throws: `ObjectiveSettingError` for no projections, and for an ε or σ that is not positive and finite.
    public init(_ estimator: Estimator) throws(ObjectiveSettingError) {
        switch estimator {
        case .exact: break
        case .hutchinson(_, let count), .sliced(_, let count):
            try ObjectiveSettingError.validate(count: count, "projections")
        case .finiteDifference(_, let count, let step):
            try ObjectiveSettingError.validate(count: count, "projections")
            try ObjectiveSettingError.validate(positive: step, "finite difference step")
        case .denoising(let deviation):
            try ObjectiveSettingError.validate(positive: deviation, "noise standard deviation")
        }
        self.estimator = estimator
    }

    public func loss(_ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator) throws
        -> Tensor
    {
        try values(model, x, using: generator).mean()
    }

    /// The estimate at each point, shape [batch], recorded.
    ///
    /// - Throws: as `loss`.
    public func values(
        _ model: some ContinuousEnergyModel, _ x: Tensor, using generator: RandomGenerator
    ) throws -> Tensor {
        let x = x.detached()
        switch estimator {
        case .exact:
            let (gradient, laplacian) = model.gradientAndLaplacian(x)
            try NonFiniteQuantity.check(gradient, "score")
            try NonFiniteQuantity.check(laplacian, "Hessian's trace")
            return 0.5 * gradient.squared().sumOfEachPoint() - laplacian

        case .hutchinson(let projection, let count):
            let gradient = model.recordedGradient(x)
            try NonFiniteQuantity.check(gradient, "score")
            let copies = x.repeated(count, along: 0)
            let v = projection.directions(like: copies, using: generator)
            let second = model.directionalDerivatives(copies, along: v).second
            try NonFiniteQuantity.check(second, "curvature")
            return 0.5 * gradient.squared().sumOfEachPoint() - second.reshaped([-1, count]).mean(1)

        case .sliced(let projection, let count):
            let copies = x.repeated(count, along: 0)
            let v = projection.directions(like: copies, using: generator)
            let (first, second) = model.directionalDerivatives(copies, along: v)
            try NonFiniteQuantity.check(first, "score")
            try NonFiniteQuantity.check(second, "curvature")
            return (0.5 * first.squared() - second).reshaped([-1, count]).mean(1)

        case .finiteDifference(let projection, let count, let step):
            let copies = x.repeated(count, along: 0)
            let displacement = step * projection.directions(like: copies, using: generator)
            let n = copies.size(0)
            let energies = model.energy(.concatenated([copies + displacement, copies - displacement, x]))
            try NonFiniteQuantity.check(energies, "energy")
            let (above, below) = (energies[0..<n].reshaped([-1, count]), energies[n..<2 * n].reshaped([-1, count]))
            let middle = energies[2 * n..<2 * n + x.size(0)].unsqueezed(1)
            return ((above - below).squared() / 8 - (above - 2 * middle + below)).mean(1) / (step * step)

        case .denoising(let deviation):
            let noise = Tensor.normal(x.shape, dtype: x.dtype, using: generator)
            // (x − x̃)/σ² = −z/σ
            let gradient = model.recordedGradient(x + deviation * noise)
            try NonFiniteQuantity.check(gradient, "score")
            return 0.5 * (gradient - noise / deviation).squared().sumOfEachPoint()
        }
    }
}
