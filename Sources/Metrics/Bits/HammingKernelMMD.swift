import Foundation
import Torch

/// How the squared maximum mean discrepancy is estimated from two sets.
public enum MMDEstimator: Sendable, CaseIterable {
    /// Pairs of a point with itself are left out (Gretton et al. 2012, equation 3): the mean is right, a value can be
    /// negative.
    case unbiased
    /// All pairs count (Gretton et al. 2012, equation 5, squared): never negative for a positive definite kernel, 0 for
    /// equal sets, and too large on average by the order of 1/n + 1/m.
    case biased
}

/// The squared maximum mean discrepancy between two sets of binary vectors under the kernel
///
///     k(x, y) = exp(−λ H(x, y)),   H the Hamming distance.
///
/// The kernel is a product over bits, positive definite and characteristic on {0, 1}^d for λ > 0: it sees all joint
/// moments, with weights that fall off with their order, where the kernel d − H of `linearKernelMMD` sees the means of
/// single bits alone.
///
/// - Parameters:
///   - x: bits, any type, shape [n, d]; n ≥ 2 for the unbiased estimate, else n ≥ 1.
///   - y: bits, shape [m, d], m likewise.
///   - decay: λ > 0.
public func exponentialKernelMMD(
    _ x: Tensor, _ y: Tensor, decay: Double, estimator: MMDEstimator = .unbiased
) -> Double {
    require(decay > 0, "a kernel exp(−λH) with λ = \(decay)")
    return hammingKernelMMD(x, y, estimator: estimator) { exp(-decay * Double($0)) }
}

/// The squared maximum mean discrepancy under a kernel that depends on the Hamming distance alone, k(x, y) = k(H(x,
/// y)):
///
///     unbiased: Σ_{i≠j} k(xᵢ, xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ, yⱼ) / m(m−1) − 2 Σ_{ij} k(xᵢ, yⱼ) / nm
///     biased:   Σ_{ij} k(xᵢ, xⱼ) / n² + Σ_{ij} k(yᵢ, yⱼ) / m² − 2 Σ_{ij} k(xᵢ, yⱼ) / nm
///
/// Each sum is Σₕ counts[h] k(h) over the d + 1 distances of `hammingHistogram`.
///
/// - Parameters:
///   - x: bits, any type, shape [n, d]; n ≥ 2 for the unbiased estimate, else n ≥ 1.
///   - y: bits, shape [m, d], m likewise.
///   - kernel: k(h) for h in 0 ... d.
public func hammingKernelMMD(
    _ x: Tensor, _ y: Tensor, estimator: MMDEstimator = .unbiased, kernel: (_ distance: Int) -> Double
) -> Double {
    let (x, y) = (PackedBits(x), PackedBits(y))
    let least = estimator == .unbiased ? 2 : 1
    require(x.count >= least && y.count >= least, "MMD of sets of \(x.count) and \(y.count) points")
    let values = (0...x.dimension).map(kernel)
    func mean(_ histogram: [Int], pairs: Int) -> Double {
        zip(histogram, values).reduce(0) { $0 + Double($1.0) * $1.1 } / Double(pairs)
    }
    func meanWithin(_ set: PackedBits) -> Double {
        var histogram = hammingHistogram(set, set)
        if estimator == .biased { return mean(histogram, pairs: set.count * set.count) }
        histogram[0] -= set.count
        return mean(histogram, pairs: set.count * (set.count - 1))
    }
    let between = mean(hammingHistogram(x, y), pairs: x.count * y.count)
    return meanWithin(x) + meanWithin(y) - 2 * between
}
