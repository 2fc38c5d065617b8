import Torch

/// Scores of images against a reference under a network, with everything that a number needs beside it.
public struct ImageScores: Codable, Equatable, Sendable {
    /// "Inception", or "classifier": then every score goes by the name classifier-….
    public let network: String
    public let networkOrigin: String
    /// SHA-256 of the network's weights.
    public let weights: String
    public let images: ScoredSet
    public let reference: ScoredSet
    /// Without the bias of the last layer, as the published metric has it.
    public let inceptionScore: InceptionScore
    public let inceptionScoreWithBias: InceptionScore
    public let referenceInceptionScore: InceptionScore
    public let referenceInceptionScoreWithBias: InceptionScore
    /// How the images were dealt to the splits of the Inception scores.
    public let splitOrder: SplitOrder
    public let frechetDistance: Double
    /// The distance of one half of the reference, drawn at random, from the other: what sets of half its size reach that differ
    /// by chance alone.
    public let frechetFloor: Double
    public let kernelDistance: KernelDistance
    public let kernelFloor: KernelDistance
    /// Of as many images as the smaller set has kept features of; nil where those are too few.
    public let precisionRecall: PrecisionRecall?
    /// The same of one half of the reference's kept features as if generated, the other as reference.
    public let precisionRecallFloor: PrecisionRecall?
    /// Each a sentence.
    public let warnings: [String]

    /// - Parameters:
    ///   - images: of the same network as `reference`.
    ///   - seed: of the kernel distance's subsets.
    /// - Throws: `MetricError` where the network's weights or its preparation of images differ, or the reference has
    ///   fewer than four images, two for each half.
    public init(_ images: ImageFeatures, reference: ImageFeatures, seed: UInt64 = 1) throws {
        guard images.network.checksum == reference.network.checksum,
            images.network.preparation == reference.network.preparation
        else {
            throw MetricError(
                "features of networks of different weights or input: \(images.network.origin), \(reference.network.origin)"
            )
        }
        guard reference.images.count >= 4 else {
            throw MetricError(
                "\(reference.images.name): has \(reference.images.count) images, a reference needs four or more")
        }
        network = images.network.name
        networkOrigin = images.network.origin
        weights = images.network.checksum
        self.images = images.images
        self.reference = reference.images
        inceptionScore = images.biasFreeScore
        inceptionScoreWithBias = images.score
        referenceInceptionScore = reference.biasFreeScore
        referenceInceptionScoreWithBias = reference.score
        splitOrder = images.order
        frechetDistance = Metrics.frechetDistance(images.statistics, reference.statistics)
        frechetFloor = Metrics.frechetDistance(reference.halves.0, reference.halves.1)
        kernelDistance = KernelDistance(
            images.kept, reference.kept, using: RandomGenerator(seed: seed, stream: "kernel distance"))
        let order = RandomGenerator(seed: seed, stream: "kernel halves").permutation(reference.kept.size(0))
        let half = reference.kept.size(0) / 2
        let halves = [0, half].map { start in
            reference.kept.indexSelected(0, order.narrowed(0, start: start, length: half))
        }
        kernelFloor = KernelDistance(
            halves[0], halves[1], using: RandomGenerator(seed: seed, stream: "kernel floor"))
        let choice = RandomGenerator(seed: seed, stream: "precision and recall")
        precisionRecall = Self.precisionRecall(images.kept, reference.kept, using: choice)
        precisionRecallFloor = Self.precisionRecall(halves[0], halves[1], using: choice)
        let d = images.network.featureCount
        let small = [images, reference].filter { $0.score.splits > 1 && $0.images.count < 10 * $0.score.splits }.map {
            set in
            "\(set.images.name) has \(set.images.count) images for \(set.score.splits) splits of the Inception score: with fewer than ten in each "
                + "it is far below what more images give"
        }
        warnings =
            small
            + [images.images, reference.images].filter { $0.count <= d }.map { set in
                "\(set.name) has \(set.count) images: its covariance has rank \(set.count - 1) at most, of \(d); "
                    + "the Fréchet distance is biased upwards, and comparable only at equal numbers of images"
            }
    }

    /// Of as many features of each as the smaller set has, those of the larger one chosen at random.
    private static func precisionRecall(
        _ generated: Tensor, _ reference: Tensor, using generator: RandomGenerator
    ) -> PrecisionRecall? {
        let count = min(generated.size(0), reference.size(0))
        guard count > 3 else { return nil }
        func chosen(_ set: Tensor) -> Tensor {
            guard set.size(0) > count else { return set }
            return set.indexSelected(0, generator.permutation(set.size(0)).narrowed(0, start: 0, length: count))
        }
        return PrecisionRecall(chosen(generated), reference: chosen(reference))
    }
}
