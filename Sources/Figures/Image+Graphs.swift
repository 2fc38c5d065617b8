import Datasets
import Foundation

extension Image {
    /// Graphs drawn side by side and below one another, in reading order: an edge is a grey line, a node a blue disc, a
    /// node that is joined to all others an orange one.
    ///
    /// A spring layout of our own places the nodes, so that the same graph has the same picture everywhere and nothing
    /// else need be installed; a graph of 20 nodes takes it a millisecond.
    ///
    /// - Parameters:
    ///   - graphs: at least one.
    ///   - side: pixels of a graph's square, 16 to 1000.
    /// - Throws: `FigureError` for no graphs, no columns, or another side.
    public static func graphs(_ graphs: [SimpleGraph], columns: Int, side: Int = 96) throws(FigureError) -> Image {
        guard 16...1000 ~= side else { throw .parameter("graphs of \(side) pixels: there must be from 16 to 1000") }
        var drawn: [Image] = []
        for graph in graphs { drawn.append(try GraphCanvas.drawing(of: graph, side: side)) }
        return try grid(of: drawn, columns: columns, padding: 1)
    }
}

/// Positions of a graph's nodes in the unit square by springs (Fruchterman and Reingold 1991): nodes repel one another as
/// k²/r, edges attract as r²/k, and a weak pull to the middle keeps parts that are not joined together; from a circle, in
/// 200 steps whose length falls to 0.
package func springLayout(_ graph: SimpleGraph) -> [SIMD2<Double>] {
    let n = graph.nodeCount
    guard n > 1 else { return [SIMD2(0.5, 0.5)] }
    var places = (0..<n).map { i in
        let angle = 2 * Double.pi * Double(i) / Double(n)
        return SIMD2(cos(angle), sin(angle))
    }
    let k = 1 / Double(n).squareRoot()
    let steps = 200
    for step in 0..<steps {
        var forces = places.map { -0.3 * $0 }
        for i in 0..<n {
            for j in i + 1..<n {
                let between = places[i] - places[j]
                let distance = max((between * between).sum().squareRoot(), 1e-6)
                let strength = k * k / distance - (graph.hasEdge(i, j) ? distance * distance / k : 0)
                let force = between / distance * strength
                forces[i] += force
                forces[j] -= force
            }
        }
        let longest = 0.2 * (1 - Double(step) / Double(steps))
        for i in 0..<n {
            let length = (forces[i] * forces[i]).sum().squareRoot()
            places[i] += forces[i] * (length > longest ? longest / length : 1)
        }
    }
    return scaledToUnitSquare(places)
}

/// The places moved and scaled alike in both directions so that they fill [0, 1]² in the longer one.
private func scaledToUnitSquare(_ places: [SIMD2<Double>]) -> [SIMD2<Double>] {
    let low = places.reduce(places[0]) { pointwiseMin($0, $1) }
    let high = places.reduce(places[0]) { pointwiseMax($0, $1) }
    let extent = max((high - low).max(), 1e-9)
    return places.map { ($0 - (low + high) / 2) / extent + SIMD2(0.5, 0.5) }
}

/// Pixels that lines and discs are drawn on, three times as fine as the picture that is made of them.
private struct GraphCanvas {
    private static let fineness = 3
    private let side: Int
    private var pixels: [SIMD3<UInt8>]

    static func drawing(of graph: SimpleGraph, side: Int) throws(FigureError) -> Image {
        var canvas = GraphCanvas(side: side * fineness)
        let (margin, span) = (0.12 * Double(canvas.side), 0.76 * Double(canvas.side))
        let places = springLayout(graph).map { SIMD2(margin, margin) + span * $0 }
        let unit = Double(canvas.side) / 100
        for (a, b) in graph.edges {
            canvas.draw(from: places[a], to: places[b], radius: 0.9 * unit, SIMD3(150, 150, 150))
        }
        for (place, degree) in zip(places, graph.degrees) {
            let isCentre = degree == graph.nodeCount - 1 && graph.nodeCount > 1
            canvas.draw(
                from: place, to: place, radius: 4.5 * unit, isCentre ? SIMD3(213, 94, 0) : SIMD3(0, 114, 178))
        }
        return try canvas.image()
    }

    private init(side: Int) {
        self.side = side
        pixels = [SIMD3<UInt8>](repeating: SIMD3(255, 255, 255), count: side * side)
    }

    /// Every pixel within a radius of a segment; a disc where its ends are one.
    private mutating func draw(from a: SIMD2<Double>, to b: SIMD2<Double>, radius: Double, _ colour: SIMD3<UInt8>) {
        let (low, high) = (pointwiseMin(a, b) - radius, pointwiseMax(a, b) + radius)
        let along = b - a
        let square = (along * along).sum()
        for y in max(0, Int(low.y))...min(side - 1, Int(high.y) + 1) {
            for x in max(0, Int(low.x))...min(side - 1, Int(high.x) + 1) {
                let from = SIMD2(Double(x) + 0.5, Double(y) + 0.5) - a
                let share = square > 0 ? max(0, min(1, (from * along).sum() / square)) : 0
                let off = from - share * along
                if (off * off).sum() <= radius * radius { pixels[y * side + x] = colour }
            }
        }
    }

    /// The means of squares of pixels.
    private func image() throws(FigureError) -> Image {
        let (f, width) = (Self.fineness, side / Self.fineness)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(3 * width * width)
        for y in 0..<width {
            for x in 0..<width {
                var sum = SIMD3<Int>.zero
                for v in 0..<f {
                    for u in 0..<f { sum &+= SIMD3<Int>(truncatingIfNeeded: pixels[(y * f + v) * side + x * f + u]) }
                }
                for channel in 0..<3 { bytes.append(UInt8(sum[channel] / (f * f))) }
            }
        }
        return try Image(width: width, height: width, channels: 3, pixels: bytes)
    }
}
