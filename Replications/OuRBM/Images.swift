import Datasets
import Experiments
import Foundation
import Torch

/// Binary images to learn from and to be tested on, shape [count, side²] each, float32.
struct Images {
    let training: Tensor
    let test: Tensor
    let side: Int

    /// Reads MNIST, a pixel 1 above half of the grey range, or makes bars. Throws `RunError` where MNIST is not there
    /// or damaged.
    init(_ configuration: OuRBM.Configuration) throws {
        switch configuration.data {
        case .mnist:
            let folder = URL(fileURLWithPath: configuration.folder)
            func read(_ part: MNIST.Part, _ count: Int) throws -> Tensor {
                do {
                    let digits = try MNIST(part, in: folder)
                    let pixels = MNIST.side * MNIST.side
                    guard count <= digits.count else {
                        throw RunError(
                            "\(folder.path): has \(digits.count) images of \(part.rawValue), \(count) are asked for")
                    }
                    return Tensor(Array(digits.binarized.prefix(count * pixels)), shape: [count, pixels]).converted(
                        to: .float32)
                } catch let fault as IDXError {
                    throw RunError(fault.description)
                }
            }
            training = try read(.train, configuration.trainingImages)
            test = try read(.test, configuration.testImages)
            side = MNIST.side
        case .bars:
            side = configuration.side
            training = Self.bars(side, configuration.trainingImages, RandomGenerator(seed: 1, stream: "training bars"))
            test = Self.bars(side, configuration.testImages, RandomGenerator(seed: 1, stream: "test bars"))
        }
    }

    /// All rows or all columns, by a coin; each of them a bar with probability 0.3; each pixel flipped with probability
    /// 0.02.
    private static func bars(_ side: Int, _ count: Int, _ generator: RandomGenerator) -> Tensor {
        let lines = generator.bernoulli(Tensor.full([count, side, 1], 0.3)).expanded([count, side, side])
        let rows = generator.bernoulli(Tensor.full([count, 1, 1], 0.5)).expanded([count, side, side])
        let images = rows * lines + (1 - rows) * lines.transposed(1, 2)
        let noise = generator.bernoulli(Tensor.full([count, side, side], 0.02))
        return (images + noise - 2 * images * noise).reshaped([count, side * side])
    }

    /// Logits of the training images' mean pixels, those held between 0.01 and 0.99.
    var logits: Tensor {
        let mean = training.mean(0).maximum(0.01).minimum(0.99)
        return (mean / (1 - mean)).log()
    }

    /// The training images' means of the pixels, those held between 0.01 and 0.99, so many times: [count, side²].
    func marginals(_ count: Int) -> Tensor {
        logits.sigmoid().unsqueezed(0).expanded([count, side * side]).contiguous()
    }

    /// The test log-likelihood of independent pixels with the training images' means: what every model has to beat.
    var independentPixels: Double {
        let logits = logits.converted(to: .float64)
        return ((test.converted(to: .float64) * logits).sum(1) + (-logits).logSigmoid().sum()).mean().item()
    }
}
