import Metrics
import Testing
import Torch

@Suite struct PrecisionRecallTests {
    /// Points on a line, by hand: with k = 1 the balls of 0, 1, 3, 10 have the radii 1, 1, 2, 7, those of 0.5, 4, 20,
    /// 20.5 the radii 3.5, 3.5, 0.5, 0.5. 0.5 and 4 lie in reference balls, 20 and 20.5 do not; 0, 1 and 3 lie in
    /// generated balls, 10 does not.
    @Test func sharesAreThoseCountedByHand() {
        let reference = Tensor([0, 1, 3, 10] as [Float], shape: [4, 1])
        let generated = Tensor([0.5, 4, 20, 20.5] as [Float], shape: [4, 1])
        let found = PrecisionRecall(generated, reference: reference, neighbours: 1)
        #expect(found.precision == 0.5 && found.recall == 0.75)
        #expect(found.count == 4 && found.neighbours == 1)
    }

    /// Pair by pair, across the bounds of chunks.
    @Test func sharesAreTheirDefinition() {
        let generator = RandomGenerator(seed: 1)
        let (x, y) = (
            Tensor.normal([600, 2], dtype: .float64, using: generator),
            Tensor.normal([600, 2], dtype: .float64, using: generator) * 1.5 + 0.5
        )
        func rows(_ t: Tensor) -> [SIMD2<Double>] {
            let numbers = t.array(Double.self)
            return (0..<t.size(0)).map { SIMD2(numbers[2 * $0], numbers[2 * $0 + 1]) }
        }
        func squared(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { ((a - b) * (a - b)).sum() }
        func share(_ points: [SIMD2<Double>], _ centres: [SIMD2<Double>]) -> Double {
            let radii = centres.indices.map { i in
                centres.indices.filter { $0 != i }.map { squared(centres[i], centres[$0]) }.sorted()[2]
            }
            let inside = points.count { point in
                centres.indices.contains { squared(point, centres[$0]) <= radii[$0] }
            }
            return Double(inside) / Double(points.count)
        }
        let found = PrecisionRecall(x, reference: y)
        #expect(found.precision == share(rows(x), rows(y)) && found.recall == share(rows(y), rows(x)))
        // The wider set covers the narrower one.
        #expect(found.precision > found.recall)
    }

    /// A set against itself scores 1; one far away 0.
    @Test func extremesAreOneAndZero() {
        let x = Tensor.normal([50, 8], using: RandomGenerator(seed: 2))
        let (same, far) = (PrecisionRecall(x, reference: x), PrecisionRecall(x + 100, reference: x))
        #expect(same.precision == 1 && same.recall == 1)
        #expect(far.precision == 0 && far.recall == 0)
    }
}
