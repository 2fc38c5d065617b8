import EnergyModels
import Torch

extension Benchmark {
    /// Exact enumeration of dense machines.
    static let enumeration = [
        Benchmark(
            name: "enumeration-d26", bound: nil, operations: nil,
            note:
                "log Z and all first and second moments of a dense machine of 26 spins, float64; to be under 2,000 ms on two cores. "
                + "A state costs two products and two sums at least, no exponential",
            prepare: {
                let energy = try denseSpins(26)
                return { count in for _ in 0..<count { _ = try! energy.exactMoments() } }
            }, hasPeer: false)
    ]

    /// Couplings and fields uniform on ±0.3.
    private static func denseSpins(_ d: Int) throws -> QuadraticEnergy {
        let generator = RandomGenerator(seed: 0)
        let upper = Tensor.uniform([d, d], low: -0.3, high: 0.3, dtype: .float64, using: generator).upperTriangle(1)
        let fields = Tensor.uniform([d], low: -0.3, high: 0.3, dtype: .float64, using: generator)
        return try QuadraticEnergy(
            couplings: (upper + upper.transposed()).array(), fields: fields.array(), alphabet: .spins)
    }
}
