import Datasets
import Foundation
import Testing

private struct Streams: Decodable {
    struct Stream: Decodable {
        var uint32: [UInt32]
        var random_sample: [Double]
        var randn: [Double]
        var randint: [String: [Int]]
        var shuffle: [Int]
        var permutation: [Int]
        var uniform: [Double]
        var normal: [Double]
    }
    struct Mixed: Decodable {
        var randn3: [Double]
        var randint8: Int
        var random_sample: Double
        var randn2: [Double]
        var randint40: Int
        var shuffle5: [Int]
        var randn1: Double
    }
    struct State: Decodable {
        var position: Int
        var has_gauss: Int
        var gaussian: Double
        var key_sum: UInt64
        var key_first: UInt32
        var key_last: UInt32
    }
    var streams: [String: Stream]
    var mixed: Mixed
    var state: [State]

    static func load() throws -> Streams { try Golden.load("numpy-random-state") }
}

/// One unit in the last place of log in the C library is the only thing that may differ.
private let gaussianTolerance = 1e-14

private func agree(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= gaussianTolerance * max(1, abs($1)) }
}

@Suite struct NumPyRandomStateTests {
    @Test(arguments: [0, 1, 1023, UInt32.max]) func streamsOfASeedEqualNumPys(seed: UInt32) throws {
        let expected = try #require(try Streams.load().streams[String(seed)])
        let fresh = NumPyRandomState(seed: seed)

        var r = fresh
        let words = (0..<1300).map { _ in r.nextUInt32() }
        #expect([0, 1, 2, 623, 624, 1299].map { words[$0] } == expected.uint32)

        r = fresh
        #expect((0..<4).map { _ in r.randomSample() } == expected.random_sample)
        r = fresh
        #expect(agree((0..<7).map { _ in r.standardNormal() }, expected.randn))
        r = fresh
        #expect((0..<3).map { _ in r.uniform(-2, 3) } == expected.uniform)
        r = fresh
        #expect(agree((0..<3).map { _ in r.normal(1, 2) }, expected.normal))

        #expect(expected.randint.count == 10)
        for (bound, values) in expected.randint {
            r = fresh
            // 2⁶³ − 1 is the largest bound, above 2³² two words are joined.
            let bound = try #require(Int(bound))
            #expect((0..<12).map { _ in r.randomInteger(below: bound) } == values, "bound \(bound)")
        }

        r = fresh
        var order = Array(0..<10)
        r.shuffle(&order)
        #expect(order == expected.shuffle)
        r = fresh
        #expect(r.permutation(50) == expected.permutation)
    }

    @Test(arguments: [false, true]) func mixedCallsEqualNumPysAlsoThroughSavedStates(saving: Bool) throws {
        let expected = try Streams.load().mixed
        var r = NumPyRandomState(seed: 7)
        func passOn() throws {
            guard saving else { return }
            let saved = try JSONEncoder().encode(r.state)
            r = try NumPyRandomState(state: JSONDecoder().decode(NumPyRandomState.State.self, from: saved))
        }
        var normals: [Double] = []
        for _ in 0..<3 {
            normals.append(r.standardNormal())
            try passOn()  // after the first and third, in the middle of a pair
        }
        #expect(agree(normals, expected.randn3))
        #expect(r.randomInteger(below: 8) == expected.randint8)
        try passOn()
        #expect(r.randomSample() == expected.random_sample)
        try passOn()
        #expect(agree([r.standardNormal(), r.standardNormal()], expected.randn2))
        try passOn()
        #expect(r.randomInteger(below: 1 << 40) == expected.randint40)
        try passOn()
        var order = Array(0..<5)
        r.shuffle(&order)
        #expect(order == expected.shuffle5)
        #expect(agree([r.standardNormal()], [expected.randn1]))
    }

    @Test func stateHasNumPysFields() throws {
        let expected = try Streams.load().state
        var r = NumPyRandomState(seed: 7)
        for step in 0...1 {
            if step == 0 {
                for _ in 0..<3 { _ = r.standardNormal() }
            } else {
                for _ in 0..<400 { _ = r.randomSample() }
            }
            let state = r.state
            #expect(state.position == expected[step].position)
            #expect(state.hasGaussian == (expected[step].has_gauss == 1))
            #expect(abs(state.gaussian - expected[step].gaussian) <= gaussianTolerance)
            #expect(state.key.reduce(0) { $0 &+ UInt64($1) } == expected[step].key_sum)
            #expect(state.key.first == expected[step].key_first)
            #expect(state.key.last == expected[step].key_last)
        }
    }

    @Test func impossibleStatesAreRefused() {
        var state = NumPyRandomState(seed: 1).state
        state.position = 625
        #expect(throws: DatasetError.randomState("position 625 lies outside 0 ... 624")) {
            try NumPyRandomState(state: state)
        }
        state.position = 0
        state.key.removeLast()
        #expect(throws: DatasetError.randomState("the key has 623 words, and MT19937 has 624")) {
            try NumPyRandomState(state: state)
        }
    }
}
