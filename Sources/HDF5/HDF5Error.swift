/// What was wrong with a file of arrays: one line that names the file.
public struct HDF5Error: Error, Equatable, CustomStringConvertible {
    /// The file's path, or "HDF5" for one still in memory.
    public let path: String
    /// What was wrong, and, where a value was wrong, what would be right.
    public let reason: String

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason
    }

    public var description: String { "\(path): \(reason)" }
}
