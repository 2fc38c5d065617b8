import Datasets
import Foundation
import Metrics
import Torch

extension Benchmark {
    /// Image data and their scores.
    static let images = [mnistLoad, statistics, distance]

    private static var mnistLoad: Benchmark {
        Benchmark(
            name: "mnist-load", bound: nil, operations: nil,
            note:
                "60,000 digits and labels read from data/mnist's gzip files and scaled to float32 in [−1, 1]; to be under 300 ms. "
                + "The limit is gzip's: the same files through zlib alone",
            floor: {
                let files = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"].map { "data/mnist/\($0)" }
                return seconds { for file in files { _ = try! IDX(contentsOf: URL(fileURLWithPath: file)) } }
            },
            prepare: {
                let folder = URL(fileURLWithPath: "data/mnist")
                _ = try MNIST(.test, in: folder)  // says what is missing before anything is timed
                return { count in
                    for _ in 0..<count {
                        let digits = try! ImageSet(mnist: .train, in: folder)
                        _ = digits.tensor(0..<digits.count).scaledPixels()
                    }
                }
            }, hasPeer: false)
    }

    private static let batch = 50

    /// A network with weights drawn at random: the time does not depend on them.
    private static func network() throws -> InceptionNetwork {
        let generator = RandomGenerator(seed: 0)
        let weights = InceptionArchitecture.shapes.sorted { $0.key < $1.key }.map { name, shape in
            let fan = Double(shape.dropFirst().reduce(1, *))
            return (
                name,
                shape.count == 1 ? Tensor.ones(shape) : Tensor.normal(shape, using: generator) * (2 / fan).squareRoot()
            )
        }
        return try InceptionNetwork(weights: Dictionary(uniqueKeysWithValues: weights), origin: "drawn at random")
    }

    private static func batchOfImages() throws -> ImageSet {
        let bytes = Tensor.integers([batch * 3072], 0..<256, dtype: .uint8, using: RandomGenerator(seed: 1)).array(
            UInt8.self)
        return try ImageSet(name: "noise", shape: CIFAR10.shape, pixels: bytes)
    }

    private static var statistics: Benchmark {
        Benchmark(
            name: "fid-statistics", bound: 0.05, operations: nil,
            note:
                "all that a score gathers from the Inception network's answer to 50 of 10,000 images of 3 × 32 × 32, which take 200 times as long; in "
                + "the peer's place the network, so that the ratio is the time outside it to that within. fid-distance is what then comes once",
            rounds: 5,
            prepare: {
                let images = try batchOfImages()
                let network = ReadyNetwork(try network(), images.tensor(0..<batch))
                let bytes = images.pixels(0..<batch)
                var sums = ImageFeatureSums(network, images: 10_000, kept: 10_000, splits: 10, seed: 1)
                var batches = 0
                return { count in
                    for _ in 0..<count {
                        if batches == 200 {
                            sums = ImageFeatureSums(network, images: 10_000, kept: 10_000, splits: 10, seed: 1)
                            batches = 0
                        }
                        try! sums.add(bytes, shape: images.shape)
                        batches += 1
                    }
                }
            },
            beside: {
                let network = try network()
                let x = try batchOfImages().tensor(0..<batch)
                return { count in for _ in 0..<count { _ = network(x).features.sum().item() } }
            })
    }

    /// The Inception network with its answer given already.
    private struct ReadyNetwork: FeatureNetwork {
        let name = "Inception", origin = "drawn at random", checksum = "", preparation = ""
        let featureCount: Int, classCount: Int
        let output: NetworkOutput

        init(_ network: InceptionNetwork, _ images: Tensor) {
            (featureCount, classCount, output) = (network.featureCount, network.classCount, network(images))
        }

        func check(_ shape: ImageShape) {}
        func callAsFunction(_ images: Tensor) -> NetworkOutput { output }
    }

    private static var distance: Benchmark {
        Benchmark(
            name: "fid-distance", bound: nil, operations: nil,
            note:
                "the Fréchet distance of two sets of 10,000 features of 2,048 numbers: two eigen-decompositions and three products in float64",
            rounds: 3,
            prepare: {
                let generator = RandomGenerator(seed: 2)
                let sets = (0..<2).map { _ in
                    let statistics = FeatureStatistics(dimension: 2048)
                    for _ in 0..<10 { statistics.add(Tensor.normal([1000, 2048], using: generator)) }
                    return statistics
                }
                return { count in for _ in 0..<count { _ = frechetDistance(sets[0], sets[1]) } }
            }, hasPeer: false)
    }
}
