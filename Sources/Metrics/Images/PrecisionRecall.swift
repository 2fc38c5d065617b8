import Foundation
import Torch

/// Precision and recall of generated images by the k-nearest-neighbour balls of Kynkäänniemi et al. (2019, equations 1
/// and 2): with the ball of a feature as wide as the distance to its k-th neighbour in its own set,
///
///     precision: the share of generated features that lie in the ball of a reference feature,
///     recall:    the share of reference features that lie in the ball of a generated one.
///
/// Both lie in 0 … 1 and depend on how many features there are: two sets of one law score below 1, and more features
/// score higher. The paper takes 50,000 of each and k = 3.
public struct PrecisionRecall: Codable, Equatable, Sendable {
    public let precision: Double
    public let recall: Double
    /// k
    public let neighbours: Int
    /// How many features of each set there are.
    public let count: Int

    /// - Parameters:
    ///   - generated: features [n, d], n > k.
    ///   - reference: features [n, d], as many.
    ///   - k: which neighbour, at least 1.
    public init(_ generated: Tensor, reference: Tensor, neighbours k: Int = 3) {
        require(
            generated.rank == 2 && generated.shape == reference.shape && k >= 1 && generated.size(0) > k,
            "features of shapes \(generated.shape) and \(reference.shape), of which the \(k)-th neighbour is asked for")
        let (x, y) = (generated.converted(to: .float64), reference.converted(to: .float64))
        precision = Self.share(of: x, inBallsOf: y, radii: Self.squaredRadii(y, k))
        recall = Self.share(of: y, inBallsOf: x, radii: Self.squaredRadii(x, k))
        (neighbours, count) = (k, x.size(0))
    }

    /// The most features whose distances from all others are in memory at a time.
    private static let chunk = 512

    /// ‖aᵢ − bⱼ‖², [rows, n], of some rows of a.
    private static func squaredDistances(_ a: Tensor, _ b: Tensor) -> Tensor {
        let lengths = (a * a).sum(1).unsqueezed(1) + (b * b).sum(1).unsqueezed(0)
        return lengths - 2 * a.matmul(b.transposed())
    }

    /// The squared distance of each point from its k-th neighbour in its own set. A point is no neighbour of itself.
    private static func squaredRadii(_ x: Tensor, _ k: Int) -> Tensor {
        withoutGradients {
            .concatenated(
                chunks(of: x).map { rows in
                    // The point itself is the nearest of all.
                    squaredDistances(x[rows], x).sorted(1).values.selected(1, k)
                })
        }
    }

    private static func share(of points: Tensor, inBallsOf centres: Tensor, radii: Tensor) -> Double {
        let inside = withoutGradients {
            chunks(of: points).reduce(0.0) { sum, rows in
                let distances = squaredDistances(points[rows], centres)
                let excess = (distances - radii.unsqueezed(0)).min(1)
                return sum + (excess .<= 0).converted(to: .float64).sum().item()
            }
        }
        return inside / Double(points.size(0))
    }

    private static func chunks(of x: Tensor) -> [Range<Int>] {
        stride(from: 0, to: x.size(0), by: chunk).map { $0..<min(x.size(0), $0 + chunk) }
    }
}
