import Torch

/// The gradient of a convolution of stride 1 with respect to images of few channels, float32 on the processor.
///
/// The gradient is a convolution with few outputs, for which oneDNN's blocks of output channels stay nearly empty. Here a
/// vector runs along the channels of the convolution's result instead, and ends in one sum a pixel; four pixels beside
/// each other share each weight that is loaded.
package struct ImageGradientKernel {

    private let layer: ConvNetArchitecture.Layer
    /// [channels, height, width]
    private let image: [Int]
    /// The weight with its output channels innermost, [c, k, k, o].
    private let weights: Tensor

    /// - Parameters:
    ///   - weight: [o, c, k, k].
    ///   - image: [c, height, width].
    /// - Returns: nil where the kernel has nothing to offer: many image channels, a stride, a type other than float32,
    ///   a number of output channels that no vector divides, or another device.
    package init?(_ layer: ConvNetArchitecture.Layer, weight: Tensor, image: [Int]) {
        guard
            layer.stride == 1, image[0] <= 4, layer.channels.isMultiple(of: SwishKernel.lanes),
            weight.dtype == .float32, weight.device == .cpu
        else { return nil }
        (self.layer, self.image) = (layer, image)
        weights = weight.permuted([1, 2, 3, 0]).contiguous()
    }

    /// From the gradient with respect to the result, [n, o, …] with channels last: that with respect to the images,
    /// likewise.
    package func callAsFunction(_ gradient: Tensor) -> Tensor {
        require(
            gradient.isChannelsLast && gradient.dtype == .float32,
            "a gradient of type \(gradient.dtype) and shape \(gradient.shape)")
        let (n, rows, columns) = (gradient.size(0), gradient.size(2), gradient.size(3))
        let output = Tensor.empty([n, image[1], image[2], image[0]])
        let (from, to, weights) = (
            VectorElements(gradient.permuted([0, 2, 3, 1])), VectorElements(output), VectorElements(weights)
        )
        parallelFor(n) { _, images in
            for image in images {
                for i in 0..<self.image[1] {
                    self.row(i, of: image, rows: rows, columns: columns, from: from, weights: weights, to: to)
                }
            }
        }
        return output.permuted([0, 3, 1, 2])
    }

    /// A row of an image's gradient: x[i, j] = Σ g[i + p − u, j + p − v] w[u, v] over the taps u, v that stay on g.
    @inline(__always)
    private func row(
        _ i: Int, of number: Int, rows: Int, columns: Int, from: VectorElements, weights: VectorElements,
        to: VectorElements
    ) {
        let (k, padding, o, lanes) = (layer.kernel, layer.padding, layer.channels, SwishKernel.lanes)
        let (channels, width) = (image[0], image[2])
        let taps = max(0, i + padding - rows + 1)..<max(0, min(k, i + padding + 1))
        for channel in 0..<channels {
            var j = 0
            while j < width {
                let start = ((number * image[1] + i) * width + j) * channels + channel
                // Four pixels of which every tap stays on g.
                if j + 4 <= width && j + padding - k + 1 >= 0 && j + 3 + padding < columns {
                    var (a, b, c, d) = (
                        SwishKernel.Lanes.zero, SwishKernel.Lanes.zero, SwishKernel.Lanes.zero, SwishKernel.Lanes.zero
                    )
                    for u in taps {
                        for v in 0..<k {
                            let weight = ((channel * k + u) * k + v) * o
                            let point = ((number * rows + i + padding - u) * columns + j + padding - v) * o
                            for unit in stride(from: 0, to: o, by: lanes) {
                                let w = weights[weight + unit]
                                a = a.addingProduct(from[point + unit], w)
                                b = b.addingProduct(from[point + o + unit], w)
                                c = c.addingProduct(from[point + 2 * o + unit], w)
                                d = d.addingProduct(from[point + 3 * o + unit], w)
                            }
                        }
                    }
                    (to[one: start], to[one: start + channels]) = (a.sum(), b.sum())
                    (to[one: start + 2 * channels], to[one: start + 3 * channels]) = (c.sum(), d.sum())
                    j += 4
                    continue
                }
                var sum = SwishKernel.Lanes.zero
                for u in taps {
                    for v in max(0, j + padding - columns + 1)..<max(0, min(k, j + padding + 1)) {
                        let weight = ((channel * k + u) * k + v) * o
                        let point = ((number * rows + i + padding - u) * columns + j + padding - v) * o
                        for unit in stride(from: 0, to: o, by: lanes) {
                            sum = sum.addingProduct(from[point + unit], weights[weight + unit])
                        }
                    }
                }
                to[one: start] = sum.sum()
                j += 1
            }
        }
    }
}
