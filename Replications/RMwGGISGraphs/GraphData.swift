import Datasets
import Experiments
import Foundation
import HDF5

/// A set of graphs by its name in the settings: `ego-small`, `community-small`, its honest form
/// `community-small-unseeded`, or a file of graphs, whose name has a point or a slash.
public struct GraphData: Hashable, Sendable {
    package let name: String

    static let forms = "ego-small, community-small, community-small-unseeded, or a file of graphs, such as graphs.txt"
    private static let names = ["ego-small", "community-small", "community-small-unseeded"]

    /// nil for another name that is no file's.
    package init?(_ name: String) {
        guard Self.names.contains(name) || name.contains(where: { $0 == "." || $0 == "/" }) else { return nil }
        self.name = name
    }

    private var isFile: Bool { !Self.names.contains(name) }

    /// The SHA-256 of what it is read from; nil where it is made.
    package func checksum() throws -> String? {
        if name == "ego-small" { return EgoSmall.edgesChecksum }
        guard isFile else { return nil }
        guard let data = FileManager.default.contents(atPath: name) else { throw RunError("\(name): cannot be read") }
        return SHA256.hexadecimal([UInt8](data))
    }

    /// The graphs, the first fifth of them to test with. Community-small is the same for every seed of a run.
    ///
    /// - Throws: `RunError` for a file that holds no graphs, fewer than ten, or one with a single node.
    package func split() throws -> GraphSplit {
        switch name {
        case "ego-small": return GraphSplit(EgoSmall.graphs, testCount: EgoSmall.testCount)
        case "community-small", "community-small-unseeded":
            return GraphSplit(
                CommunitySmall.graphs(seed: 1, seededCommunities: name == "community-small"),
                testCount: CommunitySmall.testCount)
        default:
            let graphs: [SimpleGraph]
            do { graphs = try GraphFile.read(URL(fileURLWithPath: name)) } catch { throw RunError("\(error)") }
            guard graphs.count >= 10 else {
                throw RunError("\(name): has \(graphs.count) graphs, expected 10 or more, the first fifth to test with")
            }
            if let index = graphs.firstIndex(where: { $0.nodeCount < 2 }) {
                throw RunError("\(name): graph \(index) has one node, expected two or more: it has no pair to learn")
            }
            return GraphSplit(graphs, testCount: graphs.count / 5)
        }
    }
}

/// Coded as its name. Decoding throws `ConfigurationError` for another.
extension GraphData: Codable {
    public init(from decoder: any Decoder) throws {
        let name = try decoder.singleValueContainer().decode(String.self)
        guard let data = GraphData(name) else {
            let key = decoder.codingPath.last { $0.intValue == nil }?.stringValue ?? "data"
            throw ConfigurationError(key: key, value: name, expected: Self.forms)
        }
        self = data
    }

    public func encode(to encoder: any Encoder) throws {
        var text = encoder.singleValueContainer()
        try text.encode(name)
    }
}

/// Test and training graphs.
package struct GraphSplit {
    package let test, training: [SimpleGraph]
    /// The canonical graphs of the training set.
    package let trainingClasses: Set<SimpleGraph>

    package init(_ graphs: [SimpleGraph], testCount: Int) {
        test = Array(graphs.prefix(testCount))
        training = Array(graphs.dropFirst(testCount))
        trainingClasses = Set(training.map(\.canonical))
    }

    package var mostNodes: Int { (test + training).map(\.nodeCount).max()! }
}
