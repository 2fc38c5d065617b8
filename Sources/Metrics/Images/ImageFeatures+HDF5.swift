import Datasets
import HDF5
import Torch

/// What was gathered of a reference, kept so that its images pass through the network once.
extension ImageFeatures {
    private static let format = "image-features/1"

    /// Whether an HDF5 file says of itself that `save(to:)` wrote it. Throws `HDF5Error` where it cannot be read.
    public static func areSaved(at path: String) throws -> Bool {
        try HDF5File(path: path).text("format") == format
    }

    /// Writes the statistics of both halves, the kept features, the Inception scores, and what the images and the
    /// network were, to be read by `init(hdf5:by:)`. Throws `HDF5Error`.
    public func save(to path: String) throws {
        let writer = try HDF5Writer()
        try halves.0.write(to: writer, prefix: "first.")
        try halves.1.write(to: writer, prefix: "second.")
        try writer.write(HDF5Array(kept.array(Float.self), shape: kept.shape), named: "kept")
        let scores = [biasFreeScore, score].flatMap { [$0.mean, $0.standardDeviation] }
        try writer.write(HDF5Array(scores, shape: [2, 2]), named: "inceptionScores")
        try writer.write(HDF5Array([Int64(score.splits)], shape: []), named: "splits")
        let texts = [
            "format": Self.format, "name": images.name, "shape": images.shape, "checksum": images.checksum,
            "network": network.origin,
            "weights": network.checksum, "preparation": network.preparation, "order": order.rawValue,
        ]
        for (name, text) in texts.sorted(by: { $0.key < $1.key }) { try writer.setAttribute(name, to: text) }
        try writer.save(to: path)
    }

    /// Reads what `save(to:)` wrote.
    ///
    /// - Parameter network: of the same weights and preparation as the one that they were gathered by.
    /// - Parameter acceptsUnchecked: whether a file without a checksum is taken, as those written before are.
    /// - Throws: `HDF5Error` where the file cannot be read, carries no checksum or has other arrays, `MetricError`
    ///   where it is of another network, or its numbers cannot be.
    public init(hdf5 path: String, by network: any FeatureNetwork, acceptsUnchecked: Bool = false) throws {
        let file = try HDF5File(own: path, acceptsUnchecked: acceptsUnchecked)
        let texts = try file.attributes()
        guard texts["format"] == Self.format else {
            throw MetricError("\(path): holds no statistics of images: its attribute 'format' is not '\(Self.format)'")
        }
        guard texts["weights"] == network.checksum, texts["preparation"] == network.preparation else {
            throw MetricError(
                "\(path): was gathered by another network or preparation of images: \(texts["network"] ?? "unknown"), not \(network.origin)"
            )
        }
        // Files from before images were dealt at random kept their order, and say nothing.
        guard let order = SplitOrder(rawValue: texts["order"] ?? SplitOrder.kept.rawValue) else {
            throw MetricError(
                "\(path): attribute 'order' is neither '\(SplitOrder.shuffled.rawValue)' nor '\(SplitOrder.kept.rawValue)'"
            )
        }
        self.order = order
        let d = network.featureCount
        let halves = (
            try FeatureStatistics(from: file, prefix: "first.", dimension: d),
            try FeatureStatistics(from: file, prefix: "second.", dimension: d)
        )
        let (first, second) = (halves.0.count, halves.1.count)
        guard second >= 1, first - second == 0 || first - second == 1 else {
            throw MetricError("\(path): the halves are of \(first) and \(second) images, expected one half each")
        }
        let rows = try file.rows("kept")
        guard rows.shape.count == 2, rows.shape[1] == d, 2...first + second ~= rows.rowCount else {
            throw MetricError(
                "\(path): array 'kept' has the shape \(rows.shape), expected [2 to \(first + second), \(d)]")
        }
        kept = Tensor(try rows.read(0..<rows.rowCount, as: Float.self), shape: rows.shape)
        let splits = Int(try file.read("splits", as: Int64.self, shape: [])[0])
        let scores = try file.read("inceptionScores", as: Double.self, shape: [2, 2])
        guard kept.isFinite().all(), scores.allSatisfy({ $0.isFinite && $0 >= 0 }), 1...first + second ~= splits else {
            throw MetricError("\(path): 'kept', 'inceptionScores' or 'splits' holds numbers that it cannot hold")
        }
        images = ScoredSet(
            name: texts["name"] ?? path, count: first + second, shape: texts["shape"] ?? "unknown",
            checksum: texts["checksum"] ?? "unknown")
        (self.network, self.halves) = (network, halves)
        statistics = Self.joined(halves)
        biasFreeScore = InceptionScore(mean: scores[0], standardDeviation: scores[1], splits: splits)
        score = InceptionScore(mean: scores[2], standardDeviation: scores[3], splits: splits)
    }

    static func joined(_ halves: (FeatureStatistics, FeatureStatistics)) -> FeatureStatistics {
        let all = FeatureStatistics(dimension: halves.0.dimension)
        all.add(halves.0)
        all.add(halves.1)
        return all
    }
}
