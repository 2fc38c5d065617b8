import Datasets
import HDF5
import Torch

/// The network that FID (Heusel et al. 2017), the Inception score (Salimans et al. 2016) and KID (Bińkowski et al.
/// 2018) are defined on: Inception v3 of 2015-12-05, features of 2,048 numbers (`pool3`) and 1,008 classes. With the
/// weights of that model scores are comparable with published ones; which weights a network has is told by its
/// checksum.
///
/// Two departures from Inception v3 as it is usually taught are part of the definition: average pools inside the blocks
/// leave padding out of the mean, and the last block pools by maxima.
public struct InceptionNetwork: FeatureNetwork {
    /// How images of 0 … 255 become the network's input.
    public enum Input: String, Sendable, CaseIterable {
        /// What the published TensorFlow graph does: (x − 128) / 128; bilinear with place i of the result at i · scale,
        /// no half-pixel offset.
        case tensorFlow1
        /// What the widespread PyTorch ports do: x / 127.5 − 1; bilinear with the centre of pixel i at (i + ½) · scale
        /// − ½.
        case halfPixel
    }

    public let name = "Inception"
    public let origin: String
    public let checksum: String
    public let input: Input
    public var preparation: String { input.rawValue }
    public let featureCount = InceptionArchitecture.featureCount
    public let classCount = InceptionArchitecture.classCount

    /// A convolution with the batch norm folded into it.
    private struct Convolution {
        let weight: Tensor
        let bias: Tensor
        let stride: Int
        let padding: (rows: Int, columns: Int)
    }

    private let convolutions: [String: Convolution]
    private let head: (weight: Tensor, bias: Tensor)

    /// - Parameters:
    ///   - weights: float32 tensors by the names of the public port's state dictionary; further ones are ignored.
    ///   - origin: where they come from, in a line; the network's own says the input too.
    /// - Throws: `MetricError` where one is missing, has another shape, or holds numbers that are not finite, or a
    ///   variance is negative.
    public init(weights: [String: Tensor], origin: String, input: Input = .tensorFlow1) throws(MetricError) {
        var digest = SHA256()
        for (name, shape) in InceptionArchitecture.shapes.sorted(by: { $0.key < $1.key }) {
            guard let tensor = weights[name] else {
                throw MetricError("\(origin): has no weight '\(name)' of the Inception network")
            }
            guard tensor.shape == shape, tensor.dtype == .float32 else {
                throw MetricError(
                    "\(origin): weight '\(name)' is \(tensor.dtype) \(tensor.shape), expected float32 \(shape)")
            }
            guard tensor.isFinite().all(), !name.hasSuffix("running_var") || (tensor .>= 0).all() else {
                throw MetricError("\(origin): weight '\(name)' holds numbers that it cannot hold")
            }
            tensor.array(Float.self).withUnsafeBytes { digest.update($0) }
        }
        checksum = digest.hexadecimal
        self.origin = "\(origin); input \(input.rawValue)"
        self.input = input
        convolutions = Dictionary(
            uniqueKeysWithValues: InceptionArchitecture.layers.map { layer in
                // γ (w ∗ x − μ) / √(σ² + ε) + β = (γ/√(σ² + ε)) w ∗ x + β − γ μ/√(σ² + ε), computed in float64.
                func part(_ name: String) -> Tensor { weights["\(layer.name).\(name)"]!.converted(to: .float64) }
                let scale = part("bn.weight") / (part("bn.running_var") + InceptionArchitecture.epsilon).squareRoot()
                let weight = part("conv.weight") * scale.reshaped([-1, 1, 1, 1])
                let bias = part("bn.bias") - part("bn.running_mean") * scale
                return (
                    layer.name,
                    Convolution(
                        weight: weight.converted(to: .float32), bias: bias.converted(to: .float32),
                        stride: layer.stride,
                        padding: layer.padding)
                )
            })
        head = (weights["fc.weight"]!, weights["fc.bias"]!)
    }

    public func check(_ shape: ImageShape) {}

    public func callAsFunction(_ images: Tensor) -> NetworkOutput { output(prepared(images)) }

    /// uint8 images [n, 1 or 3, h, w] as the first layer's input, float32 [n, 3, 299, 299]; grey counts three times.
    package func prepared(_ images: Tensor) -> Tensor {
        var x = images.converted(to: .float32)
        switch input {
        case .tensorFlow1: x = (x - 128) * (1.0 / 128)
        case .halfPixel: x = x * (1 / 127.5) - 1
        }
        x = Self.resized(x, to: InceptionArchitecture.side, by: input)
        return x.size(1) == 3 ? x : x.expanded([x.size(0), 3, x.size(2), x.size(3)]).contiguous()
    }

    /// Features and logits of prepared input.
    package func output(_ x: Tensor) -> NetworkOutput {
        withoutGradients {
            let features = blocks(x).last!.reshaped([-1, featureCount])
            let biasFree = features.linear(head.weight)
            return NetworkOutput(features: features, logits: biasFree + head.bias, biasFreeLogits: biasFree)
        }
    }

    /// What comes after the first and the second max pool, Mixed_6e and the global average pool.
    package func blocks(_ x: Tensor) -> [Tensor] {
        let first = layer("Conv2d_2b_3x3", layer("Conv2d_2a_3x3", layer("Conv2d_1a_3x3", x))).maxPool2d(
            size: 3, stride: 2)
        let second = layer("Conv2d_4a_3x3", layer("Conv2d_3b_1x1", first)).maxPool2d(size: 3, stride: 2)
        let third = ["Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"].reduce(
            to17(["Mixed_5b", "Mixed_5c", "Mixed_5d"].reduce(second) { block35($1, $0) }), { block17($1, $0) })
        let pools: [(String, (Tensor) -> Tensor)] = [
            ("Mixed_7b", averagePool), ("Mixed_7c", { $0.maxPool2d(size: 3, stride: 1, padding: 1) }),
        ]
        let last = pools.reduce(to8(third)) { block8($1.0, $0, pool: $1.1) }
        return [first, second, third, last.mean(2, 3, keeping: true)]
    }

    // MARK: - Blocks

    private func layer(_ name: String, _ x: Tensor) -> Tensor {
        let convolution = convolutions[name]!
        return x.conv2d(
            convolution.weight, bias: convolution.bias, stride: convolution.stride, padding: convolution.padding
        ).relu()
    }

    /// Layers of a block one after the other.
    private func chain(_ block: String, _ names: [String], _ x: Tensor) -> Tensor {
        names.reduce(x) { layer("\(block).\($1)", $0) }
    }

    private func averagePool(_ x: Tensor) -> Tensor {
        x.averagePool2d(size: 3, stride: 1, padding: 1, countingPadding: false)
    }

    private func block35(_ name: String, _ x: Tensor) -> Tensor {
        .concatenated(
            [
                chain(name, ["branch1x1"], x), chain(name, ["branch5x5_1", "branch5x5_2"], x),
                chain(name, ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], x),
                chain(name, ["branch_pool"], averagePool(x)),
            ], along: 1)
    }

    private func to17(_ x: Tensor) -> Tensor {
        .concatenated(
            [
                chain("Mixed_6a", ["branch3x3"], x),
                chain("Mixed_6a", ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], x),
                x.maxPool2d(size: 3, stride: 2),
            ], along: 1)
    }

    private func block17(_ name: String, _ x: Tensor) -> Tensor {
        .concatenated(
            [
                chain(name, ["branch1x1"], x), chain(name, ["branch7x7_1", "branch7x7_2", "branch7x7_3"], x),
                chain(name, (1...5).map { "branch7x7dbl_\($0)" }, x), chain(name, ["branch_pool"], averagePool(x)),
            ], along: 1)
    }

    private func to8(_ x: Tensor) -> Tensor {
        .concatenated(
            [
                chain("Mixed_7a", ["branch3x3_1", "branch3x3_2"], x),
                chain("Mixed_7a", (1...4).map { "branch7x7x3_\($0)" }, x),
                x.maxPool2d(size: 3, stride: 2),
            ], along: 1)
    }

    private func block8(_ name: String, _ x: Tensor, pool: (Tensor) -> Tensor) -> Tensor {
        let middle = chain(name, ["branch3x3_1"], x)
        let double = chain(name, ["branch3x3dbl_1", "branch3x3dbl_2"], x)
        return .concatenated(
            [
                chain(name, ["branch1x1"], x), chain(name, ["branch3x3_2a"], middle),
                chain(name, ["branch3x3_2b"], middle),
                chain(name, ["branch3x3dbl_3a"], double), chain(name, ["branch3x3dbl_3b"], double),
                chain(name, ["branch_pool"], pool(x)),
            ], along: 1)
    }
}
