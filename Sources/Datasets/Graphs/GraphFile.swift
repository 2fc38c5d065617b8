import Foundation
import HDF5

/// Lists of graphs in files, as text or HDF5; which of the two a file is, its first bytes say.
///
/// Text: each graph begins with a line `# nodes N`; an edge is a line of two numbers, nodes from 0 on. Other lines that
/// begin with `#` and empty lines say nothing; lines may end in CRLF. Edges without any `# nodes` line are one graph, of
/// as many nodes as its edges name, as NetworkX's `write_edgelist` writes it (its `{}` at a line's end may stand); the
/// part of one graph is what NetworkX's `parse_edgelist` reads.
///
/// HDF5: `nodes`, integers [graphs]; `edgeCounts`, integers [graphs]; `edges`, integers [all edges, 2], graph by graph.
public enum GraphFile {
    /// The longest file that is read.
    static let mostBytes = 1 << 28

    /// The graphs of a file, at least one.
    ///
    /// - Throws: `GraphDataError` naming the file, and the line or the graph, where a graph is none or the list is
    ///   empty; `HDF5Error` where an HDF5 file cannot be read.
    public static func read(_ url: URL) throws -> [SimpleGraph] {
        let path = url.path
        var status = stat()
        guard stat(path, &status) == 0 else { throw error(path, String(cString: strerror(errno)).lowercased()) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw error(path, "is no regular file") }
        guard status.st_size <= mostBytes else {
            throw error(path, "has \(status.st_size) bytes: lists of graphs are read up to \(mostBytes)")
        }
        guard let data = try? Data(contentsOf: url) else { throw error(path, "cannot be read") }
        let graphs =
            data.starts(with: [0x89, 0x48, 0x44, 0x46])
            ? try hdf5(path) : try text([UInt8](data), path: path)
        guard !graphs.isEmpty else {
            throw error(path, "holds no graph: expected lines '# nodes N', each followed by edges 'A B'")
        }
        return graphs
    }

    private static func error(_ path: String, _ what: String) -> GraphDataError {
        GraphDataError("\(path.printable): \(what)")
    }

    // MARK: - Text

    /// The text of a list, one edge a line.
    public static func text(of graphs: [SimpleGraph]) -> String {
        graphs.map { graph in
            "# nodes \(graph.nodeCount)\n" + graph.edges.map { "\($0.0) \($0.1)\n" }.joined()
        }.joined()
    }

    private static func text(_ bytes: [UInt8], path: String) throws -> [SimpleGraph] {
        var reader = TextReader(path: path)
        let newline = UInt8(ascii: "\n")
        for (index, line) in bytes.split(separator: newline, omittingEmptySubsequences: false).enumerated() {
            guard let text = String(validating: line, as: UTF8.self) else {
                throw error(path, "line \(index + 1) is no UTF-8 text: expected '# nodes N' or an edge 'A B'")
            }
            try reader.read(text.trimmingCharacters(in: .whitespaces.union(["\r"])), line: index + 1)
        }
        return try reader.finish()
    }

    private struct TextReader {
        let path: String
        var graphs: [SimpleGraph] = []
        /// The graph that is being read, after a line `# nodes N`.
        var rows: [UInt64]?
        /// The edges of a file without such a line, with their lines.
        var loose: [(a: Int, b: Int, line: Int)] = []

        mutating func read(_ text: String, line: Int) throws {
            let words = text.split(whereSeparator: \.isWhitespace)
            guard let first = words.first else { return }
            if first.hasPrefix("#") {
                let header = text.dropFirst().split(whereSeparator: \.isWhitespace)
                if header.first == "nodes" { try begin(header.dropFirst(), line: line) }
                return
            }
            guard words.count == 2 || (words.count == 3 && words[2] == "{}"), let a = Int(words[0]),
                let b = Int(words[1])
            else {
                throw error(path, "line \(line) is '\(text.prefix(40).printable)': expected an edge, two numbers 'A B'")
            }
            if rows != nil {
                try located { try SimpleGraph.add(a, b, to: &rows!, place: "line \(line)") }
            } else {
                loose.append((a, b, line))
            }
        }

        private mutating func begin(_ words: some Collection<Substring>, line: Int) throws {
            guard loose.isEmpty else {
                throw error(path, "line \(line) begins a graph, but edges stand before it: '# nodes N' comes first")
            }
            guard words.count == 1, let count = Int(words.first!) else {
                throw error(path, "line \(line): expected '# nodes N', N a whole number")
            }
            try located { try SimpleGraph.check(nodeCount: count, place: "line \(line): ") }
            if let rows { graphs.append(SimpleGraph(rows: rows)) }
            rows = [UInt64](repeating: 0, count: count)
        }

        /// The graphs, the last one among them.
        mutating func finish() throws -> [SimpleGraph] {
            if let rows { return graphs + [SimpleGraph(rows: rows)] }
            guard let last = loose.map({ max($0.a, $0.b) }).max() else { return [] }
            if last < SimpleGraph.mostNodes, !loose.contains(where: { $0.a == 0 || $0.b == 0 }) {
                throw error(
                    path, "no edge names node 0: nodes are counted from 0, or their number stands in '# nodes N'")
            }
            try located { try SimpleGraph.check(nodeCount: last < 0 ? 1 : last &+ 1) }
            var rows = [UInt64](repeating: 0, count: max(last, 0) + 1)
            for (a, b, line) in loose { try located { try SimpleGraph.add(a, b, to: &rows, place: "line \(line)") } }
            return [SimpleGraph(rows: rows)]
        }

        private func located(_ body: () throws -> Void) throws {
            do { try body() } catch let fault as GraphDataError { throw error(path, fault.description) }
        }
    }

    // MARK: - HDF5

    /// Writes a list that `read` reads. Throws `HDF5Error` with the system's reason, such as a full disk.
    public static func writeHDF5(_ graphs: [SimpleGraph], to path: String) throws {
        let writer = try HDF5Writer()
        let edges = graphs.flatMap { $0.edges.flatMap { [Int64($0.0), Int64($0.1)] } }
        try writer.write(HDF5Array(graphs.map { Int64($0.nodeCount) }, shape: [graphs.count]), named: "nodes")
        try writer.write(HDF5Array(graphs.map { Int64($0.edgeCount) }, shape: [graphs.count]), named: "edgeCounts")
        try writer.write(HDF5Array(edges, shape: [edges.count / 2, 2]), named: "edges")
        try writer.save(to: path)
    }

    private static func hdf5(_ path: String) throws -> [SimpleGraph] {
        let file = try HDF5File(path: path)
        let (nodes, counts) = (
            try integers("nodes", of: file, columns: 1), try integers("edgeCounts", of: file, columns: 1)
        )
        let ends = try integers("edges", of: file, columns: 2)
        guard nodes.count == counts.count else {
            throw error(path, "'nodes' has \(nodes.count) graphs and 'edgeCounts' \(counts.count): they must agree")
        }
        let total = counts.reduce(into: 0) { total, count in total = count < 0 ? .max : Int(clamping: total &+ count) }
        guard counts.allSatisfy({ 0...ends.count / 2 ~= $0 }), total == ends.count / 2 else {
            throw error(path, "'edgeCounts' does not add up to the \(ends.count / 2) rows of 'edges'")
        }
        var next = 0
        return try zip(nodes, counts).enumerated().map { index, graph in
            defer { next += graph.1 }
            let edges = (next..<next + graph.1).map { (ends[2 * $0], ends[2 * $0 + 1]) }
            do { return try SimpleGraph(nodeCount: graph.0, edges: edges) } catch {
                throw self.error(path, "graph \(index): \(error)")
            }
        }
    }

    /// The integers of an array [N], or [N, 2], of whichever integer type.
    private static func integers(_ name: String, of file: HDF5File, columns: Int) throws -> [Int] {
        let rows = try file.rows(name)
        guard rows.rowCount <= mostBytes / 8 else {
            throw error(
                file.path, "'\(name)' has \(rows.rowCount) rows: lists of graphs are read up to \(mostBytes / 8)")
        }
        let shape = columns == 1 ? [rows.rowCount] : [rows.rowCount, columns]
        guard rows.shape == shape else {
            throw error(
                file.path, "'\(name)' has the shape \(rows.shape), expected [N\(columns == 1 ? "" : ", \(columns)")]")
        }
        guard let values = try rows.integers() else {
            throw error(file.path, "'\(name)' holds \(rows.elementType.rawValue), expected integers")
        }
        return values
    }
}
