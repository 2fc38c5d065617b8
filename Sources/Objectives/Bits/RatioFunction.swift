import Torch

/// What a ratio r = p(x₋ᵢ)/p(x) = e^Δ, Δ = E(x) − E(x₋ᵢ), contributes to ratio matching.
///
/// Which it is decides what is learnt. For a pair of neighbours x, x' a function f contributes
/// p_data(x) f(Δ) + p_data(x') f(−Δ); its least point gives
///
///     squared  r²        Δ = −¼ log(p/p'):      p_θ ∝ p_data^{1/4}
///     power k  rᵏ        Δ = −(1/2k) log(p/p'): p_θ ∝ p_data^{1/(2k)};  k = ½ is minimum probability flow
///     bounded  σ(Δ)²     Δ = −log(p/p'):        p_θ = p_data            (Hyvärinen 2007, g(u) = 1/(1 + u))
public enum RatioFunction: Hashable, Sendable {
    case squared
    /// rᵏ for k > 0.
    case power(Double)
    case bounded

    /// log f(Δ), element by element.
    public func logarithm(_ differences: Tensor) -> Tensor {
        switch self {
        case .squared: 2 * differences
        case .power(let k): k * differences
        case .bounded: 2 * differences.logSigmoid()
        }
    }

    /// (log f)′(Δ), element by element: 2, k, or 2σ(−Δ).
    public func logarithmDerivative(_ differences: Tensor) -> Tensor {
        switch self {
        case .squared: .full([], 2, dtype: differences.dtype, device: differences.device)
        case .power(let k): .full([], k, dtype: differences.dtype, device: differences.device)
        case .bounded: 2 * (-differences).sigmoid()
        }
    }

    /// The power of p_data that a model free to take any form learns from this function.
    public var learntPower: Double {
        switch self {
        case .squared: 1 / 4
        case .power(let k): 1 / (2 * k)
        case .bounded: 1
        }
    }
}
