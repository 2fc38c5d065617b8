import Torch

/// The energy of `RelationalGraphNetwork` of graphs of n nodes: x is the upper triangle of the adjacency matrix, row by
/// row, d = n(n − 1)/2 bits.
///
/// Every x in [0, 1]^d has an energy, and a gradient: ∂E/∂xᵢⱼ is that of both entries of A.
public struct RelationalGraphEnergy: BinaryEnergyModel {
    public let network: RelationalGraphNetwork
    /// n
    public let nodeCount: Int
    let pairs: NodePairs

    init(_ network: RelationalGraphNetwork, nodeCount: Int) {
        require(nodeCount >= 2, "an energy of graphs of \(nodeCount) nodes: there must be a pair")
        (self.network, self.nodeCount, pairs) = (network, nodeCount, NodePairs(nodeCount: nodeCount))
    }

    public var dimension: Int { nodeCount * (nodeCount - 1) / 2 }
    public var parameters: Parameters { network.parameters }

    public func energy(_ x: Tensor) -> Tensor {
        let a = pairs.adjacency(x)
        let first = FirstLayer(network, nodeCount: nodeCount)
        var h = first.preactivation(degrees: a.sum(2)).silu()
        for layer in deepLayers {
            let z = layer.own(h) + a.matmul(layer.edge(h)) + layer.all(h.sum(1)).unsqueezed(1)
            h = network.isResidual ? h + z.silu() : z.silu()
        }
        return readOut(h) + Double(nodeCount) * network.readOut.bias
    }

    /// Σᵢ w·hᵢ for h [batch, …, n, width]: the energy but for its constant.
    private func readOut(_ h: Tensor) -> Tensor { h.sum(-2).linear(network.readOut.weight).squeezed(-1) }

    private var deepLayers: [DeepLayer] {
        network.layers.dropFirst().map {
            DeepLayer($0, divisor: network.normalization.divisor(nodeCount))
        }
    }

    // MARK: - Flips

    /// Equal to `genericFlipDifferences` to rounding, from what a flip of (i, j) changes. Node features begin alike, so the
    /// first layer knows a node by its degree and changes at i and j alone; the second layer's pre-activations change by
    ///
    ///     Δz_k = (1/c) (W_e − W_n)(A_ki δᵢ + A_kj δⱼ) + (1/c) W_n (δᵢ + δⱼ)
    ///
    /// at every node k, and at i and j by what their own features and the edge between them add: a sum of four outer
    /// products, which is one product of matrices for all flips of a batch. The layers above are computed for each flip.
    /// The read-out's constant takes no part, so its gradient is exactly 0.
    public func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor {
        guard !x.requiresGradient, network.layers.count >= 2 else { return genericFlipDifferences(x, at: indices) }
        let indices = indices ?? Self.allIndices(x)
        if let kernel = kernel(for: x), let found = kernelDifferences(kernel, x, at: indices) { return found }
        let flips = GraphFlips(self, x, at: indices)
        let (first, layers) = (FirstLayer(network, nodeCount: nodeCount), deepLayers)

        let z1 = first.preactivation(degrees: flips.adjacency.sum(2))
        let h1 = z1.silu()
        let new = (flips.atEnds(z1) + flips.signs.unsqueezed(3) * first.slope).silu()
        let change = new - flips.atEnds(h1)

        let second = layers[0]
        let z2 = second.own(h1) + flips.adjacency.matmul(second.edge(h1)) + second.all(h1.sum(1)).unsqueezed(1)
        let atEnds =
            change.matmul(second.ownWeight.transposed()) + flips.signs.unsqueezed(3) * second.edge(new.reversed(2))
        var flipped =
            z2.unsqueezed(1) + flips.spread(neighbours: second.edge(change), ends: atEnds)
            + change.sum(2).matmul(second.allWeight.transposed()).unsqueezed(2)
        var (own, h) = (z2.silu(), flipped.silu())
        if network.isResidual { (own, h) = (h1 + own, h1.unsqueezed(1) + flips.spread(ends: change) + h) }

        let flippedAdjacency = layers.count > 1 ? flips.flippedAdjacency : flips.adjacency
        for layer in layers.dropFirst() {
            let z = layer.own(own) + flips.adjacency.matmul(layer.edge(own)) + layer.all(own.sum(1)).unsqueezed(1)
            flipped = layer.own(h) + flippedAdjacency.matmul(layer.edge(h)) + layer.all(h.sum(2)).unsqueezed(2)
            own = network.isResidual ? own + z.silu() : z.silu()
            h = network.isResidual ? h + flipped.silu() : flipped.silu()
        }
        return readOut(own).unsqueezed(1) - readOut(h)
    }
}

/// The first layer, which knows a node by its degree: z = slope · degree + constant.
struct FirstLayer {
    /// (w_edge − w_none)/c, shape [width].
    let slope: Tensor
    /// w_own + w_none (n − 1)/c + b, shape [width].
    let constant: Tensor

    init(_ network: RelationalGraphNetwork, nodeCount: Int) {
        let (weight, c) = (network.layers[0].weight, network.normalization.divisor(nodeCount))
        slope = (weight.selected(1, 1) - weight.selected(1, 2)) * (1 / c)
        constant = weight.selected(1, 0) + weight.selected(1, 2) * (Double(nodeCount - 1) / c) + network.layers[0].bias
    }

    /// [batch, n, width] from degrees [batch, n].
    func preactivation(degrees: Tensor) -> Tensor { degrees.unsqueezed(2) * slope + constant }
}

/// A layer above the first, its three blocks arranged so that sums over what is no neighbour are sums over all:
///
///     z = (W_o − W_n/c) h + A (W_e − W_n)/c h + W_n/c Σ h + b
struct DeepLayer {
    /// W_o − W_n/c, (W_e − W_n)/c and W_n/c, each [width, width].
    let ownWeight, edgeWeight, allWeight: Tensor
    /// [width]
    let bias: Tensor

    init(_ layer: Linear, divisor c: Double) {
        let width = layer.bias.count
        let blocks = (0..<3).map { layer.weight.narrowed(1, start: $0 * width, length: width) }
        allWeight = blocks[2] * (1 / c)
        ownWeight = blocks[0] - allWeight
        edgeWeight = blocks[1] * (1 / c) - allWeight
        bias = layer.bias
    }

    func own(_ h: Tensor) -> Tensor { h.linear(ownWeight, bias) }
    func edge(_ h: Tensor) -> Tensor { h.linear(edgeWeight) }
    func all(_ sum: Tensor) -> Tensor { sum.linear(allWeight) }
}
