import Datasets
import Foundation
import HDF5
import Metrics
import Testing
import Torch

@Suite struct KernelDistanceTests {
    /// The estimator's three sums, pair by pair.
    @Test func theEstimateIsItsFormula() {
        let generator = RandomGenerator(seed: 1)
        let (x, y) = (Tensor.normal([7, 3], using: generator), Tensor.normal([5, 3], using: generator) + 0.5)
        func rows(_ t: Tensor) -> [[Double]] { (0..<t.size(0)).map { t[$0].array(Double.self) } }
        func kernel(_ a: [Double], _ b: [Double]) -> Double {
            let base = zip(a, b).map(*).reduce(0, +) / 3 + 1
            return base * base * base
        }
        func within(_ set: [[Double]]) -> Double {
            var sum = 0.0
            for i in set.indices { for j in set.indices where i != j { sum += kernel(set[i], set[j]) } }
            return sum / Double(set.count * (set.count - 1))
        }
        let (a, b) = (rows(x), rows(y))
        let between = a.flatMap { p in b.map { kernel(p, $0) } }.reduce(0, +) / 35
        #expect(abs(polynomialMMD(x, y) - (within(a) + within(b) - 2 * between)) < 1e-5)
    }

    /// Of N(a, I) and N(b, I) the mean is E k(x, x′) + E k(y, y′) − 2 E k(x, y), in closed form by the moments of x·y,
    ///
    ///     E t = a·b,   E t² = (a·b)² + |a|² + |b|² + d,   E t³ = (a·b)³ + 3 a·b (|a|² + |b|² + d + 2).
    ///
    /// Subsets of 500 out of 2,000 are worth four independent ones, so that 5 errors of the mean are 2.5 deviations.
    @Test func normalDistributionsAreAtTheirDistance() throws {
        let generator = RandomGenerator(seed: 2)
        let sets = (0..<2).map { _ in Tensor.normal([2000, 8], using: generator) }
        let same = KernelDistance(sets[0], sets[1], subsets: 20, subsetSize: 500, using: RandomGenerator(seed: 3))
        let spread = try #require(same.standardDeviation)
        #expect(abs(same.mean) < 2.5 * spread && spread > 0)
        #expect(same.subsets == 20 && same.subsetSize == 500)
        let shifted = KernelDistance(
            sets[0], sets[1] + 0.5, subsets: 20, subsetSize: 500, using: RandomGenerator(seed: 3))
        func kernel(_ ab: Double, _ a: Double, _ b: Double) -> Double {
            let (t, t2, t3) = (ab, ab * ab + a + b + 8, ab * ab * ab + 3 * ab * (a + b + 10))
            return 1 + 3 * t / 8 + 3 * t2 / 64 + t3 / 512
        }
        let expected = kernel(0, 0, 0) + kernel(2, 2, 2) - 2 * kernel(0, 0, 2)
        let deviation = try #require(shifted.standardDeviation)
        #expect(abs(shifted.mean - expected) < 2.5 * deviation && deviation < 0.1 * expected)
        #expect(KernelDistance(sets[0], sets[1], subsets: 20, subsetSize: 500, using: RandomGenerator(seed: 3)) == same)
        // Subsets that are the whole sets do not differ.
        let whole = KernelDistance(sets[0], sets[1], subsets: 2, subsetSize: 5000, using: RandomGenerator(seed: 3))
        #expect(whole.subsetSize == 2000 && whole.standardDeviation == nil)
    }
}

@Suite struct InceptionScoreTests {
    private func score(_ logits: Tensor, splits: Int, batch: Int, order: SplitOrder = .kept) -> InceptionScore {
        let n = logits.size(0)
        var sums = InceptionScoreSums(images: n, splits: splits, classes: logits.size(1), order: order)
        for start in stride(from: 0, to: n, by: batch) {
            sums.add(logits.narrowed(0, start: start, length: min(batch, n - start)))
        }
        return sums.score
    }

    /// Certain predictions spread over k classes score k, equal ones 1.
    @Test func extremesAreOneAndTheNumberOfClasses() {
        let certain = Tensor.identity(10).repeated(3, along: 0) * 200
        #expect(abs(score(certain, splits: 1, batch: 7).mean - 10) < 1e-9)
        // Three images of a class follow each other: each split of six images sees two classes.
        #expect(abs(score(certain, splits: 5, batch: 7).mean - 2) < 1e-9)
        let equal = Tensor.ones([20, 10]) * 3
        #expect(abs(score(equal, splits: 2, batch: 20).mean - 1) < 1e-12)
        #expect(score(equal, splits: 2, batch: 20).standardDeviation < 1e-12)
    }

    /// exp of the mean divergence, image by image, for splits of unequal size and batches across their bounds.
    @Test func theScoreIsItsFormula() {
        let logits = Tensor.normal([23, 6], dtype: .float64, using: RandomGenerator(seed: 4)) * 2
        let p = logits.softmax(1)
        let rows = (0..<23).map { p[$0].array(Double.self) }
        var scores: [Double] = []
        for (begin, end) in [(0, 7), (7, 15), (15, 23)] {
            let part = rows[begin..<end]
            let marginal = (0..<6).map { y in part.map { $0[y] }.reduce(0, +) / Double(part.count) }
            let divergences = part.map { row in zip(row, marginal).map { $0 * log($0 / $1) }.reduce(0, +) }
            scores.append(exp(divergences.reduce(0, +) / Double(part.count)))
        }
        let mean = scores.reduce(0, +) / 3
        let deviation = (scores.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / 3).squareRoot()
        for batch in [1, 5, 23] {
            let found = score(logits, splits: 3, batch: batch)
            #expect(
                abs(found.mean - mean) < 1e-10 && abs(found.standardDeviation - deviation) < 1e-10 && found.splits == 3)
        }
    }

    /// Certain predictions, sorted by class: in that order each of ten splits sees one class and scores 1; shuffled,
    /// each sees nearly all. The permutation is numpy's RandomState(2020).permutation(12), printed by numpy 2.4, so
    /// that torch-fidelity deals the images alike.
    @Test func imagesSortedByClassAreShuffled() {
        let sorted =
            Tensor.concatenated(
                (0..<10).map { Tensor.identity(10).narrowed(0, start: $0, length: 1).repeated(30, along: 0) }) * 200
        #expect(abs(score(sorted, splits: 10, batch: 64).mean - 1) < 1e-9)
        #expect(score(sorted, splits: 10, batch: 64, order: .shuffled).mean > 8)
        let logits = Tensor.normal([12, 6], dtype: .float64, using: RandomGenerator(seed: 4)) * 2
        let dealt = logits.indexSelected(0, Tensor([2, 1, 11, 4, 10, 5, 7, 9, 6, 3, 8, 0]))
        let (shuffled, kept) = (
            score(logits, splits: 3, batch: 5, order: .shuffled), score(dealt, splits: 3, batch: 12)
        )
        #expect(
            abs(shuffled.mean - kept.mean) < 1e-12 && abs(shuffled.standardDeviation - kept.standardDeviation) < 1e-12)
    }
}

/// A network whose features are the pixels, and whose classes are the channels' means.
private struct PixelNetwork: FeatureNetwork {
    let name = "classifier"
    let origin = "a test"
    var checksum = "0"
    var preparation = "as they are"
    let featureCount = 12
    let classCount = 3

    func check(_ shape: ImageShape) throws(MetricError) {
        guard shape == ImageShape(channels: 3, height: 2, width: 2) else {
            throw MetricError("images of \(shape) are not 3 × 2 × 2")
        }
    }

    func callAsFunction(_ images: Tensor) -> NetworkOutput {
        let features = images.converted(to: .float32).reshaped([-1, 12]) / 255
        let logits = images.converted(to: .float32).mean(2, 3) / 20
        return NetworkOutput(features: features, logits: logits + 1, biasFreeLogits: logits)
    }
}

@Suite struct ImageScoreTests {
    private func images(_ count: Int, seed: UInt64, offset: Int = 0) throws -> ImageSet {
        let bytes = Tensor.integers(
            [count * 12], offset..<200 + offset, dtype: .uint8, using: RandomGenerator(seed: seed)
        ).array(UInt8.self)
        return try ImageSet(name: "set \(seed)", shape: ImageShape(channels: 3, height: 2, width: 2), pixels: bytes)
    }

    /// Gathered in batches, the statistics are those of all images, and the halves share them out.
    @Test func onePassGathersWhatTheScoresNeed() throws {
        let set = try images(101, seed: 1)
        var done: [Int] = []
        let features = try ImageFeatures(of: set, by: PixelNetwork(), kept: 40, splits: 4, batchSize: 30) {
            done.append($0)
        }
        #expect(done == [30, 60, 90, 101])
        let x = PixelNetwork()(set.tensor(0..<101)).features.converted(to: .float64)
        #expect((features.statistics.mean - x.mean(0)).abs().max().item() < 1e-12)
        let centred = x - x.mean(0)
        #expect(
            (features.statistics.covariance - centred.transposed().matmul(centred) / 100).abs().max().item() < 1e-12)
        #expect(features.halves.0.count == 51 && features.halves.1.count == 50)
        // The kept rows are distinct rows of x, in order.
        var next = 0
        for row in 0..<40 {
            let kept = features.kept[row].array(Float.self)
            while next < 101, x[next].array(Float.self) != kept { next += 1 }
            #expect(next < 101)
            next += 1
        }
        #expect(features.kept.shape == [40, 12])
        #expect(
            features.images == ScoredSet(name: "set 1", count: 101, shape: "3 × 2 × 2", checksum: try set.checksum()))
        // A constant added to all logits changes no probability.
        #expect(abs(features.score.mean - features.biasFreeScore.mean) < 1e-6 && features.score.splits == 4)
    }

    @Test func scoresStandWithTheirFloorsAndWarnings() throws {
        let network = PixelNetwork()
        let reference = try ImageFeatures(of: images(600, seed: 2), by: network, splits: 1)
        let same = try ImageFeatures(of: images(600, seed: 3), by: network, splits: 1)
        let shifted = try ImageFeatures(of: images(600, seed: 4, offset: 50), by: network, splits: 1)
        let (near, far) = (try ImageScores(same, reference: reference), try ImageScores(shifted, reference: reference))
        #expect(near.frechetFloor == far.frechetFloor && near.kernelFloor == far.kernelFloor)
        // A shift of 50/255 of all twelve features, and no other difference but chance.
        #expect(abs(far.frechetDistance - 12 * 50.0 / 255 * 50 / 255) < 5 * near.frechetFloor)
        #expect(near.frechetDistance < near.frechetFloor)
        let (own, others) = (try #require(near.precisionRecall), try #require(far.precisionRecall))
        #expect(own.count == 600 && near.precisionRecallFloor?.count == 300)
        #expect(own.precision > 0.5 && own.recall > 0.5 && others.precision < own.precision)
        #expect(near.warnings.isEmpty && near.network == "classifier" && near.weights == "0")
        #expect(try JSONDecoder().decode(ImageScores.self, from: JSONEncoder().encode(near)) == near)

        let few = try ImageFeatures(of: images(12, seed: 5), by: network, splits: 1)
        #expect(
            try ImageScores(few, reference: reference).warnings == [
                "set 5 has 12 images: its covariance has rank 11 at most, of 12; "
                    + "the Fréchet distance is biased upwards, and comparable only at equal numbers of images"
            ])
    }

    /// Saved and read, a reference gives the same numbers to the bit; with another network or preparation, or damaged,
    /// it is refused.
    @Test func aSavedReferenceStandsForItsImages() throws {
        let network = PixelNetwork()
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("features-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let url = folder.appendingPathComponent("whole.h5")
        let reference = try ImageFeatures(of: images(61, seed: 8), by: network, kept: 40, splits: 3)
        let samples = try ImageFeatures(of: images(50, seed: 9, offset: 9), by: network, splits: 5)
        try reference.save(to: url.path)
        let isSaved = try ImageFeatures.areSaved(at: url.path)
        #expect(isSaved)
        let back = try ImageFeatures(hdf5: url.path, by: network)
        let (straight, again) = (
            try ImageScores(samples, reference: reference), try ImageScores(samples, reference: back)
        )
        #expect(straight == again && again.reference.count == 61 && again.referenceInceptionScore.splits == 3)
        #expect(again.frechetFloor > 0 && again.kernelFloor.subsetSize == 20)

        func fault(_ network: PixelNetwork, in name: String = "whole") -> String {
            let path = folder.appendingPathComponent("\(name).h5").path
            do { _ = try ImageFeatures(hdf5: path, by: network) } catch {
                return "\(error)".replacingOccurrences(of: path, with: "FILE")
            }
            return "none"
        }
        let other = "FILE: was gathered by another network or preparation of images: a test, not a test"
        #expect(fault(PixelNetwork(checksum: "1")) == other)
        #expect(fault(PixelNetwork(preparation: "another")) == other)
        for other in [PixelNetwork(preparation: "x"), PixelNetwork(checksum: "1")] {
            var mixed = ""
            do { _ = try ImageScores(ImageFeatures(of: images(20, seed: 1), by: other), reference: back) } catch {
                mixed = "\(error)"
            }
            #expect(mixed == "features of networks of different weights or input: a test, a test")
        }
        let noNumbers = "FILE: 'kept', 'inceptionScores' or 'splits' holds numbers that it cannot hold"
        let damages: [(name: String, array: HDF5Array, fault: String)] = [
            (
                "kept", HDF5Array([Float](repeating: 1, count: 12), shape: [1, 12]),
                "FILE: array 'kept' has the shape [1, 12], expected [2 to 61, 12]"
            ),
            (
                "kept", HDF5Array([Float](repeating: 1, count: 22), shape: [2, 11]),
                "FILE: array 'kept' has the shape [2, 11], expected [2 to 61, 12]"
            ),
            ("kept", HDF5Array([Float](repeating: .nan, count: 24), shape: [2, 12]), noNumbers),
            ("splits", HDF5Array([Int64(0)], shape: []), noNumbers),
            ("inceptionScores", HDF5Array([1, .infinity, 1, 0] as [Double], shape: [2, 2]), noNumbers),
            (
                "second.count", HDF5Array([Int64(2)], shape: []),
                "FILE: the halves are of 31 and 2 images, expected one half each"
            ),
            (
                "first.count", HDF5Array([Int64.max], shape: []),
                "FILE: 'first.' count, mean and scatter are no statistics of features"
            ),
        ]
        for (index, damage) in damages.enumerated() {
            let file = try HDF5File(path: url.path), writer = try HDF5Writer()
            for other in try file.names() {
                try writer.write(other == damage.name ? damage.array : file.read(other), named: other)
            }
            for (key, value) in try file.attributes() { try writer.setAttribute(key, to: value) }
            try writer.save(to: folder.appendingPathComponent("\(index).h5").path)
            let found = fault(network, in: "\(index)")
            #expect(found == damage.fault)
        }
        let empty = folder.appendingPathComponent("empty.h5").path
        try HDF5Writer().save(to: empty)
        let isStillSaved = try ImageFeatures.areSaved(at: empty)
        #expect(!isStillSaved)
        #expect(
            fault(network, in: "empty")
                == "FILE: holds no statistics of images: its attribute 'format' is not 'image-features/1'")
    }

    @Test func setsThatCannotBeScoredAreNamed() throws {
        func fault(_ body: () throws -> Void) -> String {
            do { try body() } catch { return "\(error)" }
            return "none"
        }
        let (one, three) = (try images(1, seed: 6), try images(3, seed: 7))
        let grey = try ImageSet(
            name: "grey", shape: ImageShape(channels: 1, height: 2, width: 2), pixels: [UInt8](repeating: 1, count: 40))
        let tooFew = fault { _ = try ImageFeatures(of: one, by: PixelNetwork()) }
        #expect(tooFew == "set 6: has one image, scores need two or more")
        let splits = fault { _ = try ImageFeatures(of: three, by: PixelNetwork(), splits: 4) }
        #expect(splits == "set 7: has 3 images, too few for 4 splits of the Inception score: two or more go to each")
        // As many splits as images would score 1 ± 0 whatever they show.
        let alone = fault { _ = try ImageFeatures(of: three, by: PixelNetwork(), splits: 3) }
        #expect(alone == "set 7: has 3 images, too few for 3 splits of the Inception score: two or more go to each")
        let shape = fault { _ = try ImageFeatures(of: grey, by: PixelNetwork()) }
        #expect(shape == "images of 1 × 2 × 2 are not 3 × 2 × 2")
        let features = try ImageFeatures(of: three, by: PixelNetwork(), splits: 1)
        let reference = fault { _ = try ImageScores(features, reference: features) }
        #expect(reference == "set 7: has 3 images, a reference needs four or more")
    }
}

@Suite struct ImageClassifierTests {
    /// Four classes: a bright square in one corner of a noisy grey image of 12 × 12.
    private func corners(_ count: Int, seed: UInt64, labels: Bool = true) throws -> ImageSet {
        let generator = RandomGenerator(seed: seed)
        let classes = Tensor.integers([count], 0..<4, using: generator).array(Int.self)
        var pixels = Tensor.integers([count, 12, 12], 0..<100, using: generator).array(Int.self)
        for (image, corner) in classes.enumerated() {
            for r in 0..<5 {
                for c in 0..<5 { pixels[image * 144 + (r + 7 * (corner / 2)) * 12 + c + 7 * (corner % 2)] += 60 }
            }
        }
        return try ImageSet(
            name: "corners \(seed)", shape: ImageShape(channels: 1, height: 12, width: 12),
            pixels: pixels.map { UInt8($0) },
            labels: labels ? classes : nil)
    }

    @Test func aTrainedClassifierTellsClassesComesBackAndRepeats() throws {
        let (train, test) = (try corners(1500, seed: 1), try corners(500, seed: 2))
        var updates: [Int] = []
        let classifier = try ImageClassifier(training: train, heldOut: test, .init(epochs: 3, seed: 5)) { done, of in
            updates.append(done)
            #expect(of == 33)
        }
        #expect(updates == Array(1...33))
        #expect(classifier.accuracy > 0.98)
        #expect(classifier.origin.contains("accuracy \(String(format: "%.4f", classifier.accuracy)) on corners 2"))
        let output = classifier(test.tensor(0..<500))
        let right = zip(output.logits.argmax(1).array(Int.self), test.classes!).count { $0 == $1 }
        #expect(Double(right) / 500 == classifier.accuracy)
        #expect(output.features.shape == [500, 128] && output.logits.shape == [500, 4])
        let meanSquare = classifier(train.tensor(0..<1500)).features.squared().mean().item()
        #expect(abs(meanSquare - 1) < 1e-4)

        let path = FileManager.default.temporaryDirectory.appendingPathComponent("classifier-\(UUID().uuidString).h5")
            .path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try classifier.save(to: path)
        let back = try ImageClassifier(hdf5: path)
        #expect(
            back.checksum == classifier.checksum && back.accuracy == classifier.accuracy
                && back.origin == classifier.origin)
        #expect(back(test.tensor(0..<500)).logits.array(Float.self) == output.logits.array(Float.self))

        // As it was written before files carried a checksum.
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.dropLast(HDF5Checksum.length).write(to: URL(fileURLWithPath: path))
        let fault = #expect(throws: HDF5Error.self) { try ImageClassifier(hdf5: path) }
        #expect(fault?.lacksChecksum == true)
        #expect(try ImageClassifier(hdf5: path, acceptsUnchecked: true).checksum == classifier.checksum)

        let again = try ImageClassifier(training: train, heldOut: test, .init(epochs: 3, seed: 5))
        #expect(again.checksum == classifier.checksum)
        let other = try ImageClassifier(training: train, heldOut: test, .init(epochs: 1, seed: 6))
        #expect(other.checksum != classifier.checksum)
    }

    @Test func setsThatCannotTrainItAreNamed() throws {
        func fault(_ train: ImageSet, _ test: ImageSet) -> String {
            do { _ = try ImageClassifier(training: train, heldOut: test, .init(epochs: 1)) } catch { return "\(error)" }
            return "none"
        }
        let (train, bare) = (try corners(200, seed: 1), try corners(20, seed: 2, labels: false))
        #expect(fault(train, bare) == "corners 2: has no labels, which a classifier learns from")
        #expect(fault(bare, train) == "corners 2: has no labels, which a classifier learns from")
        #expect(fault(try corners(20, seed: 3), train) == "corners 3: has 20 images, expected at least a batch of 128")
        let small = try ImageSet(
            name: "small", shape: ImageShape(channels: 1, height: 4, width: 4),
            pixels: [UInt8](repeating: 0, count: 32), labels: [0, 1])
        #expect(fault(small, small) == "small: holds images of 1 × 4 × 4, expected sides of at least 8")
        #expect(fault(train, small) == "small: holds images of 1 × 4 × 4, but corners 1 of 1 × 12 × 12")
        let classifier = try ImageClassifier(training: train, heldOut: train, .init(epochs: 1))
        #expect(
            throws: MetricError(
                "images of 3 × 12 × 12 cannot be scored by a classifier of 1 × 12 × 12: the sizes must be the same")
        ) {
            try classifier.check(ImageShape(channels: 3, height: 12, width: 12))
        }
    }
}
