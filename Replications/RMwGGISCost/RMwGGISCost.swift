import Datasets
import EnergyModels
import Experiments
import Figures
import Foundation
import HDF5
import Objectives
import Torch

/// What a training step of ratio matching costs, in time and in memory, against the number of bits d: all flips as
/// copies, all flips by one column of the first layer, the same in chunks, and a few flips (Liu et al. 2023).
public struct RMwGGISCost: Replication {
    /// How the flips of a point are evaluated.
    public enum Method: String, Choice {
        /// All flips, each a copy of the point that goes through the whole model, recorded for one backward pass: the
        /// plain form.
        case copies = "rm-copies"
        /// All flips; a flip changes the first pre-activation by one column.
        case rm
        /// The same in chunks of flips, whose gradients are added up.
        case chunked = "rm-chunked"
        case rmwrand
        case rmwggis
    }

    public struct Configuration: ExperimentConfiguration {
        /// d: even, of Gray-coded points up to 2,048; random bits above.
        public var dimensions: [Int]
        public var methods: [Method]
        /// The largest d of `rm-copies`.
        public var copiesUpTo: Int
        /// Widths of the hidden layers.
        public var hidden: [Int]
        public var batchSize: Int
        /// s, flips a point.
        public var flips: Int
        /// Flips of a chunk.
        public var chunk: Int
        /// The fewest timed iterations of a cell.
        public var iterations: Int
        /// Flips a point over the timed iterations, at least: few flips are quick, and timed more often.
        public var evaluations: Int

        /// Flips that a method evaluates at each point.
        func flips(_ method: Method, _ d: Int) -> Int {
            switch method {
            case .copies, .rm, .chunked: d
            case .rmwrand, .rmwggis: flips
            }
        }

        func iterations(_ method: Method, _ d: Int) -> Int {
            let flips = flips(method, d)
            return max(iterations, (evaluations + flips - 1) / flips)
        }

        public func validate() throws {
            let evenFromFour = dimensions.allSatisfy { 4...65536 ~= $0 && $0.isMultiple(of: 2) }
            try require(
                "dimensions", dimensions,
                !dimensions.isEmpty && evenFromFour && Set(dimensions).count == dimensions.count,
                "a list of different even numbers from 4 to 65536")
            let names = methods.map(\.rawValue)
            try require(
                "methods", names, !names.isEmpty && Set(names).count == names.count, "a list of different methods")
            try require(
                "hidden", hidden, !hidden.isEmpty && hidden.allSatisfy { 1...65536 ~= $0 },
                "a list of widths from 1 to 65536")
            for (key, value) in [
                ("batchSize", batchSize), ("flips", flips), ("chunk", chunk), ("iterations", iterations),
            ] {
                try require(key, value, 1...1 << 20 ~= value, "a whole number from 1 to \(1 << 20)")
            }
            try require("batchSize", batchSize, batchSize.isMultiple(of: 2), "an even number: 2spirals has two arms")
            try require("copiesUpTo", copiesUpTo, copiesUpTo >= 0, "a whole number from 0")
            try require("evaluations", evaluations, 0...1 << 20 ~= evaluations, "a whole number from 0 to \(1 << 20)")
        }
    }

    public let name = "rmwggis-cost"
    public let summary =
        "time and memory of ratio matching against the number of bits: all flips, chunks of them, a few guided ones"
    public let profiles = String(decoding: PackageResources.profiles_yaml, as: UTF8.self)
    public let expected = String(decoding: PackageResources.expected_yaml, as: UTF8.self)
    public let defaultSeed: UInt64 = 1023
    /// Peak memory is a process's.
    public let cellsAreProcesses = true
    public let columns: [Column] = []

    public init() {}

    public func cells(_ configuration: Configuration, seed: UInt64) -> [Cell] {
        var cells: [Cell] = []
        for dimension in configuration.dimensions {
            for method in configuration.methods where method != .copies || dimension <= configuration.copiesUpTo {
                cells.append(
                    Cell(
                        index: cells.count + 1, labels: ["d": "\(dimension)", "method": method.rawValue], seed: seed))
            }
        }
        return cells
    }

    public func estimate(_ cell: Cell, _ configuration: Configuration, threads: Int) -> Estimate {
        let (d, method) = Self.read(cell)
        let flips = configuration.flips(method, d)
        let batch = Double(configuration.batchSize)
        let rows = batch * Double(1 + flips)
        let first = method == .copies ? Double(d) : 1
        let widths = zip(configuration.hidden, configuration.hidden.dropFirst()).reduce(0.0) {
            $0 + Double($1.0) * Double($1.1)
        }
        let operations =
            6 * rows * (widths + first * Double(configuration.hidden[0]))
            * Double(configuration.iterations(method, d) + 1)
        let kept = method == .chunked ? batch * Double(1 + configuration.chunk) : rows
        let copies = method == .copies ? 3 * Double(d) : 0
        return Estimate(
            seconds: 1 + operations / (Double(threads) * 7e10),
            memory: 200_000_000 + 4 * kept * (2 * configuration.hidden.reduce(0.0) { $0 + Double($1) } + copies),
            disk: 20_000)
    }

    public func run(_ cell: Cell, _ configuration: Configuration, _ context: CellContext) throws -> CellResult {
        let (d, method) = Self.read(cell)
        let model = MLPEnergy(
            dimension: d, hidden: configuration.hidden,
            using: RandomGenerator(seed: cell.seed, stream: "initialisation"))
        let x = try Self.data(d, configuration.batchSize, seed: cell.seed)
        let flips = RandomGenerator(seed: cell.seed, stream: "flips")
        let adam = Adam(model.parameters, .init(learningRate: 0.0005, weightDecay: 0.0001))
        func step() throws -> Double {
            let loss: Tensor
            let found: [Tensor]
            switch method {
            case .copies:
                (loss, found) = try RatioMatching(.exact).lossAndGradients(GenericFlips(model), x, using: flips)
            case .rm: (loss, found) = try RatioMatching(.exact).lossAndGradients(model, x, using: flips)
            case .chunked:
                (loss, found) = try RatioMatching(.exactInChunks(of: configuration.chunk)).lossAndGradients(
                    model, x, using: flips)
            case .rmwrand:
                (loss, found) = try RatioMatching(.uniform(flips: configuration.flips)).lossAndGradients(
                    model, x, using: flips)
            case .rmwggis:
                (loss, found) = try RatioMatching(.gradientGuided(flips: configuration.flips))
                    .lossAndGradients(model, x, using: flips)
            }
            let value = loss.item()
            adam.update(found)
            return value
        }
        // The first step allocates; it is not timed.
        var loss = try step()
        if let saved = context.restored {
            try saved.restore(model.parameters)
            try saved.restore(adam)
            try saved.restore(flips, named: "flips")
            loss = try saved.finiteElements("loss", shape: [])[0]
        }
        let iterations = configuration.iterations(method, d)
        for iteration in context.iterations(of: iterations) {
            loss = try step()
            try context.guardFinite("loss", loss, iteration: iteration)
            try context.endIteration(iteration, of: iterations) { checkpoint in
                checkpoint.store(model.parameters)
                checkpoint.store(adam)
                checkpoint.store(flips, named: "flips")
                checkpoint["loss"] = HDF5Array([loss], shape: [])
            }
        }
        return CellResult(["loss": loss])
    }

    private static func read(_ cell: Cell) -> (dimension: Int, method: Method) {
        (Int(cell.label("d")!)!, Method(rawValue: cell.label("method")!)!)
    }

    /// A batch of 2spirals in Gray code, or random bits where that ends.
    private static func data(_ d: Int, _ count: Int, seed: UInt64) throws -> Tensor {
        guard GrayCode.dimensions.contains(d) else {
            return Tensor.integers([count, d], 0..<2, using: RandomGenerator(seed: seed, stream: "bits")).converted(
                to: .float32)
        }
        var spirals = try BinaryToyData(
            .twoSpirals, dimension: d, seed: UInt32(truncatingIfNeeded: RandomGenerator.seed(seed, stream: "data")))
        let batch = try spirals.batch(count)
        return Tensor(batch.bits, shape: [count, d]).converted(to: .float32)
    }

    // MARK: - Table and charts

    /// What a small machine has, in bytes: the table names the cells that took more.
    private static let memoryLimit = 4 << 30

    /// A row for each d: milliseconds an iteration (the median) and peak memory of each method.
    public func table(_ records: [CellRecord]) -> Table {
        let (dimensions, methods) = Self.axes(records)
        let rows = dimensions.map { d in
            [d]
                + methods.map {
                    Self.text(records, d, $0) { $0.medianSecondsPerIteration.map { String(format: "%.1f", $0 * 1000) } }
                }
                + methods.map { Self.text(records, d, $0) { String(format: "%.0f", Double($0.peakMemory) / 1e6) } }
        }
        var notes = [Table.missingNote(records)].compactMap { $0 }
        let beyond = records.filter { ($0.timing?.peakMemory ?? 0) > Self.memoryLimit }
        if !beyond.isEmpty {
            notes.append(
                "More than 4 GiB: "
                    + beyond.map { "\($0.cell.label("method")!) at d = \($0.cell.label("d")!)" }.joined(separator: ", ")
                    + ".")
        }
        return Table(
            columns: ["d"] + methods.map { "\($0), ms/iteration" } + methods.map { "\($0), MB" }, rows: rows,
            notes: notes)
    }

    /// `chart-time.png` and `chart-memory.png`, on logarithmic axes, and `cost.json` with the numbers in them.
    public func pictures(_ records: [CellRecord], in folder: RunFolder) throws {
        let (_, methods) = Self.axes(records)
        func series(_ number: (CellTiming) -> Double?) throws -> [Chart.Series] {
            try methods.map { method in
                let points = records.filter { $0.cell.label("method") == method }.compactMap { record in
                    record.timing.flatMap(number).map { (Double(record.cell.label("d")!)!, $0) }
                }
                return try .init(method, x: points.map(\.0), y: points.map(\.1))
            }
        }
        let d = Chart.Axis("d", isLogarithmic: true)
        try Chart(
            title: "time of a training step", x: d, y: .init("ms an iteration", isLogarithmic: true),
            series: series { $0.medianSecondsPerIteration.map { $0 * 1000 } }
        ).draw(named: "chart-time", in: folder.url)
        try Chart(
            title: "memory of a training step", x: d, y: .init("peak memory of the process, MB", isLogarithmic: true),
            series: series { Double($0.peakMemory) / 1e6 }
        ).draw(named: "chart-memory", in: folder.url)
        let rows = records.compactMap { record in
            record.timing.map {
                Cost(
                    d: Int(record.cell.label("d")!)!, method: record.cell.label("method")!,
                    millisecondsPerIteration: $0.medianSecondsPerIteration.map { $0 * 1000 }, peakMemory: $0.peakMemory)
            }
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try atomically(replacing: folder.url.appendingPathComponent("cost.json"), by: encoder.encode(rows))
    }

    private struct Cost: Encodable {
        let d: Int
        let method: String
        let millisecondsPerIteration: Double?
        /// In bytes, of the process.
        let peakMemory: Int
    }

    private static func axes(_ records: [CellRecord]) -> (dimensions: [String], methods: [String]) {
        func values(_ key: String) -> [String] {
            records.reduce(into: []) { values, record in
                if let value = record.cell.label(key), !values.contains(value) { values.append(value) }
            }
        }
        return (values("d"), values("method"))
    }

    private static func text(
        _ records: [CellRecord], _ d: String, _ method: String, _ number: (CellTiming) -> String?
    ) -> String {
        let record = records.first { $0.cell.label("d") == d && $0.cell.label("method") == method }
        return record?.timing.flatMap(number) ?? "–"
    }
}
