import Glibc

/// The seven two-dimensional distributions on which discrete energy-based models are compared.
///
/// ```swift
/// var r = NumPyRandomState(seed: 1023)
/// let points = try ToyDataset.twoSpirals.points(128, using: &r)
/// ```
///
/// The order of random draws and every rounding are those of the generators behind the released code of RMwGGIS (Liu et
/// al., "Gradient-Guided Importance Sampling for Learning Binary Energy-Based Models", ICLR 2023), which took them from
/// FFJORD and scikit-learn, so that a seed gives its batches.
public enum ToyDataset: String, CaseIterable, Sendable {
    case twoSpirals = "2spirals"
    case eightGaussians = "8gaussians"
    case circles
    case moons
    case pinwheel
    case swissRoll = "swissroll"
    case checkerboard

    /// The data set of this name.
    /// - Throws: ``DatasetError/unknownDataset(_:)``, which lists the names.
    public init(named name: String) throws(DatasetError) {
        guard let dataset = ToyDataset(rawValue: name) else { throw .unknownDataset(name) }
        self = dataset
    }

    /// Whether the released generator ends in float32: then the points, their scale and their coding are computed in
    /// float32 too.
    public var isSinglePrecision: Bool {
        switch self {
        case .eightGaussians, .circles, .swissRoll: true
        case .twoSpirals, .moons, .pinwheel, .checkerboard: false
        }
    }

    /// Whether the released generator draws from a `RandomState` of its own instead of NumPy's global one.
    public var hasOwnRandomState: Bool {
        switch self {
        case .eightGaussians, .pinwheel: true
        case .twoSpirals, .circles, .moons, .swissRoll, .checkerboard: false
        }
    }

    /// Draws points, shape [count] of (x, y); those of a single-precision set are float32 values.
    ///
    /// Pinwheel has five arms of ⌊count/5⌋ points, so 128 asked for are 125 given, as in the released code.
    /// - Throws: ``DatasetError/pointCount(_:dataset:rule:)`` if count is below 1, below 5 for pinwheel, or odd for a
    ///   set made of two halves (2spirals, circles, moons). NumPy would there return one spiral point fewer, or
    ///   scikit-learn lengthen the inner half, or an empty pinwheel come back.
    public func points(_ count: Int, using r: inout NumPyRandomState) throws(DatasetError) -> [SIMD2<Double>] {
        try check(count)
        return switch self {
        case .twoSpirals: Self.twoSpirals(count, &r)
        case .eightGaussians: Self.eightGaussians(count, &r)
        case .circles: Self.circles(count, &r)
        case .moons: Self.moons(count, &r)
        case .pinwheel: Self.pinwheel(count, &r)
        case .swissRoll: Self.swissRoll(count, &r)
        case .checkerboard: Self.checkerboard(count, &r)
        }
    }

    /// The largest number of points that one call draws: beyond it lies a mistyped number, not a data set.
    public static let largestCount = 1 << 30

    private func check(_ count: Int) throws(DatasetError) {
        guard (1...Self.largestCount).contains(count) else {
            throw .pointCount(count, dataset: self, rule: "the number of points must be from 1 to \(Self.largestCount)")
        }
        switch self {
        case .twoSpirals, .circles, .moons:
            guard count.isMultiple(of: 2) else {
                throw .pointCount(
                    count, dataset: self,
                    rule: "the set is made of two equal halves, so the number of points must be even")
            }
        case .pinwheel:
            guard count >= 5 else {
                throw .pointCount(
                    count, dataset: self,
                    rule: "the set is made of five arms, so the number of points must be at least 5")
            }
        case .eightGaussians, .swissRoll, .checkerboard:
            break
        }
    }
}

// MARK: - Generators
// r stands for the generator, B for the number of points; double precision unless a line says float32.

extension ToyDataset {
    /// n = 3π√u, multiplied as √u·540·2π/360; the points (−n cos n + ½u′, n sin n + ½u″)/3 and their mirror images; +
    /// 0.1 z.
    private static func twoSpirals(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        let half = count / 2
        let n = (0..<half).map { _ in r.randomSample().squareRoot() * 540 * (2 * Double.pi) / 360 }
        var points = [SIMD2<Double>](repeating: .zero, count: count)
        for i in 0..<half { points[i].x = -cos(n[i]) * n[i] + r.randomSample() * 0.5 }
        for i in 0..<half { points[i].y = sin(n[i]) * n[i] + r.randomSample() * 0.5 }
        for i in 0..<half {
            points[i] /= 3
            points[half + i] = -points[i]
        }
        for i in 0..<count {
            points[i].x += r.standardNormal() * 0.1
            points[i].y += r.standardNormal() * 0.1
        }
        return points
    }

    /// x₁ = 4u − 2; x₂ = u′ − 2b for a coin b; the points 2·(x₁, x₂ + ⌊x₁⌋ mod 2).
    private static func checkerboard(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        var points = [SIMD2<Double>](repeating: .zero, count: count)
        for i in 0..<count { points[i].x = r.randomSample() * 4 - 2 }
        for i in 0..<count { points[i].y = r.randomSample() }
        for i in 0..<count { points[i].y -= Double(r.randomInteger(below: 2)) * 2 }
        for i in 0..<count {
            let column = Int(points[i].x.rounded(.down))
            points[i].y += Double(column & 1)
            points[i] *= 2
        }
        return points
    }

    /// t = 0 … π; (cos t, sin t), then (1 − cos t, ½ − sin t), shuffled; + 0.1 z; rounded to float32; ·2 + (−1, −0.2)
    /// in double.
    private static func moons(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        let half = count / 2
        let step = Double.pi / Double(max(half - 1, 1))
        var rows = [SIMD2<Double>](repeating: .zero, count: count)
        for i in 0..<half {
            let t = half > 1 && i == half - 1 ? Double.pi : Double(i) * step
            rows[i] = SIMD2(cos(t), sin(t))
            rows[half + i] = SIMD2(1 - cos(t), 0.5 - sin(t))
        }
        return shuffledWithNoise(rows, 0.1, &r).map { SIMD2<Double>($0 * 2) + SIMD2(-1, -0.2) }
    }

    /// t = 0 … 2π without its end; the unit circle, then half of it, shuffled; + 0.08 z; rounded to float32; ·3 in
    /// float32.
    private static func circles(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        let half = count / 2
        let step = 2 * Double.pi / Double(half)
        var rows = [SIMD2<Double>](repeating: .zero, count: count)
        for i in 0..<half {
            let t = Double(i) * step
            rows[i] = SIMD2(cos(t), sin(t))
            rows[half + i] = rows[i] * 0.5
        }
        return shuffledWithNoise(rows, 0.08, &r).map { SIMD2<Double>($0 * 3) }
    }

    /// The rows in the order of a shuffled arange, plus normal noise drawn row by row, rounded to float32.
    private static func shuffledWithNoise(
        _ rows: [SIMD2<Double>], _ standardDeviation: Double, _ r: inout NumPyRandomState
    ) -> [SIMD2<Float>] {
        r.permutation(rows.count).map { row in
            let x = r.normal(0, standardDeviation)
            let y = r.normal(0, standardDeviation)
            return SIMD2<Float>(rows[row] + SIMD2(x, y))
        }
    }

    /// t = 1.5π(1 + 2u); a height 21u′ that is dropped; (t cos t, 21u′, t sin t) as three rows of B, + z row by row;
    /// float32; /5 in float32.
    private static func swissRoll(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        let t = (0..<count).map { _ in 1.5 * Double.pi * (1 + 2 * r.uniform()) }
        for _ in 0..<count { _ = r.uniform() }
        var points = [SIMD2<Double>](repeating: .zero, count: count)
        for i in 0..<count { points[i].x = t[i] * cos(t[i]) + r.standardNormal() }
        for _ in 0..<count { _ = r.standardNormal() }
        for i in 0..<count { points[i].y = t[i] * sin(t[i]) + r.standardNormal() }
        return points.map { SIMD2<Double>(SIMD2<Float>($0) / 5) }
    }

    /// Point by point: ½z, then one of eight centres on the circle of radius 4; float32; /1.414 in float32.
    private static func eightGaussians(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        let q = 1 / 2.0.squareRoot()
        let directions: [SIMD2<Double>] = [
            SIMD2(1, 0), SIMD2(-1, 0), SIMD2(0, 1), SIMD2(0, -1), SIMD2(q, q), SIMD2(q, -q), SIMD2(-q, q),
            SIMD2(-q, -q),
        ]
        return (0..<count).map { _ in
            let x = r.standardNormal() * 0.5
            let y = r.standardNormal() * 0.5
            let centre = 4 * directions[r.randomInteger(below: 8)]
            return SIMD2<Double>(SIMD2<Float>(SIMD2(x, y) + centre) / 1.414)
        }
    }

    /// n = ⌊B/5⌋ points an arm; f = z·(0.3, 0.1) + (1, 0); the angle a = 2π·arm/5 + ¼e^{f₀};
    /// (f₀ cos a + f₁ sin a, −f₀ sin a + f₁ cos a), rows permuted, ·2.
    private static func pinwheel(_ count: Int, _ r: inout NumPyRandomState) -> [SIMD2<Double>] {
        let perArm = count / 5
        let step = 2 * Double.pi / 5
        let points = (0..<5 * perArm).map { i in
            let f0 = r.standardNormal() * 0.3 + 1
            let f1 = r.standardNormal() * 0.1
            let angle = Double(i / perArm) * step + 0.25 * exp(f0)
            return SIMD2(f0 * cos(angle) + f1 * sin(angle), -f0 * sin(angle) + f1 * cos(angle))
        }
        return r.permutation(points.count).map { 2 * points[$0] }
    }
}
