/// An affine map: x Wᵀ + b.
public struct Linear {
    /// Shape [outputs, inputs].
    public let weight: Tensor
    /// Shape [outputs].
    public let bias: Tensor

    /// PyTorch's default initialisation, drawn in PyTorch's order: weight, then bias, both uniform on
    /// (−1/√inputs, 1/√inputs).
    public init(inputs: Int, outputs: Int, dtype: DType = .float32, using generator: RandomGenerator) {
        weight = .defaultWeight([outputs, inputs], inputs: inputs, dtype: dtype, using: generator)
        bias = .defaultBias(outputs, inputs: inputs, dtype: dtype, using: generator)
        weight.requiringGradient()
        bias.requiringGradient()
    }

    /// - Parameters:
    ///   - weight: [outputs, inputs].
    ///   - bias: [outputs].
    public init(weight: Tensor, bias: Tensor) {
        require(
            weight.rank == 2 && bias.shape == [weight.size(0)],
            "a weight of shape \(weight.shape) with a bias of \(bias.shape)")
        (self.weight, self.bias) = (weight, bias)
    }

    /// x [batch, inputs] to [batch, outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias) }

    public var parameters: Parameters { Parameters([("weight", weight), ("bias", bias)]) }
}

extension [Linear] {
    /// The layers of a perceptron with these widths, the input's first, drawn in their order.
    public init(widths: [Int], dtype: DType = .float32, using generator: RandomGenerator) {
        self = zip(widths, widths.dropFirst()).map {
            Linear(inputs: $0, outputs: $1, dtype: dtype, using: generator)
        }
    }

    /// `layer1.weight`, `layer1.bias`, `layer2.weight`, …
    public var parameters: Parameters {
        enumerated().map { $1.parameters.prefixed("layer\($0 + 1)") }.reduce(Parameters([]), +)
    }
}

extension Tensor {
    /// A weight with so many inputs to each output, uniform within √3 · √(2/6) / √inputs: Kaiming's rule with a = √5.
    static func defaultWeight(_ shape: [Int], inputs: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let gain = (2.0 / (1 + 5)).squareRoot()
        let bound = 3.0.squareRoot() * (gain / Double(inputs).squareRoot())
        return uniform(shape, low: -bound, high: bound, dtype: dtype, using: generator)
    }

    /// Uniform within 1/√inputs.
    static func defaultBias(_ outputs: Int, inputs: Int, dtype: DType, using generator: RandomGenerator) -> Tensor {
        let bound = 1 / Double(inputs).squareRoot()
        return uniform([outputs], low: -bound, high: bound, dtype: dtype, using: generator)
    }
}
