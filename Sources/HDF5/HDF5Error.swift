/// What was wrong with a file of arrays: one line that names the file. Control characters in names that come from the
/// file are escaped.
public struct HDF5Error: Error, Equatable, CustomStringConvertible {
    /// The file's path, or "HDF5" for one still in memory.
    public let path: String
    /// What was wrong, and, where a value was wrong, what would be right.
    public let reason: String
    /// Whether nothing is wrong but that a file of this suite's own carries no checksum.
    public let lacksChecksum: Bool

    public init(path: String, reason: String) {
        self.path = path
        self.reason = reason.printable
        lacksChecksum = false
    }

    /// A file of this suite's own without a checksum.
    init(lackingChecksum path: String) {
        self.path = path
        reason = "carries no checksum: it was changed or cut short, or written before files carried one"
        lacksChecksum = true
    }

    public var description: String { "\(path.printable): \(reason)" }
}
