import Torch

/// A convolutional energy whose weights stay as they are, normalised once: what chains are drawn from.
///
/// `inputGradient` is explicit, without a record: convolutions forward, leaky ReLUs in place, and back with their
/// slopes read off the signs of what they gave. Channels stay side by side through all layers, weights are laid out for
/// that at the start, and where asked are bfloat16. A convolution that takes in all of its input is a product of
/// matrices.
public struct FrozenConvNetEnergy: EnergyModel {
    public let architecture: ConvNetArchitecture
    public let leakySlope: Double
    public let samplingType: DType
    /// The weights in use, under the names of the model that was frozen: constants, to be stored but not changed.
    public let parameters: Parameters
    private let weights: [Tensor]
    private let biases: [Tensor]
    /// The same in the layout and type that `inputGradient` works in.
    private let packedWeights: [Tensor]
    private let packedBiases: [Tensor]
    /// The transposes of those that are matrices, for the way back.
    private let transposedWeights: [Tensor?]
    /// For the last step back, where it applies.
    private let imageGradient: ImageGradientKernel?
    /// For each layer on the way back, where it applies.
    private let phasedGradients: [PhasedInputGradient?]

    /// - Parameter parameters: weight and bias of every layer in order; taken over, not copied.
    init(_ architecture: ConvNetArchitecture, leakySlope: Double, parameters: Parameters, samplingType: DType) {
        let tensors = parameters.tensors
        require(
            tensors.count == 2 * architecture.layerNames.count,
            "\(tensors.count) tensors for \(architecture.layerNames)")
        (self.architecture, self.leakySlope, self.samplingType) = (architecture, leakySlope, samplingType)
        self.parameters = parameters
        weights = stride(from: 0, to: tensors.count, by: 2).map { tensors[$0] }
        biases = stride(from: 1, to: tensors.count, by: 2).map { tensors[$0] }
        packedBiases = biases.map { $0.converted(to: samplingType) }
        packedWeights = weights.enumerated().map { index, weight in
            let converted = weight.converted(to: samplingType)
            guard index < architecture.convolutions.count else { return converted }
            guard architecture.coversItsInput(index) else { return converted.channelsLast() }
            return converted.permuted([0, 2, 3, 1]).reshaped([weight.size(0), -1])
        }
        transposedWeights = packedWeights.map { $0.rank == 2 ? $0.transposed().contiguous() : nil }
        let (packed, shapes) = (packedWeights, architecture.shapes)
        phasedGradients = architecture.convolutions.enumerated().map { index, layer in
            packed[index].rank == 4 ? PhasedInputGradient(layer, weight: packed[index], input: shapes[index]) : nil
        }
        if let layer = architecture.convolutions.first, packedWeights[0].rank == 4 {
            imageGradient = ImageGradientKernel(layer, weight: packedWeights[0], image: architecture.inputShape)
        } else {
            imageGradient = nil
        }
    }

    public func energy(_ x: Tensor) -> Tensor {
        architecture.energy(x, weights: weights, biases: biases, leakySlope: leakySlope)
    }

    public func inputGradient(_ x: Tensor) -> Tensor {
        architecture.checkInput(x)
        let parts = parts(of: x)
        return withoutGradients {
            let gradients = parts.map { back(through: forward(x[$0].detached())) }
            return (gradients.count == 1 ? gradients[0] : Tensor.concatenated(gradients)).converted(to: x.dtype)
        }
    }

    /// Batches that are taken one after the other: on the processor such that the largest layer's output, at most 16
    /// MiB, stays in the caches, and in memory that the allocator keeps (it returns blocks above 32 MiB, whose pages
    /// then come anew each time).
    private func parts(of x: Tensor) -> [Range<Int>] {
        let n = x.size(0)
        guard x.device == .cpu, n > 0 else { return [0..<n] }
        let largest = architecture.shapes.map { $0.reduce(1, *) }.max()! * samplingType.size
        let count = (n * largest + (16 << 20) - 1) / (16 << 20)
        let size = (n + count - 1) / count
        return stride(from: 0, to: n, by: size).map { $0..<min(n, $0 + size) }
    }

    public func energyAndInputGradient(_ x: Tensor) -> (energy: Tensor, gradient: Tensor) {
        // In bfloat16 the energy would be too coarse to compare.
        guard samplingType == x.dtype else { return (evaluate(x), inputGradient(x)) }
        architecture.checkInput(x)
        return withoutGradients {
            let inputs = forward(x.detached())
            let last = inputs.count - 1
            let energy = flattened(inputs[last], for: last).linear(packedWeights[last], packedBiases[last]).squeezed(1)
            return (energy, back(through: inputs))
        }
    }

    /// The input of every layer: that of the image, then what each leaky ReLU gave; [batch, channels, height, width]
    /// for convolutions that are computed as such, else [batch, width].
    private func forward(_ x: Tensor) -> [Tensor] {
        var inputs = [x.converted(to: samplingType).channelsLast()]
        for index in 0..<packedWeights.count - 1 {
            let input = inputs[index]
            let output: Tensor
            if isConvolution(index) {
                let layer = architecture.convolutions[index]
                output = input.conv2d(
                    packedWeights[index], bias: packedBiases[index], stride: layer.stride, padding: layer.padding)
            } else {
                output = flattened(input, for: index).linear(packedWeights[index], packedBiases[index])
            }
            output.applyLeakyReLU(slope: leakySlope)
            inputs.append(output)
        }
        return inputs
    }

    /// ∇ₓE: the last layer's weight, sent back through every layer before it.
    private func back(through inputs: [Tensor]) -> Tensor {
        let last = inputs.count - 1
        let flat = flattened(inputs[last], for: last).shape
        var gradient = unflattened(packedWeights[last].expanded(flat).contiguous(), like: inputs[last], for: last)
        for index in (0..<last).reversed() {
            gradient.applyLeakyReLUDerivative(at: inputs[index + 1], slope: leakySlope)
            if index == 0, let imageGradient {
                gradient = imageGradient(gradient)
            } else if index < phasedGradients.count, let phased = phasedGradients[index] {
                gradient = phased(gradient)
            } else if isConvolution(index) {
                let layer = architecture.convolutions[index]
                gradient = gradient.conv2dInputGradient(
                    x: inputs[index], packedWeights[index], stride: layer.stride, padding: layer.padding)
            } else {
                gradient = unflattened(gradient.linear(transposedWeights[index]!), like: inputs[index], for: index)
            }
        }
        return gradient
    }

    /// Whether a layer is computed as a convolution.
    private func isConvolution(_ index: Int) -> Bool {
        index < architecture.convolutions.count && !architecture.coversItsInput(index)
    }

    /// Images as rows: pixel by pixel, as they lie, for a convolution that covers them; channel by channel for the
    /// first fully connected layer.
    private func flattened(_ x: Tensor, for index: Int) -> Tensor {
        guard x.rank == 4 else { return x }
        return (index < architecture.convolutions.count ? x.permuted([0, 2, 3, 1]) : x.contiguous()).reshaped([
            x.size(0), -1,
        ])
    }

    /// Rows back to images with channels side by side, where x is that.
    private func unflattened(_ rows: Tensor, like x: Tensor, for index: Int) -> Tensor {
        guard x.rank == 4 else { return rows }
        let (n, c, h, w) = (x.size(0), x.size(1), x.size(2), x.size(3))
        return index < architecture.convolutions.count
            ? rows.reshaped([n, h, w, c]).permuted([0, 3, 1, 2]) : rows.reshaped([n, c, h, w]).channelsLast()
    }
}
