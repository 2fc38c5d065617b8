import Datasets
import Torch

/// A network whose features and class probabilities images are scored by.
public protocol FeatureNetwork {
    /// What its scores are called by: "Inception" or "classifier". Scores of different networks are not comparable.
    var name: String { get }
    /// Where its weights come from, and what it was trained on, in a line.
    var origin: String { get }
    /// SHA-256 of its weights.
    var checksum: String { get }
    /// How images become its input, where there is a choice; else empty. Features of different preparations are not
    /// comparable.
    var preparation: String { get }
    var featureCount: Int { get }
    var classCount: Int { get }
    /// Throws `MetricError` where images of this shape cannot be its input.
    func check(_ shape: ImageShape) throws(MetricError)
    /// Features and logits of uint8 images [n, channels, height, width]; nothing is recorded for gradients.
    func callAsFunction(_ images: Tensor) -> NetworkOutput
}

/// What a network makes of n images.
public struct NetworkOutput {
    /// The last layer's input, float32 [n, featureCount].
    public let features: Tensor
    /// The last layer's output, float32 [n, classCount].
    public let logits: Tensor
    /// The last layer's output without its bias.
    public let biasFreeLogits: Tensor

    public init(features: Tensor, logits: Tensor, biasFreeLogits: Tensor) {
        self.features = features
        self.logits = logits
        self.biasFreeLogits = biasFreeLogits
    }
}

/// What is wrong with a score's input, in a line that names the file, or the number.
public struct MetricError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
