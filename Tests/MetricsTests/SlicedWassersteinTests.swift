import Foundation
import Metrics
import Testing
import Torch

@Suite struct SlicedWassersteinTests {
    private typealias Point = SIMD2<Double>

    private let directions = (0..<64).map { k in
        let angle = (Double(k) + 0.5) * .pi / 64
        return SIMD2(cos(angle), sin(angle))
    }

    private func meanOverDirections(_ f: (Point) -> Double) -> Double { directions.map(f).reduce(0, +) / 64 }

    private func points(_ n: Int, seed: UInt64) -> [Point] {
        let generator = RandomGenerator(seed: seed)
        return (0..<n).map { _ in 4 * Point(generator.uniform(), generator.uniform()) }
    }

    /// (2 sin(ai) + i/10n, cos(bi²)) for i = 1 … n.
    private func pointsByRule(_ n: Int, _ a: Double, _ b: Double) -> [Point] {
        (1...n).map { i in Point(2 * sin(a * Double(i)) + 0.1 * Double(i) / Double(n), cos(b * Double(i * i))) }
    }

    /// Shifting a set by v moves every projection by u·v. To rounding; 2|v|/π, the mean over all directions, to 2·10⁻⁴.
    @Test(arguments: [SIMD2(0.3, 0), SIMD2(-1, 2), SIMD2(0, -5)])
    func aShiftCostsItsMeanProjection(v: SIMD2<Double>) {
        let x = points(37, seed: 1)
        let found = slicedWasserstein(x, x.map { $0 + v })
        let expected = meanOverDirections { abs(($0 * v).sum()) }
        #expect(abs(found - expected) < 1e-13)
        let length = (v * v).sum().squareRoot()
        #expect(abs(found / length - 2 / .pi) < 2e-4)
    }

    @Test func equalSetsHaveDistanceZeroInAnyOrderAndMultiplicity() {
        let x = points(41, seed: 2)
        #expect(slicedWasserstein(x, x.reversed()) == 0)
        #expect(slicedWasserstein(x, x + x.reversed() + x) == 0)
    }

    /// One point against one, and two against one: all mass goes to the one point.
    @Test func aSinglePointTakesAllMass() {
        let (a, b, c) = (Point(1, 2), Point(-3, 0.5), Point(0.25, -1))
        let pair = meanOverDirections { abs(($0 * (a - b)).sum()) }
        #expect(abs(slicedWasserstein([a], [b]) - pair) < 1e-14)
        let two = meanOverDirections { (abs(($0 * (a - c)).sum()) + abs(($0 * (b - c)).sum())) / 2 }
        #expect(abs(slicedWasserstein([a, b], [c]) - two) < 1e-14)
        #expect(abs(slicedWasserstein([c], [a, b]) - two) < 1e-14)
    }

    /// W₁ of two sets of six is the cheapest of all 720 assignments; sets of two and three are sets of six in which
    /// points repeat.
    @Test(arguments: [(6, 6), (2, 3), (3, 6), (1, 6), (3, 2)])
    func eachDirectionIsAnOptimalAssignment(n: Int, m: Int) {
        let (x, y) = (points(n, seed: 3), points(m, seed: 4))
        func repeated(_ points: [Point]) -> [Point] { (0..<6).map { points[$0 % points.count] } }
        let orders = permutations(Array(0..<6))
        let (a, b) = (repeated(x), repeated(y))
        let expected = meanOverDirections { u in
            let cost = a.map { p in b.map { q in abs((u * (p - q)).sum()) } }
            return orders.map { order in (0..<6).reduce(0) { $0 + cost[$1][order[$1]] } }.min()! / 6
        }
        #expect(abs(slicedWasserstein(x, y) - expected) < 1e-13)
    }

    private func permutations(_ items: [Int]) -> [[Int]] {
        guard items.count > 1 else { return [items] }
        return items.flatMap { item in permutations(items.filter { $0 != item }).map { [item] + $0 } }
    }

    /// NumPy, ∫ |F − G| over the merged points rather than quantiles: to rounding.
    @Test func anIndependentImplementationAgrees() {
        let cases = [
            (50, 50, 0.1630682240082487), (60, 45, 0.17500634983534918), (7, 40, 0.38324985209478474),
            (1, 3, 0.8876186297962938),
        ]
        for (n, m, expected) in cases {
            let found = slicedWasserstein(pointsByRule(n, 1, 0.7), pointsByRule(m, 1.3, 0.2))
            #expect(abs(found - expected) < 1e-13)
        }
    }

    @Test func itIsSymmetricAndTheSameOnAnyNumberOfThreads() {
        let (x, y) = (points(300, seed: 5), points(211, seed: 6))
        let threads = Runtime.threads
        defer { Runtime.threads = threads }
        Runtime.threads = 1
        let expected = slicedWasserstein(x, y)
        for count in 2...4 {
            Runtime.threads = count
            #expect(slicedWasserstein(x, y) == expected)
        }
        #expect(abs(slicedWasserstein(y, x) - expected) < 1e-14)
    }

    @Test func setsWithoutPointsOrWithNonFiniteOnesTrap() async {
        await #expect(processExitsWith: .failure) { _ = slicedWasserstein([], [.zero]) }
        await #expect(processExitsWith: .failure) { _ = slicedWasserstein([.zero], []) }
        await #expect(processExitsWith: .failure) { _ = slicedWasserstein([.zero], [SIMD2(.nan, 0)]) }
        await #expect(processExitsWith: .failure) { _ = slicedWasserstein([SIMD2(0, .infinity)], [.zero]) }
    }
}
