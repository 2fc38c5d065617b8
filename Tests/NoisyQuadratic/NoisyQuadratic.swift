import Datasets
import Experiments
import Figures
import Foundation
import HDF5

/// Gradient descent on ½·c·‖x‖² with Gaussian noise on the gradient: the smallest replication that has a state to
/// checkpoint.
public struct NoisyQuadratic: Replayable, Sampleable {
    public struct Configuration: ExperimentConfiguration {
        public enum Start: String, Choice { case zero, gaussian }

        public var dimension: Int
        public var iterations: Int
        public var learningRate: Double
        public var curvatures: [Double]
        public var start: Start

        public func validate() throws {
            try requireCount("iterations", iterations, to: 1 << 30)
            guard dimension >= 1 else {
                throw ConfigurationError(key: "dimension", value: dimension, expected: "at least 1")
            }
            guard learningRate > 0, learningRate.isFinite else {
                throw ConfigurationError(key: "learningRate", value: learningRate, expected: "a number above 0")
            }
        }
    }

    public static let smoke = """
        settings:
          dimension: how many coordinates
          iterations: steps of gradient descent
          learningRate: their size
          curvatures: "of the quadratic, a cell each"
          start: where x starts
        defaults: {dimension: 3, learningRate: 0.1, curvatures: [1, 2.5], start: gaussian}
        smoke:
          summary: seconds
          iterations: 40
        long:
          summary: more of the same
          iterations: 400
        """

    public let name = "noisy-quadratic"
    public let summary = "gradient descent on a quadratic"
    public static let metrics = """
        evaluated: {title: noisy loss, decimals: 4, better: lower, meaning: the loss with noise}
        x0: {title: x₀, decimals: 3, better: neither, meaning: the first coordinate}
        """

    public static let shows = """
        tables:
          - name: losses
            title: Losses
            caption: Where gradient descent ends.
            rows: [method, curvature]
            columns:
              - {metric: loss, decimals: 4}
              - {metric: secondsPerIteration}
        charts:
          - name: loss
            title: loss
            x: {by: iteration}
            y: {logarithmic: true}
            lines: [{metric: loss, by: [method, curvature]}]
        sheets:
          - name: points
            title: points
            pictures: [x]
            rows: [method]
            columns: [curvature]
        """

    public var declarations = Declarations(
        profiles: Self.smoke, metrics: Self.metrics, shows: Self.shows, expected: "values: []")
    /// What is measured besides, and whether it is measured twice.
    public var extra: [String: Double] = [:]
    public var measuresTwice = false
    /// Seconds that an iteration waits, untimed, for the tests that stop a run.
    public var delay = 0.0
    /// Seconds that the 30th iteration takes longer, as by other work on the machine.
    public var disturbance = 0.0
    public init() {}

    public enum Method: String, Choice { case plain, momentum }

    public struct Setting: ExperimentSetting {
        public var method: Method
        public var curvature: Double
    }

    public func settings(_ configuration: Configuration) -> [Setting] {
        Method.allCases.flatMap { method in configuration.curvatures.map { Setting(method: method, curvature: $0) } }
    }

    public func estimate(_ setting: Setting, _ configuration: Configuration, threads: Int) -> Estimate {
        Estimate(seconds: 90, memory: 20_000_000, disk: 40_000)
    }

    public func run(_ setting: Setting, _ configuration: Configuration, _ context: CellContext) throws {
        let d = configuration.dimension
        let curvature = setting.curvature
        let decay = setting.method == .momentum ? 0.9 : 0
        var generator = SplitMix64(state: context.seed &+ UInt64(context.cell.index) &* 1000)
        var x = (0..<d).map { _ in configuration.start == .zero ? 0 : generator.gaussian() }
        var velocity = [Double](repeating: 0, count: d)
        let state = Kept(
            store: { checkpoint in
                checkpoint["x"] = HDF5Array(x, shape: [d])
                checkpoint["velocity"] = HDF5Array(velocity, shape: [d])
                checkpoint["generator"] = HDF5Array([generator.state], shape: [])
            },
            restore: { restored in
                x = try restored.finiteElements("x", shape: [d])
                velocity = try restored.finiteElements("velocity", shape: [d])
                generator.state = try restored.elements("generator", as: UInt64.self, shape: [])[0]
            })

        func loss() -> Double { 0.5 * curvature * x.map { $0 * $0 }.reduce(0, +) }
        try context.train(configuration.iterations, keeping: [state]) { iteration in
            for i in 0..<d {
                velocity[i] =
                    decay * velocity[i] - configuration.learningRate * (curvature * x[i] + generator.gaussian())
                x[i] += velocity[i]
            }
            if disturbance > 0, iteration == 30 { Thread.sleep(forTimeInterval: disturbance) }
            if delay > 0 { context.untimed { Thread.sleep(forTimeInterval: delay) } }
            try context.guardFinite("loss", loss(), iteration: iteration)
            if iteration % 3 == 0 { try context.log(iteration: iteration, ["loss": loss(), "x0": x[0]]) }
        }
        // The evaluation draws from the generator too, after the last checkpoint.
        let noisy = loss() + 1e-3 * generator.gaussian()
        try context.log(iteration: configuration.iterations, ["evaluated": noisy])
        let pixels = x.map { UInt8(max(0, min(255, $0 * 16 + 128))) }
        try context.write(Image(width: d, height: 1, channels: 1, pixels: pixels), named: "x")
        try context.measure("loss", loss())
        try context.measure("evaluated", noisy)
        for (metric, value) in extra {
            for _ in 0..<(measuresTwice ? 2 : 1) { try context.measure(metric, value) }
        }
    }

    /// Whether each coordinate, moved by so many Gaussian steps, is positive.
    public func draw(_ request: DrawRequest, from trained: TrainedCell<NoisyQuadratic>) throws -> DrawnSamples {
        let x = try trained.checkpoint.finiteElements("x", as: Double.self, shape: [trained.configuration.dimension])
        var generator = SplitMix64(state: request.seed)
        let bits = (0..<request.count).flatMap { _ in
            x.map { start in
                let end = (0..<(request.steps ?? 8)).reduce(start) { place, _ in place + generator.gaussian() }
                return end * request.inverseTemperature > 0 ? UInt8(1) : 0
            }
        }
        return DrawnSamples(
            .samples(.bits(BinaryBatch(bits: bits, dimension: x.count))), diagnostics: "\(request.count) walks")
    }

    public func replay(golden: URL, report: (String) -> Void) throws -> Bool {
        guard let text = try? String(contentsOf: golden, encoding: .utf8) else {
            throw RunError("\(golden.path): cannot be read")
        }
        report("the file says \(text)")
        return text == "right"
    }
}

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014), and a sum of twelve uniforms less six for a Gaussian.
struct SplitMix64 {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func gaussian() -> Double {
        (0..<12).map { _ in Double(next() >> 11) * 0x1p-53 }.reduce(0, +) - 6
    }
}
