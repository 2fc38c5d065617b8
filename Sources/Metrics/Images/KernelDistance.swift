import Foundation
import Torch

/// The kernel distance of two sets of features (Bińkowski et al. 2018), which on Inception features is KID: the
/// unbiased squared maximum mean discrepancy under k(x, y) = (x·y/d + 1)³,
///
///     Σ_{i≠j} k(xᵢ, xⱼ)/m(m−1) + Σ_{i≠j} k(yᵢ, yⱼ)/m(m−1) − 2 Σ_{ij} k(xᵢ, yⱼ)/m²
///
/// over random subsets of m of each.
public struct KernelDistance: Codable, Equatable, Sendable {
    /// Over the subsets; can be negative.
    public let mean: Double
    /// The standard deviation of one subset's value: the root of the mean square, divided by their number as is usual
    /// in public code. nil where every subset is the whole of both sets, so that they do not differ.
    public let standardDeviation: Double?
    public let subsets: Int
    public let subsetSize: Int

    /// - Parameters:
    ///   - x: features [n, d], float32, n ≥ 2.
    ///   - y: features [n′, d], n′ ≥ 2.
    ///   - subsetSize: m, at least 2; n or n′ where one is less.
    ///   - generator: which subsets are taken.
    public init(_ x: Tensor, _ y: Tensor, subsets: Int = 100, subsetSize: Int = 1000, using generator: RandomGenerator)
    {
        require(x.rank == 2 && y.rank == 2 && x.size(1) == y.size(1), "features of shapes \(x.shape) and \(y.shape)")
        let size = min(subsetSize, x.size(0), y.size(0))
        require(size >= 2 && subsets >= 1, "\(subsets) subsets of \(size) features")
        let values = (0..<subsets).map { _ in
            let chosen = [x, y].map { set in
                set.indexSelected(0, generator.permutation(set.size(0)).narrowed(0, start: 0, length: size))
            }
            return polynomialMMD(chosen[0], chosen[1])
        }
        let mean = values.reduce(0, +) / Double(subsets)
        self.mean = mean
        standardDeviation =
            size < x.size(0) || size < y.size(0)
            ? (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(subsets)).squareRoot() : nil
        self.subsets = subsets
        self.subsetSize = size
    }
}

/// The formula above over all of x and y; products in the features' type, sums in float64.
package func polynomialMMD(_ x: Tensor, _ y: Tensor) -> Double {
    let d = Double(x.size(1))
    func kernel(_ a: Tensor, _ b: Tensor) -> Tensor {
        let base = a.matmul(b.transposed()).converted(to: .float64) * (1 / d) + 1
        return base * base * base
    }
    func within(_ a: Tensor) -> Double {
        let k = kernel(a, a)
        let n = Double(a.size(0))
        return (k.sum().item() - k.diagonal().sum().item()) / (n * (n - 1))
    }
    return within(x) + within(y) - 2 * kernel(x, y).mean().item()
}
