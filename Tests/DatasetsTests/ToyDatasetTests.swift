import Datasets
import Testing

private struct Primitives: Decodable {
    struct Batch: Decodable {
        var global_seed: UInt32?
        var random_state_seed: UInt32?
        var first: [[Double]]
        var last: [[Double]]
        var sum: [Double]
    }
    struct Scale: Decodable {
        var f_scale: Double
        var int_scale: Double
    }
    var toy_batches: [String: Batch]
    var toy_scales_seed_1023: [String: Scale]

    static func load() throws -> Primitives { try Golden.load("primitives") }
}

private struct SinglePrecisionBatches: Decodable {
    struct Batch: Decodable {
        var f_scale: Double
        var int_scale: Double
        var first: [String]
        var ones: Int
    }
    var batches: [String: [String: Batch]]
}

/// Sine and cosine of the C library and NumPy's differ in the last place; float32 sets round that away.
private func tolerance(_ dataset: ToyDataset) -> Double { dataset.isSinglePrecision ? 0 : 1e-12 }

private func isClose(_ points: [SIMD2<Double>], _ expected: [[Double]], within tolerance: Double) -> Bool {
    points.count == expected.count
        && zip(points, expected).allSatisfy { abs($0.x - $1[0]) <= tolerance && abs($0.y - $1[1]) <= tolerance }
}

@Suite struct ToyDatasetTests {
    @Test(arguments: ToyDataset.allCases) func firstBatchEqualsTheReleasedGenerators(dataset: ToyDataset) throws {
        let expected = try #require(try Primitives.load().toy_batches[dataset.rawValue])
        #expect((expected.random_state_seed != nil) == dataset.hasOwnRandomState)
        var r = NumPyRandomState(seed: try #require(expected.global_seed ?? expected.random_state_seed))
        let points = try dataset.points(128, using: &r)
        #expect(points.count == (dataset == .pinwheel ? 125 : 128))
        #expect(isClose(Array(points.prefix(6)), expected.first, within: tolerance(dataset)))
        #expect(isClose(Array(points.suffix(2)), expected.last, within: tolerance(dataset)))
        // The sum of 128 numbers is taken in another order than NumPy's.
        #expect(isClose([points.reduce(.zero, +)], [expected.sum], within: 1e-11))
    }

    @Test(arguments: ToyDataset.allCases) func scaleEqualsTheReleasedGenerators(dataset: ToyDataset) throws {
        let expected = try #require(try Primitives.load().toy_scales_seed_1023[dataset.rawValue])
        let data = try BinaryToyData(dataset, seed: 1023)
        #expect(abs(data.fScale - expected.f_scale) <= tolerance(dataset))
        #expect(abs(data.intScale / expected.int_scale - 1) <= tolerance(dataset))
    }

    /// The batch that a released run draws before it trains: 5,000 points for the scale, then 1,000. Values from the
    /// golden traces of 2spirals and moons (seed 1023).
    @Test(arguments: [
        (
            ToyDataset.twoSpirals,
            [
                [1.0548334096090426, 0.4287819211846632], [2.7198471613313324, 1.4985556353114236],
                [0.780324546559852, -1.1480861593199003], [2.425066778765585, 1.9064401964449404],
            ],
            [
                "00010100111101000000111100000111", "00100000010110110011001010000101",
                "00011011001000111001011110111111", "00100100111110010011101011001000",
            ]
        ),
        (
            ToyDataset.moons,
            [
                [-0.9456286281347275, 1.7872753620147706], [2.268557548522949, -0.6730042815208435],
                [1.3068633079528809, -1.32246572971344], [0.432262659072876, -1.7228224992752075],
            ],
            [
                "10011111011101100011110010010100", "00101010000111101000100011010100",
                "00010011000111011001000101100110", "00001101000101101011010011011001",
            ]
        ),
    ])
    func batchBeforeTrainingEqualsTheReleasedRuns(dataset: ToyDataset, points: [[Double]], rows: [String]) throws {
        var data = try BinaryToyData(dataset, seed: 1023)
        var copy = data
        #expect(isClose(Array(try data.points(1000).prefix(4)), points, within: 1e-12))
        let batch = try copy.batch(1000)
        #expect(batch.count == 1000)
        #expect(Array(batch.bits.prefix(4 * 32)) == rows.flatMap(bits))
        #expect(copy.randomState == data.randomState)
    }

    @Test(arguments: [ToyDataset.eightGaussians, .circles, .swissRoll], [16, 32, 256, 258])
    func singlePrecisionSetsKeepFloat32WhereItHoldsTheScale(dataset: ToyDataset, dimension: Int) throws {
        let file: SinglePrecisionBatches = try Golden.load("numpy-random-state")
        let expected = try #require(file.batches[dataset.rawValue]?[String(dimension)])
        var data = try BinaryToyData(named: dataset.rawValue, dimension: dimension, seed: 1023)
        #expect(data.fScale == expected.f_scale)
        #expect(data.intScale == expected.int_scale)
        let batch = try data.batch(20)
        #expect(
            Array(batch.bits.prefix(2 * dimension))
                == expected.first.flatMap { bits(hexadecimal: $0, count: dimension) })
        #expect(batch.bits.reduce(0) { $0 + Int($1) } == expected.ones)
    }

    @Test(arguments: ToyDataset.allCases) func savedRandomStateContinuesTheBatches(dataset: ToyDataset) throws {
        var data = try BinaryToyData(dataset, dimension: 64, seed: 3)
        _ = try data.batch(10)
        let saved = data.randomState.state
        let next = try data.batch(10)
        var resumed = try BinaryToyData(dataset, dimension: 64, seed: 3)
        resumed.randomState = try NumPyRandomState(state: saved)
        #expect(try resumed.batch(10) == next)
        #expect(resumed == data)
    }

    @Test(arguments: ToyDataset.allCases) func decodedBatchLiesWithinOneStepOfThePoints(dataset: ToyDataset) throws {
        var data = try BinaryToyData(dataset, dimension: 20, seed: 5)
        var copy = data
        let points = try data.points(500)
        let decoded = try copy.points(of: copy.batch(500))
        for (point, back) in zip(points, decoded) {
            // 1e-6: float32 rounding of the product, at most.
            #expect(abs(point.x - back.x) <= (1 + 1e-4) / data.intScale + 1e-6)
            #expect(abs(point.y - back.y) <= (1 + 1e-4) / data.intScale + 1e-6)
        }
    }

    @Test func impossibleRequestsNameWhatWouldBeRight() throws {
        #expect(throws: DatasetError.unknownDataset("spirals")) { try BinaryToyData(named: "spirals", seed: 1) }
        #expect(
            DatasetError.unknownDataset("spirals").description
                == "unknown data set 'spirals': the toy data sets are "
                + "2spirals, 8gaussians, circles, moons, pinwheel, swissroll, checkerboard")
        for dimension in [-2, 0, 2, 3, 31, 2050] {
            #expect(throws: DatasetError.dimension(dimension)) {
                try BinaryToyData(.moons, dimension: dimension, seed: 1)
            }
        }
        #expect(
            DatasetError.dimension(31).description
                == "dimension 31: a point takes an even number of bits from 4 to 2048")

        func refused(_ dataset: ToyDataset, _ count: Int, saying words: String) throws {
            var data = try BinaryToyData(dataset, seed: 1)
            let before = data
            let error = #expect(throws: DatasetError.self) { try data.batch(count) }
            #expect(error?.description.contains(words) == true)
            #expect(error?.description.hasPrefix("\(count) points of '\(dataset.rawValue)'") == true)
            #expect(data == before, "a refused request draws nothing")
        }
        for dataset in ToyDataset.allCases {
            for count in [Int.min, -1, 0, Int.max] { try refused(dataset, count, saying: "must be from 1 to") }
        }
        for dataset in [ToyDataset.twoSpirals, .circles, .moons] { try refused(dataset, 7, saying: "must be even") }
        try refused(.pinwheel, 4, saying: "at least 5")
    }

    @Test(arguments: ToyDataset.allCases) func smallestBatchesAreFinite(dataset: ToyDataset) throws {
        var data = try BinaryToyData(dataset, seed: 1)
        let points = try data.points(dataset == .pinwheel ? 5 : 2)
        #expect(points.allSatisfy { $0.x.isFinite && $0.y.isFinite })
    }
}
