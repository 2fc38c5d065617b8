import Datasets
import Testing

private struct Primitives: Decodable {
    struct GrayCode: Decodable {
        var points: [[Double]]
        var int_scale: Double
        var bits32: [String]
        var back: [[Double]]
    }
    var gray_code: GrayCode
}

private struct BigIntegerCodes: Decodable {
    struct Gray: Decodable {
        var points: [[Double]]
        var double: [String: [String]]
        var single: [String: [String]]
    }
    var gray: Gray
}

private let dimensions = [4, 16, 32, 66, 130, 256, 2048]

@Suite struct GrayCodeTests {
    @Test func codesAndPointsEqualTheReleasedOnes() throws {
        let expected = try Golden.load("primitives", as: Primitives.self).gray_code
        let code = try GrayCode(dimension: 32, scale: expected.int_scale)
        let coded = try code.bits(of: expected.points.map { SIMD2($0[0], $0[1]) })
        #expect(coded == expected.bits32.flatMap(bits))
        let back = try code.points(of: coded)
        #expect(back == expected.back.map { SIMD2($0[0], $0[1]) })
        #expect(back[3].y.sign == .plus, "a coordinate that rounds to zero from below decodes to plain zero")
    }

    @Test(arguments: [false, true]) func codesEqualThoseOfUnboundedIntegers(single: Bool) throws {
        let expected = try Golden.load("numpy-random-state", as: BigIntegerCodes.self).gray
        for (dimension, rows) in single ? expected.single : expected.double {
            let d = try #require(Int(dimension))
            let steps = Double(sign: .plus, exponent: d / 2 - 1, significand: 1)
            let scale = single ? Double(Float(steps) / 5.5) : steps / 5.5
            let code = try GrayCode(dimension: d, scale: scale, isSinglePrecision: single)
            let points = expected.points.map { SIMD2($0[0], $0[1]) }.map {
                single ? SIMD2<Double>(SIMD2<Float>($0)) : $0
            }
            #expect(try code.bits(of: points) == rows.flatMap { bits(hexadecimal: $0, count: d) }, "d = \(d)")
        }
    }

    @Test(arguments: dimensions) func everyIntegerComesBack(dimension d: Int) throws {
        let code = try GrayCode(dimension: d, scale: 1)
        var r = NumPyRandomState(seed: 11)
        // Integers of every length that the code holds, up to 53 significant bits at any place.
        let points = (0..<2000).map { _ in
            func integer() -> Double {
                let length = r.randomInteger(below: code.magnitudeBits + 1)
                let value = (r.randomSample() * Double(sign: .plus, exponent: length, significand: 1)).rounded(.down)
                return r.randomInteger(below: 2) == 0 || value == 0 ? value : -value
            }
            return SIMD2(integer(), integer())
        }
        #expect(try code.points(of: code.bits(of: points)) == points)
    }

    @Test(arguments: dimensions) func adjacentIntegersDifferInOneBit(dimension d: Int) throws {
        let code = try GrayCode(dimension: d, scale: 1)
        let top = min(code.magnitudeBits, 53)
        var r = NumPyRandomState(seed: 12)
        var starts: [Double] = [0]
        // Around powers of two, where a plain binary code changes all bits, and anywhere.
        for exponent in 1..<max(top, 2) where exponent < top {
            starts.append(Double(sign: .plus, exponent: exponent, significand: 1) - 1)
        }
        if top > 1 {
            for _ in 0..<500 {
                starts.append(
                    (r.randomSample() * (Double(sign: .plus, exponent: top, significand: 1) - 1)).rounded(.down))
            }
        }
        for k in starts {
            let pair = try code.bits(of: [SIMD2(k, 0), SIMD2(k + 1, 0)])
            let flips = zip(pair.prefix(d), pair.suffix(d)).count { $0 != $1 }
            #expect(flips == 1, "\(k)")
        }
    }

    @Test(arguments: dimensions, [false, true]) func magnitudesBeyondTheScaleSaturate(dimension d: Int, single: Bool)
        throws
    {
        let code = try GrayCode(dimension: d, scale: 1, isSinglePrecision: single)
        let limit = Double(sign: .plus, exponent: code.magnitudeBits, significand: 1)
        let largest: [UInt8] = [0, 1] + [UInt8](repeating: 0, count: d / 2 - 2)
        for x in [limit, 1e308, .infinity] where x >= limit {
            #expect(try code.bits(of: [SIMD2(x, x)]) == largest + largest)
            #expect(
                try code.bits(of: [SIMD2(-x, 0)]) == [1] + largest.dropFirst() + [UInt8](repeating: 0, count: d / 2))
        }
    }

    @Test func malformedInputIsRefused() throws {
        #expect(throws: DatasetError.dimension(5)) { try GrayCode(dimension: 5, scale: 1) }
        for scale in [0, -1, Double.infinity] {
            #expect(throws: DatasetError.scale(scale)) { try GrayCode(dimension: 4, scale: scale) }
        }
        #expect(throws: DatasetError.self) { try GrayCode(dimension: 4, scale: .nan) }
        #expect(throws: DatasetError.scale(1e300)) { try GrayCode(dimension: 4, scale: 1e300, isSinglePrecision: true) }
        for d in [8, 256, 2048] {
            let code = try GrayCode(dimension: d, scale: 1)
            #expect(throws: DatasetError.notANumber(pointIndex: 1)) { try code.bits(of: [.zero, SIMD2(0, .nan)]) }
            #expect(throws: DatasetError.bitCount(d + 1, dimension: d)) {
                try code.points(of: [UInt8](repeating: 0, count: d + 1))
            }
            var bits = [UInt8](repeating: 0, count: d)
            bits[3] = 2
            #expect(throws: DatasetError.notABit(2, index: 3)) { try code.points(of: bits) }
            #expect(try code.bits(of: []) == [])
            #expect(try code.points(of: []) == [])
        }
    }
}
