import Figures
import Foundation
import HDF5
import Torch

/// What a replication's `run` is given for one cell: where to put its files, where to go on, and what to call as it
/// goes.
///
/// ```swift
/// try context.train(configuration.iterations, keeping: [.parameters(model.parameters), .optimizer(adam)]) { iteration in
///     let loss = step()
///     try context.guardFinite("loss", loss, iteration: iteration)
///     try context.log(iteration: iteration, ["loss": loss])
/// }
/// try context.measure("kl", divergence)
/// ```
/// Belongs to the thread that runs the cell.
public final class CellContext {
    /// The cell that runs.
    public let cell: Cell
    /// The cell's folder.
    public let directory: URL
    /// The iteration that the cell is in, or ended with; 0 before the first.
    public private(set) var iteration: Int
    /// The state to go on from; nil at a cell's beginning.
    public let restored: Checkpoint?
    /// Where its tensors are to lie: the processor, unless the replication runs on a GPU and is asked to.
    public let device: Device
    /// Whether repeated work there is to be recorded as graphs (`RecordedWork`).
    public let recordsGraphs: Bool

    private var found = Measurements()
    private let vocabulary: Vocabulary
    private let files: CellFolder
    private let owner: Checkpoint.Owner
    private let log: MetricsLog
    private let interval: Double
    private let interruption: @Sendable () -> Int32?
    private let progress: (RunProgress) -> Void
    /// What was logged last: what a display shows beside the iteration.
    private var latest: RunProgress.Quantity?
    private let commit: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var lastCheckpoint: ContinuousClock.Instant
    private var loopMark: ContinuousClock.Instant
    private var earlier: CellTiming
    private var timing: CellTiming
    /// The iterations that this process has made, in seconds each.
    private var iterationTimes: [Double] = []

    init(
        cell: Cell, vocabulary: Vocabulary, files: CellFolder, owner: Checkpoint.Owner, restored: Checkpoint?,
        device: Device, recordsGraphs: Bool, checkpointInterval: Double, commit: String,
        interruption: @escaping @Sendable () -> Int32?,
        progress: @escaping (RunProgress) -> Void
    ) throws {
        self.cell = cell
        self.vocabulary = vocabulary
        self.files = files
        directory = files.url
        self.owner = owner
        self.restored = restored
        iteration = restored?.iteration ?? 0
        (self.device, self.recordsGraphs) = (device, recordsGraphs)
        log = MetricsLog(files.metrics, cell: cell.id, start: restored?.metricsOffset ?? 0)
        interval = checkpointInterval
        self.commit = commit
        self.interruption = interruption
        self.progress = progress
        earlier = CellTiming()
        if restored != nil, FileManager.default.fileExists(atPath: files.timing.path) {
            earlier = try CellTiming(from: files.timing)
        }
        timing = earlier
        (timing.processor, timing.commit) = (Processor.name, commit)
        Processor.forgetPeakMemory()
        start = clock.now
        lastCheckpoint = start
        loopMark = start
    }

    /// The seed where all of the cell's randomness starts.
    public var seed: UInt64 { cell.seed }

    /// A generator of the cell's seed and a stream of its own, on the cell's device.
    public func generator(_ stream: String) -> RandomGenerator {
        RandomGenerator(seed: seed, stream: stream, device: device)
    }

    /// The iterations that are left of `total`: all of 1…total at a cell's beginning, none after its last checkpoint.
    public func iterations(of total: Int) -> Range<Int> {
        loopMark = clock.now
        let done = min(restored?.iteration ?? 0, total)
        return (done + 1)..<(total + 1)
    }

    /// Says which iteration the cell is in, for what leaves the finite numbers.
    func begin(_ iteration: Int) { self.iteration = iteration }

    /// Appends a line to `metrics.jsonl`: the iteration and the values in the order given, no times. Before
    /// `endIteration` of its iteration, so that the checkpoint covers it. Throws `RunError` where the disk refuses.
    public func log(iteration: Int, _ values: KeyValuePairs<String, Double>) throws {
        try log.append(iteration: iteration, values)
        latest = values.first.map { RunProgress.Quantity(name: $0.key, value: $0.value) }
    }

    /// Notes what the cell found.
    ///
    /// - Parameters:
    ///   - metric: a name of the vocabulary.
    ///   - error: the value's standard error, where it is known.
    ///   - readOut: what it was read out at, such as `["beta": 4]`.
    /// - Throws: `RunError` for a metric that is not declared, or one that was measured at this read-out already;
    ///   `LeftFiniteNumbers` for a value that is not finite.
    public func measure(
        _ metric: String, _ value: Double, error: Double? = nil,
        at readOut: KeyValuePairs<String, any CustomStringConvertible> = [:]
    ) throws {
        _ = try vocabulary.entry(metric, place: "\(owner.replication)/metrics.yaml")
        guard value.isFinite, error?.isFinite != false else { throw NonFiniteQuantity(metric) }
        let texts = readOut.map { ($0.key, ($0.value as? Double).map(Labels.text) ?? $0.value.description) }
        let row = Measurement(
            labels: cell.labels, seed: seed, metric: metric, readOut: Dictionary(uniqueKeysWithValues: texts),
            value: value, error: error)
        guard !found.rows.contains(where: { Measurements.Key($0) == Measurements.Key(row) }) else {
            throw RunError("\(cell.id): \(metric) is measured twice at one read-out")
        }
        found.append(row)
    }

    /// Writes a picture of the cell's, `name.png`, into its folder; sheets are made of such pictures.
    ///
    /// - Parameter scale: of a map, the numbers that its first and last colour stand for, so that a sheet whose maps
    ///   share them has a colour bar.
    public func write(_ image: Image, named name: String, scale: ClosedRange<Double>? = nil) throws {
        report(.drawing, 0, of: 0)
        let text =
            [(key: "Title", value: "\(cell.id): \(name)"), (key: "Software", value: "replicate")]
            + (scale.map { [Image.colourScaleText($0)] } ?? [])
        try atomically(replacing: directory.appendingPathComponent("\(name).png")) {
            try image.writePNG(to: $0, text: text)
        }
    }

    /// What the cell has logged under a name, from its first iteration on, restarts included; in order. Throws
    /// `RunError` where the log cannot be read.
    public func logged(_ name: String) throws -> [(iteration: Int, value: Double)] { try log.values(name) }

    /// Stops the cell as diverged where `value` is not finite: what is thrown must leave `run`.
    public func guardFinite(_ quantity: String, _ value: Double, iteration: Int) throws {
        guard value.isFinite else { throw Divergence(quantity: quantity, iteration: iteration) }
    }

    /// The same for parameters, by the name of the first that holds a number that is not finite.
    public func guardFinite(_ parameters: Parameters, iteration: Int) throws {
        for (name, tensor) in parameters where !tensor.isFinite().all() {
            throw Divergence(quantity: name, iteration: iteration)
        }
    }

    /// Leaves what `body` takes, such as an evaluation within the loop, out of the time per iteration.
    public func untimed<T>(_ body: () throws -> T) rethrows -> T {
        let begin = clock.now
        defer { loopMark = loopMark.advanced(by: clock.now - begin) }
        report(.evaluating, 0, of: 0)
        return try body()
    }

    /// Says how far an evaluation has come, such as 40 of 1,000 temperatures, for whoever watches.
    public func evaluated(_ done: Int, of total: Int) { report(.evaluating, done, of: total) }

    private func report(_ phase: RunProgress.Phase, _ done: Int, of total: Int) {
        progress(.advanced(cell: cell.id, phase, done: done, total: total, latest: phase == .training ? latest : nil))
    }

    /// Ends an iteration: reports progress, and writes a checkpoint, which `fill` fills, where one is due: after the
    /// interval, after the last iteration, and when the process is asked to stop. Then throws `Interrupted`, which must
    /// leave `run`.
    ///
    /// `fill` stores everything that the next iteration depends on. Throws `RunError` where the disk refuses.
    public func endIteration(_ iteration: Int, of total: Int, _ fill: (inout Checkpoint) throws -> Void) throws {
        self.iteration = iteration
        let now = clock.now
        iterationTimes.append(Self.seconds(now - loopMark))
        timing.iterationSeconds += iterationTimes.last!
        timing.iterations += 1
        loopMark = now
        report(.training, iteration, of: total)
        let signal = interruption()
        guard signal != nil || iteration == total || Self.seconds(now - lastCheckpoint) >= interval else { return }
        var checkpoint = Checkpoint()
        try fill(&checkpoint)
        checkpoint.iteration = iteration
        checkpoint.metricsOffset = try log.sync()
        try checkpoint.save(to: files.checkpoint, owner: owner)
        try writeTiming()
        lastCheckpoint = clock.now
        loopMark = lastCheckpoint
        if let signal { throw Interrupted(signal: signal) }
        if iteration == total { report(.evaluating, 0, of: 0) }
    }

    /// Makes the cell's end lasting: its log and times, and last its measurements, which say that the rest is there.
    func finish(_ status: CellRecord.Status) throws -> CellRecord {
        if case .diverged(let quantity, let iteration) = status {
            found = Measurements([
                Measurement(
                    labels: cell.labels, seed: seed, metric: Vocabulary.divergedAt, value: Double(iteration),
                    status: "diverged: \(quantity)")
            ])
        }
        guard !found.rows.isEmpty else { throw RunError("\(cell.id): the cell has measured nothing") }
        try log.sync()
        try writeTiming()
        try atomically(replacing: files.measurements, by: Data(found.csv.utf8))
        return CellRecord(cell: cell, status: status, measurements: found.rows, timing: timing)
    }

    private func writeTiming() throws {
        timing.wallSeconds = earlier.wallSeconds + Self.seconds(clock.now - start)
        timing.peakMemory = max(earlier.peakMemory, Processor.peakMemory)
        let (times, middle) = (iterationTimes.sorted(), iterationTimes.count / 2)
        if !times.isEmpty {
            timing.medianSecondsPerIteration =
                times.count.isMultiple(of: 2) ? (times[middle - 1] + times[middle]) / 2 : times[middle]
        }
        try atomically(replacing: files.timing, by: JSON.encode(timing))
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
