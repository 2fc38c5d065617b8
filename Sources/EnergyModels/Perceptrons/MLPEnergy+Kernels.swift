import Torch

// The same energy by fused kernels, for float32 on the processor: first derivatives only.
//
// A flip of bit i changes the first pre-activation by one column of W₁, z₁ ± W₁[:, i]; nothing else of that layer is
// computed again. Rows are worked off in blocks, each by one thread from the first layer to the energy and back, so
// that a block's activations stay in that core's cache and threads meet once. Sums over rows are taken per thread and
// then in the order of the threads, so they repeat exactly.

extension MLPEnergy {
    /// Rows of a block: 768 rows of 256 numbers are 768 KiB.
    private static let blockRows = 768

    /// Whether the kernels know this model and these points.
    func kernelsApply(to x: Tensor) -> Bool {
        x.dtype == .float32 && x.device == .cpu && beta.dtype == .float32
            && layers.dropLast().allSatisfy { $0.bias.count.isMultiple(of: SwishKernel.lanes) }
    }

    /// Calls body on libtorch's threads with a partition of points that have so many rows in all: equally many blocks
    /// for each thread, of about `blockRows` rows.
    func forEachBlock(
        points: Int, rows: Int, _ body: (_ part: Int, _ points: Range<Int>) -> Void
    ) {
        let threads = Runtime.threads
        let perThread = max(1, (rows + threads * Self.blockRows - 1) / (threads * Self.blockRows))
        let blocks = rows < 64 ? 1 : min(points, threads * perThread)
        parallelFor(blocks) { part, range in
            for block in range {
                let own = points * block / blocks..<points * (block + 1) / blocks
                if !own.isEmpty { withoutGradients { body(part, own) } }
            }
        }
    }

    /// Wᵀ of each, laid out by rows, as products of a few rows want it.
    private static func transposed(_ weights: [Tensor]) -> [Tensor] {
        let copies = weights.map { Tensor.empty([$0.size(1), $0.size(0)]) }
        parallelFor(weights.count) { _, range in
            for k in range { copies[k].assign(weights[k].transposed()) }
        }
        return copies
    }

    // MARK: - Flips

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
        let (weight, bias) = (layers[0].weight.detached(), layers[0].bias.detached())
        let x = x.contiguous()
        let z = withoutGradients { Linear(weight: weight, bias: bias)(x) }
        let flips = SwishKernel.Flips(z: z, columns: weight.transposed().contiguous(), x: x, indices: indices)
        return recordedDifferences(flips)
    }

    /// E(x) − E(x₋ᵢ) for points and their flips, shape [points, s], recorded as a function of all parameters but the
    /// output bias, which every difference cancels.
    private func recordedDifferences(_ flips: SwishKernel.Flips) -> Tensor {
        let deep = layers.dropFirst().dropLast()
        let (points, rows) = (flips.starts.count - 1, flips.bits.count)
        let pass = FlipPass(self, flips)
        let differences = Tensor.empty([points, flips.flipsPerPoint])
        forEachBlock(points: points, rows: rows) { _, points in
            pass.forward(points)
            flips.differences(points, of: pass.energies, into: differences)
        }
        let inputs =
            [layers[0].weight, layers[0].bias, beta] + deep.flatMap { [$0.weight, $0.bias] } + [layers.last!.weight]
        return record(differences, from: inputs) { gradient in
            let gradient = gradient.contiguous()
            let pointGradient = gradient.sum(1)
            let energyGradient = Tensor.empty([rows])
            let zGradient = Tensor.zeros(flips.z.shape)
            let sums = PerThread { GradientSums(flips, pass.widths) }
            self.forEachBlock(points: points, rows: rows) { part, points in
                flips.energyGradient(points, ofPoints: pointGradient, differences: gradient, into: energyGradient)
                pass.backward(points, energyGradient: energyGradient, zSum: zGradient, sums[part])
            }
            let total = sums[0]
            if !total.hasWeights { total.weights = total.weights.map { .zeros(like: $0) } }
            for other in sums.used.dropFirst() { total.add(other) }
            return [
                (flips.x.transposed().matmul(zGradient) + total.columns).transposed(), zGradient.sum(0),
                Tensor([Float(total.slope)], shape: []),
            ] + zip(total.weights, total.biases).flatMap { [$0, $1] } + [total.last]
        }
    }

    /// The energies of flipped points, a row a flip, and what their derivatives need again.
    private struct FlipPass {
        let flips: SwishKernel.Flips
        /// The widths of the hidden layers.
        let widths: [Int]
        /// E at each flip, [rows].
        let energies: Tensor
        private let slope: Float
        /// The hidden layers above the first.
        private let deep: [(weight: Tensor, bias: Tensor)]
        private let transposed: [Tensor]
        private let last: Tensor
        /// Every hidden layer's activations but the last's, and every deep layer's pre-activations.
        private let activations: [Tensor]
        private let preactivations: [Tensor]

        init(_ energy: MLPEnergy, _ flips: SwishKernel.Flips) {
            self.flips = flips
            let (layers, rows) = (energy.layers, flips.bits.count)
            widths = layers.dropLast().map { $0.bias.count }
            energies = Tensor.empty([rows])
            slope = Float(energy.beta.item())
            deep = layers.dropFirst().dropLast().map { ($0.weight.detached(), $0.bias.detached()) }
            transposed = MLPEnergy.transposed(deep.map(\.weight))
            last = layers.last!.weight.detached()
            activations = (widths.count > 1 ? widths.dropLast() : []).map { Tensor.empty([rows, $0]) }
            preactivations = widths.dropFirst().map { Tensor.empty([rows, $0]) }
        }

        /// The energies of the flips of some points.
        func forward(_ points: Range<Int>) {
            let own = flips.rows(points)
            guard let deepest = deep.last else {
                energies[own].unsqueezed(1).assign(matmul: onlyLayer(points), last.transposed())
                return
            }
            SwishKernel.flippedForward(flips, points, slope: slope, into: activations[0][own])
            for (k, layer) in deep.enumerated() {
                preactivations[k][own].assign(matmul: activations[k][own], transposed[k])
                if k + 1 < deep.count {
                    SwishKernel.forward(
                        preactivations[k][own], bias: layer.bias, slope: slope, into: activations[k + 1][own])
                }
            }
            SwishKernel.dotForward(
                preactivations.last![own], bias: deepest.bias, slope: slope, weight: last, into: energies[own])
        }

        /// Adds to `sums`, and to the rows of `zSum` that are these points', what the gradient by the energies of their
        /// flips gives.
        func backward(_ points: Range<Int>, energyGradient: Tensor, zSum: Tensor, _ sums: GradientSums) {
            let own = flips.rows(points)
            var flowing = Tensor.empty([own.count, widths.last!])
            if let deepest = deep.last {
                sums.slope += SwishKernel.dotBackward(
                    preactivations.last![own], bias: deepest.bias, slope: slope, weight: last,
                    gradient: energyGradient[own], into: flowing, biasSum: sums.biases.last!, weightSum: sums.last)
            } else {
                let column = energyGradient[own].unsqueezed(1)
                sums.last.add(matmul: column.transposed(), onlyLayer(points))
                flowing.assign(matmul: column, last)
            }
            for k in deep.indices.reversed() {
                sums.addToWeight(k, flowing.transposed(), activations[k][own])
                let below = Tensor.empty([own.count, widths[k]])
                below.assign(matmul: flowing, deep[k].weight)
                if k > 0 {
                    sums.slope += SwishKernel.backward(
                        preactivations[k - 1][own], bias: deep[k - 1].bias, slope: slope, gradient: below,
                        biasSum: sums.biases[k - 1])
                }
                flowing = below
            }
            sums.slope += SwishKernel.flippedBackward(
                flips, points, slope: slope, gradient: flowing, zSum: zSum, columnSum: sums.columns)
            sums.hasWeights = true
        }

        /// The activations of a network of one hidden layer, which are computed again where they are needed.
        private func onlyLayer(_ points: Range<Int>) -> Tensor {
            let h = Tensor.empty([flips.rows(points).count, widths[0]])
            SwishKernel.flippedForward(flips, points, slope: slope, into: h)
            return h
        }
    }

    /// One thread's share of the gradients that are sums over rows.
    private final class GradientSums {
        var columns: Tensor
        var slope = 0.0
        /// Without meaning before `hasWeights`.
        var weights: [Tensor]
        var hasWeights = false
        var biases: [Tensor]
        var last: Tensor

        init(_ flips: SwishKernel.Flips, _ widths: [Int]) {
            columns = .zeros([flips.dimension, widths[0]])
            weights = zip(widths.dropFirst(), widths).map { .empty([$0, $1]) }
            biases = widths.dropFirst().map { .zeros([$0]) }
            last = .zeros([1, widths.last!])
        }

        /// Adds a block's product; the first needs no zeros to be added to.
        func addToWeight(_ k: Int, _ a: Tensor, _ b: Tensor) {
            if hasWeights { weights[k].add(matmul: a, b) } else { weights[k].assign(matmul: a, b) }
        }

        func add(_ other: GradientSums) {
            columns += other.columns
            slope += other.slope
            for k in weights.indices {
                weights[k] += other.weights[k]
                biases[k] += other.biases[k]
            }
            last += other.last
        }
    }

    // MARK: - Points

    public func inputGradient(_ x: Tensor) -> Tensor {
        guard kernelsApply(to: x) else { return recordedInputGradient(x) }
        let (x, slope) = (x.contiguous(), Float(beta.item()))
        let output = Tensor.empty([x.size(0), dimension])
        let transposed = Self.transposed(layers.dropLast().map { $0.weight.detached() })
        forEachBlock(points: x.size(0), rows: x.size(0)) { _, points in
            var preactivations: [Tensor] = []
            var h = x[points]
            for (k, layer) in layers.dropLast().enumerated() {
                let z = Tensor.empty([points.count, layer.bias.count])
                z.assign(matmul: h, transposed[k])
                preactivations.append(z)
                if k + 2 < layers.count {
                    h = Tensor.empty(z.shape)
                    SwishKernel.forward(z, bias: layer.bias, slope: slope, into: h)
                }
            }
            var gradient = Tensor.empty(preactivations.last!.shape)
            SwishKernel.dotInputBackward(
                preactivations.last!, bias: layers[layers.count - 2].bias, slope: slope, weight: layers.last!.weight,
                into: gradient)
            for k in (1..<layers.count - 1).reversed() {
                let below = Tensor.empty(preactivations[k - 1].shape)
                below.assign(matmul: gradient, layers[k].weight)
                SwishKernel.inputBackward(
                    preactivations[k - 1], bias: layers[k - 1].bias, slope: slope, gradient: below)
                gradient = below
            }
            output[points].assign(matmul: gradient, layers[0].weight)
        }
        return output
    }

    public func flipState(_ x: Tensor) -> any FlipState {
        kernelsApply(to: x) ? MLPFlipState(self, x) : EvaluatingFlipState(self, x)
    }

    /// The energies that follow from the first layer's pre-activations z₁ [batch, width], bias included, or from
    /// z₁ + scale ⊗ column; nothing is recorded.
    func kernelEnergy(_ z: Tensor, by column: Tensor? = nil, scale: Tensor? = nil) -> Tensor {
        let output = Tensor.empty([z.size(0)])
        let column = column ?? .zeros([z.size(1)])
        let scale = scale ?? .zeros([z.size(0)])
        forEachBlock(points: z.size(0), rows: z.size(0)) { _, points in
            kernelEnergyBlock(z[points], by: column, scale: scale[points], into: output[points])
        }
        return withoutGradients { output + layers.last!.bias }
    }

    /// The energies of z₁ + scale ⊗ column without the output bias, into `energies` [rows], on the calling thread.
    func kernelEnergyBlock(_ z: Tensor, by column: Tensor, scale: Tensor, into energies: Tensor) {
        let (slope, last) = (Float(beta.item()), layers.last!.weight)
        var h = Tensor.empty([z.size(0), z.size(1)])
        SwishKernel.shiftedForward(z, by: column, scale: scale, slope: slope, into: h)
        let deep = layers.dropFirst().dropLast()
        guard let deepest = deep.last else {
            energies.unsqueezed(1).assign(matmul: h, last.transposed())
            return
        }
        for layer in deep.dropLast() {
            let z = h.matmul(layer.weight.transposed())
            SwishKernel.forward(z, bias: layer.bias, slope: slope, into: z)
            h = z
        }
        SwishKernel.dotForward(
            h.matmul(deepest.weight.transposed()), bias: deepest.bias, slope: slope, weight: last, into: energies)
    }
}
