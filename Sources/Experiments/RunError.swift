import HDF5
import Torch

/// Bad data, configuration or environment, in one line that names the file, key or value and what would be right; exit
/// code 2, or 75 where another try may find it otherwise. Control characters, which files can bring, are escaped.
public struct RunError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The fault, in one line.
    public let message: String
    /// The cure, in at most a few lines; empty where the fault says it.
    public let cure: [String]
    /// Whether it is a matter of time, as a cell that another process holds: a scheduler may try again.
    public let isTemporary: Bool

    public init(_ message: String, cure: String...) { self.init(message, cures: cure) }

    public init(_ message: String, cures cure: [String], isTemporary: Bool = false) {
        self.isTemporary = isTemporary
        // A parser's message can hold all of a file that is one line.
        self.message = message.count > 2000 ? message.prefix(2000).printableLines + "…" : message.printableLines
        self.cure = cure.map(\.printableLines)
    }

    /// What a process ends with that can do no more.
    public var exitCode: Int32 { isTemporary ? Self.tryAgain : 2 }

    /// sysexits.h's EX_TEMPFAIL.
    public static let tryAgain: Int32 = 75

    public var description: String { ([message] + cure.map { "  " + $0 }).joined(separator: "\n") }
}

/// A configuration's value that cannot be: thrown by `validate()`; exit code 2.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The configuration's key.
    public let key: String
    /// The value that it has.
    public let value: String
    /// What would be right, as the end of the sentence "expected …".
    public let expected: String

    public init(key: String, value: some CustomStringConvertible, expected: String) {
        self.key = key
        self.value = value.description.printable
        self.expected = expected
    }

    public var description: String { "configuration: \(key) is \(value), expected \(expected)" }
}

/// A run stopped by a signal, after its checkpoint was written; exit code 128 + signal.
public struct Interrupted: Error, Equatable, Sendable {
    public let signal: Int32

    public init(signal: Int32) { self.signal = signal }
}

/// A quantity left the finite numbers at an iteration that is known: thrown by `CellContext.guardFinite`.
public struct Divergence: LeftFiniteNumbers, Equatable, Sendable {
    public let quantity: String
    public let iteration: Int

    public init(quantity: String, iteration: Int) {
        self.quantity = quantity
        self.iteration = iteration
    }
}
