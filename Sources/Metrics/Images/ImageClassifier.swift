import Datasets
import Foundation
import HDF5
import Torch

/// A small convolutional classifier of images, which scores samples where the Inception network's weights are not
/// installed. Its scores go by the name of classifier-FID, -IS and -KID: they compare sample sets on one data set,
/// under one classifier, and with no published number.
///
///     x, scaled to [−1, 1] → conv 3×3, 16 → ReLU → max pool 2 → conv 3×3, 32 → ReLU → max pool 2 → conv 3×3, 64 → ReLU → max pool 2
///       → linear, 128 → ReLU: the features, of mean square 1 → linear, classes
///
/// The same images, seed and number of epochs, on one machine and thread count, give the same weights.
public struct ImageClassifier: FeatureNetwork {
    public let name = "classifier"
    public let origin: String
    /// How many of the held-out images were classified right.
    public let accuracy: Double
    public let inputShape: ImageShape
    public let classCount: Int
    public let featureCount = ImageClassifier.features
    public let preparation = ""

    static let channels = [16, 32, 64]
    static let features = 128

    let parameters: Parameters

    /// SHA-256 of the parameters, in their order.
    public var checksum: String {
        var digest = SHA256()
        for (_, tensor) in parameters { tensor.array(Float.self).withUnsafeBytes { digest.update($0) } }
        return digest.hexadecimal
    }

    /// How it is trained.
    public struct Training: Sendable, Equatable {
        public var epochs: Int
        public var batchSize = 128
        /// At the first update; it falls linearly to 0.
        public var learningRate = 2e-3
        public var seed: UInt64

        public init(epochs: Int = 3, seed: UInt64 = 1) {
            self.epochs = epochs
            self.seed = seed
        }
    }

    init(parameters: Parameters, inputShape: ImageShape, classCount: Int, accuracy: Double, origin: String) {
        self.parameters = parameters
        self.inputShape = inputShape
        self.classCount = classCount
        self.accuracy = accuracy
        self.origin = origin
    }

    /// Trains by Adam on cross-entropy, batches in a fresh order each epoch, what does not fill a batch left out; then
    /// counts on `heldOut`.
    ///
    /// - Parameters:
    ///   - progress: is told how many of how many updates are done.
    /// - Throws: `MetricError` where a set has no labels, the sets differ in shape, an image is below 8 × 8, there are
    ///   fewer images than fill a batch, or a label of `heldOut` is not among those trained on.
    public init(
        training images: ImageSet, heldOut: ImageSet, _ training: Training,
        progress: (_ update: Int, _ of: Int) -> Void = { _, _ in }
    ) throws {
        guard let labels = images.classes, let heldOutLabels = heldOut.classes else {
            throw MetricError(
                "\(images.classes == nil ? images.name : heldOut.name): has no labels, which a classifier learns from")
        }
        guard images.shape == heldOut.shape else {
            throw MetricError(
                "\(heldOut.name): holds images of \(heldOut.shape), but \(images.name) of \(images.shape)")
        }
        guard images.shape.height >= 8, images.shape.width >= 8 else {
            throw MetricError("\(images.name): holds images of \(images.shape), expected sides of at least 8")
        }
        let count = labels.max()! + 1
        guard count >= 2, heldOutLabels.max()! < count else {
            throw MetricError(
                "\(images.name): has labels 0 to \(count - 1), expected two classes or more, and all those of \(heldOut.name)"
            )
        }
        guard images.count >= training.batchSize else {
            throw MetricError(
                "\(images.name): has \(images.count) images, expected at least a batch of \(training.batchSize)")
        }
        let generator = RandomGenerator(seed: training.seed, stream: "classifier")
        let parameters = Self.initialParameters(images.shape, classes: count, using: generator)
        let adam = Adam(parameters, .init(learningRate: training.learningRate))
        let pixels = images.tensor(0..<images.count)
        let targets = Tensor(labels)
        let batches = images.count / training.batchSize
        for epoch in 0..<training.epochs {
            let order = generator.permutation(images.count)
            for batch in 0..<batches {
                let chosen = order.narrowed(0, start: batch * training.batchSize, length: training.batchSize)
                let x = pixels.indexSelected(0, chosen).scaledPixels()
                let target = targets.indexSelected(0, chosen).reshaped([-1, 1])
                let (_, logits, _) = Self.layers(x, parameters)
                let loss = -logits.logSoftmax(1).gathered(1, target).mean()
                let done = Double(epoch * batches + batch) / Double(training.epochs * batches)
                adam.settings.learningRate = training.learningRate * (1 - done)
                adam.update(gradients(of: loss, withRespectTo: parameters.tensors))
                progress(epoch * batches + batch + 1, training.epochs * batches)
            }
        }
        Self.normalizeFeatures(parameters, pixels)
        let trained = ImageClassifier(
            parameters: parameters, inputShape: images.shape, classCount: count, accuracy: 0, origin: "")
        let accuracy = trained.countCorrect(heldOut, heldOutLabels)
        self.init(
            parameters: parameters, inputShape: images.shape, classCount: count, accuracy: accuracy,
            origin:
                "trained on \(images.name) (SHA-256 \(try images.checksum().prefix(12))…), \(training.epochs) epochs, seed \(training.seed); "
                + "accuracy \(String(format: "%.4f", accuracy)) on \(heldOut.name)")
    }

    public func check(_ shape: ImageShape) throws(MetricError) {
        guard shape == inputShape else {
            throw MetricError(
                "images of \(shape) cannot be scored by a classifier of \(inputShape): the sizes must be the same")
        }
    }

    public func callAsFunction(_ images: Tensor) -> NetworkOutput {
        withoutGradients {
            let (features, logits, biasFree) = Self.layers(images.scaledPixels(), parameters)
            return NetworkOutput(features: features, logits: logits, biasFreeLogits: biasFree)
        }
    }

    private func countCorrect(_ images: ImageSet, _ labels: [Int]) -> Double {
        var correct = 0
        for start in stride(from: 0, to: images.count, by: 500) {
            let range = start..<min(start + 500, images.count)
            let found = self(images.tensor(range)).logits.argmax(1).array(Int.self)
            correct += zip(found, labels[range]).count { $0 == $1 }
        }
        return Double(correct) / Double(images.count)
    }

    /// Scales the features so that their mean square over images (10,000 at most) is 1, and the last layer's weights
    /// against it: with ReLU, W ReLU(V x + v) = (s W) ReLU((V x + v)/s), so that no class probability changes. Kernels
    /// and distances then have a scale of their own.
    private static func normalizeFeatures(_ parameters: Parameters, _ pixels: Tensor) {
        withoutGradients {
            let count = min(10_000, pixels.size(0))
            var sum = 0.0
            for start in stride(from: 0, to: count, by: 500) {
                let part = pixels.narrowed(0, start: start, length: min(500, count - start)).scaledPixels()
                sum += layers(part, parameters).features.squared().converted(to: .float64).sum().item()
            }
            let scale = (sum / Double(count * features)).squareRoot()
            guard scale > 0, scale.isFinite else { return }
            for name in ["features.weight", "features.bias"] { parameters[name]!.assign(parameters[name]! / scale) }
            parameters["classes.weight"]!.assign(parameters["classes.weight"]! * scale)
        }
    }

    // MARK: - Layers

    private static func layers(_ x: Tensor, _ parameters: Parameters) -> (
        features: Tensor, logits: Tensor, biasFree: Tensor
    ) {
        let tensors = parameters.tensors
        var x = x
        for layer in channels.indices {
            x = x.conv2d(tensors[2 * layer], bias: tensors[2 * layer + 1], padding: 1).relu().maxPool2d(size: 2)
        }
        let last = 2 * channels.count
        let features = x.reshaped([x.size(0), -1]).linear(tensors[last], tensors[last + 1]).relu()
        let biasFree = features.linear(tensors[last + 2])
        return (features, biasFree + tensors[last + 3], biasFree)
    }

    /// Names and shapes, in order.
    static func shapes(_ shape: ImageShape, classes: Int) -> [(name: String, shape: [Int])] {
        var shapes: [(name: String, shape: [Int])] = []
        var inputs = shape.channels
        for (layer, outputs) in channels.enumerated() {
            shapes += [("conv\(layer + 1).weight", [outputs, inputs, 3, 3]), ("conv\(layer + 1).bias", [outputs])]
            inputs = outputs
        }
        let flat = inputs * (shape.height / 8) * (shape.width / 8)
        return shapes + [
            ("features.weight", [features, flat]), ("features.bias", [features]),
            ("classes.weight", [classes, features]),
            ("classes.bias", [classes]),
        ]
    }

    /// Weights normal with variance 2 / fan-in (He et al. 2015), biases 0.
    private static func initialParameters(_ shape: ImageShape, classes: Int, using generator: RandomGenerator)
        -> Parameters
    {
        Parameters(
            shapes(shape, classes: classes).map { name, shape in
                let isBias = shape.count == 1
                let tensor =
                    isBias
                    ? Tensor.zeros(shape)
                    : Tensor.normal(shape, using: generator) * (2 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
                return (name, tensor.requiringGradient())
            })
    }
}
