import Experiments
import Foundation
import RunSupport
import Testing

/// `run --device cuda` where there is no GPU: `device.cpp` stands in its place, and dies where a GPU would.
@Suite(.serialized) struct SimulatedDeviceTests {
    /// The smoke profile from beginning to end: the processor's numbers up to rounding, for the device has kernels of
    /// its own; and with graphs the same bytes as without.
    ///
    /// Two updates, since rounding is not yet amplified in them: Adam divides a gradient by its own size, so that one
    /// which is 0 but for rounding moves its parameter by the whole learning rate, to either side. Over six seeds and
    /// three instruction sets values differed by at most 2e-5 (the energy gap, a small difference of means) and 3e-7
    /// (all others) in the first three updates, and by 1e-3 to 2.5e-2 from the fourth to the eighth. The bounds are ten
    /// times what was measured.
    @Test func aReplicationRunsOnADevice() throws {
        try withRuns { device in
            let (onCPU, onDevice, byGraphs) = (device.folder("cpu"), device.folder("device"), device.folder("graphs"))
            let smoke = ["--profile", "smoke", "--set", "iterations=2", "--set", "adaptiveIntervals=[1, 2]"]
            _ = try device.run(smoke + ["--device", "cpu", "--output", onCPU.path])
            let plain = try device.run(smoke + ["--device", "cuda", "--output", onDevice.path])
            let recorded = try device.run(smoke + ["--device", "cuda", "--graphs", "--output", byGraphs.path])
            #expect(plain.operations > 5_000 && plain.graphs == 0 && recorded.graphs > 0, "\(plain.operations)")

            let (a, b) = (try results(onCPU), try results(onDevice))
            #expect(a.count == 2 && a.keys == b.keys)
            for (cell, values) in a {
                #expect(Set(values.keys) == Set(b[cell]!.keys))
                for (name, value) in values {
                    let other = b[cell]![name]!
                    let bound = name.hasPrefix("energyGap") ? 2e-4 : 3e-6
                    #expect(
                        abs(other - value) <= bound * abs(value),
                        "\(cell), \(name): \(value) on the processor, \(other) on the device")
                }
            }
            #expect(a != b)
            let comparison = try Comparison(RunFolder(onDevice), RunFolder(byGraphs))
            #expect(comparison.identical && comparison.compared > 10, "\(comparison.differences.markdown)")
        }
    }

    /// Longer chains are read from no more often; each is recorded once, in its first step, and issued for every other.
    @Test func nothingIsReadBetweenTheStepsOfAChain() throws {
        func report(steps: Int, _ graphs: [String]) throws -> Report {
            try withRuns { device in
                let settings = ["chainLength=\(steps)", "longRunSteps=0", "scoredSamples=0", "gradientBatches=0"]
                return try device.run(
                    ["--profile", "smoke", "--cells", "1", "--device", "cuda"] + graphs
                        + settings.flatMap { ["--set", $0] }
                        + ["--output", device.folder("run").path])
            }
        }
        let (short, long) = (try report(steps: 10, []), try report(steps: 20, []))
        #expect(short.reads == long.reads && short.reads > 0 && short.operations < long.operations)
        let (shortGraphs, longGraphs) = (try report(steps: 10, ["--graphs"]), try report(steps: 20, ["--graphs"]))
        #expect(shortGraphs.reads == short.reads && longGraphs.reads == short.reads)
        #expect(shortGraphs.graphs > 8 && longGraphs.graphs == shortGraphs.graphs)
        #expect(shortGraphs.issued == 9 * shortGraphs.graphs && longGraphs.issued == 19 * longGraphs.graphs)
    }

    /// From its last checkpoint a run ends as it had ended: parameters, buffer and generators come back to the device.
    @Test func aRunOnADeviceGoesOn() throws {
        try withRuns { device in
            let (once, again) = (device.folder("once"), device.folder("again"))
            let arguments = ["--profile", "smoke", "--cells", "1", "--device", "cuda"]
            _ = try device.run(arguments + ["--output", once.path])
            try FileManager.default.copyItem(at: once, to: again)
            // The classifier's file lies among the cells' folders.
            let cells = try FileManager.default.contentsOfDirectory(
                at: RunFolder(again).cells, includingPropertiesForKeys: nil)
            for cell in cells where cell.hasDirectoryPath {
                for name in ["measurements.csv", "samples-fresh.png"] {
                    try FileManager.default.removeItem(at: cell.appendingPathComponent(name))
                }
            }
            try FileManager.default.removeItem(at: RunFolder(again).measurements)
            let report = try device.run(arguments + ["--resume", "--output", again.path])
            #expect(report.operations > 100)
            let comparison = try Comparison(RunFolder(once), RunFolder(again))
            #expect(comparison.identical, "\(comparison.differences.markdown)")
        }
    }

    /// Graphs without a GPU are refused, by name.
    @Test func graphsOnTheProcessorAreRefused() throws {
        try withRuns { device in
            let fault = #expect(throws: Failure.self) {
                _ = try device.run(["--profile", "smoke", "--graphs", "--output", device.folder("run").path])
            }
            #expect(
                fault?.output.contains("error: graphs are of work on a GPU, but the device is cpu") == true,
                "\(fault?.output ?? "")")
            #expect(fault?.status == 2)
        }
    }

    /// `replicate device`: float32 to rounding, bfloat16 coarser, both as graphs too; wrong usage and a device that
    /// disagrees have their codes.
    @Test func aDeviceIsComparedWithTheProcessor() throws {
        struct Report: Decodable {
            struct Agreement: Decodable {
                var type: String, energyError, gradientError, energyZ, deviationZ: Double, agrees: Bool
            }
            struct Speed: Decodable { var type: String, graphs: Bool, imageStepsPerSecond, share: Double }
            var device: String, agreement: [Agreement], speed: [Speed]
        }
        try withRuns { device in
            let few = [
                "device", "--network", "a", "--width", "0.125", "--batch", "16", "--steps", "3", "--rounds", "1",
                "--matrix", "64",
            ]
            let text = try device.replicate(few + ["--device", "cuda", "--graphs", "--json"]).output
            let report = try JSONDecoder().decode(Report.self, from: Data(text.utf8))
            #expect(report.device == "cuda:0" && report.agreement.map(\.type) == ["float32", "bfloat16"])
            for (found, range) in zip(report.agreement, [0...1e-5, 1e-3...0.2]) {
                #expect(
                    found.agrees && range.contains(found.gradientError) && found.energyError < range.upperBound,
                    "\(found)")
                #expect(abs(found.energyZ) < 5 && abs(found.deviationZ) < 5)
            }
            #expect(
                report.speed.map { "\($0.type) \($0.graphs)" } == [
                    "float32 false", "float32 true", "bfloat16 false", "bfloat16 true",
                ])
            #expect(report.speed.allSatisfy { $0.imageStepsPerSecond > 0 && $0.share > 0 })
            for (arguments, code) in [
                (["--graphs"], 2), (["--network", "d"], 64), (["--batch", "0"], 64), (["--width", "0"], 64),
            ] as [([String], Int32)] {
                let fault = #expect(throws: Failure.self) { _ = try device.replicate(["device"] + arguments) }
                #expect(fault?.status == code, "\(arguments)")
            }
        }
    }

    /// What each cell measured, by its labels, metric and read-out.
    private func results(_ run: URL) throws -> [String: [String: Double]] {
        let file = RunFolder(run).measurements
        let rows = try Measurements(csv: String(contentsOf: file, encoding: .utf8), place: file.path).rows
        return Dictionary(grouping: rows) { "\($0.labels)" }.mapValues { rows in
            Dictionary(
                uniqueKeysWithValues: rows.map { row in
                    ("\(row.metric) \(row.readOut.sorted { $0.key < $1.key })", row.value)
                })
        }
    }
}

/// What the device counted.
private struct Report {
    let operations, graphs, issued, reads: Int
}

private struct Failure: Error {
    let status: Int32
    let output: String
}

/// `replicate run adance-images` with the simulated device, in a folder that goes away.
private struct SimulatedDevice {
    /// Built once, by the script, which compiles what has changed.
    private static let executable = Result {
        let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let folder = products.appendingPathComponent("simulated-device")
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        try call(root.appendingPathComponent("scripts/simulated-device"), [folder.path], [:])
        return folder.appendingPathComponent("replicate")
    }

    let root: URL

    func folder(_ name: String) -> URL { root.appendingPathComponent(name) }

    func run(_ arguments: [String]) throws -> Report {
        try replicate(["run", "adance-images", "--threads", "1"] + arguments).report
    }

    /// What the command printed, and what the device counted.
    func replicate(_ arguments: [String]) throws -> (output: String, report: Report) {
        let report = folder("report")
        let output = try Self.call(Self.executable.get(), arguments, ["SIMULATED_DEVICE_REPORT": report.path])
        let counts = try String(contentsOf: report, encoding: .utf8).split(whereSeparator: \.isWhitespace).map {
            Int($0)!
        }
        return (output, Report(operations: counts[0], graphs: counts[1], issued: counts[2], reads: counts[3]))
    }

    @discardableResult
    private static func call(_ executable: URL, _ arguments: [String], _ environment: [String: String]) throws -> String
    {
        let process = Process()
        let pipe = Pipe()
        (process.executableURL, process.arguments) = (executable, arguments)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(status: process.terminationStatus, output: output) }
        return output
    }
}

private func withRuns<T>(_ body: (SimulatedDevice) throws -> T) throws -> T {
    try withFolder { folder in
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try body(SimulatedDevice(root: folder))
    }
}
