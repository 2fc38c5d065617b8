import CHDF5

/// What an array of a file is, whether it can be read here or not.
public struct HDF5Description: Sendable, Equatable {
    /// nil: of a type that is not read here.
    public let elementType: ElementType?
    /// The element type in words, such as "bool", "float16" or "text".
    public let typeName: String
    /// The extent of each dimension, outermost first; nil where there is none, or it lies in another file.
    public let shape: [Int]?
    /// Whether it is stored in chunks, which are read by `HDF5File.rows(_:)`.
    public let isChunked: Bool
    /// All that keeps its storage from being read, each the end of a sentence such as "lies in another file, which is
    /// not read here".
    public let faults: [String]

    init(_ set: ch5_description) {
        var set = set
        elementType = ElementType.allCases.first { $0.code == set.type }
        typeName = withUnsafeBytes(of: &set.type_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        shape =
            set.rank < 0
            ? nil
            : withUnsafeBytes(of: &set.shape) { $0.bindMemory(to: UInt64.self).prefix(Int(set.rank)).map { Int($0) } }
        isChunked = set.is_chunked != 0
        let text = withUnsafeBytes(of: &set.faults) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        faults = text.split(separator: "; ").map(String.init)
    }

    /// What is said of a name that leads to no array of the file's own.
    init(fault: String) {
        (elementType, typeName, shape, isChunked, faults) = (nil, "unknown", nil, false, [fault])
    }
}
