import Datasets
import Foundation
import HDF5
import Metrics
import Testing
import Torch

/// The network on weights drawn by rule, as PyTorch computed it.
private struct InceptionGolden: Decodable {
    let keys: Int
    let first_keys: [String]
    let last_keys: [String]
    let block_shapes: [[Int]]
    let block_means: [Double]
    let pool3_first: [[Double]]
    let pool3_sum: [Double]
    let pool3_l2: [Double]
    let logits_first: [[Double]]
    let logits_l2: [Double]

    static func load() throws -> InceptionGolden {
        let url = try #require(
            Bundle.module.url(forResource: "fid-inception", withExtension: "json", subdirectory: "Golden"))
        return try JSONDecoder().decode(InceptionGolden.self, from: Data(contentsOf: url))
    }

    /// The golden file's rule: tensor i of the sorted keys from a generator seeded i.
    static func weights() -> (keys: [String], weights: [String: Tensor]) {
        let shapes = InceptionArchitecture.shapes
        let norms = shapes.keys.filter { $0.hasSuffix("running_var") }
        let counters = norms.map { $0.replacingOccurrences(of: "running_var", with: "num_batches_tracked") }
        let keys = (Array(shapes.keys) + counters).sorted()
        var weights: [String: Tensor] = [:]
        for (index, key) in keys.enumerated() {
            guard let shape = shapes[key] else { continue }
            let generator = RandomGenerator(seed: UInt64(index))
            if key.hasSuffix("running_var") || key.hasSuffix("bn.weight") {
                weights[key] = Tensor.uniform(shape, using: generator) + 0.5
            } else if key.hasSuffix("running_mean") || key.hasSuffix(".bias") {
                weights[key] = 0.1 * Tensor.normal(shape, using: generator)
            } else {
                weights[key] =
                    Tensor.normal(shape, using: generator) * (2 / Double(shape.dropFirst().reduce(1, *))).squareRoot()
            }
        }
        return (keys, weights)
    }
}

/// |a − b| against the scale of b.
private func error(_ a: [Double], _ b: [Double]) -> Double {
    let scale = b.map(abs).max()!
    return zip(a, b).map { abs($0 - $1) }.max()! / scale
}

@Suite struct InceptionNetworkTests {
    /// Blocks, features and logits to float32 rounding: batch norms are folded here and are not there, so that sums
    /// differ in the last bits, and 94 layers pass that on. Means and sums are off by up to 2e-6 where convolutions go
    /// by AVX-512, 5.9e-6 by SSE4.1: the bound is three times that. Through the weights' file, which a user has.
    @Test func theNetworkComputesWhatPyTorchDoes() throws {
        let golden = try InceptionGolden.load()
        let (keys, weights) = InceptionGolden.weights()
        #expect(keys.count == golden.keys)
        #expect(Array(keys.prefix(6)) == golden.first_keys && Array(keys.suffix(6)) == golden.last_keys)
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("inception-\(UUID().uuidString).h5")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let writer = try HDF5Writer()
        for (key, tensor) in weights {
            try writer.write(HDF5Array(tensor.array(Float.self), shape: tensor.shape), named: key)
        }
        try writer.setAttribute("source", to: "a rule")
        try writer.save(to: path)
        let network = try InceptionNetwork(hdf5: path, input: .halfPixel)
        #expect(network.origin == "\(path) (from a rule); input halfPixel")
        #expect(network.checksum == (try InceptionNetwork(weights: weights, origin: "memory").checksum))

        let images = Tensor.uniform([2, 3, 32, 32], using: RandomGenerator(seed: 12345))
        let x = InceptionNetwork.resized(images, to: 299, by: .halfPixel) * 2 - 1
        let blocks = withoutGradients { network.blocks(x) }
        #expect(blocks.map(\.shape) == golden.block_shapes)
        for (block, mean) in zip(blocks, golden.block_means) {
            #expect(abs(block.converted(to: .float64).mean().item() / mean - 1) < 2e-5)
        }
        let output = network.output(x)
        let features = output.features.converted(to: .float64)
        #expect(error(features.sum(1).array(Double.self), golden.pool3_sum) < 2e-5)
        #expect(error(features.norm(1).array(Double.self), golden.pool3_l2) < 2e-5)
        let logits = output.logits.converted(to: .float64)
        #expect(error(logits.norm(1).array(Double.self), golden.logits_l2) < 1e-5)
        for image in 0..<2 {
            #expect(
                error(features[image].narrowed(0, start: 0, length: 8).array(Double.self), golden.pool3_first[image])
                    < 1e-5)
            #expect(
                error(logits[image].narrowed(0, start: 0, length: 8).array(Double.self), golden.logits_first[image])
                    < 2e-5)
        }
        // The bias alone stands between the two heads.
        let bias = (output.logits - output.biasFreeLogits - weights["fc.bias"]!).abs().max().item()
        #expect(bias < 1e-5)

        // From bytes: grey is three equal channels.
        let bytes = Tensor.integers([1, 1, 28, 28], 0..<256, dtype: .uint8, using: RandomGenerator(seed: 3))
        let grey = network(bytes).features, colour = network(bytes.expanded([1, 3, 28, 28]).contiguous()).features
        #expect((grey - colour).abs().max().item() == 0)
    }

    @Test func weightsThatAreNotTheNetworksAreNamed() throws {
        func fault(_ weights: [String: Tensor]) -> String {
            do { _ = try InceptionNetwork(weights: weights, origin: "w.h5") } catch { return error.description }
            return "none"
        }
        #expect(fault([:]) == "w.h5: has no weight 'Conv2d_1a_3x3.bn.bias' of the Inception network")
        #expect(
            fault(["Conv2d_1a_3x3.bn.bias": .zeros([31])])
                == "w.h5: weight 'Conv2d_1a_3x3.bn.bias' is float32 [31], expected float32 [32]")
        #expect(
            fault(["Conv2d_1a_3x3.bn.bias": .full([32], .nan)])
                == "w.h5: weight 'Conv2d_1a_3x3.bn.bias' holds numbers that it cannot hold")
        var weights = ["Conv2d_1a_3x3.bn.bias", "Conv2d_1a_3x3.bn.running_mean"].reduce(into: [:]) {
            $0[$1] = Tensor.zeros([32])
        }
        weights["Conv2d_1a_3x3.bn.running_var"] = .full([32], -1)
        #expect(fault(weights) == "w.h5: weight 'Conv2d_1a_3x3.bn.running_var' holds numbers that it cannot hold")
    }

    /// By hand, from the two rules: of 0, 1, 2, 3 the value at s is s, held at 3.
    @Test func theTwoResizeRulesAreTheirFormulas() {
        func scaled(_ side: Int, _ rule: InceptionNetwork.Input) -> [Double] {
            InceptionNetwork.interpolation(from: 4, to: side, by: rule).matmul(Tensor([0, 1, 2, 3] as [Float])).array(
                Double.self)
        }
        #expect(scaled(8, .tensorFlow1) == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3])
        #expect(scaled(8, .halfPixel) == [0, 0.25, 0.75, 1.25, 1.75, 2.25, 2.75, 3])
        #expect(scaled(2, .tensorFlow1) == [0, 2])
        #expect(scaled(2, .halfPixel) == [0.5, 2.5])
        #expect(scaled(4, .tensorFlow1) == [0, 1, 2, 3] && scaled(4, .halfPixel) == [0, 1, 2, 3])
        // Rows and columns each by their own size: x = 10 r + c.
        let image = Tensor((0..<2).flatMap { r in (0..<3).map { Float(10 * r + $0) } }, shape: [1, 1, 2, 3])
        let square = InceptionNetwork.resized(image, to: 6, by: .tensorFlow1).array(Double.self)
        for r in 0..<6 {
            for c in 0..<6 {
                let expected = 10 * min(Double(r) / 3, 1) + min(Double(c) / 2, 2)
                #expect(abs(square[6 * r + c] - expected) < 1e-5)
            }
        }
    }

    /// The two inputs scale as their programs do: 0, 128 and 255 become −1, 0, 127/128 or −1, 1/255, 1.
    @Test func pixelsScaleByTheirRule() throws {
        let (_, weights) = InceptionGolden.weights()
        let inputs: [(InceptionNetwork.Input, [Double])] = [
            (.tensorFlow1, [-1, 0, 127.0 / 128]), (.halfPixel, [-1, 128 / 127.5 - 1, 1]),
        ]
        for (input, expected) in inputs {
            let network = try InceptionNetwork(weights: weights, origin: "memory", input: input)
            for (value, scaled) in zip([0.0, 128, 255], expected) {
                let x = network.prepared(Tensor.full([1, 1, 5, 4], value, dtype: .uint8))
                #expect(x.shape == [1, 3, 299, 299])
                #expect((x - scaled).abs().max().item() < 1e-6)
            }
        }
    }
}
