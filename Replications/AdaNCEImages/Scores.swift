import Datasets
import Experiments
import Foundation
import Metrics
import Torch

/// Inception score, FID and KID of a cell's samples against the training images: by the Inception network where its
/// weights are given, else by a classifier of the data set, whose scores carry its name.
struct Scores {
    private let reference: ImageFeatures
    private let prefix: String
    private let count: Int
    private(set) var values: [String: Double] = [:]

    /// - Parameters:
    ///   - count: how many images of the test set are scored, for the floor.
    ///   - classifier: read where it is there, else trained and written; the same bytes either way.
    /// - Throws: `RunError` where weights or images cannot be used.
    init(_ images: TrainingImages, _ configuration: AdaNCEImages.Configuration, classifier: URL) throws {
        let network: any FeatureNetwork
        if configuration.inceptionWeights.isEmpty {
            network = try Self.classifier(images.training, configuration, at: classifier)
            prefix = "classifier"
        } else {
            guard FileManager.default.fileExists(atPath: configuration.inceptionWeights) else {
                throw RunError(
                    "\(configuration.inceptionWeights): is not there",
                    cure: "data-scripts/inception-to-hdf5 writes the Inception network's weights")
            }
            network = try InceptionNetwork(hdf5: configuration.inceptionWeights)
            prefix = ""
        }
        reference = try ImageFeatures(of: images.training, by: network, splits: 1)
        count = configuration.scoredSamples
        try add(images.test.prefix(min(count, images.test.count)), named: "test")
        if let classifier = network as? ImageClassifier { values["classifierAccuracy"] = classifier.accuracy }
    }

    private static func classifier(
        _ images: ImageSet, _ configuration: AdaNCEImages.Configuration, at url: URL
    ) throws -> ImageClassifier {
        if FileManager.default.fileExists(atPath: url.path) { return try ImageClassifier(hdf5: url.path) }
        let (training, heldOut) = try images.heldOut(every: 10)
        let trained = try ImageClassifier(
            training: training, heldOut: heldOut, .init(epochs: configuration.classifierEpochs))
        try atomically(replacing: url) { try trained.save(to: $0.path) }
        return trained
    }

    /// The scores of some images, uint8 [count, channels, height, width], as `classifierFID@name` and so on.
    mutating func add(_ pixels: Tensor, named name: String) throws {
        let used = pixels.narrowed(0, start: 0, length: min(count, pixels.size(0)))
        try add(
            ImageSet(
                name: name, shape: ImageShape(channels: used.size(1), height: used.size(2), width: used.size(3)),
                pixels: used.contiguous().reshaped([-1]).moved(to: .cpu).array(UInt8.self)),
            named: name)
    }

    private mutating func add(_ images: ImageSet, named name: String) throws {
        // A buffer's images, and the test set's, stand in no order that their classes show.
        let features = try ImageFeatures(
            of: images, by: reference.network, splits: max(1, min(10, images.count / 2)), order: .kept)
        let scores = try ImageScores(features, reference: reference)
        values["\(prefix)FID@\(name)"] = scores.frechetDistance
        values["\(prefix)KID@\(name)"] = scores.kernelDistance.mean
        values["\(prefix)IS@\(name)"] = scores.inceptionScore.mean
        values["\(prefix)FID@halves"] = scores.frechetFloor
        values["\(prefix)IS@training"] = scores.referenceInceptionScore.mean
    }
}
