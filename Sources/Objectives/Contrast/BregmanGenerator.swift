import Torch

/// A convex function Ψ of a density ratio u, by way of
///
///     S₀(u) = −Ψ(u) + Ψ′(u)u,   S₁(u) = Ψ′(u)
///
/// (equations 4.4 and 4.5 of Xu 2022), both as functions of a = log u: for energies, a is a difference and u may be out
/// of range.
///
///     noise contrastive  Ψ = u log u − (1 + u) log(1 + u)   S₀ = softplus(a)         S₁ = −softplus(−a)     finite for every finite a
///     Kullback–Leibler   Ψ = u log u                        S₀ = eᵃ                  S₁ = 1 + a             grows as e^{a}
///     least squares      Ψ = u²/2                           S₀ = e^{2a}/2            S₁ = eᵃ                grows as e^{2a}
///     Itakura–Saito      Ψ = −log u                         S₀ = a − 1               S₁ = −e^{−a}           grows as e^{−a}
///     power β            Ψ = u^{1+β}/(β(1+β))               S₀ = e^{(1+β)a}/(1+β)    S₁ = e^{βa}/β          β ≠ 0, −1
///
/// Power 1 is least squares; power β differs from Kullback–Leibler by a constant as β → 0, from Itakura–Saito as β →
/// −1.
public struct BregmanGenerator: Sendable {
    public let name: String
    /// S₀(eᵃ), element by element.
    public let s0: @Sendable (_ a: Tensor) -> Tensor
    /// S₁(eᵃ), element by element.
    public let s1: @Sendable (_ a: Tensor) -> Tensor
    /// S₀′(1) = S₁′(1) = Ψ″(1), derivatives with respect to u: what the gradient is of maximum likelihood's where all
    /// ratios are 1.
    public let slopeAtOne: Double

    /// A generator of one's own: S₀ and S₁ must belong to one Ψ, so that S₀′(u) = u S₁′(u).
    public init(
        _ name: String, slopeAtOne: Double, s0: @escaping @Sendable (_ a: Tensor) -> Tensor,
        s1: @escaping @Sendable (_ a: Tensor) -> Tensor
    ) {
        (self.name, self.slopeAtOne, self.s0, self.s1) = (name, slopeAtOne, s0, s1)
    }

    public static let noiseContrastive = BregmanGenerator(
        "noise-contrastive", slopeAtOne: 0.5, s0: { $0.softplus() }, s1: { -(-$0).softplus() })

    public static let kullbackLeibler = BregmanGenerator(
        "kullback-leibler", slopeAtOne: 1, s0: { $0.exp() }, s1: { 1 + $0 })

    public static let leastSquares = BregmanGenerator(
        "least-squares", slopeAtOne: 1, s0: { 0.5 * (2 * $0).exp() }, s1: { $0.exp() })

    public static let itakuraSaito = BregmanGenerator(
        "itakura-saito", slopeAtOne: 1, s0: { $0 - 1 }, s1: { -(-$0).exp() })

    /// - Throws: `SelfAdaptingError` for β = 0 or −1, where the others stand, or one that is not finite.
    public static func power(_ β: Double) throws -> BregmanGenerator {
        guard β.isFinite, β != 0, β != -1 else {
            throw SelfAdaptingError("power \(β): it is finite and neither 0 (kullback-leibler) nor -1 (itakura-saito)")
        }
        return BregmanGenerator(
            "power \(β)", slopeAtOne: 1, s0: { ((1 + β) * $0).exp() / (1 + β) }, s1: { (β * $0).exp() / β })
    }
}

/// What is wrong with the settings or a saved state of self-adapting training, in one line that also says what would be
/// right.
public struct SelfAdaptingError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}
