import Datasets
import Figures
import Foundation
import Testing

@Suite struct GraphDrawingTests {
    /// The centre of a star lies within its leaves, which lie about equally far from it; nodes do not fall together.
    @Test func aStarIsDrawnAsAStar() throws {
        let places = springLayout(try .star(9))
        #expect(places.allSatisfy { 0...1 ~= $0.x && 0...1 ~= $0.y })
        let distances = places.dropFirst().map { place in
            let off = place - places[0]
            return (off * off).sum().squareRoot()
        }
        #expect(distances.min()! > 0.3 && distances.max()! < 1.3 * distances.min()!)
        for i in 1..<9 {
            for j in i + 1..<9 {
                let off = places[i] - places[j]
                #expect((off * off).sum().squareRoot() > 0.15)
            }
        }
    }

    /// Joined nodes lie nearer than others, in the mean over Ego-small's larger graphs.
    @Test func neighboursAreDrawnNearer() {
        var (joined, apart) = ([Double](), [Double]())
        for graph in EgoSmall.graphs where graph.nodeCount >= 8 {
            let places = springLayout(graph)
            for i in 0..<graph.nodeCount {
                for j in i + 1..<graph.nodeCount {
                    let off = places[i] - places[j]
                    let distance = (off * off).sum().squareRoot()
                    if graph.hasEdge(i, j) { joined.append(distance) } else { apart.append(distance) }
                }
            }
        }
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        #expect(mean(joined) < 0.8 * mean(apart))
    }

    @Test func picturesHaveTheirSizesAndColours() throws {
        let graphs = try [
            SimpleGraph.star(5), .complete(4), SimpleGraph(nodeCount: 6, edges: [(0, 1), (2, 3)]), .star(1),
        ]
        let image = try Image.graphs(graphs, columns: 2, side: 40)
        #expect(image.width == 2 * 41 + 1 && image.height == 2 * 41 + 1 && image.channels == 3)
        #expect(try Image.graphs(graphs, columns: 2, side: 40) == image)
        let colours = Set(stride(from: 0, to: image.pixels.count, by: 3).map { Array(image.pixels[$0..<$0 + 3]) })
        for colour in [[213, 94, 0], [0, 114, 178], [255, 255, 255]] as [[UInt8]] { #expect(colours.contains(colour)) }
        #expect(throws: FigureError.parameter("graphs of 8 pixels: there must be from 16 to 1000")) {
            try Image.graphs(graphs, columns: 2, side: 8)
        }
        #expect(throws: FigureError.self) { try Image.graphs([], columns: 2) }
    }
}
