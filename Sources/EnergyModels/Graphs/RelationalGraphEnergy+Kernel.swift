import Torch

// Flips and input gradients of graphs by the kernel, for bits in float32 on the processor: first derivatives only.

extension RelationalGraphEnergy {
    public func inputGradient(_ x: Tensor) -> Tensor {
        guard let kernel = withoutGradients({ self.kernel(for: x) }),
            let rows = RelationalGraphKernel.neighbours(x, nodes: nodeCount)
        else { return recordedInputGradient(x) }
        let output = Tensor.empty(x.shape)
        let (n, d, elements) = (nodeCount, dimension, output.unsafeElements(Float.self))
        rows.withUnsafeBufferPointer { rows in
            parallelFor(x.size(0), grain: Self.graphsPerThread) { _, graphs in
                kernel.withScratch { scratch in
                    for graph in graphs {
                        scratch.take(rows.baseAddress! + graph * n)
                        _ = scratch.energy()
                        scratch.inputGradient(into: elements + graph * d)
                    }
                }
            }
        }
        return output
    }

    /// Graphs below which another thread is not worth its start.
    static let graphsPerThread = 16

    /// The kernel, where it knows this model and may know these points.
    func kernel(for x: Tensor) -> RelationalGraphKernel? {
        x.dtype == .float32 && x.device == .cpu && !x.requiresGradient ? RelationalGraphKernel(self) : nil
    }

    /// E(x) − E(x₋ᵢ) at chosen pairs, [graphs, s], recorded for gradients; nil where a point is no graph.
    func kernelDifferences(_ kernel: RelationalGraphKernel, _ x: Tensor, at indices: Tensor) -> Tensor? {
        guard let rows = RelationalGraphKernel.neighbours(x, nodes: nodeCount) else { return nil }
        require(
            indices.dtype == .int64 && indices.rank == 2 && indices.size(0) == x.size(0),
            "flips at indices of type \(indices.dtype) and shape \(indices.shape) for points of shape \(x.shape)")
        let (n, flips) = (nodeCount, indices.size(1))
        let pairs = (0..<n).flatMap { i in (i + 1..<n).map { (i, $0) } }
        let chosen = indices.array(Int.self).map { index in
            require(pairs.indices ~= index, "a flip of pair \(index) of \(pairs.count)")
            return pairs[index]
        }
        /// Calls body with each graph and each of its flips, on several threads.
        func forEachGraph(
            _ body: (_ part: Int, _ graph: Int, _ scratch: GraphScratch, _ own: UnsafePointer<UInt64>) -> Void
        ) {
            rows.withUnsafeBufferPointer { rows in
                parallelFor(x.size(0), grain: max(1, Self.graphsPerThread * 8 / (flips + 1))) { part, graphs in
                    kernel.withScratch { scratch in
                        for graph in graphs { body(part, graph, scratch, rows.baseAddress! + graph * n) }
                    }
                }
            }
        }

        let differences = Tensor.empty([x.size(0), flips])
        let found = differences.unsafeElements(Float.self)
        forEachGraph { _, graph, scratch, own in
            scratch.take(own)
            let energy = scratch.energy()
            for flip in graph * flips..<(graph + 1) * flips {
                scratch.take(own, flipping: chosen[flip])
                found[flip] = energy - scratch.energy()
            }
        }
        return record(differences, from: [kernel.weights]) { gradient in
            let gradient = gradient.contiguous()
            let by = gradient.unsafeElements(Float.self)
            let sums = PerThread { withoutGradients { Tensor.zeros(kernel.weights.shape) } }
            forEachGraph { part, graph, scratch, own in
                let sum = sums[part].unsafeElements(Float.self)
                var total: Float = 0
                for flip in graph * flips..<(graph + 1) * flips where by[flip] != 0 {
                    scratch.take(own, flipping: chosen[flip])
                    _ = scratch.energy()
                    scratch.addGradient(-by[flip], to: sum)
                    total += by[flip]
                }
                scratch.take(own)
                _ = scratch.energy()
                scratch.addGradient(total, to: sum)
            }
            return [sums.used.dropFirst().reduce(sums.used[0]) { $0 + $1 }]
        }
    }
}
