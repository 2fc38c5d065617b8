import Datasets
import Experiments
import Foundation
import Metrics
import Torch

/// Inception score, FID and KID of a cell's samples against the training images: by the Inception network where its
/// weights are given, else by a classifier of the data set, whose scores carry its name.
struct Scores {
    private let reference: ImageFeatures
    /// Whether the network is a classifier, whose scores are no FID.
    private let isClassifier: Bool
    private let count: Int

    /// - Parameters:
    ///   - classifier: read where it is there, else trained and written; the same bytes either way.
    ///   - progress: is told how many of how many updates, and then reference images, are done.
    /// - Throws: `RunError` where weights or images cannot be used.
    init(
        _ images: TrainingImages, _ configuration: AdaNCEImages.Configuration, classifier: URL,
        progress: (_ done: Int, _ of: Int) -> Void
    ) throws {
        let network: any FeatureNetwork
        isClassifier = configuration.inceptionWeights.isEmpty
        if isClassifier {
            network = try Self.classifier(images.training, configuration, at: classifier, progress)
        } else {
            guard FileManager.default.fileExists(atPath: configuration.inceptionWeights) else {
                throw RunError(
                    "\(configuration.inceptionWeights): is not there",
                    cure: "data-scripts/inception-to-hdf5 writes the Inception network's weights")
            }
            network = try InceptionNetwork(hdf5: configuration.inceptionWeights)
        }
        reference = try ImageFeatures(of: images.training, by: network, splits: 1) {
            progress($0, images.training.count)
        }
        count = configuration.scoredSamples
    }

    private static func classifier(
        _ images: ImageSet, _ configuration: AdaNCEImages.Configuration, at url: URL,
        _ progress: (_ done: Int, _ of: Int) -> Void
    ) throws -> ImageClassifier {
        if FileManager.default.fileExists(atPath: url.path) { return try ImageClassifier(hdf5: url.path) }
        let (training, heldOut) = try images.heldOut(every: 10)
        let trained = try ImageClassifier(
            training: training, heldOut: heldOut, .init(epochs: configuration.classifierEpochs),
            progress: progress)
        try atomically(replacing: url) { try trained.save(to: $0.path) }
        return trained
    }

    /// Measures what samples are to be held against: as many test images, and one half of the training images against the
    /// other.
    func measureFloors(_ images: TrainingImages, _ context: CellContext) throws {
        let scores = try scores(of: images.test.prefix(min(count, images.test.count)))
        try measure(scores, context, at: ["floor": "test images"])
        try context.measure(name("FID"), scores.frechetFloor, at: ["floor": "training images"])
        try context.measure(name("IS"), scores.referenceInceptionScore.mean, at: ["floor": "training images"])
        if let classifier = reference.network as? ImageClassifier {
            try context.measure("classifierAccuracy", classifier.accuracy)
        }
    }

    /// Measures the scores of some images, uint8 [count, channels, height, width], read out at `samples`.
    func measure(_ pixels: Tensor, named name: String, _ context: CellContext) throws {
        let images = try ImageSet(named: name, pixels, first: count)
        try measure(scores(of: images), context, at: ["samples": name])
    }

    private func measure(
        _ scores: ImageScores, _ context: CellContext, at readOut: KeyValuePairs<String, any CustomStringConvertible>
    ) throws {
        try context.measure(name("FID"), scores.frechetDistance, at: readOut)
        try context.measure(name("KID"), scores.kernelDistance.mean, at: readOut)
        try context.measure(name("IS"), scores.inceptionScore.mean, at: readOut)
    }

    private func name(_ score: String) -> String {
        isClassifier ? "classifier\(score)" : ["FID": "fid", "KID": "kid", "IS": "inceptionScore"][score]!
    }

    private func scores(of images: ImageSet) throws -> ImageScores {
        // A buffer's images, and the test set's, stand in no order that their classes show.
        let features = try ImageFeatures(
            of: images, by: reference.network, splits: max(1, min(10, images.count / 2)), order: .kept)
        return try ImageScores(features, reference: reference)
    }
}
