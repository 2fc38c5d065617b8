import Torch

/// A density on ℝ^d that is known with its normalisation and drawn from exactly: the truth that models are measured
/// against, the noise that they are contrasted with, the base of a product. Its energy is E(x) = −log p(x), so that log
/// Z = 0.
///
///     let density = PlanarTarget.rings.density
///     let x = density.sample(512, dtype: .float32, using: generator)     // [512, 2]
///     let (logp, score) = (density.logDensity(x), density.score(x))      // [512], [512, 2]
///
/// Densities stand with the energies, not with the data sets: samplers are run on them and objectives take them as
/// noise.
public protocol Density: ContinuousEnergyModel {
    /// d
    var dimension: Int { get }

    /// log p(x), shape [batch], of points [batch, d]; −∞ where p is 0. Recorded for gradients in x.
    func logDensity(_ x: Tensor) -> Tensor

    /// Independent draws, shape [count, d], constants.
    func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor

    /// Whether ∇ log p exists (almost) everywhere and tells the density up to its scale.
    var hasScore: Bool { get }
}

extension Density {
    public var parameters: Parameters { Parameters([]) }
    public var hasScore: Bool { true }
    public func energy(_ x: Tensor) -> Tensor { -logDensity(x) }

    /// ∇ₓ log p(x), of x's shape, a constant.
    ///
    /// - Precondition: `hasScore`.
    public func score(_ x: Tensor) -> Tensor { -inputGradient(x) }
}

/// A density that does not exist as it was asked for.
public enum DensityError: Error, Equatable, Sendable, CustomStringConvertible {
    case unknownTarget(String)
    case components(weights: Int, means: Int, deviations: Int)
    case weight(Double)
    case deviation(Double)
    case parameter(String, Double)
    case covariance(smallestEigenvalue: Double)
    case shape(mean: [Int], covariance: [Int])
    case copies(Int)

    public var description: String {
        switch self {
        case .unknownTarget(let name):
            "unknown target '\(name)': the planar targets are \(PlanarTarget.allCases.map(\.rawValue).joined(separator: ", "))"
        case .components(let weights, let means, let deviations):
            "a mixture of \(weights) weights, \(means) means and \(deviations) standard deviations: it takes as many of each, at least one"
        case .weight(let weight): "a mixture weight of \(weight): weights must be positive and finite"
        case .deviation(let deviation): "a standard deviation of \(deviation): it must be positive and finite"
        case .parameter(let name, let value): "\(name) \(value): it must be finite, and a radius or a side positive"
        case .covariance(let smallest):
            "a covariance matrix with the eigenvalue \(smallest): it must be finite and positive definite"
        case .shape(let mean, let covariance):
            "a mean of shape \(mean) and a covariance of shape \(covariance): they are [d] and [d, d]"
        case .copies(let count): "a product of \(count) copies: at least 1"
        }
    }

    static func validate(deviation: Double) throws(DensityError) {
        guard deviation > 0, deviation.isFinite else { throw .deviation(deviation) }
    }
}
