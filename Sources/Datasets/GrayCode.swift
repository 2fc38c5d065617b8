/// Points of the plane as bit vectors: per coordinate a sign bit (0 for x ≥ 0) and the reflected binary code of
/// ⌊|x|·scale⌋, x's bits before y's.
///
/// ```swift
/// let code = try GrayCode(dimension: 32, scale: 5983.6)
/// let bits = try code.bits(of: [SIMD2(1.234, -2.5)])   // 32 bytes, each 0 or 1
/// let points = try code.points(of: bits)               // within 1/scale of where they started, towards zero
/// ```
///
/// Neighbouring integers differ in one bit, so a single flip can move a point by one step. A coordinate takes d/2 − 1
/// bits, more than a machine integer has when d > 130: the code is read off the floating-point number's significand and
/// exponent, and is exact for every d. A magnitude at or beyond 2^(d/2−1)/scale saturates at the largest code.
public struct GrayCode: Sendable, Equatable {
    /// d, the bits of a point: even.
    public let dimension: Int
    /// What one unit of a coordinate is in integer steps.
    public let scale: Double
    /// Whether |x|·scale is rounded to float32, as NumPy does for float32 points.
    public let isSinglePrecision: Bool

    /// The dimensions that a code can have (the even ones): at 2,048 the largest integer, 2¹⁰²³, still is a double.
    public static let dimensions = 4...2048
    /// The largest dimension whose integers a float32 can hold: 2^(d/2 − 1) ≤ 2¹²⁷.
    public static let largestSinglePrecisionDimension = 256

    /// - Parameters:
    ///   - dimension: d, even, in ``dimensions``.
    ///   - scale: positive and finite; rounded to float32 for a single-precision code.
    ///   - isSinglePrecision: ignored above ``largestSinglePrecisionDimension``, where float32 would overflow: there
    ///     the product is a double.
    /// - Throws: ``DatasetError/dimension(_:)`` or ``DatasetError/scale(_:)``.
    public init(dimension: Int, scale: Double, isSinglePrecision: Bool = false) throws(DatasetError) {
        try Self.check(dimension)
        self.isSinglePrecision = isSinglePrecision && dimension <= Self.largestSinglePrecisionDimension
        let usedScale = self.isSinglePrecision ? Double(Float(scale)) : scale
        guard usedScale > 0, usedScale.isFinite else { throw .scale(scale) }
        self.dimension = dimension
        self.scale = usedScale
    }

    static func check(_ dimension: Int) throws(DatasetError) {
        guard dimensions.contains(dimension), dimension.isMultiple(of: 2) else { throw .dimension(dimension) }
    }

    /// d/2 − 1, the bits of a magnitude.
    public var magnitudeBits: Int { dimension / 2 - 1 }

    // MARK: - Coding

    /// The bits of points, shape [count, d] in row-major order, each 0 or 1.
    /// - Throws: ``DatasetError/notANumber(pointIndex:)``.
    public func bits(of points: [SIMD2<Double>]) throws(DatasetError) -> [UInt8] {
        let half = dimension / 2
        var bits = [UInt8](repeating: 0, count: points.count * dimension)
        var faulty: Int?
        bits.withUnsafeMutableBufferPointer { bits in
            guard var row = bits.baseAddress else { return }
            for (index, point) in points.enumerated() {
                guard write(point.x, to: row), write(point.y, to: row + half) else {
                    faulty = index
                    return
                }
                row += dimension
            }
        }
        if let faulty { throw .notANumber(pointIndex: faulty) }
        return bits
    }

    /// Writes the d/2 bits of one coordinate over zeros; false if it is not a number.
    @inline(__always)
    private func write(_ coordinate: Double, to bits: UnsafeMutablePointer<UInt8>) -> Bool {
        let magnitude =
            isSinglePrecision
            ? Double(Float(coordinate.magnitude) * Float(scale))
            : coordinate.magnitude * scale
        if magnitudeBits < 64 {
            // k ⊕ (k ≫ 1) for the integer k = ⌊magnitude⌋, below the sign.
            let limit: UInt64 = 1 << UInt64(magnitudeBits)
            guard !magnitude.isNaN else { return false }
            let k = magnitude < Double(limit) ? UInt64(magnitude) : limit - 1
            Self.spread(k ^ (k >> 1), over: magnitudeBits, to: bits + 1)
        } else {
            guard writeWide(magnitude, to: bits + 1) else { return false }
        }
        bits[0] = coordinate < 0 ? 1 : 0
        return true
    }

    /// The same for integers wider than a machine word. k is the 53-bit significand m shifted left by `shift`, so k ⊕
    /// (k ≫ 1) is (2m ⊕ m) shifted left by `shift` − 1.
    private func writeWide(_ magnitude: Double, to bits: UnsafeMutablePointer<UInt8>) -> Bool {
        guard !magnitude.isNaN else { return false }
        guard magnitude >= 1 else { return true }
        if magnitude >= Double(sign: .plus, exponent: magnitudeBits, significand: 1) {
            // The largest code, all ones in k: a one and zeros.
            bits[0] = 1
            return true
        }
        if magnitude < 0x1p63 {
            let k = UInt64(magnitude)
            Self.spread(k ^ (k >> 1), over: 64, to: bits + (magnitudeBits - 64))
        } else {
            let shift = Int(magnitude.exponent) - Double.significandBitCount
            let m = magnitude.significandBitPattern | 1 << UInt64(Double.significandBitCount)
            Self.spread((m << 1) ^ m, over: 54, to: bits + (magnitudeBits - (shift - 1) - 54))
        }
        return true
    }

    /// Writes the lowest `count` bits of a word, the highest of them first, a byte each.
    ///
    /// Eight at a time where that many are left: the byte is copied eight times, copy i keeps its bit 7 − i, and adding
    /// 127 carries whatever bit is left into bit 7.
    @inline(__always)
    private static func spread(_ word: UInt64, over count: Int, to bits: UnsafeMutablePointer<UInt8>) {
        var left = count
        while !left.isMultiple(of: 8) {
            bits[count - left] = UInt8(truncatingIfNeeded: word >> UInt64(left - 1)) & 1
            left -= 1
        }
        while left > 0 {
            let byte = (word >> UInt64(left - 8)) & 0xff
            let kept = (byte &* 0x0101_0101_0101_0101) & 0x0102_0408_1020_4080
            let eight = ((kept + 0x7f7f_7f7f_7f7f_7f7f) >> 7) & 0x0101_0101_0101_0101
            UnsafeMutableRawPointer(bits + (count - left)).storeBytes(of: eight.littleEndian, as: UInt64.self)
            left -= 8
        }
    }

    /// The code whose integers reach a unit beyond the farthest coordinate of some points, plus one more, as the toy sets
    /// have it: scale = 2^(d/2 − 1) / (max|x| + 2).
    ///
    /// - Parameters:
    ///   - dimension: d, even, in ``dimensions``.
    ///   - points: finite, at least one.
    /// - Throws: ``DatasetError/dimension(_:)`` or ``DatasetError/scale(_:)``.
    public init(dimension: Int, reaching points: [SIMD2<Double>]) throws(DatasetError) {
        try Self.check(dimension)
        let largest = points.reduce(0) { max($0, $1.x.magnitude, $1.y.magnitude) }
        let steps = Double(sign: .plus, exponent: dimension / 2 - 1, significand: 1)
        try self.init(dimension: dimension, scale: steps / (largest + 2))
    }

    // MARK: - Decoding

    /// The points of bit vectors, shape [count, d] in row-major order: ±k/scale, in double precision whatever the
    /// set's. A k of more than 53 significant bits, which no point codes to but a model may sample, is rounded.
    /// - Throws: ``DatasetError/bitCount(_:dimension:)`` or ``DatasetError/notABit(_:index:)``.
    public func points(of bits: [UInt8]) throws(DatasetError) -> [SIMD2<Double>] {
        guard bits.count.isMultiple(of: dimension) else { throw .bitCount(bits.count, dimension: dimension) }
        if let index = bits.firstIndex(where: { $0 > 1 }) { throw .notABit(bits[index], index: index) }
        let half = dimension / 2
        return stride(from: 0, to: bits.count, by: dimension).map { row in
            SIMD2(coordinate(bits[row..<row + half]), coordinate(bits[row + half..<row + dimension]))
        }
    }

    /// A bit of k is the exclusive or of its code's bits from the highest down to it.
    private func coordinate(_ bits: ArraySlice<UInt8>) -> Double {
        var k = 0.0
        var bit: UInt8 = 0
        for code in bits.dropFirst() {
            bit ^= code
            k = 2 * k + Double(bit)
        }
        // No negative zero: the code has one, the plane has not.
        return bits[bits.startIndex] == 1 && k > 0 ? -k / scale : k / scale
    }
}
