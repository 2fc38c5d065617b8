import Datasets
import Experiments
import Figures
import Foundation
import Glibc
import HDF5
import Logging
import Metrics
import NoisyQuadratic
import RMwGGISSynthetic
import Torch

/// One way of the suite's to read a file, with whole inputs for it.
struct Reader {
    static let names = [
        "hdf5-images", "checkpoint", "old-checkpoint", "classifier", "old-classifier", "statistics", "idx", "cifar10",
        "png", "graphs", "hdf5-graphs", "npy", "csv", "hdf5-bits", "profiles", "overrides",
        "pinned-values", "golden-trace", "run-json", "measurements", "timing", "shows",
    ]
    /// A reader that shows every kind of fault, for the driver's own test.
    static let planted = "planted"

    /// Tells one reader's damages from another's.
    let number: UInt64
    /// Where it works, and the file that it reads.
    let folder: URL
    let file: URL
    let corpus: [[UInt8]]
    var isText = false
    /// Whether its files carry a checksum, so that nothing but whole ones may be read.
    var isChecked = false
    /// Whether a refusal names the file.
    var namesFile = true
    let read: (URL) throws -> Void

    init(_ name: String, in folder: URL) throws {
        self.folder = folder
        number = name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        switch name {
        case "hdf5-images":
            file = folder.appendingPathComponent("images.h5")
            corpus = try Corpus.hdf5Images(in: folder)
            read = { url in
                let images = try HDF5Images(path: url.path)
                _ = try images.labels()
                for part in stride(from: 0, to: min(images.count, 64), by: 5) {
                    _ = try images.pixels(part..<min(images.count, part + 5))
                }
            }
        case "checkpoint", "old-checkpoint":
            let isOld = name == "old-checkpoint"
            let run = try InterruptedRun(in: folder)
            file = run.checkpoint
            corpus = [isOld ? run.contents.dropLast(HDF5Checksum.length) : run.contents]
            isChecked = !isOld
            read = { _ in try run.resume(acceptsUnchecked: isOld) }
        case "classifier", "old-classifier":
            let isOld = name == "old-classifier"
            file = folder.appendingPathComponent("classifier.h5")
            let whole = try Corpus.classifier(in: folder)
            corpus = [isOld ? whole.dropLast(HDF5Checksum.length) : whole]
            isChecked = !isOld
            read = { _ = try ImageClassifier(hdf5: $0.path, acceptsUnchecked: isOld) }
        case "statistics":
            file = folder.appendingPathComponent("statistics.h5")
            let whole = try Corpus.statistics()
            corpus = [whole]
            isChecked = true
            read = { _ = try FeatureStatistics(from: HDF5File(own: $0.path), prefix: "first.", dimension: 3) }
        case "idx":
            file = folder.appendingPathComponent("a-images-idx3-ubyte")
            corpus = Corpus.idx()
            read = { _ = try ImageSet(idx: $0) }
        case "cifar10":
            file = folder.appendingPathComponent("a.bin")
            corpus = Corpus.cifar10()
            read = { url in
                let records = try CIFAR10.records(contentsOf: url)
                _ = try ImageSet(name: url.path, shape: CIFAR10.shape, pixels: records.pixels, labels: records.labels)
            }
        case "png":
            file = folder.appendingPathComponent("a.png")
            corpus = try Corpus.png(in: folder)
            read = { _ = try Image.readPNG($0) }
        case "graphs":
            file = folder.appendingPathComponent("graphs.txt")
            corpus = Corpus.graphs()
            isText = true
            read = { _ = try GraphFile.read($0) }
        case "hdf5-graphs":
            file = folder.appendingPathComponent("graphs.h5")
            corpus = [try Corpus.hdf5Graphs(in: folder)]
            read = { _ = try GraphFile.read($0) }
        case "npy":
            file = folder.appendingPathComponent("a.npy")
            corpus = Corpus.npy()
            read = { _ = try SampleFile.read($0) }
        case "csv":
            file = folder.appendingPathComponent("a.csv")
            corpus = ["x,y\r\n0.5,-1e3\r\n2,3\r\n", "# bits\n0,1,1\n1,0, 0\n"].map { Array($0.utf8) }
            isText = true
            read = { _ = try SampleFile.read($0) }
        case "hdf5-bits":
            file = folder.appendingPathComponent("bits.h5")
            corpus = [try Corpus.hdf5Bits(in: folder)]
            read = { _ = try SampleFile.read($0) }
        case "profiles":
            file = folder.appendingPathComponent("profiles.yaml")
            corpus = [Array(NoisyQuadratic.smoke.utf8)]
            isText = true
            namesFile = false
            read = { url in
                var replication = NoisyQuadratic()
                replication.declarations.profiles = String(decoding: try Data(contentsOf: url), as: UTF8.self)
                _ = try Plan(replication, RunRequest(profile: "smoke", threads: 1))
            }
        case "overrides":
            file = folder.appendingPathComponent("overrides")
            corpus = ["dimension=4", "curvatures=[1, 2, 3]", "start=zero", "learningRate=0.5"].map { Array($0.utf8) }
            isText = true
            namesFile = false
            read = { url in
                var request = RunRequest(profile: "smoke", threads: 1)
                request.overrides = [try Override(String(decoding: try Data(contentsOf: url), as: UTF8.self))]
                _ = try Plan(NoisyQuadratic(), request)
            }
        case "pinned-values":
            file = folder.appendingPathComponent("expected.yaml")
            corpus = [Array(PinnedRun.expected.utf8)]
            isText = true
            namesFile = false
            let run = try PinnedRun(in: folder)
            read = { url in try run.check(expected: String(decoding: try Data(contentsOf: url), as: UTF8.self)) }
        case "golden-trace":
            file = folder.appendingPathComponent("golden.json")
            corpus = [PackageResources.golden_json]
            isText = true
            read = { _ = try RMwGGISSynthetic().replay(golden: $0, report: { _ in }) }
        case "run-json", "measurements", "timing":
            let run = try PinnedRun(in: folder)
            file = ["run-json": run.folder.record, "measurements": run.folder.measurements][name] ?? run.folder.timing
            corpus = [[UInt8](try Data(contentsOf: file))]
            isText = true
            namesFile = false
            read = { _ in try run.check(expected: PinnedRun.expected) }
        case "shows":
            file = folder.appendingPathComponent("shows.yaml")
            corpus = [Array(NoisyQuadratic.shows.utf8)]
            isText = true
            namesFile = false
            let run = try PinnedRun(in: folder)
            read = { url in try run.show(by: String(decoding: try Data(contentsOf: url), as: UTF8.self)) }
        case Self.planted:
            file = folder.appendingPathComponent("planted")
            corpus = [[0, 0, 0]]
            isChecked = true
            read = Self.plantedFaults
        default: throw Failure(description: "no reader '\(name)'")
        }
    }

    /// A crash, a hang, memory without end, an error of no kind of the suite's, an escape sequence and a wrong input
    /// taken for right: by the sum of the bytes.
    private static func plantedFaults(_ url: URL) throws {
        let bytes = [UInt8](try Data(contentsOf: url))
        switch bytes.reduce(0, &+) % 8 {
        case 0: throw RunError("\(url.path): is refused as it should be")
        case 1: fatalError("planted")
        case 2:
            alarm(1)
            while true { usleep(1000) }
        case 3:
            var held: [[UInt8]] = []
            while true { held.append([UInt8](repeating: 1, count: 1 << 26)) }
        case 4: throw CocoaError(.fileReadCorruptFile)
        case 5: throw ImageError("\(url.path): has \u{1B}[31m in it")
        case 6: throw RunError("is refused without a name")
        default: return
        }
    }
}

/// Whole inputs, small.
private enum Corpus {
    private static func images(_ count: Int, side: Int, channels: Int = 1) throws -> ImageSet {
        let shape = ImageShape(channels: channels, height: side, width: side)
        return try ImageSet(
            name: "ramp", shape: shape,
            pixels: (0..<count * shape.pixelCount).map { UInt8(truncatingIfNeeded: $0 / 3) },
            labels: (0..<count).map { $0 % 2 })
    }

    /// Of the suite's own writer, deflated and plain, without their checksums; and of h5py, in the old and the new
    /// layouts of HDF5.
    static func hdf5Images(in folder: URL) throws -> [[UInt8]] {
        let set = try images(6, side: 4)
        let own = try [0, 4].map { level in
            let path = folder.appendingPathComponent("corpus.h5").path
            try set.writeHDF5(to: path, deflate: level)
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(HDF5Checksum.length))
        }
        return own + [PackageResources.h5py_earliest_h5, PackageResources.h5py_latest_h5]
    }

    static func classifier(in folder: URL) throws -> [UInt8] {
        let path = folder.appendingPathComponent("corpus.h5").path
        let classifier = try ImageClassifier(
            training: images(130, side: 8), heldOut: images(4, side: 8), .init(epochs: 1))
        try classifier.save(to: path)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func statistics() throws -> [UInt8] {
        let statistics = FeatureStatistics(dimension: 3)
        statistics.add(Tensor([1, 2, 3, 2, 2, 4, 0, 1, 5].map(Double.init), shape: [3, 3]))
        let writer = try HDF5Writer()
        try statistics.write(to: writer, prefix: "first.")
        return try writer.contents()
    }

    static func idx() -> [[UInt8]] {
        let header: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 4, 0, 0, 0, 3]
        return [header + (0..<60).map { UInt8($0) }, PackageResources.images_idx3_ubyte_gz]
    }

    static func cifar10() -> [[UInt8]] { [(0..<2 * 3073).map { $0 % 3073 == 0 ? 7 : UInt8(truncatingIfNeeded: $0) }] }

    /// Several graphs, and one without a header.
    static func graphs() -> [[UInt8]] {
        [GraphFile.text(of: Array(EgoSmall.graphs.prefix(3))), "# by hand\r\n0 1 {}\r\n1 2 {}\r\n"].map {
            Array($0.utf8)
        }
    }

    /// Without its checksum.
    static func hdf5Graphs(in folder: URL) throws -> [UInt8] {
        let path = folder.appendingPathComponent("corpus.h5").path
        try GraphFile.writeHDF5(Array(EgoSmall.graphs.prefix(3)), to: path)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(HDF5Checksum.length))
    }

    /// Bits, and points in Fortran order and big-endian.
    static func npy() -> [[UInt8]] {
        let header = "{'descr': '>f8', 'fortran_order': True, 'shape': (3, 2), }\n"
        let points: [UInt8] =
            [0x93] + Array("NUMPY".utf8) + [2, 0, UInt8(header.utf8.count), 0, 0, 0] + Array(header.utf8)
            + (0..<6).flatMap { [0x3f, 0xe0 + UInt8($0), 0, 0, 0, 0, 0, 0] }
        return [[UInt8](NPY([0, 1, 1, 1, 0, 0] as [UInt8], shape: [2, 3]).contents), points]
    }

    /// Without its checksum.
    static func hdf5Bits(in folder: URL) throws -> [UInt8] {
        let path = folder.appendingPathComponent("corpus.h5").path
        try SampleFile.write(.bits(BinaryBatch(bits: [0, 1, 1, 1, 0, 0], dimension: 3)), to: path, as: .hdf5)
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)).dropLast(HDF5Checksum.length))
    }

    /// Grey and coloured.
    static func png(in folder: URL) throws -> [[UInt8]] {
        let url = folder.appendingPathComponent("corpus.png")
        return try [1, 3].map { channels in
            let image = try Image(
                width: 8, height: 8, channels: channels,
                pixels: (0..<64 * channels).map { UInt8(truncatingIfNeeded: 3 * $0) })
            try image.writePNG(to: url, text: [("Title", "ramp")])
            return [UInt8](try Data(contentsOf: url))
        }
    }
}

private let environment = RunEnvironment(commit: "fuzz", libraries: [:], setThreads: { _ in })
private let quiet = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })

/// A run of the noisy quadratic that was stopped, to be gone on with.
private struct InterruptedRun {
    let checkpoint: URL
    let contents: [UInt8]
    private let request: RunRequest
    private let kept: [(URL, Data)]
    private let made: [URL]

    init(in folder: URL) throws {
        var request = RunRequest(profile: "smoke", threads: 1)
        request.output = folder.appendingPathComponent("run")
        request.selection = try CellSelection("1")
        request.resume = true
        request.overrides = [try Override("iterations=4")]
        // Asked before the cell and at the end of each iteration.
        nonisolated(unsafe) var questions = 0
        let plan = try Plan(NoisyQuadratic(), request)
        do {
            try Run(plan, environment: environment, logger: quiet).cells(
                interruption: {
                    questions += 1
                    return questions > 2 ? SIGINT : nil
                }, progress: { _ in })
            throw Failure(description: "the run was not stopped")
        } catch is Interrupted {}
        let files = plan.folder.cell(plan.selected[0].id)
        checkpoint = files.checkpoint
        contents = [UInt8](try Data(contentsOf: files.checkpoint))
        kept = try [files.metrics, files.timing].filter { FileManager.default.fileExists(atPath: $0.path) }.map {
            ($0, try Data(contentsOf: $0))
        }
        made = [files.measurements]
        self.request = request
    }

    /// Goes on from the checkpoint that lies there to the run's end; and leaves the run as it was.
    func resume(acceptsUnchecked: Bool) throws {
        var request = request
        request.acceptsUnchecked = acceptsUnchecked
        defer {
            for url in made { unlink(url.path) }
            for (url, data) in kept { try? data.write(to: url) }
        }
        let run = try Run(Plan(NoisyQuadratic(), request), environment: environment, logger: quiet)
        try run.cells(interruption: { nil }, progress: { _ in })
    }
}

/// A finished run of the noisy quadratic, to be compared with pinned values.
private struct PinnedRun {
    static let expected = """
        values:
          - {metric: loss, where: {method: plain, curvature: 1}, profile: smoke, paper: 3, source: here, reference: 0.2, spread: 0.1, tolerance: 9, why: w}
        """
    let folder: RunFolder

    init(in folder: URL) throws {
        var request = RunRequest(profile: "smoke", threads: 1)
        request.output = folder.appendingPathComponent("run")
        let plan = try Plan(NoisyQuadratic(), request)
        let run = try Run(plan, environment: environment, logger: quiet)
        try run.cells(interruption: { nil }, progress: { _ in })
        try run.assemble()
        // The run's own files are what is read where its cells' are not there.
        try FileManager.default.removeItem(at: plan.folder.cells)
        self.folder = plan.folder
    }

    /// Makes the tables and charts that a text declares, without their pictures.
    func show(by shows: String) throws {
        var replication = NoisyQuadratic()
        replication.declarations.shows = shows
        let plan = try Plan(replication, of: folder)
        let measurements = Measurements(try plan.records().flatMap(\.measurements))
        for table in plan.shows.tables {
            _ = try table.table(measurements, plan.shows.vocabulary, place: "shows.yaml").markdown
        }
        for chart in plan.shows.charts {
            _ = try chart.charts(measurements, plan.shows.vocabulary, place: "shows.yaml")
        }
    }

    func check(expected: String) throws {
        var replication = NoisyQuadratic()
        replication.declarations.expected = expected
        let report = try replication.check(
            run: folder, threads: 1, environment: environment, logger: quiet, interruption: { nil }, progress: { _ in })
        _ = report.table.markdown
    }
}
