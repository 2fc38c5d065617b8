import Torch

// The directional derivatives by kernels, with a derivative of their own in the parameters: a training step then has
// three products a layer, one forward and two backward, and one pass over the elements for each.

extension ContinuousMLPEnergy {
    /// Whether the layers are such as the kernels take.
    func seriesKernelsApply(to x: Tensor) -> Bool {
        activation == .silu && x.device == .cpu && x.dtype == .float32 && x.size(0) > 0
            && layers.dropLast().allSatisfy {
                $0.weight.dtype == .float32 && $0.weight.size(0).isMultiple(of: SwishKernel.lanes)
            }
    }

    /// vᵀ∇ₓE and vᵀ∇ₓ²Ev of the network, without the confinement: [2, batch], recorded, once differentiable.
    func seriesByKernels(_ x: Tensor, along v: Tensor) -> Tensor {
        let n = x.size(0)
        let weights = layers.map { $0.weight.detached() }
        let biases = layers.map { $0.bias.detached() }
        let (inputs, series, rows) = withoutGradients { () -> ([Tensor], [Tensor], Tensor) in
            // The values that enter each layer, and what its matrix makes of them.
            var (inputs, series) = ([Tensor.concatenated([x, v])], [Tensor]())
            for (weight, bias) in zip(weights, biases).dropLast() {
                let z = inputs.last!.matmul(weight.transposed())
                let h = Tensor.empty([3 * n, weight.size(0)])
                parallelFor(n, grain: Self.grain) { _, range in
                    SiLUSeriesKernel.forward(z, bias: bias, into: h, points: n, range)
                }
                series.append(z)
                inputs.append(h)
            }
            // Elements of its own: what is recorded must be no view.
            return (
                inputs, series, inputs.last![n..<3 * n].matmul(weights.last!.squeezed(0)).reshaped([2, n]).copied()
            )
        }
        return record(rows, from: parameters.tensors) { outputGradient in
            withoutGradients {
                var found = [Tensor?](repeating: nil, count: 2 * weights.count)
                let top = weights.count - 1
                let outer = outputGradient.contiguous().reshaped([1, 2 * n])
                found[2 * top] = outer.matmul(inputs[top][n..<3 * n])
                found[2 * top + 1] = .zeros([1])
                // The value's own gradient is 0; those of its derivatives are multiples of w.
                let gradient = Tensor.zeros([3 * n, weights[top].size(1)])
                gradient[n..<3 * n].assign(outer.reshaped([2 * n, 1]) * weights[top])
                var g = gradient
                for layer in (0..<top).reversed() {
                    found[2 * layer + 1] = backwards(series[layer], biases[layer], g, points: n)
                    let entered = layer == 0 ? g[0..<2 * n] : g
                    found[2 * layer] = entered.transposed().matmul(inputs[layer])
                    if layer > 0 { g = g.matmul(weights[layer]) }
                }
                return found
            }
        }
    }

    /// ∇ₓE of the network, without the confinement, as `pass` has it; constants.
    func gradientByKernels(_ x: Tensor) -> Tensor {
        let n = x.size(0)
        var (entering, products) = (x, [Tensor]())
        for layer in layers.dropLast() {
            let z = entering.matmul(layer.weight.transposed())
            products.append(z)
            // What the last hidden layer passes on does not matter to the gradient.
            guard products.count < layers.count - 1 else { break }
            let h = Tensor.empty(z.shape)
            parallelFor(n, grain: Self.grain) { _, range in
                SwishKernel.forward(z[range], bias: layer.bias, slope: 1, into: h[range])
            }
            entering = h
        }
        var delta = Tensor.empty(products.last!.shape)
        delta.assign(layers.last!.weight)
        for (index, z) in products.enumerated().reversed() {
            let (bias, gradient) = (layers[index].bias, delta)
            parallelFor(n, grain: Self.grain) { _, range in
                SwishKernel.inputBackward(z[range], bias: bias, slope: 1, gradient: gradient[range])
            }
            delta = delta.matmul(layers[index].weight)
        }
        return delta
    }

    private static var grain: Int { 64 }

    /// Turns the gradients of a layer's outputs into those of its products, in place.
    ///
    /// - Returns: the gradient of the bias.
    private func backwards(_ z: Tensor, _ bias: Tensor, _ gradient: Tensor, points n: Int) -> Tensor {
        let sums = Tensor.zeros([Runtime.threads, z.size(1)])
        parallelFor(n, grain: Self.grain) { part, range in
            SiLUSeriesKernel.backward(z, bias: bias, gradient: gradient, biasSum: sums[part], points: n, range)
        }
        return sums.sum(0)
    }
}
