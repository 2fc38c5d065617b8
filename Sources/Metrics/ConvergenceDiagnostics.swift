import Torch

/// The effective sample size of each of k series of N numbers,
///
///     ESS = N / (1 + 2 Σ_{lag=1}^{N−1} ((N − lag)/N) R_lag),
///     R_lag = C_lag / C_0,    C_lag = Σ_{t} (y_t − ȳ)(y_{t+lag} − ȳ) / (N − lag),
///
/// the sum ending before the first negative R: TensorFlow Probability's `effective_sample_size` with its defaults. A
/// series that does not change has none: NaN. Series that alternate have more than N.
///
/// - Parameter series: shape [N, k], N ≥ 2, time first.
/// - Returns: k numbers.
public func effectiveSampleSizes(_ series: Tensor) -> [Double] {
    require(series.rank == 2 && series.size(0) >= 2, "series of shape \(series.shape), not [N, k] with N at least 2")
    let (n, k) = (series.size(0), series.size(1))
    let columns = series.transposed().array(Double.self)
    var sizes = [Double](repeating: 0, count: k)
    sizes.withUnsafeMutableBufferPointer { sizes in
        let sizes = sizes.baseAddress!
        parallelFor(k) { _, range in
            for column in range { sizes[column] = effectiveSampleSize(columns[column * n..<(column + 1) * n]) }
        }
    }
    return sizes
}

/// The effective sample size of one series, at least two numbers, as `effectiveSampleSizes` has it.
public func effectiveSampleSize(_ series: some Collection<Double>) -> Double {
    require(series.count >= 2, "a series of \(series.count) numbers")
    let n = series.count
    let mean = series.reduce(0, +) / Double(n)
    let y = series.map { $0 - mean }
    return y.withUnsafeBufferPointer { y in
        func covariance(_ lag: Int) -> Double {
            var sum = 0.0
            for t in 0..<n - lag { sum += y[t] * y[t + lag] }
            return sum / Double(n - lag)
        }
        let variance = covariance(0)
        var sum = 0.0
        for lag in 1..<n {
            let correlation = covariance(lag) / variance
            if correlation < 0 { break }
            sum += Double(n - lag) / Double(n) * correlation
        }
        return Double(n) / (1 + 2 * sum)
    }
}

/// The potential scale reduction factor of split chains (Gelman et al., Bayesian Data Analysis, 3rd ed., section 11.4),
///
///     R̂ = √(((n − 1)/n W + B/n) / W),
///
/// over the halves of m chains of N numbers, n = ⌊N/2⌋ (the middle number of an odd N is left out); W the mean of their
/// variances, B/n the variance of their means. Near 1 where chains agree with each other and with themselves earlier
/// on; NaN where none of them moves.
///
/// - Parameter series: shape [N, m], N ≥ 4, m ≥ 1, time first.
public func splitRHat(_ series: Tensor) -> Double {
    require(
        series.rank == 2 && series.size(0) >= 4 && series.size(1) >= 1,
        "series of shape \(series.shape), not [N, m] with N at least 4")
    let half = series.size(0) / 2
    let x = series.converted(to: .float64)
    let halves = Tensor.concatenated([x[0..<half], x[x.size(0) - half..<x.size(0)]], along: 1)
    let within = halves.variance(0).mean().item()
    let betweenMeans = halves.mean(0).variance(0).item()
    let n = Double(half)
    return (((n - 1) / n * within + betweenMeans) / within).squareRoot()
}
