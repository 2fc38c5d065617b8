/// An endless source of binary toy data: points of a ``ToyDataset`` in Gray code, at a scale measured on 5,000 of its
/// points.
///
/// ```swift
/// var data = try BinaryToyData(.twoSpirals, dimension: 32, seed: 1023)
/// let batch = try data.batch(128)          // bits, shape [128, 32]
/// let saved = data.randomState.state       // goes into a checkpoint
/// ```
///
/// A seed gives the batches of the released code of RMwGGIS: most sets draw the 5,000 points and then the batches from
/// one generator. 8gaussians and pinwheel draw the 5,000 from RandomState(1) whatever the seed, and the batches from a
/// generator of their own, which the released code leaves unseeded and which here has the seed.
public struct BinaryToyData: Sendable, Equatable {
    public let dataset: ToyDataset
    /// The largest coordinate magnitude among the 5,000 points, plus 1.
    public let fScale: Double
    /// How points become bits.
    public let code: GrayCode
    /// Where the next point comes from. Save its ``NumPyRandomState/state``, and set it again to continue.
    public var randomState: NumPyRandomState

    /// The points that the scale is measured on.
    public static let scalePointCount = 5000

    /// Measures the scale:
    ///
    ///     f_scale = max|x| + 1,   int_scale = 2^(d/2 − 1) / (f_scale + 1)
    ///
    /// in float32 where the points are float32. int_scale is a double for those too if d > 256, where float32 cannot
    /// hold it.
    /// - Parameters:
    ///   - dimension: d, the bits of a point: even, from 4 to 2,048.
    ///   - seed: of the generator.
    /// - Throws: ``DatasetError/dimension(_:)``.
    public init(_ dataset: ToyDataset, dimension: Int = 32, seed: UInt32) throws(DatasetError) {
        try GrayCode.check(dimension)
        var batches = NumPyRandomState(seed: seed)
        let points: [SIMD2<Double>]
        if dataset.hasOwnRandomState {
            var first = NumPyRandomState(seed: 1)
            points = try dataset.points(Self.scalePointCount, using: &first)
        } else {
            points = try dataset.points(Self.scalePointCount, using: &batches)
        }
        let largest = points.reduce(0) { max($0, $1.x.magnitude, $1.y.magnitude) }
        let steps = Double(sign: .plus, exponent: dimension / 2 - 1, significand: 1)
        let intScale: Double
        if dataset.isSinglePrecision {
            let f = Float(largest) + 1
            fScale = Double(f)
            intScale =
                dimension <= GrayCode.largestSinglePrecisionDimension
                ? Double(Float(steps) / (f + 1))
                : steps / (Double(f) + 1)
        } else {
            fScale = largest + 1
            intScale = steps / (fScale + 1)
        }
        code = try GrayCode(dimension: dimension, scale: intScale, isSinglePrecision: dataset.isSinglePrecision)
        self.dataset = dataset
        randomState = batches
    }

    /// The data set of this name, otherwise as ``init(_:dimension:seed:)``.
    /// - Throws: ``DatasetError/unknownDataset(_:)``, which lists the names, or ``DatasetError/dimension(_:)``.
    public init(named name: String, dimension: Int = 32, seed: UInt32) throws(DatasetError) {
        try self.init(ToyDataset(named: name), dimension: dimension, seed: seed)
    }

    /// d, the bits of a point.
    public var dimension: Int { code.dimension }
    /// What one unit of a coordinate is in integer steps.
    public var intScale: Double { code.scale }

    /// The next points, shape [count] of (x, y); ⌊count/5⌋·5 of them for pinwheel.
    /// - Throws: ``DatasetError/pointCount(_:dataset:rule:)`` for a number that the set cannot give; see
    ///   ``ToyDataset/points(_:using:)``.
    public mutating func points(_ count: Int) throws(DatasetError) -> [SIMD2<Double>] {
        try dataset.points(count, using: &randomState)
    }

    /// The next points as bits.
    /// - Throws: as ``points(_:)``.
    public mutating func batch(_ count: Int) throws(DatasetError) -> BinaryBatch {
        BinaryBatch(bits: try code.bits(of: points(count)), dimension: dimension)
    }

    /// Where bit vectors lie in the plane; see ``GrayCode/points(of:)``.
    public func points(of batch: BinaryBatch) throws(DatasetError) -> [SIMD2<Double>] {
        try code.points(of: batch.bits)
    }
}

/// Bit vectors, shape [count, dimension].
public struct BinaryBatch: Sendable, Equatable {
    /// Row-major, each 0 or 1.
    public let bits: [UInt8]
    /// d, the length of a row.
    public let dimension: Int
    /// The number of rows: what was asked for, or for pinwheel the multiple of five below it.
    public var count: Int { bits.count / dimension }

    /// - Precondition: `bits` fills rows of `dimension`.
    public init(bits: [UInt8], dimension: Int) {
        precondition(
            dimension > 0 && bits.count.isMultiple(of: dimension), "\(bits.count) bits in rows of \(dimension)")
        self.bits = bits
        self.dimension = dimension
    }
}
