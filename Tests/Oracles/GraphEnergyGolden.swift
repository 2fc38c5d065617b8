import EnergyModels
import Foundation
import Torch

/// Numbers of relational graph networks computed with PyTorch in float64, with the rules that made their weights:
/// Golden/graph-energy.json.
public struct GraphEnergyGolden: Decodable {
    public struct Model: Decodable {
        public var hidden, layers: Int
        public var c: String
        public var residual: Bool
        public var graphs: [Graph]
        public var classesOf4Nodes: Classes

        /// The network with weights by the file's rule: parameter k has weights 2.5 sin(1 + k + 0.37 (m + 1)²)/√columns and
        /// biases 0.3 sin(2 + k + 1.3 m), m counting its elements.
        public func network(_ dtype: DType = .float64) -> RelationalGraphNetwork {
            let network = RelationalGraphNetwork(
                layers: layers, width: hidden, normalization: c == "n" ? .nodes : .root, isResidual: residual,
                dtype: dtype, using: RandomGenerator(seed: 0))
            for (k, (name, tensor)) in network.parameters.enumerated() {
                let isWeight = name.hasSuffix("weight")
                let values = (0..<tensor.count).map { m -> Double in
                    let place = Double(m)
                    return isWeight
                        ? 2.5 * sin(1 + Double(k) + 0.37 * (place + 1) * (place + 1))
                            / Double(tensor.size(1)).squareRoot()
                        : 0.3 * sin(2 + Double(k) + 1.3 * place)
                }
                tensor.detached().assign(Tensor(values, shape: tensor.shape))
            }
            return network
        }
    }

    public struct Graph: Decodable {
        public var nodes: Int
        public var edges: [[Int]]
        public var energy: Double
        public var permutation: [Int]
        public var flipDifferences, inputGradient, logProposalSquared: [Double]
        /// By objective: squared, power_half, bounded, pseudo_likelihood.
        public var losses: [String: Double]
        /// Norms in the order of the parameters.
        public var parameterGradientL2: [String: [Double]]
        public var estimatesAtFlips: Estimates

        /// The pairs, [1, d].
        public var x: Tensor { Self.pairs(nodes, edges) }

        /// The pairs after the file's renumbering.
        public var permuted: Tensor {
            var places = [Int](repeating: 0, count: nodes)
            for (new, old) in permutation.enumerated() { places[old] = new }
            return Self.pairs(nodes, edges.map { [places[$0[0]], places[$0[1]]] })
        }

        static func pairs(_ n: Int, _ edges: [[Int]]) -> Tensor {
            let joined = Set(edges.map { [$0.min()!, $0.max()!] })
            let bits = (0..<n).flatMap { i in (i + 1..<n).map { joined.contains([i, $0]) ? 1.0 : 0.0 } }
            return Tensor(bits, shape: [1, bits.count])
        }
    }

    /// By ratio function, then by estimate: uniform, basic, advanced.
    public struct Estimates: Decodable {
        public var flips: [Int]
        public var values: [String: [String: Double]]

        public init(from decoder: any Decoder) throws {
            let keys = try decoder.container(keyedBy: AnyKey.self)
            flips = try keys.decode([Int].self, forKey: AnyKey("flips"))
            values = [:]
            for key in keys.allKeys where key.stringValue != "flips" {
                values[key.stringValue] = try keys.decode([String: Double].self, forKey: key)
            }
        }
    }

    public struct Classes: Decodable {
        public var edges: [[[Int]]]
        public var labelledCopies: [Int]
        public var energy, logProbability: [Double]
        public var logZOver64Labelled: Double

        /// The pairs of all classes, [11, 6].
        public var x: Tensor { Tensor.concatenated(edges.map { Graph.pairs(4, $0) }) }
    }

    public var models: [String: Model]

    public static func load() throws -> GraphEnergyGolden {
        let url = Bundle.module.url(forResource: "graph-energy", withExtension: "json", subdirectory: "Golden")!
        let decoder = JSONDecoder()
        let names = [
            "classes_of_4_nodes": "classesOf4Nodes", "flip_differences": "flipDifferences",
            "input_gradient": "inputGradient", "log_proposal_squared": "logProposalSquared",
            "parameter_gradient_l2": "parameterGradientL2", "estimates_at_flips": "estimatesAtFlips",
            "labelled_copies": "labelledCopies", "log_probability": "logProbability",
            "log_Z_over_64_labelled": "logZOver64Labelled",
        ]
        decoder.keyDecodingStrategy = .custom { AnyKey(names[$0.last!.stringValue] ?? $0.last!.stringValue) }
        return try decoder.decode(GraphEnergyGolden.self, from: Data(contentsOf: url))
    }
}
