import Samplers
import Testing

@Suite struct XoshiroTests {
    /// The first numbers of xoshiro256++ from the state 1, 2, 3, 4, as published with its Rust implementation
    /// (rand_xoshiro).
    private static let published: [UInt64] = [
        41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386, 9_228_616_714_210_784_205,
        9_973_669_472_204_895_162, 14_011_001_112_246_962_877, 12_406_186_145_184_390_807,
    ]

    @Test func bothFormsDrawThePublishedNumbers() {
        var single = Xoshiro(s0: 1, s1: 2, s2: 3, s3: 4)
        // Lane 5 has that state, the others their own.
        func word(_ value: UInt64) -> SIMD8<UInt64> {
            var vector = SIMD8<UInt64>(repeating: 77)
            vector[5] = value
            return vector
        }
        var lanes = XoshiroLanes(s0: word(1), s1: word(2), s2: word(3), s3: word(4))
        for expected in Self.published {
            #expect(single.next() == expected)
            #expect(lanes.next()[5] == expected)
        }
    }

    /// splitmix64 from seed 1234567, as its authors' code gives it.
    @Test func seedsAreSplitmix64() {
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423, 4_593_380_528_125_082_431,
        ]
        #expect((0..<4).map { splitmix(1_234_567, $0) } == expected)
    }
}
