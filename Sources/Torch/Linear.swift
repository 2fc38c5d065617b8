/// An affine map: x Wᵀ + b.
public struct Linear {
    /// Shape [outputs, inputs].
    public let weight: Tensor
    /// Shape [outputs].
    public let bias: Tensor

    /// PyTorch's default initialisation, drawn in PyTorch's order: weight, then bias, both uniform on
    /// (−1/√inputs, 1/√inputs). (Its rule, Kaiming's with a = √5, gives √3 · √(2/6) / √inputs for the weight.)
    public init(inputs: Int, outputs: Int, dtype: DType = .float32, using generator: RandomGenerator) {
        let gain = (2.0 / (1 + 5)).squareRoot()
        let weightBound = 3.0.squareRoot() * (gain / Double(inputs).squareRoot())
        let biasBound = 1 / Double(inputs).squareRoot()
        weight = Tensor.uniform([outputs, inputs], low: -weightBound, high: weightBound, dtype: dtype, using: generator)
        bias = Tensor.uniform([outputs], low: -biasBound, high: biasBound, dtype: dtype, using: generator)
        weight.requiringGradient()
        bias.requiringGradient()
    }

    /// x [batch, inputs] to [batch, outputs].
    public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight, bias) }

    public var parameters: Parameters { Parameters([("weight", weight), ("bias", bias)]) }
}
