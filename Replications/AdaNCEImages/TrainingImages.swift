import Datasets
import Experiments
import Figures
import Foundation
import Torch

/// The images that are learnt from, and others of the same kind.
struct TrainingImages {
    let training: ImageSet
    let test: ImageSet
    /// uint8 [count, channels, height, width].
    let pixels: Tensor
    let name: String
    /// SHA-256 of the pixels, image by image: CIFAR-10 that was a JPEG once has another than the published one.
    let checksum: String

    var count: Int { pixels.size(0) }
    /// The shape of one image.
    var shape: [Int] { Array(pixels.shape.dropFirst()) }

    /// Reads the data set or makes bars. Throws `RunError` where it is not there, damaged, smaller than asked for, or of
    /// a size that the network does not take.
    init(_ configuration: AdaNCEImages.Configuration, device: Device) throws {
        let used: ImageSet
        if case .own(let path) = configuration.data {
            (used, test) = try Self.own(path, configuration)
        } else {
            let set = try Self.set(configuration, test: false)
            test = try Self.set(configuration, test: true)
            guard configuration.trainingImages <= set.count else {
                throw RunError(
                    "\(configuration.folder): has \(set.count) images to train on, trainingImages asks for \(configuration.trainingImages)"
                )
            }
            used = set.prefix(configuration.trainingImages)
        }
        training = used
        pixels = used.tensor(0..<used.count).moved(to: device)
        (name, checksum) = (used.name, try used.checksum())
        _ = try configuration.architecture(for: shape)
    }

    /// Images of a file or a folder, at most `trainingImages` of them, and every tenth apart to be tested with.
    private static func own(
        _ path: String, _ configuration: AdaNCEImages.Configuration
    ) throws -> (training: ImageSet, test: ImageSet) {
        let all: ImageSet
        let parts: (rest: ImageSet, heldOut: ImageSet)
        do {
            all = try ImageSet(reading: imageSource(at: path))
            parts = try all.heldOut(every: 10)
        } catch let fault as ImageError {
            throw RunError(fault.description)
        }
        let training = parts.rest.prefix(min(parts.rest.count, configuration.trainingImages))
        guard configuration.scoredSamples > 0, configuration.inceptionWeights.isEmpty else {
            return (training, parts.heldOut)
        }
        // What the classifier needs that scores; else it would be known after the training.
        let fault: String? =
            if training.classes == nil {
                "has no labels, which the classifier that scores samples learns from"
            } else if training.count < 144 {
                "has \(all.count) images, too few for the classifier that scores samples: expected at least 160"
            } else { nil }
        if let fault {
            throw RunError("\(path): \(fault)", cure: "set inceptionWeights, or scoredSamples=0")
        }
        return (training, parts.heldOut)
    }

    private static func set(_ configuration: AdaNCEImages.Configuration, test: Bool) throws -> ImageSet {
        let folder = URL(fileURLWithPath: configuration.folder)
        do {
            switch configuration.data {
            case .mnist: return try ImageSet(mnist: test ? .test : .train, in: folder)
            case .cifar10: return try ImageSet(cifar10: test ? .test : .train, in: folder)
            case .bars: return try bars(configuration.trainingImages, stream: test ? "test bars" : "bars")
            case .own(let path): return try ImageSet(reading: imageSource(at: path))
            }
        } catch let fault as IDXError {
            throw RunError(fault.description)
        } catch let fault as ImageError {
            throw RunError(fault.description)
        }
    }

    /// All rows or all columns, by a coin, four pixels thick; each of them a bar with probability 0.3. Rows are class
    /// 1.
    private static func bars(_ count: Int, stream: String) throws(ImageError) -> ImageSet {
        let generator = RandomGenerator(seed: 1, stream: stream)
        let lines = generator.bernoulli(Tensor.full([count, 7, 1, 1], 0.3)).expanded([count, 7, 4, 28]).reshaped([
            count, 28, 28,
        ])
        let coins = generator.bernoulli(Tensor.full([count, 1, 1], 0.5))
        let rows = coins.expanded([count, 28, 28])
        let images = rows * lines + (1 - rows) * lines.transposed(1, 2)
        return try ImageSet(
            name: "bars", shape: ImageShape(channels: 1, height: 28, width: 28),
            pixels: images.reshaped([-1]).array(Float.self).map { UInt8(255 * $0) },
            labels: coins.reshaped([-1]).array(Float.self).map { Int($0) })
    }

    /// Images drawn with replacement, scaled to −1 … 1, with noise; [count, channels, height, width].
    func batch(_ count: Int, noise: Double, using generator: RandomGenerator) -> Tensor {
        let rows = Tensor.integers([count], 0..<self.count, using: generator)
        return pixels.indexSelected(0, rows).scaledPixels(noise: noise, using: generator)
    }
}
