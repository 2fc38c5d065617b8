import Torch

/// The layers of a convolutional energy: convolutions, then fully connected layers, the last with one output.
///
///     let narrow = try ConvNetArchitecture.a.scaled(width: 0.25)     // 16, 32, 64, 64, 256; 128, 1
public struct ConvNetArchitecture: Hashable, Sendable {
    /// A square kernel; stride and zero padding alike in both directions.
    public struct Layer: Hashable, Sendable {
        public var kernel: Int
        public var stride: Int
        public var padding: Int
        /// How many channels come out.
        public var channels: Int

        /// As the thesis writes it: (kernel size, stride, padding) × output channels.
        public init(_ kernel: Int, _ stride: Int, _ padding: Int, channels: Int) {
            (self.kernel, self.stride, self.padding, self.channels) = (kernel, stride, padding, channels)
        }
    }

    /// [channels, height, width] of an image.
    public let inputShape: [Int]
    public let convolutions: [Layer]
    /// The widths of the fully connected layers before the last.
    public let hidden: [Int]
    /// [channels, height, width] before the first convolution and after each.
    let shapes: [[Int]]

    /// - Throws: `ConvNetError` where a number is out of range or a kernel does not fit on its input.
    public init(inputShape: [Int], convolutions: [Layer], hidden: [Int]) throws {
        guard inputShape.count == 3, inputShape.allSatisfy({ $0 > 0 }) else {
            throw ConvNetError("images of shape \(inputShape): it is [channels, height, width], each at least 1")
        }
        guard hidden.allSatisfy({ $0 > 0 }) else {
            throw ConvNetError("fully connected layers of widths \(hidden): each is at least 1")
        }
        var shapes = [inputShape]
        for (index, layer) in convolutions.enumerated() {
            guard layer.kernel > 0, layer.stride > 0, layer.padding >= 0, layer.channels > 0 else {
                throw ConvNetError(
                    "conv\(index + 1): kernel, stride and channels are at least 1, padding at least 0, not \(layer)")
            }
            let (height, width) = (shapes[index][1] + 2 * layer.padding, shapes[index][2] + 2 * layer.padding)
            guard height >= layer.kernel, width >= layer.kernel else {
                throw ConvNetError(
                    "conv\(index + 1): a kernel of \(layer.kernel) does not fit on \(height)×\(width); larger images, or fewer strides before it"
                )
            }
            shapes.append([
                layer.channels, (height - layer.kernel) / layer.stride + 1, (width - layer.kernel) / layer.stride + 1,
            ])
        }
        (self.inputShape, self.convolutions, self.hidden, self.shapes) = (inputShape, convolutions, hidden, shapes)
    }

    /// The inputs and outputs of the fully connected layers.
    var fullyConnected: [(inputs: Int, outputs: Int)] {
        let widths = [shapes.last!.reduce(1, *)] + hidden + [1]
        return zip(widths, widths.dropFirst()).map { ($0, $1) }
    }

    /// Whether a convolution takes in its whole input at once, and so is a fully connected layer.
    func coversItsInput(_ convolution: Int) -> Bool {
        let (layer, input) = (convolutions[convolution], shapes[convolution])
        return layer.padding == 0 && input[1] == layer.kernel && input[2] == layer.kernel
    }

    /// `conv1`, …, `fc1`, …: in order.
    public var layerNames: [String] {
        convolutions.indices.map { "conv\($0 + 1)" } + (0...hidden.count).map { "fc\($0 + 1)" }
    }

    /// Weights and biases.
    public var parameterCount: Int {
        zip(convolutions, shapes).reduce(0) { $0 + $1.0.channels * ($1.1[0] * $1.0.kernel * $1.0.kernel + 1) }
            + fullyConnected.reduce(0) { $0 + $1.outputs * ($1.inputs + 1) }
    }

    /// How many multiplications the energy of one image takes.
    public var multiplications: Int {
        let convolved = convolutions.indices.map {
            shapes[$0 + 1].reduce(1, *) * shapes[$0][0] * convolutions[$0].kernel * convolutions[$0].kernel
        }
        return convolved.reduce(0, +) + fullyConnected.reduce(0) { $0 + $1.inputs * $1.outputs }
    }

    /// The largest factor of `scaled(width:)`: the table's networks then have some 10⁹ parameters.
    public static let largestWidth = 16.0

    /// The most numbers that a convolution takes of one image: the inputs of each of its outputs, side by side.
    public var largestUnfolding: Int {
        convolutions.indices.map {
            shapes[$0 + 1][1] * shapes[$0 + 1][2] * shapes[$0][0] * convolutions[$0].kernel * convolutions[$0].kernel
        }.max() ?? 0
    }

    /// Every channel count and hidden width times a factor, rounded, at least 1.
    ///
    /// - Throws: `ConvNetError` unless the factor is positive and at most `largestWidth`.
    public func scaled(width factor: Double) throws -> ConvNetArchitecture {
        guard factor > 0, factor <= Self.largestWidth else {
            throw ConvNetError("width \(factor): it is a positive number up to \(Self.largestWidth), 1 for the paper's")
        }
        func scaled(_ width: Int) -> Int { max(1, Int((Double(width) * factor).rounded())) }
        return try ConvNetArchitecture(
            inputShape: inputShape,
            convolutions: convolutions.map { Layer($0.kernel, $0.stride, $0.padding, channels: scaled($0.channels)) },
            hidden: hidden.map(scaled))
    }
}

/// What is wrong with a network's settings, in one line that also says what would be right.
public struct ConvNetError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

// Table 5.1 of N. Xu, Self-Adapting Noise-Contrastive Estimation for Energy-Based Models (Tsinghua University, 2022).
extension ConvNetArchitecture {
    /// Model A, 28×28 grey images: 5,967,105 parameters.
    public static let a = table(
        [1, 28, 28], [Layer(3, 2, 1, channels: 256), Layer(4, 1, 0, channels: 1024)], hidden: [512])
    /// Model B, 32×32 colour images: 6,427,009 parameters.
    public static let b = table(
        [3, 32, 32], [Layer(4, 2, 1, channels: 256), Layer(4, 1, 0, channels: 1024)], hidden: [512])
    /// Model C, 32×32 colour images: 11,801,217 parameters.
    public static let c = table(
        [3, 32, 32], [Layer(4, 2, 1, channels: 512), Layer(4, 1, 0, channels: 1024)], hidden: [512, 256])

    /// The sides of images that `fitting` has a network for.
    public static let fittingSides = 8...256

    /// A network of the table's kind for images of another size: the side is halved, rounded up, down to 4 at most by
    /// convolutions of 128 and then 256 channels, and a last one covers what is left. It is Model A for [1, 28, 28] and
    /// Model B for [3, 32, 32].
    ///
    /// - Throws: `ConvNetError` where the images are not square, or their side is not in `fittingSides`.
    public static func fitting(_ shape: [Int]) throws -> ConvNetArchitecture {
        guard shape.count == 3, shape[1] == shape[2], fittingSides ~= shape[1] else {
            throw ConvNetError(
                "images of \(shape.map(String.init).joined(separator: " × ")): a network is made for square ones with sides from \(fittingSides.lowerBound) to \(fittingSides.upperBound)"
            )
        }
        var (layers, side) = ([Layer(3, 1, 1, channels: 64)], shape[1])
        while side > 4 {
            layers.append(Layer(side.isMultiple(of: 2) ? 4 : 3, 2, 1, channels: layers.count == 1 ? 128 : 256))
            side = (side + 1) / 2
        }
        return try ConvNetArchitecture(
            inputShape: shape, convolutions: layers + [Layer(side, 1, 0, channels: 1024)], hidden: [512])
    }

    private static func table(_ inputShape: [Int], _ last: [Layer], hidden: [Int]) -> ConvNetArchitecture {
        let first = [Layer(3, 1, 1, channels: 64), Layer(4, 2, 1, channels: 128), Layer(4, 2, 1, channels: 256)]
        return try! ConvNetArchitecture(inputShape: inputShape, convolutions: first + last, hidden: hidden)
    }
}
