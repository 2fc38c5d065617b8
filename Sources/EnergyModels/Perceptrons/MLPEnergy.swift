import Torch

/// The energy of a multilayer perceptron: x → Swish(W₁x + b₁) → … → w·h + b, one number for each point.
///
/// Swish(z) = z · sigmoid(βz), with one learnable β, initially 1, shared by all hidden layers, as in the released code
/// of RMwGGIS (Liu et al. 2023). The output bias cancels from every energy difference.
public struct MLPEnergy: BinaryEnergyModel {
    public let dimension: Int
    /// The affine maps, the last with one output.
    public let layers: [Linear]
    /// β, a tensor without dimensions.
    public let beta: Tensor

    /// PyTorch's default initialisation, layer by layer.
    ///
    /// - Parameters:
    ///   - dimension: d, the number of inputs.
    ///   - hidden: the widths of the hidden layers, at least one.
    public init(dimension: Int, hidden: [Int], dtype: DType = .float32, using generator: RandomGenerator) {
        require(dimension > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 }, "an MLP of \(dimension), \(hidden)")
        self.dimension = dimension
        layers = [Linear](widths: [dimension] + hidden + [1], dtype: dtype, using: generator)
        beta = Tensor.ones([], dtype: dtype, device: generator.device).requiringGradient()
    }

    /// `layer1.weight`, `layer1.bias`, `swish.beta`, `layer2.weight`, … : in the order of the released code.
    public var parameters: Parameters {
        let named = layers.enumerated().map { $1.parameters.prefixed("layer\($0 + 1)") }
        return named[0] + Parameters([("swish.beta", beta)]) + named.dropFirst().reduce(Parameters([]), +)
    }

    public func energy(_ x: Tensor) -> Tensor {
        if kernelsApply(to: x), !gradientsAreRecorded {
            return kernelEnergy(layers[0](x))
        }
        var h = x
        for layer in layers.dropLast() { h = swish(layer(h)) }
        return layers.last!(h).squeezed(1)
    }

    /// z · sigmoid(βz)
    private func swish(_ z: Tensor) -> Tensor { z * (z * beta).sigmoid() }
}
