import EnergyModels
import Torch

/// A model that knows nothing but its energy, as a user would write it:
/// E(x) = −½ sᵀJs − h·s with spins s = 2x − 1 ∈ {−1, +1}^d.
public struct SpinEnergy: BinaryEnergyModel {
    /// J, shape [d, d]; its symmetric part counts.
    public let coupling: Tensor
    /// h, shape [d].
    public let field: Tensor

    public init(coupling: Tensor, field: Tensor) {
        self.coupling = coupling.requiringGradient()
        self.field = field.requiringGradient()
    }

    public var dimension: Int { field.count }
    public var parameters: Parameters { Parameters([("coupling", coupling), ("field", field)]) }

    public func energy(_ x: Tensor) -> Tensor {
        let s = 2 * x - 1
        return -0.5 * (s.matmul(coupling) * s).sum(1) - (s * field).sum(1)
    }
}

extension SpinEnergy {
    /// Normal couplings of that standard deviation, symmetric without diagonal, and fields likewise; float64.
    public static func random(
        _ d: Int, scale: Double, dtype: DType = .float64, using generator: RandomGenerator
    ) -> SpinEnergy {
        let upper = Tensor.normal([d, d], dtype: .float64, using: generator).upperTriangle(1) * scale
        let field = Tensor.normal([d], dtype: .float64, using: generator) * scale
        return SpinEnergy(
            coupling: (upper + upper.transposed()).converted(to: dtype), field: field.converted(to: dtype))
    }
}
