import ArgumentParser
import EnergyModels
import Experiments
import Foundation
import Samplers
import Torch

/// What a device makes of a convolutional energy and its chains, beside float64 on the processor; and how fast.
struct DeviceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "device",
        abstract:
            "Compares a device's energies, gradients and chains with float64 on the processor, and times its chains.",
        discussion: """
            A network of Table 5.1 of Xu 2022 with random weights. Errors are relative to the largest energy and to each gradient's norm. Chains are \
            compared in distribution, since each device draws its own noise: z is a difference of means in standard errors. Exit code 1 where \
            an error is above 0.03 (bfloat16: 0.2) or a z above 5. (bfloat16's 8 bits give gradients 0.08 to 0.1 off, where leaky ReLUs take the \
            other side; TF32, in which a GPU convolves float32, has 11.)
            """)

    @Option(help: ArgumentHelp("cpu, cuda or cuda:N.", valueName: "device")) var device = "cpu"
    @Option(help: "The network: a, b or c.") var network = "c"
    @Option(help: "Of all its layers but the last, as a factor; the memory grows with its square.") var width = 1.0
    @Option(help: "Chains at a time.") var batch = 128
    @Option(help: "Steps of a chain.") var steps = 100
    @Option(help: "Times that the chains are timed, after once for nothing; the median is printed.") var rounds = 5
    @Option(
        help: ArgumentHelp(
            "Rows of the square matrices whose product is the limit (default: 1024 on cpu, 8192 on cuda).",
            valueName: "rows"))
    var matrix: Int?
    @Flag(help: "Time chains as CUDA graphs too.") var graphs = false
    @Option(help: "Threads of the processor.") var threads: Int = Processor.available
    @Flag(help: "Print JSON instead of a table.") var json = false

    func validate() throws {
        try requireCounts(["batch": batch, "steps": steps, "rounds": rounds, "threads": threads, "matrix": matrix ?? 1])
        let most = ConvNetArchitecture.largestWidth
        guard width > 0, width <= most else {
            throw ValidationError("--width is \(width), expected a number above 0, up to \(most)")
        }
        guard ["a", "b", "c"].contains(network) else {
            throw ValidationError("--network is '\(network)', expected a, b or c")
        }
    }

    func run() throws {
        Runtime.threads = threads
        do {
            let device = try Device(validating: device)
            if graphs, device == .cpu {
                throw RunError(
                    "graphs are of work on a GPU, but the device is cpu",
                    cure: "leave out --graphs, or give --device cuda")
            }
            let report = try measured(on: device)
            if json { try printJSON(report) } else { try printText(report.table.markdown) }
            if !report.agrees { throw ExitCode(1) }
        } catch let fault as DeviceError { throw RunError(fault.description) }
    }

    private func measured(on device: Device) throws -> DeviceReport {
        let base: ConvNetArchitecture = ["a": .a, "b": .b, "c": .c][network]!
        let architecture = try base.scaled(width: width)
        let needed = DeviceComparison.estimatedMemory(architecture, batch: batch)
        let there = Double(ProcessInfo.processInfo.physicalMemory)
        guard needed.total <= there else {
            throw RunError(
                String(
                    format: "this needs about %.0f GB of memory, %.0f GB of them for weights; the machine has %.0f GB",
                    needed.total / 1e9, needed.weights / 1e9, there / 1e9),
                cure: "give a smaller --width or --batch")
        }
        var comparison = try DeviceComparison(architecture, batch: batch, steps: steps, on: device)
        try comparison.compare()
        try comparison.measureSpeed(
            rounds: rounds, productRows: matrix ?? (device == .cpu ? 1024 : 8192), withGraphs: graphs)
        return DeviceReport(
            device: device.description, network: network, width: width, batch: batch, steps: steps, threads: threads,
            agreement: comparison.agreements, speed: comparison.speeds)
    }
}

private struct DeviceReport: Encodable {
    var device, network: String
    var width: Double
    var batch, steps, threads: Int
    var agreement: [DeviceComparison.Agreement]
    var speed: [DeviceComparison.Speed]
    var agrees: Bool { agreement.allSatisfy(\.agrees) }

    var table: Table {
        func small(_ value: Double) -> String { String(format: "%.1e", value) }
        let rows = speed.map { speed in
            let found = agreement.first { $0.type == speed.type }!
            return [
                speed.type, speed.graphs ? "graphs" : "", small(found.energyError), small(found.gradientError),
                String(format: "%.1f", found.energyZ), String(format: "%.1f", found.deviationZ),
                found.agrees ? "yes" : "no",
                String(format: "%.0f", speed.imageStepsPerSecond), String(format: "%.0f", speed.gigaflops),
                String(format: "%.2f", speed.share),
            ]
        }
        return Table(
            columns: [
                "type", "", "energies", "gradients", "z, energy", "z, size", "agrees", "images·steps/s", "GFLOP/s",
                "of a product's",
            ],
            rows: rows,
            notes: [
                "\(device), network \(network), width \(width), \(batch) chains of \(steps) steps, libtorch \(Runtime.version), \(threads) threads"
            ])
    }
}
