import Torch

/// The weights of a relational graph network with two relations, edge and no edge: one set for graphs of every size.
///
///     h⁰ᵢ = 1
///     zᵢ = W [hᵢ, (1/c) Σⱼ Aᵢⱼ hⱼ, (1/c) Σ_{j≠i} (1 − Aᵢⱼ) hⱼ] + b,    hᵢ ← zᵢ σ(zᵢ)      for each layer
///     E = Σᵢ (w·hᵢ + b)
///
/// A is the adjacency matrix, n the number of nodes. The energy does not change when nodes are numbered otherwise.
///
/// ```swift
/// let network = RelationalGraphNetwork(using: generator)
/// let energies = network.energy(nodes: 7).energy(x)          // x: the 21 pairs of graphs of 7 nodes
/// ```
///
/// Liu et al. (2022 submission of RMwGGIS, section 5.2) say: 5 layers, Swish, 32 hidden units, the upper triangle of the
/// adjacency matrix as input. Relations, features, normalisation and read-out are ours. A mean over neighbours, R-GCN's
/// own normalisation, would be blind to degrees here, since all nodes begin alike.
public struct RelationalGraphNetwork {
    /// c, what sums over nodes are divided by.
    public enum Normalization: String, Sendable, CaseIterable {
        /// c = n
        case nodes
        /// c = √n
        case root = "root-nodes"

        func divisor(_ nodeCount: Int) -> Double {
            self == .nodes ? Double(nodeCount) : Double(nodeCount).squareRoot()
        }
    }

    /// The first has the shape [width, 3], the others [width, 3 · width]: own, edge and no edge side by side.
    public let layers: [Linear]
    /// w and b, [1, width].
    public let readOut: Linear
    public let normalization: Normalization
    /// Whether h ← h + z σ(z) from the second layer on.
    public let isResidual: Bool

    /// PyTorch's default initialisation, layer by layer.
    ///
    /// - Parameters:
    ///   - layers: at least 1.
    ///   - width: hidden units, at least 1.
    public init(
        layers: Int = 5, width: Int = 32, normalization: Normalization = .nodes, isResidual: Bool = false,
        dtype: DType = .float32, using generator: RandomGenerator
    ) {
        require(layers >= 1 && width >= 1, "a graph network of \(layers) layers of \(width) units")
        self.layers = (0..<layers).map {
            Linear(inputs: 3 * ($0 == 0 ? 1 : width), outputs: width, dtype: dtype, using: generator)
        }
        readOut = Linear(inputs: width, outputs: 1, dtype: dtype, using: generator)
        (self.normalization, self.isResidual) = (normalization, isResidual)
    }

    /// Hidden units.
    public var width: Int { readOut.weight.size(1) }

    /// `layer1.weight`, `layer1.bias`, `layer2.weight`, … `readOut.weight`, `readOut.bias`.
    public var parameters: Parameters { layers.parameters + readOut.parameters.prefixed("readOut") }

    /// A view of these weights as a model of graphs of so many nodes, at least 2: it shares them.
    public func energy(nodes nodeCount: Int) -> RelationalGraphEnergy {
        RelationalGraphEnergy(self, nodeCount: nodeCount)
    }
}
