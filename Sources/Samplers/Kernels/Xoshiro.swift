/// xoshiro256++ (Blackman & Vigna 2021, ACM Trans. Math. Softw. 47, 36), period 2²⁵⁶ − 1, 64 bits a draw. Its authors
/// report no failure in BigCrush, nor in PractRand to 32 TB.
///
/// Many generators run side by side, each from its own 256 bits of splitmix64 output over one 64-bit seed. Two of N
/// streams of length L overlap with probability below N² L / 2²⁵⁶.
package struct Xoshiro {
    package var s0, s1, s2, s3: UInt64

    package init(s0: UInt64, s1: UInt64, s2: UInt64, s3: UInt64) {
        (self.s0, self.s1, self.s2, self.s3) = (s0, s1, s2, s3)
    }

    @inline(__always)
    package mutating func next() -> UInt64 {
        let sum = s0 &+ s3
        let result = (sum << 23 | sum >> 41) &+ s0
        let t = s1 << 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = s3 << 45 | s3 >> 19
        return result
    }

    /// On [0, 1), of 53 bits.
    @inline(__always)
    mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// On 0 ..< n by Lemire's multiplication without rejection: off by n/2⁶⁴ at most.
    @inline(__always)
    mutating func index(below n: Int) -> Int { Int(next().multipliedFullWidth(by: UInt64(n)).high) }
}

/// Eight of them in step: 512 bits a draw.
@frozen @usableFromInline package struct XoshiroLanes {
    @usableFromInline package var s0, s1, s2, s3: SIMD8<UInt64>

    @inlinable package init(s0: SIMD8<UInt64>, s1: SIMD8<UInt64>, s2: SIMD8<UInt64>, s3: SIMD8<UInt64>) {
        (self.s0, self.s1, self.s2, self.s3) = (s0, s1, s2, s3)
    }

    @inlinable @inline(__always)
    package mutating func next() -> SIMD8<UInt64> {
        let sum = s0 &+ s3
        let result = (sum &<< 23 | sum &>> 41) &+ s0
        let t = s1 &<< 17
        s2 ^= s0
        s3 ^= s1
        s1 ^= s2
        s0 ^= s3
        s2 ^= t
        s3 = s3 &<< 45 | s3 &>> 19
        return result
    }
}

/// `words[n]` of a seed: splitmix64 (Steele, Lea, Flood 2014), counted rather than stepped.
package func splitmix(_ seed: UInt64, _ n: Int) -> UInt64 {
    var z = seed &+ UInt64(n &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
}
