import Torch

/// What the two states of a binary variable stand for in an energy. Points are bits x ∈ {0, 1}^d in every model of this
/// library; an energy over spins sees them as s = 2x − 1.
public enum Alphabet: String, Sendable, Hashable, CaseIterable {
    /// {0, 1}
    case bits
    /// {−1, +1}
    case spins

    /// The values that bits stand for, of x's shape.
    public func values(of x: Tensor) -> Tensor {
        switch self {
        case .bits: x
        case .spins: 2 * x - 1
        }
    }

    /// How much each value changes when its bit flips, of x's shape: 1 − 2x for bits, −2s = 2 − 4x for spins.
    public func flipChanges(of x: Tensor) -> Tensor {
        switch self {
        case .bits: 1 - 2 * x
        case .spins: 2 - 4 * x
        }
    }

    /// The value of one bit.
    func value(of bit: Bool) -> Double {
        switch self {
        case .bits: bit ? 1 : 0
        case .spins: bit ? 1 : -1
        }
    }
}
