import Torch

/// The Fréchet distance of two Gaussians with the means and covariances of two sets of features (Dowson and Landau
/// 1982), which on Inception features is FID (Heusel et al. 2017, equation 6):
///
///     |μ₁ − μ₂|² + tr C₁ + tr C₂ − 2 tr (C₁ C₂)^½
///
/// The last trace is taken from symmetric matrices alone. With C₁ = U Λ Uᵀ of rank r (eigenvalues up to d ε λ_max count
/// as 0), B = Λ_r^½ U_rᵀ, the eigenvalues of B C₂ Bᵀ [r, r] are those of C₁ C₂ but for zeros: none is negative but by
/// rounding, and the trace is the sum of their roots. The set of fewer samples is taken for C₁, so that rounding in
/// directions which its samples do not span, whose roots would add up, does not enter.
///
/// - Precondition: both have seen at least two features, of equal dimension.
/// - Returns: the distance; rounding can make it negative by about 1e-14 of the traces.
public func frechetDistance(_ a: FeatureStatistics, _ b: FeatureStatistics) -> Double {
    let (first, second) = a.count <= b.count ? (a, b) : (b, a)
    return frechetDistance((first.mean, first.covariance), (second.mean, second.covariance))
}

/// The same of means, float64 [d], and covariances, symmetric positive semidefinite, float64 [d, d]. Where ranks
/// differ, the first should be that of lower rank.
public func frechetDistance(_ a: (mean: Tensor, covariance: Tensor), _ b: (mean: Tensor, covariance: Tensor)) -> Double
{
    require(a.mean.shape == b.mean.shape, "means of shapes \(a.mean.shape) and \(b.mean.shape)")
    let means = (a.mean - b.mean).squared().sum().item()
    let traces = a.covariance.diagonal().sum().item() + b.covariance.diagonal().sum().item()
    return means + traces - 2 * traceOfRoot(a.covariance, b.covariance)
}

/// tr (C₁ C₂)^½ of symmetric positive semidefinite matrices, float64 [d, d].
private func traceOfRoot(_ c1: Tensor, _ c2: Tensor) -> Double {
    let d = c1.size(0)
    let (values, vectors) = c1.symmetricEigen()
    let largest = values.max().item()
    guard largest > 0 else { return 0 }
    let least = Double(d) * Double.ulpOfOne * largest
    let rank = Int((values .> least).converted(to: .int64).sum().item())
    // Ascending: the last `rank`.
    let roots = values.narrowed(0, start: d - rank, length: rank).squareRoot()
    let b = vectors.narrowed(1, start: d - rank, length: rank) * roots
    let product = b.transposed().matmul(c2).matmul(b)
    let eigenvalues = ((product + product.transposed()) * 0.5).symmetricEigenvalues()
    return eigenvalues.maximum(0).squareRoot().sum().item()
}
