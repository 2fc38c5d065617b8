import Foundation
import Torch

/// The Inception score (Salimans et al. 2016): of a split of the images, with p(y|x) the class probabilities and p(y) their mean,
///
///     exp E KL(p(y|x) ‖ p(y)) = exp(mean Σ_y p log p − Σ_y p̄ log p̄)
///
/// and then mean and standard deviation over the splits. Between 1 and the number of classes. Its value depends on how many images a split
/// has, so that numbers of images and splits belong to it.
public struct InceptionScore: Codable, Equatable, Sendable {
    public let mean: Double
    /// Over the splits, divided by their number as in the published code; 0 for one split.
    public let standardDeviation: Double
    public let splits: Int

    init(mean: Double, standardDeviation: Double, splits: Int) {
        (self.mean, self.standardDeviation, self.splits) = (mean, standardDeviation, splits)
    }

    /// - Parameter scores: of each split, at least one.
    init(scores: [Double]) {
        let mean = scores.reduce(0, +) / Double(scores.count)
        self.mean = mean
        standardDeviation = (scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(scores.count)).squareRoot()
        splits = scores.count
    }
}

/// Sums an Inception score up from logits that come in batches, in the images' order: split s of S takes images ⌊sN/S⌋ ..< ⌊(s+1)N/S⌋.
package struct InceptionScoreSums {
    private let bounds: [Int]
    private var seen = 0
    /// Σ p, float64 [classes], a split each.
    private let sums: [Tensor]
    /// Σ Σ_y p log p, a split each.
    private var negativeEntropies: [Double]

    /// - Precondition: 1 ≤ splits ≤ images.
    package init(images: Int, splits: Int, classes: Int) {
        require(1...max(1, images) ~= splits, "\(splits) splits of \(images) images")
        bounds = (0...splits).map { $0 * images / splits }
        sums = (0..<splits).map { _ in .zeros([classes], dtype: .float64) }
        negativeEntropies = [Double](repeating: 0, count: splits)
    }

    /// The same, with nothing summed yet.
    var fresh: InceptionScoreSums { InceptionScoreSums(images: bounds.last!, splits: sums.count, classes: sums[0].count) }

    package mutating func add(_ logits: Tensor) {
        let logP = logits.converted(to: .float64).logSoftmax(1)
        let p = logP.exp()
        let entropies = (p * logP).sum(1)
        var start = 0
        while start < logits.size(0) {
            let split = bounds.lastIndex { $0 <= seen }!
            require(split < sums.count, "more than \(bounds.last!) logits")
            let length = min(logits.size(0) - start, bounds[split + 1] - seen)
            var sum = sums[split]
            sum += p.narrowed(0, start: start, length: length).sum(0)
            negativeEntropies[split] += entropies.narrowed(0, start: start, length: length).sum().item()
            (start, seen) = (start + length, seen + length)
        }
    }

    /// - Precondition: all images have come.
    package var score: InceptionScore {
        require(seen == bounds.last!, "\(seen) of \(bounds.last!) images have come")
        return InceptionScore(
            scores: sums.indices.map { split in
                let count = Double(bounds[split + 1] - bounds[split])
                let p = sums[split] / count
                // A class of probability 0 adds nothing.
                let marginal = Tensor.select(p .> 0, p * p.log(), Tensor.zeros(like: p)).sum().item()
                return exp(negativeEntropies[split] / count - marginal)
            })
    }
}
