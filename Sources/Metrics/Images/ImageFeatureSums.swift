import Datasets
import HDF5
import Torch

/// Gathers an `ImageFeatures` from images that come in batches, in order.
package final class ImageFeatureSums {
    let network: any FeatureNetwork
    let order: SplitOrder
    let halves: (FeatureStatistics, FeatureStatistics)
    private(set) var seen = 0
    private(set) var digest = SHA256()
    private(set) var keptParts: [Tensor] = []
    private(set) var biasFree: InceptionScoreSums
    private(set) var biased: InceptionScoreSums
    private let isSecond: [Bool]
    private let isKept: [Bool]

    /// - Parameters: as of `ImageFeatures`, of which there are so many images.
    package init(
        _ network: any FeatureNetwork, images count: Int, kept: Int, splits: Int, order: SplitOrder = .shuffled,
        seed: UInt64
    ) {
        func chosen(_ number: Int, _ generator: RandomGenerator) -> [Bool] {
            var isChosen = [Bool](repeating: false, count: count)
            for index in generator.permutation(count).narrowed(0, start: 0, length: number).array(Int.self) {
                isChosen[index] = true
            }
            return isChosen
        }
        self.network = network
        let generator = RandomGenerator(seed: seed, stream: "choice of images")
        isKept = chosen(min(kept, count), generator)
        isSecond = chosen(count / 2, generator)
        halves = (
            FeatureStatistics(dimension: network.featureCount), FeatureStatistics(dimension: network.featureCount)
        )
        self.order = order
        func scoreSums() -> InceptionScoreSums {
            InceptionScoreSums(images: count, splits: splits, classes: network.classCount, order: order)
        }
        (biasFree, biased) = (scoreSums(), scoreSums())
    }

    /// Adds images [n, channels, height, width]. Throws `MetricError` where their features are not finite.
    package func add(_ pixels: [UInt8], shape: ImageShape) throws(MetricError) {
        digest.update(pixels)
        let count = pixels.count / shape.pixelCount
        require(seen + count <= isKept.count, "more than \(isKept.count) images")
        let output = network(Tensor(pixels, shape: [count, shape.channels, shape.height, shape.width]))
        guard output.features.isFinite().all(), output.logits.isFinite().all() else {
            throw MetricError("\(network.origin): the features of images \(seen) to \(seen + count - 1) are not finite")
        }
        let second = (0..<count).filter { isSecond[seen + $0] }, first = (0..<count).filter { !isSecond[seen + $0] }
        for (half, rows) in [(halves.0, first), (halves.1, second)] where !rows.isEmpty {
            half.add(output.features.indexSelected(0, Tensor(rows)))
        }
        biasFree.add(output.biasFreeLogits)
        biased.add(output.logits)
        let kept = (0..<count).filter { isKept[seen + $0] }
        if !kept.isEmpty { keptParts.append(output.features.indexSelected(0, Tensor(kept))) }
        seen += count
    }
}
