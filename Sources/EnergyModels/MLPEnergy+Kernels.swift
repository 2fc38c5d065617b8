import Torch

// The same energy by fused kernels, for float32 on the processor: first derivatives only.
//
// A flip of bit i changes the first pre-activation by one column of W₁, z₁ ± W₁[:, i]; nothing else of that layer is
// computed again. What remains is a matrix product for each further layer and one pass over memory for each Swish.

extension MLPEnergy {
    /// Whether the kernels know this model and these points.
    func kernelsApply(to x: Tensor) -> Bool {
        x.dtype == .float32 && x.device == .cpu && beta.dtype == .float32
            && layers.dropLast().allSatisfy { $0.bias.count.isMultiple(of: SwishKernel.lanes) }
    }

    public func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor {
        guard kernelsApply(to: x), !x.requiresGradient else { return genericFlipDifferences(x, at: indices) }
        if let indices {
            require(
                indices.dtype == .int64 && indices.rank == 2 && indices.size(0) == x.size(0),
                "flips at indices of type \(indices.dtype) and shape \(indices.shape) for points of shape \(x.shape)")
            require(
                indices.count == 0 || (indices.min().item() >= 0 && Int(indices.max().item()) < dimension),
                "flips at indices outside 0 ..< \(dimension)")
        }
        let flips = indices?.size(1) ?? dimension
        let energies = recordedEnergies(
            firstActivation: flippedActivations(x.contiguous(), at: indices?.contiguous()))
        let table = energies.reshaped([x.size(0), 1 + flips])
        return table.narrowed(1, start: 0, length: 1) - table.narrowed(1, start: 1, length: flips)
    }

    public func inputGradient(_ x: Tensor) -> Tensor {
        guard kernelsApply(to: x) else { return recordedInputGradient(x) }
        return withoutGradients {
            let slope = Float(beta.item())
            var preactivations = [layers[0](x)]
            for layer in layers.dropFirst().dropLast() {
                let h = SwishKernel.forward(preactivations.last!, bias: nil, slope: slope)
                preactivations.append(h.linear(layer.weight, layer.bias))
            }
            var gradient = SwishKernel.dotInputGradient(
                preactivations.last!, weight: layers.last!.weight, slope: slope)
            for index in (1..<layers.count - 1).reversed() {
                gradient = SwishKernel.inputGradient(
                    preactivations[index - 1], slope: slope, outputGradient: gradient.matmul(layers[index].weight))
            }
            return gradient.matmul(layers[0].weight)
        }
    }

    public func flipState(_ x: Tensor) -> any FlipState {
        kernelsApply(to: x) ? MLPFlipState(self, x) : EvaluatingFlipState(self, x)
    }

    /// Swish(z₁) for each point and, after it, for its flips: rows [batch · (1 + s)].
    private func flippedActivations(_ x: Tensor, at indices: Tensor?) -> Tensor {
        let z = layers[0](x)
        let columns = layers[0].weight.transposed().contiguous()
        let (zValues, columnValues, slope) = (z.detached(), columns.detached(), Float(beta.item()))
        let output = SwishKernel.flippedForward(zValues, columns: columnValues, x: x, indices: indices, slope: slope)
        return record(output, from: [z, columns, beta]) { gradient in
            let found = SwishKernel.flippedBackward(
                zValues, columns: columnValues, x: x, indices: indices, slope: slope, outputGradient: gradient.contiguous())
            return [found.preactivation, found.columns, found.slope]
        }
    }

    /// The energies that follow from the first layer's activations [rows, width], recorded.
    private func recordedEnergies(firstActivation: Tensor) -> Tensor {
        let slope = Float(beta.item())
        guard layers.count > 2 else { return layers[1](firstActivation).squeezed(1) }
        var h = firstActivation
        for layer in layers.dropFirst().dropLast(2) {
            let z = h.matmul(layer.weight.transposed())
            let (zValues, bias) = (z.detached(), layer.bias.detached())
            let output = SwishKernel.forward(zValues, bias: bias, slope: slope)
            h = record(output, from: [z, layer.bias, beta]) { gradient in
                let found = SwishKernel.backward(
                    zValues, bias: bias, slope: slope, outputGradient: gradient.contiguous())
                return [found.preactivation, found.bias, found.slope]
            }
        }
        let (layer, last) = (layers[layers.count - 2], layers[layers.count - 1])
        let z = h.matmul(layer.weight.transposed())
        let (zValues, bias, weight) = (z.detached(), layer.bias.detached(), last.weight.detached())
        let output = SwishKernel.dotForward(zValues, bias: bias, slope: slope, weight: weight)
        let energies = record(output, from: [z, layer.bias, beta, last.weight]) { gradient in
            let found = SwishKernel.dotBackward(
                zValues, bias: bias, slope: slope, weight: weight, outputGradient: gradient.contiguous())
            return [found.preactivation, found.bias, found.slope, found.weight]
        }
        return energies + last.bias
    }

    /// The energies that follow from the first layer's pre-activations z₁ [batch, width], bias included, or from
    /// z₁ + scale ⊗ column; nothing is recorded.
    func kernelEnergy(_ z: Tensor, by column: Tensor? = nil, scale: Tensor? = nil) -> Tensor {
        let slope = Float(beta.item())
        var h: Tensor
        if let column, let scale {
            h = SwishKernel.shiftedForward(z, by: column, scale: scale, slope: slope)
        } else {
            h = SwishKernel.forward(z, bias: nil, slope: slope)
        }
        let (hidden, last) = (layers.dropFirst().dropLast(), layers.last!)
        guard let deepest = hidden.last else { return h.linear(last.weight, last.bias).squeezed(1) }
        for layer in hidden.dropLast() {
            h = SwishKernel.forward(h.matmul(layer.weight.transposed()), bias: layer.bias, slope: slope)
        }
        let deepestZ = h.matmul(deepest.weight.transposed())
        return SwishKernel.dotForward(deepestZ, bias: deepest.bias, slope: slope, weight: last.weight) + last.bias
    }
}

/// Chains on an MLP energy: the first layer's pre-activations are kept, and one column is added for a flip.
final class MLPFlipState: FlipState {
    private let model: MLPEnergy
    let x: Tensor
    /// z₁ = W₁x + b₁, shape [batch, width].
    private let preactivation: Tensor
    /// W₁ᵀ, shape [d, width].
    private let columns: Tensor
    private var energy: Tensor
    private var flippedEnergy: Tensor

    init(_ model: MLPEnergy, _ x: Tensor) {
        self.model = model
        self.x = x.detached().copied().contiguous()
        (preactivation, columns, energy) = withoutGradients {
            let z = model.layers[0](x)
            return (z, model.layers[0].weight.transposed().contiguous(), model.kernelEnergy(z))
        }
        flippedEnergy = energy
    }

    func flipDifference(at site: Int) -> Tensor {
        withoutGradients {
            let signs = 1 - 2 * x.selected(1, site)
            flippedEnergy = model.kernelEnergy(preactivation, by: columns[site], scale: signs.contiguous())
            return energy - flippedEnergy
        }
    }

    func flip(at site: Int, where accepted: Tensor) {
        withoutGradients {
            let column = x.selected(1, site)
            let scale = (1 - 2 * column) * accepted.converted(to: .float32)
            SwishKernel.shift(preactivation, by: columns[site], scale: scale.contiguous())
            column.assign(Tensor.select(accepted, 1 - column, column))
            energy = Tensor.select(accepted, flippedEnergy, energy)
        }
    }
}
