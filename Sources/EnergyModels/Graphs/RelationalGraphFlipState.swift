import Torch

extension RelationalGraphEnergy {
    public func flipState(_ x: Tensor) -> any FlipState {
        guard let kernel = withoutGradients({ self.kernel(for: x) }),
            let rows = RelationalGraphKernel.neighbours(x, nodes: nodeCount)
        else { return EvaluatingFlipState(self, x) }
        return RelationalGraphFlipState(kernel, x, rows)
    }
}

/// Chains of graphs: a graph is the sets of its nodes' neighbours, and an energy is computed from them in one go, a chain
/// at a time.
final class RelationalGraphFlipState: FlipState {
    private let kernel: RelationalGraphKernel
    let x: Tensor
    /// The neighbours of each node of each chain, [chains, n].
    private var rows: [UInt64]
    private let pairs: [(Int, Int)]
    /// E(x), and E of what was flipped last, but for a constant.
    private let energy, flippedEnergy: Tensor

    init(_ kernel: RelationalGraphKernel, _ x: Tensor, _ rows: [UInt64]) {
        let n = kernel.nodeCount
        (self.kernel, self.rows) = (kernel, rows)
        pairs = (0..<n).flatMap { i in (i + 1..<n).map { (i, $0) } }
        self.x = withoutGradients { x.detached().copied().contiguous() }
        (energy, flippedEnergy) = (.empty([x.size(0)]), .empty([x.size(0)]))
        evaluate(into: energy, flipping: nil)
    }

    /// The energies of all chains, with a pair flipped where one is given.
    private func evaluate(into energies: Tensor, flipping pair: (Int, Int)?) {
        let (n, energies) = (kernel.nodeCount, energies.unsafeElements(Float.self))
        rows.withUnsafeBufferPointer { rows in
            parallelFor(x.size(0), grain: RelationalGraphEnergy.graphsPerThread) { _, chains in
                kernel.withScratch { scratch in
                    for chain in chains {
                        scratch.take(rows.baseAddress! + chain * n, flipping: pair)
                        energies[chain] = scratch.energy()
                    }
                }
            }
        }
    }

    func flipDifference(at site: Int) -> Tensor {
        evaluate(into: flippedEnergy, flipping: pairs[site])
        return withoutGradients { energy - flippedEnergy }
    }

    func flip(at site: Int, where accepted: Tensor) {
        let (n, d, (a, b)) = (kernel.nodeCount, pairs.count, pairs[site])
        let (energy, flippedEnergy) = (energy.unsafeElements(Float.self), flippedEnergy.unsafeElements(Float.self))
        let bits = x.unsafeElements(Float.self)
        for (chain, moves) in accepted.array(UInt8.self).enumerated() where moves == 1 {
            rows[chain * n + a] ^= 1 << UInt64(b)
            rows[chain * n + b] ^= 1 << UInt64(a)
            bits[chain * d + site] = 1 - bits[chain * d + site]
            energy[chain] = flippedEnergy[chain]
        }
    }
}
