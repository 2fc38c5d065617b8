import Foundation
import Torch

/// N(μ, Σ) on ℝ^d.
public struct GaussianDensity: Density {
    /// μ, shape [d], float64.
    public let mean: Tensor
    /// Σ, shape [d, d], float64.
    public let covariance: Tensor
    /// C with Σ = CCᵀ, lower triangular.
    private let factor: Tensor
    /// C⁻ᵀ: (x − μ) C⁻ᵀ is standard normal.
    private let whitening: Tensor
    private let logNormalizer: Double

    /// - Parameters:
    ///   - mean: [d].
    ///   - covariance: [d, d]; its symmetric part counts.
    /// - Throws: `DensityError` unless the shapes fit and Σ is finite and positive definite.
    public init(mean: Tensor, covariance: Tensor) throws(DensityError) {
        let d = mean.count
        guard mean.shape == [d], d > 0, covariance.shape == [d, d] else {
            throw .shape(mean: mean.shape, covariance: covariance.shape)
        }
        let wide = covariance.detached().converted(to: .float64)
        let symmetric = 0.5 * (wide + wide.transposed())
        guard symmetric.isFinite().all(), mean.isFinite().all() else { throw .covariance(smallestEigenvalue: .nan) }
        let smallest = symmetric.symmetricEigen().values.min().item()
        guard smallest > 0 else { throw .covariance(smallestEigenvalue: smallest) }
        self.mean = mean.detached().converted(to: .float64)
        self.covariance = symmetric
        factor = symmetric.cholesky()
        whitening = factor.transposed().solve(.identity(d, dtype: .float64))
        logNormalizer = 0.5 * Double(d) * log(2 * .pi) + factor.diagonal().log().sum().item()
    }

    /// N(0, σ²I) on ℝ^d.
    public init(dimension: Int, standardDeviation: Double) throws(DensityError) {
        try DensityError.validate(deviation: standardDeviation)
        try self.init(
            mean: .zeros([dimension], dtype: .float64),
            covariance: .identity(dimension, dtype: .float64) * (standardDeviation * standardDeviation))
    }

    /// The Gaussian with the mean and the covariance (by n − 1) of points [n, d].
    ///
    /// - Throws: `DensityError` where the points do not span ℝ^d.
    public init(fittedTo x: Tensor) throws(DensityError) {
        let wide = x.detached().converted(to: .float64)
        let mean = wide.mean(0)
        let centred = wide - mean
        try self.init(mean: mean, covariance: centred.transposed().matmul(centred) / Double(x.size(0) - 1))
    }

    public var dimension: Int { mean.count }

    public func logDensity(_ x: Tensor) -> Tensor {
        let standard = (x - mean.converted(to: x.dtype)).matmul(whitening.converted(to: x.dtype))
        return -0.5 * standard.squared().sum(1) - logNormalizer
    }

    public func sample(_ count: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let z = Tensor.normal([count, dimension], dtype: .float64, using: generator)
        return (z.matmul(factor.transposed()) + mean).converted(to: dtype)
    }
}
