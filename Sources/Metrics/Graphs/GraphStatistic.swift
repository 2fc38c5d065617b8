import Datasets
import Foundation
import Torch

/// What graphs are compared by, with the kernels that EDP-GNN (Niu et al. 2020) and GDSS (Jo et al. 2022) have.
///
/// The earth mover's distance of two histograms on a line is EMD = w Σₖ |F(k) − G(k)|, F and G their cumulative sums, w the
/// width of a bin.
public enum GraphStatistic: String, Sendable, CaseIterable {
    /// The share of nodes of each degree: exp(−EMD²/2), bins 1 apart.
    case degree
    /// Local clustering coefficients in 100 bins on [0, 1]: exp(−EMD²/(2 · 0.1²)), bins 0.01 apart. That of a node of
    /// degree below 2 is 0.
    case clustering
    /// The 15 counts of `orbitCounts`, the mean over nodes: exp(−‖x − y‖²/(2 · 30²)).
    case orbit
    /// Eigenvalues of the normalised Laplacian I − D^{−½}AD^{−½} in 200 bins on [−10⁻⁵, 2]: exp(−EMD²/2), bins counted 1
    /// apart. Eigenvalues above 2 are taken for 2: rounding puts those of bipartite graphs above the last bin or not,
    /// which released code lets decide.
    case spectral

    /// The width of a bin in the kernel's units over its standard deviation; of orbits, 1 over its standard deviation.
    var scale: Double {
        switch self {
        case .degree, .spectral: 1
        case .clustering: 0.01 / 0.1
        case .orbit: 1.0 / 30
        }
    }

    /// Numbers of a graph's vector.
    var width: Int {
        switch self {
        case .degree: SimpleGraph.mostNodes
        case .clustering: 100
        case .orbit: 15
        case .spectral: 200
        }
    }
}

/// A set of graphs with what they are compared by.
///
/// ```swift
/// let test = GraphDescriptions(of: EgoSmall.graphs[..<40])
/// let samples = GraphDescriptions(of: drawn)
/// graphMMD(.degree, samples, test)
/// ```
public struct GraphDescriptions: Sendable {
    public let count: Int
    /// For each statistic the vectors of all graphs, row-major [count, width]: cumulative histograms, or orbits.
    private var vectors: [GraphStatistic: [Double]] = [:]

    /// - Parameter graphs: as they are; generated ones lose their isolated nodes first by `withoutIsolatedNodes`.
    public init(of graphs: some Collection<SimpleGraph>) {
        count = graphs.count
        vectors[.degree] = graphs.flatMap { graph in
            cumulative(graph.degrees, bins: GraphStatistic.degree.width)
        }
        vectors[.clustering] = graphs.flatMap { graph in
            cumulative(
                clusteringCoefficients(graph).map { HistogramBins.clustering.index(of: $0) },
                bins: GraphStatistic.clustering.width)
        }
        vectors[.orbit] = graphs.flatMap { graph in
            let counts = orbitCounts(graph)
            return (0..<15).map { orbit in
                Double(counts.reduce(0) { $0 + $1[orbit] }) / Double(graph.nodeCount)
            }
        }
        vectors[.spectral] = laplacianEigenvalues(Array(graphs)).flatMap { eigenvalues in
            cumulative(
                eigenvalues.map { HistogramBins.spectral.index(of: min($0, 2)) }, bins: GraphStatistic.spectral.width)
        }
    }

    private init(count: Int, vectors: [GraphStatistic: [Double]]) { (self.count, self.vectors) = (count, vectors) }

    /// Those of a range of the graphs.
    public subscript(range: Range<Int>) -> GraphDescriptions {
        var part: [GraphStatistic: [Double]] = [:]
        for (statistic, values) in vectors {
            let width = statistic.width
            part[statistic] = Array(values[range.lowerBound * width..<range.upperBound * width])
        }
        return GraphDescriptions(count: range.count, vectors: part)
    }

    /// Σ k(a, b) over all pairs of a graph of this set with one of another.
    fileprivate func kernelSum(_ statistic: GraphStatistic, with other: GraphDescriptions) -> Double {
        let (width, factor) = (statistic.width, -0.5 * statistic.scale * statistic.scale)
        return vectors[statistic]!.withUnsafeBufferPointer { a in
            other.vectors[statistic]!.withUnsafeBufferPointer { b in
                var sum = 0.0
                for i in 0..<count {
                    var row = 0.0
                    for j in 0..<other.count {
                        var (distance, squares) = (0.0, 0.0)
                        for k in 0..<width {
                            let difference = a[i * width + k] - b[j * width + k]
                            distance += abs(difference)
                            squares += difference * difference
                        }
                        row += exp(factor * (statistic == .orbit ? squares : distance * distance))
                    }
                    sum += row
                }
                return sum
            }
        }
    }
}

/// The squared maximum mean discrepancy of two sets of graphs by one statistic. Published tables have the biased estimate:
/// of so many samples of the reference's own distribution it is not 0.
///
/// - Parameters:
///   - x: n graphs, n ≥ 2 for the unbiased estimate, else n ≥ 1.
///   - y: m graphs, m likewise.
public func graphMMD(
    _ statistic: GraphStatistic, _ x: GraphDescriptions, _ y: GraphDescriptions, estimator: MMDEstimator = .biased
) -> Double {
    let least = estimator == .unbiased ? 2 : 1
    require(x.count >= least && y.count >= least, "MMD of sets of \(x.count) and \(y.count) graphs")
    func within(_ set: GraphDescriptions) -> Double {
        let (sum, n) = (set.kernelSum(statistic, with: set), Double(set.count))
        // k(a, a) = 1
        return estimator == .biased ? sum / (n * n) : (sum - n) / (n * (n - 1))
    }
    let between = x.kernelSum(statistic, with: y) / (Double(x.count) * Double(y.count))
    return within(x) + within(y) - 2 * between
}

/// Cᵢ = 2Tᵢ / (dᵢ(dᵢ − 1)) for each node i of degree dᵢ in Tᵢ triangles; 0 where dᵢ < 2.
public func clusteringCoefficients(_ graph: SimpleGraph) -> [Double] {
    graph.rows.map { row in
        let degree = row.nonzeroBitCount
        let twice = row.bitIndices.reduce(0) { $0 + (graph.rows[$1] & row).nonzeroBitCount }
        return degree < 2 ? 0 : Double(twice) / Double(degree * (degree - 1))
    }
}

/// The eigenvalues, ascending, of each graph's normalised Laplacian I − D^{−½}AD^{−½}, whose row of an isolated node is 0.
public func laplacianEigenvalues(_ graphs: [SimpleGraph]) -> [[Double]] {
    var found = [[Double]](repeating: [], count: graphs.count)
    for (n, indices) in Dictionary(grouping: graphs.indices, by: { graphs[$0].nodeCount }) {
        let matrices = indices.flatMap { index -> [Double] in
            let (rows, degrees) = (graphs[index].rows, graphs[index].degrees.map(Double.init))
            return (0..<n * n).map { place in
                let (i, j) = (place / n, place % n)
                if i == j { return degrees[i] > 0 ? 1 : 0 }
                return rows[i] >> UInt64(j) & 1 == 1 ? -1 / (degrees[i] * degrees[j]).squareRoot() : 0
            }
        }
        let values = Tensor(matrices, shape: [indices.count, n, n]).symmetricEigenvalues().array(Double.self)
        for (row, index) in indices.enumerated() { found[index] = Array(values[row * n..<(row + 1) * n]) }
    }
    return found
}

/// The cumulative shares of values that fall in bins 0 ..< bins.
private func cumulative(_ indices: [Int], bins: Int) -> [Double] {
    var counts = [Double](repeating: 0, count: bins)
    for index in indices { counts[index] += 1 }
    var sum = 0.0
    return counts.map { count in
        sum += count / Double(indices.count)
        return sum
    }
}

/// Equal bins as NumPy's `histogram` has them: the place by division, then corrected against the bins' rounded edges; the
/// upper end falls in the last bin.
private struct HistogramBins {
    static let clustering = HistogramBins(0...1, count: 100)
    static let spectral = HistogramBins(-1e-5...2, count: 200)

    private let low: Double
    private let extent: Double
    private let edges: [Double]

    init(_ range: ClosedRange<Double>, count: Int) {
        (low, extent) = (range.lowerBound, range.upperBound - range.lowerBound)
        let step = (range.upperBound - range.lowerBound) / Double(count)
        edges = (0..<count).map { range.lowerBound + Double($0) * step } + [range.upperBound]
    }

    /// - Precondition: the value lies in the range.
    func index(of value: Double) -> Int {
        let last = edges.count - 2
        var index = min(Int((value - low) / extent * Double(last + 1)), last)
        if value < edges[index] { index -= 1 } else if index < last, value >= edges[index + 1] { index += 1 }
        return index
    }
}
