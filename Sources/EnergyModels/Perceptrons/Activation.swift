import Torch

/// The function f between the layers of a network, with its first two derivatives.
public enum Activation: Hashable, Sendable {
    /// z σ(z)
    case silu
    case tanh
    /// log(1 + e^z)
    case softplus
    /// z where z > 0, else slope · z. Its second derivative is 0 almost everywhere, so that objectives that rest on
    /// second derivatives of the energy in x learn nothing of use with it.
    case leakyReLU(slope: Double)

    /// f(z), recorded for gradients.
    public func callAsFunction(_ z: Tensor) -> Tensor {
        switch self {
        case .silu: z.silu()
        case .tanh: z.tanh()
        case .softplus: z.softplus()
        case .leakyReLU(let slope): z.leakyReLU(slope: slope)
        }
    }

    /// f(z) and f′(z), recorded for gradients.
    func firstDerivative(_ z: Tensor) -> (value: Tensor, first: Tensor) {
        switch self {
        case .silu:
            // σ(1 + z(1 − σ)) = σ + f(1 − σ)
            let s = z.sigmoid()
            let f = z * s
            return (f, s + f * (1 - s))
        case .tanh:
            let f = z.tanh()
            return (f, 1 - f.squared())
        case .softplus: return (z.softplus(), z.sigmoid())
        case .leakyReLU(let slope): return (z.leakyReLU(slope: slope), Self.slopes(z, slope))
        }
    }

    /// f(z), f′(z) and f″(z), recorded for gradients.
    func secondDerivative(_ z: Tensor) -> (value: Tensor, first: Tensor, second: Tensor) {
        let (f, first) = firstDerivative(z)
        switch self {
        case .silu:
            // σ(1 − σ)(2 + z(1 − 2σ))
            let s = z.sigmoid()
            return (f, first, s * (1 - s) * (2 + z * (1 - 2 * s)))
        case .tanh: return (f, first, -2 * f * first)
        case .softplus: return (f, first, first * (1 - first))
        case .leakyReLU: return (f, first, .zeros(like: z))
        }
    }

    private static func slopes(_ z: Tensor, _ slope: Double) -> Tensor {
        let positive = (z .> 0).converted(to: z.dtype)
        return slope + (1 - slope) * positive
    }
}
