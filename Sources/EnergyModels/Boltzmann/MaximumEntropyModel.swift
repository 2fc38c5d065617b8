import Torch

/// The distribution of largest entropy over {0, 1}^d whose features have given means,
///
///     p(x) = e^{η·f(x)} / Z        E(x) = −η·f(x)        ⟨f⟩ = μ
///
/// (Dai 2023, lecture 10, equations 10.5 to 10.11.) `fit` finds the multipliers η.
public struct MaximumEntropyModel: BinaryEnergyModel {
    /// Functions of x whose means are given.
    public struct Features: Sendable {
        /// k
        public let count: Int
        /// From bits [n, d] to [n, k], of x's type.
        public let function: @Sendable (_ x: Tensor) -> Tensor

        public init(count: Int, _ function: @escaping @Sendable (_ x: Tensor) -> Tensor) {
            require(count > 0, "\(count) features")
            (self.count, self.function) = (count, function)
        }

        /// The values of the d variables: their means make a product of independent bits.
        public static func values(_ alphabet: Alphabet, dimension: Int) -> Features {
            Features(count: dimension) { alphabet.values(of: $0) }
        }

        /// The values, then the products of pairs i < j ordered (0, 1), (0, 2), … : their means make a Boltzmann
        /// machine, with η its fields and couplings.
        public static func valuesAndPairs(_ alphabet: Alphabet, dimension d: Int) -> Features {
            let pairs = (0..<d).flatMap { i in (i + 1..<max(d, i + 1)).map { (i, $0) } }
            let (a, b) = (pairs.map(\.0), pairs.map(\.1))
            return Features(count: d + pairs.count) { x in
                let values = alphabet.values(of: x)
                let (left, right) = (Tensor(a, device: x.device), Tensor(b, device: x.device))
                return .concatenated(
                    [values, values.indexSelected(1, left) * values.indexSelected(1, right)], along: 1)
            }
        }
    }

    public let dimension: Int
    public let features: Features
    /// η, shape [k], float64.
    public let multipliers: Tensor

    public var parameters: Parameters { Parameters([("multipliers", multipliers)]) }

    /// - Parameter multipliers: η, k numbers.
    public init(dimension: Int, features: Features, multipliers: [Double]) {
        require(
            multipliers.count == features.count, "\(multipliers.count) multipliers for \(features.count) features")
        (self.dimension, self.features) = (dimension, features)
        self.multipliers = Tensor(multipliers).requiringGradient()
    }

    public func energy(_ x: Tensor) -> Tensor {
        -(features.function(x) * multipliers).sum(1)
    }
}
