import Foundation
import HDF5
import Metrics
import Testing
import Torch

private struct FrechetGolden: Decodable {
    struct Case: Decodable {
        let name: String
        let dimension: Int
        let mean1: [Double], mean2: [Double]
        let covariance1: [Double], covariance2: [Double]
        let distance: Double
    }
    let cases: [Case]
}

/// Statistics of n draws of d normal numbers, the columns mixed so that they correlate.
private func draws(_ n: Int, _ d: Int, seed: UInt64) -> Tensor {
    let generator = RandomGenerator(seed: seed)
    return Tensor.normal([n, d], dtype: .float64, using: generator).matmul(
        Tensor.normal([d, d], dtype: .float64, using: generator))
}

private func statistics(_ x: Tensor) -> FeatureStatistics {
    let statistics = FeatureStatistics(dimension: x.size(1))
    statistics.add(x)
    return statistics
}

@Suite struct FrechetDistanceTests {
    /// scipy's sqrtm on matrices of full rank, singular values on others: to 1e-11 of the traces with the lower rank
    /// first; the other way round rounding enters by its root, 1e-8 of the scale for each direction that the second
    /// does not span.
    @Test func randomCovariancesAgreeWithScipy() throws {
        let url = try #require(Bundle.module.url(forResource: "frechet", withExtension: "json", subdirectory: "Golden"))
        let golden = try JSONDecoder().decode(FrechetGolden.self, from: Data(contentsOf: url))
        #expect(golden.cases.count == 5)
        for item in golden.cases {
            let shape = [item.dimension, item.dimension]
            let a = (Tensor(item.mean1), Tensor(item.covariance1, shape: shape))
            let b = (Tensor(item.mean2), Tensor(item.covariance2, shape: shape))
            let lowerFirst = item.name.hasPrefix("second") ? frechetDistance(b, a) : frechetDistance(a, b)
            let lowerSecond = item.name.hasPrefix("second") ? frechetDistance(a, b) : frechetDistance(b, a)
            #expect(abs(lowerFirst / item.distance - 1) < 1e-11, "\(item.name)")
            #expect(abs(lowerSecond / item.distance - 1) < 1e-7, "\(item.name)")
        }
    }

    /// Commuting covariances: Σ (√aᵢ − √bᵢ)², zeros included, turned by a rotation.
    @Test func commutingGaussiansHaveTheirClosedForm() {
        let a = [4.0, 1, 0, 9, 0], b = [1.0, 16, 0, 0, 2]
        let rotation = draws(5, 5, seed: 2)
        let (_, u) = rotation.matmul(rotation.transposed()).symmetricEigen()
        func turned(_ values: [Double]) -> Tensor { (u * Tensor(values)).matmul(u.transposed()) }
        let means = (Tensor([1.0, 0, 0, 0, 2]), Tensor([0.0, 0, 0, 3, 2]))
        let expected =
            10
            + zip(a, b).map { ($0.squareRoot() - $1.squareRoot()) * ($0.squareRoot() - $1.squareRoot()) }.reduce(0, +)
        // Both have zeros where the other has none: the root of rounding, 1e-8, is the bound.
        #expect(abs(frechetDistance((means.0, turned(a)), (means.1, turned(b))) - expected) < 1e-6)
        let none = Tensor.zeros([5, 5], dtype: .float64)
        #expect(abs(frechetDistance((means.0, none), (means.1, turned(b))) - (10 + 19)) < 1e-12)
    }

    @Test func aSetIsAtDistanceZeroFromItself() {
        let x = statistics(draws(400, 20, seed: 3))
        #expect(abs(frechetDistance(x, x)) < 1e-10 * x.covariance.diagonal().sum().item())
    }

    /// 12 samples of 40 numbers against 500: the mixed trace is the sum of singular values of C₁^½ C₂^½, here of the
    /// samples themselves.
    @Test func fewerSamplesThanNumbersGiveTheExactDistance() {
        let (few, many) = (draws(12, 40, seed: 4), draws(500, 40, seed: 5))
        let (a, b) = (statistics(few), statistics(many))
        // (C₁ C₂)^½ has the eigenvalues' roots of G = X C₂ Xᵀ / 11, X the centred samples, whose rank is 11.
        let centred = few - few.mean(0)
        let gram = centred.matmul(b.covariance).matmul(centred.transposed()) / 11
        let roots = gram.symmetricEigen().values.array(Double.self).suffix(11).map { $0.squareRoot() }
        let means = (few.mean(0) - many.mean(0)).squared().sum().item()
        let traces = a.covariance.diagonal().sum().item() + b.covariance.diagonal().sum().item()
        let expected = means + traces - 2 * roots.reduce(0, +)
        #expect(abs(frechetDistance(a, b) / expected - 1) < 1e-11)
        #expect(abs(frechetDistance(b, a) / expected - 1) < 1e-11)
    }
}

@Suite struct FeatureStatisticsTests {
    /// Batches of unequal size, far from 0, against the two-pass formula: float64 to 1e-12, where a sum of squares
    /// would lose all digits.
    @Test func batchesMakeTheCovarianceOfAll() {
        let x = draws(137, 9, seed: 6) + 1e7
        let parts = FeatureStatistics(dimension: 9), other = FeatureStatistics(dimension: 9)
        for (start, length) in [(0, 1), (1, 50), (51, 0), (51, 9)] {
            parts.add(x.narrowed(0, start: start, length: length))
        }
        other.add(x.narrowed(0, start: 60, length: 70))
        other.add(x.narrowed(0, start: 130, length: 7))
        parts.add(other)
        parts.add(FeatureStatistics(dimension: 9))
        #expect(parts.count == 137 && other.count == 77)
        let centred = x - x.mean(0)
        let expected = centred.transposed().matmul(centred) / 136
        let scale = expected.abs().max().item()
        #expect((parts.covariance - expected).abs().max().item() < 1e-7 * scale)
        #expect((parts.mean - x.mean(0)).abs().max().item() < 1e-8)
    }

    @Test func statisticsComeBackFromAFileAndGoOn() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("statistics-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appendingPathComponent("a.h5").path
        let (x, y) = (draws(30, 4, seed: 7), draws(20, 4, seed: 8))
        let straight = statistics(x)
        let writer = try HDF5Writer()
        try straight.write(to: writer, prefix: "train-")
        try writer.save(to: path)
        let back = try FeatureStatistics(from: HDF5File(path: path), prefix: "train-", dimension: 4)
        #expect(back.count == 30 && back.mean.array(Double.self) == straight.mean.array(Double.self))
        straight.add(y)
        back.add(y)
        #expect(back.scatter.array(Double.self) == straight.scatter.array(Double.self))

        // Of many numbers S is symmetric only to rounding.
        let many = statistics(draws(300, 257, seed: 9))
        let wide = try HDF5Writer()
        try many.write(to: wide, prefix: "")
        let place = folder.appendingPathComponent("wide.h5").path
        try wide.save(to: place)
        #expect(
            try FeatureStatistics(from: HDF5File(path: place), prefix: "", dimension: 257).scatter.array(Double.self)
                == many.scatter.array(Double.self))

        #expect(throws: HDF5Error.self) {
            try FeatureStatistics(from: HDF5File(path: path), prefix: "test-", dimension: 4)
        }
        #expect(throws: HDF5Error.self) {
            try FeatureStatistics(from: HDF5File(path: path), prefix: "train-", dimension: 5)
        }
        let damaged = folder.appendingPathComponent("b.h5").path
        let other = try HDF5Writer()
        try other.write(HDF5Array([Int64(3)], shape: []), named: "count")
        try other.write(HDF5Array([1.0, 2], shape: [2]), named: "mean")
        try other.write(HDF5Array([1.0, 2, 3, 4], shape: [2, 2]), named: "scatter")
        try other.save(to: damaged)
        #expect(throws: MetricError.self) {
            try FeatureStatistics(from: HDF5File(path: damaged), prefix: "", dimension: 2)
        }
    }
}
