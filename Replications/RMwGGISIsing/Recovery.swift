import Experiments
import Foundation

/// How near a learnt J is to the true one; both as Gibbs-with-gradients counts them (each edge twice), row-major,
/// symmetric, zero on the diagonal.
package struct Recovery {
    package let truth: [Double]
    package let siteCount: Int

    package init(truth: [Double], siteCount: Int) { (self.truth, self.siteCount) = (truth, siteCount) }

    /// √((1/D²) Σᵢⱼ (J_true − a J)²) over all D² ordered entries, the zeros among them.
    package func rootMeanSquareError(of learnt: [Double], times factor: Double = 1) -> Double {
        var sum = 0.0
        for (true_, found) in zip(truth, learnt) { sum += (true_ - factor * found) * (true_ - factor * found) }
        return sum.squareRoot() / Double(siteCount)
    }

    /// The error of J = 0.
    package var baseline: Double { rootMeanSquareError(of: [Double](repeating: 0, count: truth.count)) }

    /// The error that maximum likelihood has from so many points of independent spins, all couplings being learnt: the
    /// Fisher information of a pair's sᵢsⱼ is 1, and J, which counts it twice, is half of its coefficient: 1/(2√n) off
    /// the diagonal.
    package func standardError(points: Int) -> Double {
        0.5 * ((1 - 1 / Double(siteCount)) / Double(points)).squareRoot()
    }

    /// The slope of the line through the origin that best fits learnt on true couplings: Σ J_true J / Σ J_true². nil
    /// where the truth is 0.
    package func slope(of learnt: [Double]) -> Double? {
        let squares = truth.reduce(0) { $0 + $1 * $1 }
        return squares > 0 ? zip(truth, learnt).reduce(0) { $0 + $1.0 * $1.1 } / squares : nil
    }

    /// The chance that |J| is larger on an edge than on a pair that is none, ties counting half: the area under the ROC
    /// curve of edge recovery. nil where there is no edge, or nothing else, or a J is NaN.
    package func edgeArea(of learnt: [Double]) -> Double? {
        guard !learnt.contains(where: \.isNaN) else { return nil }
        var pairs: [(strength: Double, isEdge: Bool)] = []
        for i in 0..<siteCount {
            for j in i + 1..<siteCount { pairs.append((abs(learnt[i * siteCount + j]), truth[i * siteCount + j] != 0)) }
        }
        pairs.sort { $0.strength < $1.strength }
        let edges = Double(pairs.count(where: \.isEdge))
        guard edges > 0, edges < Double(pairs.count) else { return nil }
        // The edges' mean ranks, from 1: those of equal strength share the middle one.
        var (ranks, first) = (0.0, 0)
        while first < pairs.count {
            var end = first
            var edgesHere = 0.0
            while end < pairs.count, pairs[end].strength == pairs[first].strength {
                if pairs[end].isEdge { edgesHere += 1 }
                end += 1
            }
            ranks += edgesHere * Double(first + 1 + end) / 2
            first = end
        }
        return (ranks - edges * (edges + 1) / 2) / (edges * (Double(pairs.count) - edges))
    }
}

extension Recovery {
    /// Measures the errors of a learnt J and of it over the power that is learnt, its slope and the area of its edges.
    func measure(
        _ learnt: [Double], power: Double, _ context: CellContext,
        at readOut: KeyValuePairs<String, any CustomStringConvertible> = [:]
    ) throws {
        let errors: KeyValuePairs = [
            "lnRMSE": rootMeanSquareError(of: learnt),
            "lnRMSEScaled": rootMeanSquareError(of: learnt, times: 1 / power),
        ]
        // The error is 0 where the graph is known and has no edge.
        for (metric, error) in errors where error > 0 { try context.measure(metric, log(error), at: readOut) }
        if let slope = slope(of: learnt) { try context.measure("slope", slope, at: readOut) }
        if let area = edgeArea(of: learnt) { try context.measure("edgeArea", area, at: readOut) }
    }
}
