import ArgumentParser
import Foundation
import Torch

/// `make bench`: ours beside PyTorch eager in one run, taking turns.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times our steps beside PyTorch's, pairs alternating, and writes Benchmarks/latest.json.")

    @Option(help: "Run one benchmark only.")
    var only: String?

    @Option(help: "A Python with PyTorch, for the peer.")
    var python: String

    @Option(help: "The peer's script.")
    var peer = "Benchmarks/peers/peer.py"

    @Option(help: "Where the results go.")
    var output = "Benchmarks/latest.json"

    @Option(help: "Threads, ours and the peer's.")
    var threads = 2

    @Option(help: "Pairs a benchmark.")
    var rounds = 15

    /// Runs three steps of this benchmark and prints the process's peak memory in bytes.
    @Option(help: .hidden)
    var peak: String?

    func validate() throws {
        if let only, !Benchmark.all.contains(where: { $0.name == only }) {
            throw ValidationError(
                "no benchmark '\(only)': there are \(Benchmark.all.map(\.name).joined(separator: ", "))")
        }
        if threads < 1 || rounds < 1 { throw ValidationError("--threads and --rounds must be at least 1") }
    }

    func run() throws {
        Runtime.threads = threads
        if let peak {
            let steps = try Benchmark.all.first { $0.name == peak }!.prepare()
            return try withExtendedLifetime(steps(3)) { print(try Self.peakMemory()) }
        }
        let peer = try Peer(python: python, script: peer, threads: threads)
        let rate = matrixProductRate(.float32)
        print(
            "float32, \(threads) threads; sgemm \(String(format: "%.0f", rate * 1e-9)) GFLOP/s; peer: PyTorch \(peer.version) eager"
        )
        var rows: [Row] = []
        for benchmark in Benchmark.all where only == nil || benchmark.name == only {
            let row = try measure(benchmark, peer)
            print(row.line)
            rows.append(row)
        }
        try write(rows)
        for missed in rows where !missed.met { print("missed its bound: \(missed.name)") }
    }

    /// Medians over turns of ours, the limit and the peer; ours and the peer's last about a third of a second each.
    private func measure(_ benchmark: Benchmark, _ peer: Peer) throws -> Row {
        let steps = try benchmark.prepare()
        let ours = { (count: Int) in seconds { steps(count) } }
        let count = Self.stepsATurn(ours)
        let own = try benchmark.beside?()
        let theirs = { (count: Int) in
            try own.map { steps in seconds { steps(count) } } ?? peer.seconds(benchmark.name, count)
        }
        let peerCount = benchmark.hasPeer ? try Self.stepsATurn(theirs) : nil
        let turns = try (0..<min(rounds, benchmark.rounds ?? rounds)).map { _ in
            Turn(
                ours: ours(count) / Double(count), limit: benchmark.leastSeconds(),
                peer: try peerCount.map { try theirs($0) / Double($0) })
        }
        return Row(
            name: benchmark.name, unit: "ms", ours: Self.median(turns.map(\.ours))! * 1e3,
            peer: Self.median(turns.compactMap(\.peer)).map { $0 * 1e3 },
            ratio: Self.median(turns.compactMap { turn in turn.peer.map { turn.ours / $0 } }), bound: benchmark.bound,
            limitShare: Self.median(turns.compactMap { turn in turn.limit.map { $0 / turn.ours } }),
            peakMemory: try benchmark.memoryBound.map { _ in try peakMemory(of: benchmark) },
            memoryBound: benchmark.memoryBound,
            note: benchmark.note)
    }

    /// After a first step, by which a long one is known and a short one warmed up.
    private static func stepsATurn(_ seconds: (Int) throws -> Double) rethrows -> Int {
        let first = try seconds(1)
        return first > 0.3 ? 1 : max(1, Int(0.3 / max(1e-6, try seconds(1))))
    }

    /// Seconds a step of ours and of the peer's, and the least that ours could take, measured one after the other.
    private struct Turn {
        let ours: Double
        let limit: Double?
        let peer: Double?
    }

    /// In bytes, measured in a process of its own.
    private func peakMemory(of benchmark: Benchmark) throws -> Int {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--python", python, "--threads", "\(threads)", "--peak", benchmark.name]
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        guard let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            throw ValidationError("\(benchmark.name): its memory could not be measured")
        }
        return bytes
    }

    private static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 * 1024 } ?? 0
    }

    /// Rows of other benchmarks that a file already holds are kept.
    private func write(_ rows: [Row]) throws {
        let url = URL(fileURLWithPath: output)
        let kept = (try? JSONDecoder().decode([Row].self, from: Data(contentsOf: url))) ?? []
        let all = Benchmark.all.compactMap { benchmark in (rows + kept).first { $0.name == benchmark.name } }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(all) + Data("\n".utf8)).write(to: url, options: .atomic)
    }

    static func median(_ values: [Double]) -> Double? {
        if values.isEmpty { return nil }
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}

/// A line of `latest.json`: times for the same work, peer and ratio null where there is no peer.
struct Row: Codable {
    let name: String
    let unit: String
    let ours: Double
    let peer: Double?
    let ratio: Double?
    let bound: Double?
    let limitShare: Double?
    /// In bytes.
    let peakMemory: Int?
    let memoryBound: Int?
    let note: String

    var met: Bool { (ratio ?? 0) <= (bound ?? .infinity) && (peakMemory ?? 0) <= (memoryBound ?? .max) }

    private enum CodingKeys: String, CodingKey {
        case name, unit, ours, peer, ratio, bound, limitShare, peakMemory, memoryBound, note
    }

    /// Absent values are written as null.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(unit, forKey: .unit)
        try container.encode(ours, forKey: .ours)
        try container.encode(peer, forKey: .peer)
        try container.encode(ratio, forKey: .ratio)
        try container.encode(bound, forKey: .bound)
        try container.encode(limitShare, forKey: .limitShare)
        try container.encodeIfPresent(peakMemory, forKey: .peakMemory)
        try container.encodeIfPresent(memoryBound, forKey: .memoryBound)
        try container.encode(note, forKey: .note)
    }

    var line: String {
        func text(_ value: Double?, _ digits: Int = 3) -> String {
            value.map { String(format: "%.\(digits)f", $0) } ?? "–"
        }
        return "\(name): ours \(text(ours)) \(unit), peer \(text(peer)) \(unit), ratio \(text(ratio)) "
            + "(bound \(text(bound, 2)): \(met ? "met" : "MISSED")), share of the limit \(text(limitShare, 2))"
            + (peakMemory.map { ", peak \($0 >> 20) MiB of \((memoryBound ?? 0) >> 20)" } ?? "") + "; \(note)"
    }
}

/// The Python half: a process that runs so many steps when asked, and says how long they took.
final class Peer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    let version: String

    init(python: String, script: String, threads: Int) throws {
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [python, script, "\(threads)"]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let words = Self.line(output).split(separator: " ")
        guard words.first == "ready", words.count == 2 else {
            throw ValidationError("\(python) \(script) did not start: see its message above")
        }
        version = String(words[1])
    }

    deinit { process.terminate() }

    /// How long that many steps of a benchmark took.
    func seconds(_ name: String, _ count: Int) throws -> Double {
        try input.fileHandleForWriting.write(contentsOf: Data("\(name) \(count)\n".utf8))
        guard let seconds = Double(Self.line(output)) else {
            throw ValidationError("the peer stopped in \(name): see its message above")
        }
        return seconds
    }

    private static func line(_ pipe: Pipe) -> String {
        var bytes: [UInt8] = []
        while let byte = try? pipe.fileHandleForReading.read(upToCount: 1)?.first, byte != UInt8(ascii: "\n") {
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

func seconds(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    let duration = clock.measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}

/// Multiplications and additions a second of a large matrix product: the median of several.
func matrixProductRate(_ type: DType) -> Double {
    let n = 2048
    let generator = RandomGenerator(seed: 0)
    let (a, b) = (
        Tensor.normal([n, n], using: generator).converted(to: type),
        Tensor.normal([n, n], using: generator).converted(to: type)
    )
    let c = Tensor.empty([n, n], dtype: type)
    c.assign(matmul: a, b)
    return 2 * Double(n * n * n) / Bench.median((0..<8).map { _ in seconds { c.assign(matmul: a, b) } })!
}
