import ArgumentParser
import Datasets
import Experiments
import Foundation
import HDF5
import Metrics
import Torch

struct ScoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Scores images against a reference: Inception score, FID and KID, each with its floor.",
        discussion: """
            IMAGES and REFERENCE are each \(imageInputHelp). Without --weights a classifier of our own, trained on the reference's labels, \
            takes the Inception network's place; its scores are called classifier-IS, -FID and -KID and compare with no published number. \
            The floor of a score is one half of the reference against the other. What --save-statistics wrote can stand in the reference's \
            place, with the network that it was gathered by. Exit codes: 0 done; 2 bad data or environment; 64 wrong usage.
            """)

    @Argument(help: "The images.") var images: String
    @Argument(help: "What they are to look like.") var reference: String
    @Option(
        help: ArgumentHelp(
            "The Inception network's weights, as data-scripts/inception-to-hdf5 writes them.", valueName: "file"))
    var weights: String?
    @Option(
        help:
            "How images become the network's input: \(InceptionNetwork.Input.allCases.map(\.rawValue).joined(separator: ", "))."
    )
    var input = InceptionNetwork.Input.tensorFlow1
    @Option(
        help: ArgumentHelp(
            "The classifier: read where the file is there, else trained and written to it.", valueName: "file"))
    var classifier: String?
    @Option(help: "Epochs that the classifier is trained for.") var epochs = 3
    @Option(help: "Splits of the Inception score.") var splits = 10
    @Flag(
        help: "Deal images to those splits in their order, which may be by class, rather than shuffled by a fixed seed."
    )
    var keepOrder = false
    @Option(
        help: ArgumentHelp(
            "Where to write what was gathered of the reference, to stand in its place another time.", valueName: "file")
    )
    var saveStatistics: String?
    @Flag(help: "Replace the file of --save-statistics where it is there already.") var force = false
    @Option(help: "Images at a time.") var batch = 50
    @Option(
        parsing: .unconditional,
        help: "Where random choices start: the classifier, subsets of the KID; a whole number from 0.")
    var seed: UInt64 = 1
    @Option(help: "Threads to compute with.") var threads: Int = Processor.available
    @Flag(help: "Print JSON instead of a table.") var json = false
    @Flag(
        help:
            "Take weights, a classifier or statistics also where the file carries no checksum, as those written before files had one."
    )
    var acceptUnchecked = false

    func validate() throws {
        try requireCounts(["epochs": epochs, "splits": splits, "batch": batch, "threads": threads])
        if weights != nil, classifier != nil { throw ValidationError("--weights and --classifier exclude each other") }
    }

    func run() throws {
        do { try score() } catch let error as HDF5Error where error.lacksChecksum {
            throw RunError(
                error.description,
                cure: "if you know that it is whole, --accept-unchecked takes it; else have it written anew")
        }
    }

    private func score() throws {
        Runtime.threads = threads
        let (statistics, newClassifier) = try outputs()
        let (images, reference) = (try openImages(images), try openReference())
        let network = try network(reference, of: images.shape, keptAt: newClassifier)
        try network.check(images.shape)
        try reference.map { try network.check($0.shape) }
        let saved = try reference == nil ? savedFeatures(network) : nil
        func features(_ source: any ImageSource) throws -> ImageFeatures {
            try ImageFeatures(of: source, by: network, splits: splits, order: order, batchSize: batch, seed: seed) {
                done in
                showProgress("\(source.name): image \(done)/\(source.count)", last: done == source.count)
            }
        }
        let gathered = try saved ?? features(reference!)
        try statistics?.write { try gathered.save(to: $0) }
        let scores = try ImageScores(features(images), reference: gathered, seed: seed)
        for warning in scores.warnings { Console.shared.write("warning: \(warning)") }
        if json {
            try printJSON(scores)
        } else {
            try printText(scores.table.markdown)
        }
    }

    private var order: SplitOrder { keepOrder ? .kept : .shuffled }

    /// The files to write: the reference's statistics, and the classifier where its file is not there to be read.
    /// Throws `RunError` where one cannot be written.
    private func outputs() throws -> (statistics: OutputFile?, classifier: OutputFile?) {
        let inputs = [images, reference] + [weights, classifier].compactMap { $0 }
        let isNew = classifier.map { !FileManager.default.fileExists(atPath: $0) } ?? false
        let statistics = try saveStatistics.map { try OutputFile($0, inputs: inputs, force: force) }
        let newClassifier = isNew ? try OutputFile(classifier!, inputs: inputs, force: false) : nil
        if let statistics, let newClassifier, statistics.isSame(as: newClassifier) {
            throw RunError(
                "\(saveStatistics!): is given to both --save-statistics and --classifier", cure: "give two names")
        }
        return (statistics, newClassifier)
    }

    /// The reference's images; nil where what was gathered of them stands in their place.
    private func openReference() throws -> (any ImageSource)? {
        var isFolder: ObjCBool = false
        let isFile = FileManager.default.fileExists(atPath: reference, isDirectory: &isFolder) && !isFolder.boolValue
        let isSaved =
            try isFile && FileKind(contentsOf: URL(fileURLWithPath: reference)) == .hdf5
            && ImageFeatures.areSaved(at: reference)
        return isSaved ? nil : try openImages(reference)
    }

    /// What was gathered of the reference, by the same network and of as many splits.
    private func savedFeatures(_ network: any FeatureNetwork) throws -> ImageFeatures {
        let saved = try ImageFeatures(hdf5: reference, by: network, acceptsUnchecked: acceptUnchecked)
        guard saved.score.splits == splits else {
            throw RunError(
                "\(reference): holds an Inception score of \(saved.score.splits) splits, --splits asks for \(splits)")
        }
        guard saved.order == order else {
            throw RunError(
                "\(reference): holds an Inception score of images in the order '\(saved.order.rawValue)', asked for is '\(order.rawValue)'",
                cure: saved.order == .kept ? "give --keep-order" : "leave --keep-order out")
        }
        return saved
    }

    /// The Inception network where its weights are given, else a classifier: read, or trained on the reference and kept
    /// where that is asked for.
    private func network(
        _ reference: (any ImageSource)?, of shape: ImageShape, keptAt newClassifier: OutputFile?
    ) throws -> any FeatureNetwork {
        if let weights {
            guard FileManager.default.fileExists(atPath: weights) else {
                throw RunError("\(weights): is not there", cure: InceptionNetwork.howToGetWeights)
            }
            return try InceptionNetwork(hdf5: weights, input: input, acceptsUnchecked: acceptUnchecked)
        }
        if let classifier, FileManager.default.fileExists(atPath: classifier) {
            return try ImageClassifier(hdf5: classifier, acceptsUnchecked: acceptUnchecked)
        }
        guard let reference, let labels = try reference.labels() else {
            throw RunError(
                "without --weights a classifier is trained on the reference, but \(reference?.name ?? self.reference) has no labels",
                cure:
                    "give a reference with labels, a trained classifier by --classifier, or the Inception network's --weights:",
                InceptionNetwork.howToGetWeights)
        }
        guard reference.shape == shape else {
            throw RunError(
                "\(images): holds images of \(shape), \(self.reference) of \(reference.shape): a classifier takes images of one size",
                cure: "scale one of them, or give the Inception network's --weights")
        }
        Console.shared.write(
            "no --weights: a classifier trained on \(reference.name) is used. \(InceptionNetwork.howToGetWeights)")
        let all = try ImageSet(
            name: reference.name, shape: reference.shape, pixels: reference.pixels(0..<reference.count), labels: labels)
        let (training, heldOut) = try all.heldOut(every: 10)
        let trained = try ImageClassifier(training: training, heldOut: heldOut, .init(epochs: epochs, seed: seed)) {
            update, count in
            showProgress("classifier: update \(update)/\(count)", last: update == count)
        }
        Console.shared.write("classifier: \(trained.origin)")
        try newClassifier?.write { try trained.save(to: $0) }
        return trained
    }

    private func showProgress(_ line: String, last: Bool) {
        guard Console.shared.isTerminal else { return }
        Console.shared.show(last ? [] : [line])
        if last { Console.shared.write(line) }
    }
}

extension InceptionNetwork.Input: ExpressibleByArgument {}

extension InceptionNetwork {
    static let howToGetWeights =
        "The Inception weights come from pytorch-fid's release (pt_inception-2015-12-05-6726825d.pth) by data-scripts/inception-to-hdf5."
}

extension ImageScores {
    /// A row a score, with its floor and the reference's own.
    var table: Table {
        let prefix = network == "Inception" ? "" : "\(network)-"
        func row(_ name: String, _ value: String, _ floor: String, _ note: String) -> [String] {
            [prefix + name, value, floor, note]
        }
        func spread(_ score: InceptionScore) -> String {
            String(format: "%.4f ± %.4f", score.mean, score.standardDeviation)
        }
        func spread(_ distance: KernelDistance) -> String {
            let mean = String(format: "%.6f", distance.mean)
            return distance.standardDeviation.map { mean + String(format: " ± %.6f", $0) } ?? mean
        }
        func share(_ value: Double?) -> String { value.map { String(format: "%.4f", $0) } ?? "–" }
        let balls =
            precisionRecall.map { found in
                "balls to the \(found.neighbours)rd neighbour, \(found.count) of each"
                    + (precisionRecallFloor.map { "; floor of \($0.count)" } ?? "")
            } ?? "too few images"
        let splits =
            "\(inceptionScore.splits) splits, images \(splitOrder == .kept ? "in their order" : "shuffled"); beside it the reference's own"
        return Table(
            columns: ["score", "images", "floor", "with"],
            rows: [
                row("IS", spread(inceptionScore), spread(referenceInceptionScore), "bias-free head, \(splits)"),
                row("IS with bias", spread(inceptionScoreWithBias), spread(referenceInceptionScoreWithBias), splits),
                row(
                    "FID", String(format: "%.4f", frechetDistance), String(format: "%.4f", frechetFloor),
                    "\(images.count) against \(reference.count); floor \((reference.count + 1) / 2) against \(reference.count / 2)"
                ),
                row(
                    "KID", spread(kernelDistance), spread(kernelFloor),
                    "\(kernelDistance.subsets) subsets of \(kernelDistance.subsetSize); floor of \(kernelFloor.subsetSize)"
                ),
                row("precision", share(precisionRecall?.precision), share(precisionRecallFloor?.precision), balls),
                row("recall", share(precisionRecall?.recall), share(precisionRecallFloor?.recall), balls),
            ],
            notes: [
                "images: \(images.name), \(images.count) of \(images.shape), SHA-256 \(images.checksum)",
                "reference: \(reference.name), \(reference.count) of \(reference.shape), SHA-256 \(reference.checksum)",
                "network: \(network), \(networkOrigin); SHA-256 of the weights \(weights)",
                "floor: one half of the reference, drawn at random, against the other; for IS the reference's own score",
            ])
    }
}
