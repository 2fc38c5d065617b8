import Datasets
import Foundation
import Torch

/// The Inception score (Salimans et al. 2016): of a split of the images, with p(y|x) the class probabilities and p(y)
/// their mean,
///
///     exp E KL(p(y|x) ‖ p(y)) = exp(mean Σ_y p log p − Σ_y p̄ log p̄)
///
/// and then mean and standard deviation over the splits. Between 1 and the number of classes. Its value depends on how
/// many images a split has, so that numbers of images and splits belong to it.
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

/// How images are dealt to the splits of an Inception score. Files often stand sorted by class, and a split of one
/// class scores 1.
public enum SplitOrder: String, Codable, CaseIterable, Sendable {
    /// In the order of numpy's RandomState(2020).permutation, as torch-fidelity deals them: the same images give the
    /// same splits.
    case shuffled
    /// As they come.
    case kept
}

/// Sums an Inception score up from logits that come in batches: in their order, split s of S takes images ⌊sN/S⌋ ..<
/// ⌊(s+1)N/S⌋.
package struct InceptionScoreSums {
    private let bounds: [Int]
    /// The split of each image, in the order in which they come.
    private let splitOfImage: [Int]
    private var seen = 0
    /// Σ p, float64 [classes], a split each.
    private let sums: [Tensor]
    /// Σ Σ_y p log p, a split each.
    private var negativeEntropies: [Double]

    /// - Precondition: 1 ≤ splits ≤ images.
    package init(images: Int, splits: Int, classes: Int, order: SplitOrder = .shuffled) {
        require(1...max(1, images) ~= splits, "\(splits) splits of \(images) images")
        bounds = (0...splits).map { $0 * images / splits }
        var generator = NumPyRandomState(seed: 2020)
        let places = order == .shuffled ? generator.permutation(images) : Array(0..<images)
        var splitOfImage = [Int](repeating: 0, count: images)
        for split in 0..<splits {
            for place in bounds[split]..<bounds[split + 1] { splitOfImage[places[place]] = split }
        }
        self.splitOfImage = splitOfImage
        sums = (0..<splits).map { _ in .zeros([classes], dtype: .float64) }
        negativeEntropies = [Double](repeating: 0, count: splits)
    }

    package mutating func add(_ logits: Tensor) {
        let count = logits.size(0)
        require(seen + count <= splitOfImage.count, "more than \(splitOfImage.count) logits")
        let logP = logits.converted(to: .float64).logSoftmax(1)
        let p = logP.exp()
        let entropies = (p * logP).sum(1)
        let rowsBySplit = Dictionary(grouping: 0..<count) { splitOfImage[seen + $0] }
        for (split, rows) in rowsBySplit.sorted(by: { $0.key < $1.key }) {
            let rows = Tensor(rows)
            var sum = sums[split]
            sum += p.indexSelected(0, rows).sum(0)
            negativeEntropies[split] += entropies.indexSelected(0, rows).sum().item()
        }
        seen += count
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
