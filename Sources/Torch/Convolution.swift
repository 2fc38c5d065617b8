/// A convolution layer over images [N, C, H, W]: cross-correlation, stride and zero padding alike in both directions,
/// plus bias.
public struct Convolution {
    /// Shape [outputs, inputs, kernel, kernel].
    public let weight: Tensor
    /// Shape [outputs].
    public let bias: Tensor
    public let stride: Int
    public let padding: Int

    /// PyTorch's default initialisation, drawn in PyTorch's order: weight, then bias, both uniform on (−1/√n, 1/√n)
    /// with n = inputs · kernel², the number of weights of an output.
    public init(
        inputs: Int, outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, dtype: DType = .float32,
        using generator: RandomGenerator
    ) {
        let fan = inputs * kernel * kernel
        (self.stride, self.padding) = (stride, padding)
        weight = .defaultWeight([outputs, inputs, kernel, kernel], inputs: fan, dtype: dtype, using: generator)
        bias = .defaultBias(outputs, inputs: fan, dtype: dtype, using: generator)
        weight.requiringGradient()
        bias.requiringGradient()
    }

    public func callAsFunction(_ x: Tensor) -> Tensor { x.conv2d(weight, bias: bias, stride: stride, padding: padding) }

    public var parameters: Parameters { Parameters([("weight", weight), ("bias", bias)]) }
}
