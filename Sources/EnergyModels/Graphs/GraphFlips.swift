import Torch

/// Single flips of pairs of a batch of graphs: s of each, as constants.
struct GraphFlips {
    /// A, [batch, n, n].
    let adjacency: Tensor
    /// 1 where the flip adds the edge, −1 where it takes it away, shape [batch, s, 1].
    let signs: Tensor
    /// 1 at the lower and the higher end of each flipped pair, shape [batch, s, 2, n].
    private let ends: Tensor
    /// The ends themselves, int64 [batch, 2s].
    private let nodes: Tensor
    private let shape: (batch: Int, flips: Int, nodes: Int)

    /// - Parameter indices: pairs, int64 [batch, s].
    init(_ model: RelationalGraphEnergy, _ x: Tensor, at indices: Tensor) {
        let (batch, flips, n) = (x.size(0), indices.size(1), model.nodeCount)
        let chosen = indices.reshaped([-1])
        let (first, second) = model.pairs.ends
        adjacency = model.pairs.adjacency(x)
        nodes = Tensor.stacked([first.indexSelected(0, chosen), second.indexSelected(0, chosen)], along: 1)
            .reshaped([batch, 2 * flips])
        ends = Tensor.identity(n, dtype: x.dtype).indexSelected(0, nodes.reshaped([-1])).reshaped([batch, flips, 2, n])
        signs = (1 - 2 * x.gathered(1, indices)).unsqueezed(2)
        shape = (batch, flips, n)
    }

    /// The rows of values [batch, n, width] at the ends of each flip: [batch, s, 2, width].
    func atEnds(_ values: Tensor) -> Tensor {
        let width = values.size(2)
        let index = nodes.unsqueezed(2).expanded([shape.batch, 2 * shape.flips, width])
        return values.gathered(1, index).reshaped([shape.batch, shape.flips, 2, width])
    }

    /// For each flip and node: Σ of `neighbours` over the ends that the node is joined to, and of `ends` where it is one
    /// itself; both [batch, s, 2, width], the result [batch, s, n, width].
    func spread(neighbours: Tensor, ends values: Tensor) -> Tensor {
        let rows = atEnds(adjacency)
        return Tensor.concatenated([rows, ends], along: 2).transposed(2, 3)
            .matmul(Tensor.concatenated([neighbours, values], along: 2))
    }

    /// The same of `ends` alone.
    func spread(ends values: Tensor) -> Tensor { ends.transposed(2, 3).matmul(values) }

    /// A after each flip, [batch, s, n, n].
    var flippedAdjacency: Tensor {
        adjacency.unsqueezed(1) + signs.unsqueezed(3) * ends.transposed(2, 3).matmul(ends.reversed(2))
    }
}
