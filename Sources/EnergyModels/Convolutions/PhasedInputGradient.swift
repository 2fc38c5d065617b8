import Torch

/// The gradient with respect to the input of a convolution with kernel 4, stride 2 and padding 1, for few input
/// channels, float32 on the processor.
///
/// Of an input's pixels those in even and odd rows and columns each see two taps of the kernel in either direction:
/// four convolutions of the gradient with kernels of 2 × 2, which are computed as one with four times the outputs, and
/// laid between each other. oneDNN's own way takes up to three times as long for 16 channels or fewer; from 32 on the
/// two are level.
package struct PhasedInputGradient {
    private typealias Lanes = SIMD8<Float>

    /// [c, height, width] of the input.
    private let input: [Int]
    /// [4c, o, 2, 2] with channels last: even and odd rows, in each even and odd columns, in each the channels.
    private let weight: Tensor

    /// - Parameters:
    ///   - weight: [o, c, 4, 4].
    ///   - input: [c, height, width].
    /// - Returns: nil where it does not apply, or is not faster.
    package init?(_ layer: ConvNetArchitecture.Layer, weight: Tensor, input: [Int]) {
        guard
            (layer.kernel, layer.stride, layer.padding) == (4, 2, 1), input[0] <= 16,
            input[0].isMultiple(of: Lanes.scalarCount),
            input[1].isMultiple(of: 2), input[2].isMultiple(of: 2), weight.dtype == .float32, weight.device == .cpu
        else { return nil }
        self.input = input
        // Row 2i gets g[i − 1] through tap 3 and g[i] through tap 1; row 2i + 1 gets g[i] through tap 2 and g[i + 1]
        // through tap 0.
        let taps = Tensor([3, 1, 2, 0])
        let (o, c) = (weight.size(0), weight.size(1))
        self.weight = weight.contiguous().indexSelected(2, taps).indexSelected(3, taps).reshaped([o, c, 2, 2, 2, 2])
            .permuted([2, 4, 1, 0, 3, 5]).reshaped([4 * c, o, 2, 2]).channelsLast()
    }

    /// From the gradient with respect to the result, [n, o, height / 2, width / 2]: that with respect to the input,
    /// channels last.
    package func callAsFunction(_ gradient: Tensor) -> Tensor {
        let (n, c, height, width) = (gradient.size(0), input[0], input[1], input[2])
        // [n, height / 2 + 1, width / 2 + 1, 4c] as it lies.
        let phases = gradient.channelsLast().conv2d(weight, padding: 1).channelsLast()
        let output = Tensor.empty([n, height, width, c])
        let (from, to) = (phases.permuted([0, 2, 3, 1]).unsafeElements(Float.self), output.unsafeElements(Float.self))
        parallelFor(n * height, grain: 64) { _, rows in
            for row in rows {
                let (image, y) = row.quotientAndRemainder(dividingBy: height)
                let a = y % 2
                for x in 0..<width {
                    let b = x % 2
                    let source =
                        (((image * (height / 2 + 1) + y / 2 + a) * (width / 2 + 1) + x / 2 + b) * 4 + 2 * a + b) * c
                    for unit in stride(from: 0, to: c, by: Lanes.scalarCount) {
                        UnsafeMutableRawPointer(to + (row * width + x) * c + unit).storeBytes(
                            of: UnsafeRawPointer(from + source + unit).loadUnaligned(as: Lanes.self), as: Lanes.self)
                    }
                }
            }
        }
        return withExtendedLifetime(phases) { output.permuted([0, 3, 1, 2]) }
    }
}
