/// A quantity left the finite numbers: what every error that says so conforms to, whichever layer finds it. A run
/// catches it once and records the cell as diverged, at the iteration that it is in.
///
/// The policy on errors, in one place: what leaves the finite numbers conforms to this protocol; what a user gave
/// (a file, a setting, an option) throws an error that names it and what would be right, a `RunError` in the end; what
/// only a programmer can cause traps.
public protocol LeftFiniteNumbers: Error {
    /// What it is, such as `loss`.
    var quantity: String { get }
}

/// A quantity that is infinite or NaN.
public struct NonFiniteQuantity: LeftFiniteNumbers, Equatable, CustomStringConvertible {
    public let quantity: String

    public init(_ quantity: String) { self.quantity = quantity }

    public var description: String { "the \(quantity) is not finite" }
}
