import Datasets
import Torch

/// What scores need of a set of images under a network, gathered in one pass.
public struct ImageFeatures {
    public let network: any FeatureNetwork
    /// The set's name, count, shape and checksum.
    public let images: ScoredSet
    /// Of two halves for a floor, which image is in which drawn at random: alternate images of MNIST, for one, come
    /// from different writers.
    public let halves: (FeatureStatistics, FeatureStatistics)
    /// The features of all images.
    public let statistics: FeatureStatistics
    /// Features of some images, [min(count, kept), featureCount], in the images' order.
    public let kept: Tensor
    /// The Inception score without the last layer's bias, as the published metric has it, and with it.
    public let biasFreeScore: InceptionScore
    public let score: InceptionScore
    /// How the images were dealt to the splits of the Inception score.
    public let order: SplitOrder

    /// - Parameters:
    ///   - kept: how many images' features stay for the kernel distance, chosen at random; at least 2.
    ///   - splits: of the Inception score: one, or as many as leave two images for each.
    ///   - order: how images are dealt to the splits.
    ///   - seed: of the choice, and of the halves.
    ///   - progress: is told how many images are done.
    /// - Throws: `MetricError` where the network cannot take the images, or there are not two images or one for each
    ///   split; what the source throws.
    public init(
        of source: any ImageSource, by network: any FeatureNetwork, kept: Int = 10_000, splits: Int = 10,
        order: SplitOrder = .shuffled, batchSize: Int = 50, seed: UInt64 = 1,
        progress: (_ done: Int) throws -> Void = { _ in }
    ) throws {
        try network.check(source.shape)
        guard source.count >= 2 else { throw MetricError("\(source.name): has one image, scores need two or more") }
        // One image alone scores exactly 1.
        guard splits >= 1, splits == 1 || splits <= source.count / 2 else {
            throw MetricError(
                "\(source.name): has \(source.count) images, too few for \(splits) splits of the Inception score: two or more go to each"
            )
        }
        let sums = ImageFeatureSums(network, images: source.count, kept: kept, splits: splits, order: order, seed: seed)
        for start in stride(from: 0, to: source.count, by: batchSize) {
            let range = start..<min(start + batchSize, source.count)
            try sums.add(source.pixels(range), shape: source.shape)
            try progress(range.upperBound)
        }
        self.init(sums, name: source.name, shape: source.shape)
    }

    /// - Precondition: all images have come.
    init(_ sums: ImageFeatureSums, name: String, shape: ImageShape) {
        network = sums.network
        images = ScoredSet(name: name, count: sums.seen, shape: shape.description, checksum: sums.digest.hexadecimal)
        halves = sums.halves
        statistics = Self.joined(halves)
        kept = Tensor.concatenated(sums.keptParts)
        biasFreeScore = sums.biasFree.score
        score = sums.biased.score
        order = sums.order
    }
}

/// A set of images as it stands beside its scores.
public struct ScoredSet: Codable, Equatable, Sendable {
    public let name: String
    public let count: Int
    public let shape: String
    /// SHA-256 of the pixels.
    public let checksum: String

    public init(name: String, count: Int, shape: String, checksum: String) {
        self.name = name
        self.count = count
        self.shape = shape
        self.checksum = checksum
    }
}
