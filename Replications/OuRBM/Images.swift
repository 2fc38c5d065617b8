import Datasets
import Experiments
import Foundation
import ReplicationShared
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
            let bars = Bars(side: side)
            training = bars.sample(
                configuration.trainingImages, using: RandomGenerator(seed: 1, stream: "training bars"))
            test = bars.sample(configuration.testImages, using: RandomGenerator(seed: 1, stream: "test bars"))
        }
    }

    /// Independent pixels with the training images' means.
    var independent: IndependentBits { IndependentBits(meansOf: training) }

    /// The test log-likelihood of independent pixels: what every model has to beat.
    var independentPixels: Double { independent.logProbability(test).mean().item() }
}
