import Torch

/// The pairs of n nodes in their order as bits of a graph: (0,1), (0,2), … (0,n−1), (1,2), …
struct NodePairs {
    let nodeCount: Int
    /// The lower and the higher node of each pair, int64 [d].
    let ends: (first: Tensor, second: Tensor)
    /// Which of the d pairs each entry of the adjacency matrix is, row-major, int64 [n²]; d on the diagonal.
    private let entries: Tensor

    init(nodeCount n: Int) {
        nodeCount = n
        let pairs = (0..<n).flatMap { i in (i + 1..<n).map { (i, $0) } }
        var entries = [Int](repeating: pairs.count, count: n * n)
        for (number, (i, j)) in pairs.enumerated() { (entries[i * n + j], entries[j * n + i]) = (number, number) }
        ends = (Tensor(pairs.map(\.0)), Tensor(pairs.map(\.1)))
        self.entries = Tensor(entries)
    }

    /// Adjacency matrices [batch, n, n] of pairs x [batch, d], symmetric, 0 on the diagonal; recorded for gradients.
    func adjacency(_ x: Tensor) -> Tensor {
        let diagonal = Tensor.zeros([x.size(0), 1], dtype: x.dtype, device: x.device)
        return Tensor.concatenated([x, diagonal], along: 1).indexSelected(1, entries)
            .reshaped([x.size(0), nodeCount, nodeCount])
    }
}
