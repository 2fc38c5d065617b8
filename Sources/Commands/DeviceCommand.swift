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
            let report = try DeviceReport(self, on: device)
            if json { try printJSON(report) } else { try printText(report.table.markdown) }
            if !report.agrees { throw ExitCode(1) }
        } catch let fault as DeviceError { throw RunError(fault.description) }
    }
}

private struct DeviceReport: Encodable {
    struct Agreement: Encodable {
        var type: String
        var energyError, gradientError: Double
        /// Mean energy, and mean root mean square, at the chains' ends: the device's less the reference's, in standard
        /// errors.
        var energyZ, deviationZ: Double
        var agrees: Bool
    }
    struct Speed: Encodable {
        var type: String
        var graphs: Bool
        var imageStepsPerSecond, gigaflops: Double
        /// The share of what a product of square matrices reaches on the device in this type.
        var share: Double
    }

    var device, network: String
    var width: Double
    var batch, steps, threads: Int
    var agreement: [Agreement] = []
    var speed: [Speed] = []
    var agrees: Bool { agreement.allSatisfy(\.agrees) }

    init(_ command: DeviceCommand, on device: Device) throws {
        (self.device, network, width) = (device.description, command.network, command.width)
        (batch, steps, threads) = (command.batch, command.steps, command.threads)
        let base: ConvNetArchitecture = ["a": .a, "b": .b, "c": .c][command.network]!
        let architecture = try base.scaled(width: command.width)
        try Self.checkMemory(architecture, batch: batch)
        let shape = [batch] + architecture.inputShape
        let images = Tensor.uniform(shape, low: -1, high: 1, using: RandomGenerator(seed: 2))
        let weights = try ConvNetEnergy(architecture, using: RandomGenerator(seed: 1))

        func model(_ type: DType, sampling: DType, on device: Device) throws -> FrozenConvNetEnergy {
            let model = try ConvNetEnergy(
                architecture, dtype: type, samplingType: sampling, using: RandomGenerator(seed: 1, device: device))
            model.parameters.assign(weights.parameters)
            model.state.assign(weights.state)
            return model.frozen()
        }
        let dynamics = try LangevinDynamics(stepSize: 1, noise: 0.005)
        let (batch, steps) = (batch, steps)
        /// Energies, and root mean squares, of where chains end that start from the same images.
        func ends(_ model: FrozenConvNetEnergy, _ start: Tensor, on device: Device) throws -> [Tensor] {
            let end = try dynamics.run(
                model, from: start.channelsLast(), steps: steps, using: RandomGenerator(seed: 3, device: device)
            ).points
            let squares = end.reshaped([batch, -1]).squared().mean(1).squareRoot()
            return [model.evaluate(end), squares].map { $0.moved(to: .cpu).converted(to: .float64) }
        }
        let exact = try model(.float64, sampling: .float64, on: .cpu)
        let wide = images.converted(to: .float64)
        let (energy, gradient) = exact.energyAndInputGradient(wide)
        let reference = try ends(exact, wide, on: .cpu)

        let own = images.moved(to: device)
        for (type, bound) in [(DType.float32, 0.03), (.bfloat16, 0.2)] {
            let frozen = try model(.float32, sampling: type, on: device)
            let found = frozen.energyAndInputGradient(own)
            func wide(_ x: Tensor) -> Tensor { x.moved(to: .cpu).converted(to: .float64) }
            func rows(_ x: Tensor) -> Tensor { x.contiguous().reshaped([batch, -1]) }
            let energyError = (wide(found.energy) - energy).abs().max().item() / energy.abs().max().item()
            let gradientError = (rows(wide(found.gradient) - gradient).norm(1) / rows(gradient).norm(1)).mean().item()
            let z = zip(try ends(frozen, own, on: device), reference).map { ours, theirs in
                let spread =
                    batch > 1
                    ? ((ours.variance(0) + theirs.variance(0)) / Double(batch)).squareRoot().item() : .infinity
                return (ours.mean().item() - theirs.mean().item()) / spread
            }
            agreement.append(
                Agreement(
                    type: "\(type)", energyError: energyError, gradientError: gradientError, energyZ: z[0],
                    deviationZ: z[1],
                    agrees: energyError <= bound && gradientError <= bound && z.allSatisfy { abs($0) <= 5 }))
            let rate = Self.productRate(type, rows: command.matrix ?? (device == .cpu ? 1024 : 8192), on: device)
            for asGraph in command.graphs ? [false, true] : [false] {
                let generator = RandomGenerator(seed: 3, device: device)
                let times = try (0...command.rounds).map { _ in
                    try ContinuousClock().measure {
                        _ = try dynamics.run(
                            frozen, from: own.channelsLast(), steps: steps, asGraph: asGraph, using: generator)
                    } / .seconds(1)
                }
                let speed = Double(batch * steps) / Self.median(Array(times.dropFirst()))
                // Forward, and back to the image.
                let flops = speed * 4 * Double(architecture.multiplications)
                self.speed.append(
                    Speed(
                        type: "\(type)", graphs: asGraph, imageStepsPerSecond: speed, gigaflops: flops / 1e9,
                        share: flops / rate))
            }
        }
    }

    /// Throws `RunError` where the machine has less memory than is likely to be needed: weights in float32, and in
    /// float64 as they are and frozen, then frozen in the device's type; and a layer of a batch, unfolded for its
    /// convolution, in float64, forward and back.
    private static func checkMemory(_ architecture: ConvNetArchitecture, batch: Int) throws {
        let weights = 28 * Double(architecture.parameterCount)
        let needed = weights + 16 * Double(batch) * Double(architecture.largestUnfolding)
        let there = Double(ProcessInfo.processInfo.physicalMemory)
        guard needed <= there else {
            throw RunError(
                String(
                    format: "this needs about %.0f GB of memory, %.0f GB of them for weights; the machine has %.0f GB",
                    needed / 1e9, weights / 1e9, there / 1e9),
                cure: "give a smaller --width or --batch")
        }
    }

    /// Floating-point operations a second of a product of square matrices.
    private static func productRate(_ type: DType, rows n: Int, on device: Device) -> Double {
        let a = Tensor.normal([n, n], using: RandomGenerator(seed: 0)).moved(to: device).converted(to: type)
        let c = Tensor.empty([n, n], dtype: type, device: device)
        let times = (0..<6).map { _ in
            ContinuousClock().measure {
                for _ in 0..<4 { c.assign(matmul: a, a) }
                _ = c.narrowed(0, start: 0, length: 1).narrowed(1, start: 0, length: 1).item()
            } / .seconds(1)
        }
        return 8 * Double(n) * Double(n) * Double(n) / median(Array(times.dropFirst()))
    }

    private static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }

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
