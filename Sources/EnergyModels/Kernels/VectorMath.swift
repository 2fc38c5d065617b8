/// Elementary functions of 16 floats at a time.
package enum VectorMath {
    /// e^x to 7·10⁻⁷ relative, for |x| ≤ 87; beyond that the value at the end of the range.
    ///
    /// x = n ln 2 + r with |r| ≤ ½ ln 2: adding 1.5·2²³ rounds x / ln 2 to n, which then stands in the low bits.
    @inlinable @inline(__always)
    package static func exponential(_ argument: SIMD16<Float>) -> SIMD16<Float> {
        typealias Lanes = SIMD16<Float>
        var x = argument.replacing(with: -87, where: argument .< -87)
        x = x.replacing(with: 87, where: x .> 87)
        let shift = Lanes(repeating: 0x1.8p23)
        let shifted = shift.addingProduct(x, 1.442_695_04)
        let n = shifted - shift
        let r = x.addingProduct(n, -0.693_145_75).addingProduct(n, -1.428_606_8e-6)
        var p = Lanes(repeating: 1 / 720)
        p = Lanes(repeating: 1 / 120).addingProduct(p, r)
        p = Lanes(repeating: 1 / 24).addingProduct(p, r)
        p = Lanes(repeating: 1 / 6).addingProduct(p, r)
        p = Lanes(repeating: 1 / 2).addingProduct(p, r)
        p = Lanes(repeating: 1).addingProduct(p, r)
        p = Lanes(repeating: 1).addingProduct(p, r)
        let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
        return unsafeBitCast(unsafeBitCast(p, to: SIMD16<Int32>.self) &+ exponent, to: Lanes.self)
    }

    /// log x to 2·10⁻⁷ absolute and relative beside that, for x normal and positive.
    ///
    /// x = 2ⁿ m with m in √½ ..< √2, and log m = 2 artanh s, s = (m − 1)/(m + 1), |s| < 0.172, by its series to s⁹.
    @inlinable @inline(__always)
    package static func logarithm(_ x: SIMD16<Float>) -> SIMD16<Float> {
        typealias Lanes = SIMD16<Float>
        let bits = unsafeBitCast(x, to: SIMD16<Int32>.self)
        let n = (bits &- 0x3F35_04F3) &>> 23
        let m = unsafeBitCast(bits &- (n &<< 23), to: Lanes.self)
        let s = (m - 1) / (m + 1)
        let square = s * s
        var p = Lanes(repeating: 2 / 9)
        p = Lanes(repeating: 2 / 7).addingProduct(p, square)
        p = Lanes(repeating: 2 / 5).addingProduct(p, square)
        p = Lanes(repeating: 2 / 3).addingProduct(p, square)
        p = Lanes(repeating: 2).addingProduct(p, square)
        return (p * s).addingProduct(Lanes(n), 0.693_147_18)
    }
}
