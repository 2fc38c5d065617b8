import Datasets
import Foundation
import HDF5
import Testing

@Suite struct GraphFileTests {
    private func withFolder(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("graphs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder)
    }

    /// What reading a file with these bytes says, without the file's name.
    private func fault(_ text: String, in folder: URL) throws -> String {
        let url = folder.appendingPathComponent("a.txt")
        try Data(text.utf8).write(to: url)
        do { _ = try GraphFile.read(url) } catch {
            let text = "\(error)"
            return text.hasPrefix(url.path + ": ") ? String(text.dropFirst(url.path.utf8.count + 2)) : text
        }
        return "none"
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        try withFolder { folder in
            let graphs = Array(EgoSmall.graphs.prefix(20)) + [try SimpleGraph(nodeCount: 3, edges: [])]
            let text = folder.appendingPathComponent("a.txt")
            try Data(GraphFile.text(of: graphs).utf8).write(to: text)
            #expect(try GraphFile.read(text) == graphs)
            let binary = folder.appendingPathComponent("a.h5")
            try GraphFile.writeHDF5(graphs, to: binary.path)
            #expect(try GraphFile.read(binary) == graphs)
        }
    }

    /// CRLF, comments, empty lines, tabs, NetworkX's `{}`; and one graph without a header.
    @Test func whatOthersWriteIsRead() throws {
        try withFolder { folder in
            let star = try SimpleGraph(nodeCount: 3, edges: [(0, 1), (0, 2)])
            for text in [
                "# nodes 3\r\n0 1\r\n0 2\r\n", "# made by hand\n\n#nodes 3\n0\t1 {}\n  2 0 {}\n", "0 1 {}\n0 2 {}\n",
                "#comment\n2 0\n1 0",
            ] {
                let url = folder.appendingPathComponent("a.txt")
                try Data(text.utf8).write(to: url)
                #expect(try GraphFile.read(url) == [star], "\(text)")
            }
        }
    }

    @Test func whatIsNoListOfGraphsIsNamed() throws {
        try withFolder { folder in
            for (text, expected) in [
                ("", "holds no graph: expected lines '# nodes N', each followed by edges 'A B'"),
                ("# a comment\n", "holds no graph: expected lines '# nodes N', each followed by edges 'A B'"),
                ("# nodes 0\n", "line 1: a graph of 0 nodes: there must be from 1 to 64"),
                ("# nodes 65\n", "line 1: a graph of 65 nodes: there must be from 1 to 64"),
                ("# nodes many\n", "line 1: expected '# nodes N', N a whole number"),
                ("# nodes 3\n0 1\n1 3\n", "line 3 names node 3: nodes are 0 to 2, the first is 0"),
                ("# nodes 3\n1 1\n", "line 2 joins node 1 to itself: an edge joins two nodes"),
                ("# nodes 3\n0 1\n1 0\n", "line 3 repeats 0–1: each edge is listed once, in one direction"),
                ("1 2\n2 3\n", "no edge names node 0: nodes are counted from 0, or their number stands in '# nodes N'"),
                ("0 64\n", "a graph of 65 nodes: there must be from 1 to 64"),
                ("0 1\n# nodes 3\n", "line 2 begins a graph, but edges stand before it: '# nodes N' comes first"),
                ("0 1 0.5\n", "line 1 is '0 1 0.5': expected an edge, two numbers 'A B'"),
                ("0 one\n", "line 1 is '0 one': expected an edge, two numbers 'A B'"),
            ] {
                let found = try fault(text, in: folder)
                #expect(found == expected)
            }
            let missing = folder.appendingPathComponent("missing")
            #expect(throws: GraphDataError("\(missing.path): no such file or directory")) {
                try GraphFile.read(missing)
            }
            #expect(throws: GraphDataError("\(folder.path): is no regular file")) { try GraphFile.read(folder) }
        }
    }

    @Test func whatIsNoListInHDF5IsNamed() throws {
        try withFolder { folder in
            let path = folder.appendingPathComponent("a.h5").path
            func fault(_ nodes: HDF5Array, _ counts: [Int64], _ edges: [Int32], columns: Int = 2) throws -> String {
                let writer = try HDF5Writer()
                try writer.write(nodes, named: "nodes")
                try writer.write(HDF5Array(counts, shape: [counts.count]), named: "edgeCounts")
                try writer.write(HDF5Array(edges, shape: [edges.count / columns, columns]), named: "edges")
                try writer.save(to: path)
                do { return "\(try GraphFile.read(URL(fileURLWithPath: path)).count) graphs" } catch {
                    return String("\(error)".dropFirst(path.utf8.count + 2))
                }
            }
            let (nodes, edges) = (HDF5Array([3, 2] as [UInt8], shape: [2]), [0, 1, 0, 2, 0, 1] as [Int32])
            var found = [
                try fault(nodes, [2, 1], edges), try fault(nodes, [2, 1], [0, 1, 0, 2, 0, 2]),
                try fault(nodes, [2], [0, 1, 0, 2]),
            ]
            for counts in [[2, 2], [-1, 4], [Int64.max, 2]] { found.append(try fault(nodes, counts, edges)) }
            found.append(try fault(HDF5Array([3, 2] as [Float], shape: [2]), [2, 1], edges))
            found.append(try fault(nodes, [2, 1], edges, columns: 3))
            let sums = "'edgeCounts' does not add up to the 3 rows of 'edges'"
            #expect(
                found == [
                    "2 graphs", "graph 1: edge 0 names node 2: nodes are 0 to 1, the first is 0",
                    "'nodes' has 2 graphs and 'edgeCounts' 1: they must agree", sums, sums, sums,
                    "'nodes' holds float32, expected integers", "'edges' has the shape [2, 3], expected [N, 2]",
                ])
            let empty = try fault(HDF5Array([] as [Int64], shape: [0]), [], [])
            #expect(empty.hasPrefix("holds no graph"))
        }
    }
}
