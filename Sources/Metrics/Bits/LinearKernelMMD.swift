import Torch

/// The squared maximum mean discrepancy between two sets of binary vectors under the kernel
/// k(x, y) = d − Hamming(x, y), unbiased: the diagonals are left out, so it can be negative.
///
///     MMD² = Σ_{i≠j} k(xᵢ, xⱼ) / n(n−1) + Σ_{i≠j} k(yᵢ, yⱼ) / m(m−1) − 2 Σ_{ij} k(xᵢ, yⱼ) / nm
///
/// The kernel is linear in the bits: with cₖ the number of ones in column k of x and eₖ of y,
/// Σ_{ij} k(xᵢ, yⱼ) = Σₖ cₖ eₖ + (n − cₖ)(m − eₖ), an integer, at the cost of counting. It sees nothing of the two sets
/// but the means of single bits.
///
/// - Parameters:
///   - x: bits, any type, shape [n, d], n ≥ 2.
///   - y: bits, shape [m, d], m ≥ 2.
public func linearKernelMMD(_ x: Tensor, _ y: Tensor) -> Double {
    let (n, m, d) = (x.size(0), y.size(0), x.size(1))
    require(n >= 2 && m >= 2 && y.size(1) == d, "sets of shapes \(x.shape) and \(y.shape)")
    let (xOnes, yOnes) = (columnCounts(x), columnCounts(y))
    func kernelSum(_ a: [Int], _ n: Int, _ b: [Int], _ m: Int) -> Int {
        zip(a, b).reduce(0) { $0 + $1.0 * $1.1 + (n - $1.0) * (m - $1.1) }
    }
    let within = Double(kernelSum(xOnes, n, xOnes, n) - n * d) / (Double(n) * Double(n - 1))
    let other = Double(kernelSum(yOnes, m, yOnes, m) - m * d) / (Double(m) * Double(m - 1))
    let between = Double(kernelSum(xOnes, n, yOnes, m)) / (Double(n) * Double(m))
    return within + other - 2 * between
}

/// How many ones each column holds.
private func columnCounts(_ x: Tensor) -> [Int] { x.converted(to: .int64).sum(0).array(Int.self) }
