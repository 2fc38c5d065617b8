import HDF5
import Torch

/// Mean and covariance of features that come in batches, in float64 (Chan, Golub and LeVeque 1979: means and sums of
/// squares of two parts are joined by the difference of their means, without cancellation).
///
///     δ = μ_b − μ,   μ ← μ + δ m/(n + m),   S ← S + S_b + δδᵀ nm/(n + m),   n ← n + m
public final class FeatureStatistics {
    /// How many features came.
    public private(set) var count = 0
    /// μ, float64 [d].
    public let mean: Tensor
    /// S = Σ (x − μ)(x − μ)ᵀ, float64 [d, d].
    public let scatter: Tensor

    public var dimension: Int { mean.count }

    /// Nothing yet, of d numbers each.
    public init(dimension: Int) {
        mean = .zeros([dimension], dtype: .float64)
        scatter = .zeros([dimension, dimension], dtype: .float64)
    }

    private init(count: Int, mean: Tensor, scatter: Tensor) {
        self.count = count
        self.mean = mean
        self.scatter = scatter
    }

    /// Adds features [m, d], any floating-point type.
    public func add(_ features: Tensor) {
        let m = features.size(0)
        require(
            features.rank == 2 && features.size(1) == dimension,
            "features of shape \(features.shape), not [m, \(dimension)]")
        guard m > 0 else { return }
        let x = features.converted(to: .float64)
        let batchMean = x.mean(0)
        join(batchMean, m, rows: x - batchMean)
    }

    /// Adds what another has seen.
    public func add(_ other: FeatureStatistics) {
        require(other.dimension == dimension, "statistics of \(other.dimension) numbers added to those of \(dimension)")
        guard other.count > 0 else { return }
        var sum = scatter
        sum += other.scatter
        join(other.mean, other.count, rows: nil)
    }

    /// S ← S + Rᵀ R + δδᵀ nm/(n + m), the last term as a further row of R, and μ.
    private func join(_ otherMean: Tensor, _ m: Int, rows: Tensor?) {
        let n = count
        let difference = otherMean - mean
        let weight = (Double(n) * Double(m) / Double(n + m)).squareRoot()
        let between = (difference * weight).reshaped([1, dimension])
        let all = rows.map { .concatenated([$0, between]) } ?? between
        scatter.add(matmul: all.transposed(), all)
        mean.assign(mean + difference * (Double(m) / Double(n + m)))
        count = n + m
    }

    /// S / (n − 1), float64 [d, d].
    /// - Precondition: count ≥ 2.
    public var covariance: Tensor {
        require(count >= 2, "the covariance of \(count) features")
        return scatter / Double(count - 1)
    }
}

// MARK: - On disk

extension FeatureStatistics {
    /// Writes count, mean and scatter under names with this prefix.
    public func write(to writer: HDF5Writer, prefix: String) throws {
        try writer.write(HDF5Array([Int64(count)], shape: []), named: prefix + "count")
        try writer.write(HDF5Array(mean.array(Double.self), shape: mean.shape), named: prefix + "mean")
        try writer.write(HDF5Array(scatter.array(Double.self), shape: scatter.shape), named: prefix + "scatter")
    }

    /// Reads what `write(to:prefix:)` wrote, of d numbers a feature. Throws `HDF5Error` where an array is missing, or
    /// has another type or shape, `MetricError` where the numbers are no statistics; S need be symmetric to rounding
    /// only, as the products that it sums are.
    public convenience init(from file: HDF5File, prefix: String, dimension d: Int) throws {
        let count = try file.read(prefix + "count", as: Int64.self, shape: [])[0]
        let mean = Tensor(try file.read(prefix + "mean", as: Double.self, shape: [d]))
        let scatter = Tensor(try file.read(prefix + "scatter", as: Double.self, shape: [d, d]), shape: [d, d])
        guard count >= 0, count <= 1 << 48, mean.isFinite().all(), scatter.isFinite().all(),
            (scatter.diagonal() .>= 0).all(),
            (scatter - scatter.transposed()).abs().max().item() <= 1e-9 * scatter.diagonal().max().item()
        else { throw MetricError("\(file.path): '\(prefix)' count, mean and scatter are no statistics of features") }
        self.init(count: Int(count), mean: mean, scatter: scatter)
    }
}
