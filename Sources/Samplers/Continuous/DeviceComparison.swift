import EnergyModels
import Foundation
import Torch

/// What a device makes of a convolutional energy and of Langevin chains on it, beside float64 on the processor; and how
/// fast.
///
///     var comparison = try DeviceComparison(.a, batch: 64, steps: 100, on: device)
///     try comparison.compare()
///     try comparison.measureSpeed(rounds: 5, productRows: 8192)
///     print(comparison.agreements, comparison.speeds)
///
/// Weights are random, of a fixed seed. Chains are compared in distribution, since each device draws its own noise.
public struct DeviceComparison {
    public struct Agreement: Encodable, Sendable {
        public let type: String
        /// The largest error of an energy, relative to the largest energy; the mean error of a gradient, relative to its
        /// norm.
        public let energyError, gradientError: Double
        /// Mean energy, and mean root mean square, at the chains' ends: the device's less the reference's, in standard
        /// errors.
        public let energyZ, deviationZ: Double
        public let agrees: Bool
    }

    public struct Speed: Encodable, Sendable {
        public let type: String
        public let graphs: Bool
        public let imageStepsPerSecond, gigaflops: Double
        /// The share of what a product of square matrices reaches on the device in this type.
        public let share: Double
    }

    /// The types that chains move in, and the largest errors with which they agree.
    private static let types = [(DType.float32, 0.03), (.bfloat16, 0.2)]
    /// The largest distance of means, in standard errors, with which chains agree.
    private static let largestZ = 5.0

    public let architecture: ConvNetArchitecture
    public let device: Device
    public let batch, steps: Int
    public private(set) var agreements: [Agreement] = []
    public private(set) var speeds: [Speed] = []

    private let weights: ConvNetEnergy
    /// [batch, channels, height, width], uniform on [−1, 1).
    private let images: Tensor
    private let dynamics: LangevinDynamics

    /// - Parameters:
    ///   - architecture: already scaled in width.
    ///   - batch: chains, at least 1.
    ///   - steps: of a chain, at least 1.
    public init(_ architecture: ConvNetArchitecture, batch: Int, steps: Int, on device: Device) throws {
        require(batch >= 1 && steps >= 1, "\(batch) chains of \(steps) steps")
        (self.architecture, self.device, self.batch, self.steps) = (architecture, device, batch, steps)
        images = Tensor.uniform(
            [batch] + architecture.inputShape, low: -1, high: 1, using: RandomGenerator(seed: 2))
        weights = try ConvNetEnergy(architecture, using: RandomGenerator(seed: 1))
        dynamics = try LangevinDynamics(stepSize: 1, noise: 0.005)
    }

    /// Bytes that are likely to be needed: weights in float32, and in float64 as they are and frozen, then frozen in the
    /// device's type; and a layer of a batch, unfolded for its convolution, in float64, forward and back.
    public static func estimatedMemory(
        _ architecture: ConvNetArchitecture, batch: Int
    ) -> (weights: Double, total: Double) {
        let weights = 28 * Double(architecture.parameterCount)
        return (weights, weights + 16 * Double(batch) * Double(architecture.largestUnfolding))
    }

    private func model(_ type: DType, sampling: DType, on device: Device) throws -> FrozenConvNetEnergy {
        let model = try ConvNetEnergy(
            architecture, dtype: type, samplingType: sampling, using: RandomGenerator(seed: 1, device: device))
        model.parameters.assign(weights.parameters)
        model.state.assign(weights.state)
        return model.frozen()
    }

    /// Energies, and root mean squares, of where chains end that start from the same images.
    private func ends(_ model: FrozenConvNetEnergy, _ start: Tensor, on device: Device) throws -> [Tensor] {
        let end = try dynamics.run(
            model, from: start.channelsLast(), steps: steps, using: RandomGenerator(seed: 3, device: device)
        ).points
        let squares = end.reshaped([batch, -1]).squared().mean(1).squareRoot()
        return [model.evaluate(end), squares].map { $0.moved(to: .cpu).converted(to: .float64) }
    }

    /// Finds `agreements`: energies, gradients and chains' ends in each type beside float64 on the processor.
    public mutating func compare() throws {
        let exact = try model(.float64, sampling: .float64, on: .cpu)
        let exactImages = images.converted(to: .float64)
        let (energy, gradient) = exact.energyAndInputGradient(exactImages)
        let reference = try ends(exact, exactImages, on: .cpu)
        let own = images.moved(to: device)
        func wide(_ x: Tensor) -> Tensor { x.moved(to: .cpu).converted(to: .float64) }
        func rows(_ x: Tensor) -> Tensor { x.contiguous().reshaped([batch, -1]) }
        agreements = try Self.types.map { type, bound in
            let frozen = try model(.float32, sampling: type, on: device)
            let found = frozen.energyAndInputGradient(own)
            let energyError = (wide(found.energy) - energy).abs().max().item() / energy.abs().max().item()
            let gradientError = (rows(wide(found.gradient) - gradient).norm(1) / rows(gradient).norm(1)).mean().item()
            let z = zip(try ends(frozen, own, on: device), reference).map { ours, theirs in
                let spread =
                    batch > 1
                    ? ((ours.variance(0) + theirs.variance(0)) / Double(batch)).squareRoot().item() : .infinity
                return (ours.mean().item() - theirs.mean().item()) / spread
            }
            return Agreement(
                type: "\(type)", energyError: energyError, gradientError: gradientError, energyZ: z[0],
                deviationZ: z[1],
                agrees: energyError <= bound && gradientError <= bound && z.allSatisfy { abs($0) <= Self.largestZ })
        }
    }

    /// Finds `speeds`: the median of some rounds of chains after one for nothing.
    ///
    /// - Parameters:
    ///   - productRows: of the square matrices whose product is the limit.
    ///   - withGraphs: whether chains are timed as graphs too.
    public mutating func measureSpeed(rounds: Int, productRows: Int, withGraphs: Bool) throws {
        let own = images.moved(to: device)
        for (type, _) in Self.types {
            let frozen = try model(.float32, sampling: type, on: device)
            let rate = productRate(type, rows: productRows)
            for asGraph in withGraphs ? [false, true] : [false] {
                let generator = RandomGenerator(seed: 3, device: device)
                let times = try (0...rounds).map { _ in
                    try ContinuousClock().measure {
                        _ = try dynamics.run(
                            frozen, from: own.channelsLast(), steps: steps, asGraph: asGraph, using: generator)
                    } / .seconds(1)
                }
                let speed = Double(batch * steps) / Self.median(Array(times.dropFirst()))
                // Forward, and back to the image.
                let flops = speed * 4 * Double(architecture.multiplications)
                speeds.append(
                    Speed(
                        type: "\(type)", graphs: asGraph, imageStepsPerSecond: speed, gigaflops: flops / 1e9,
                        share: flops / rate))
            }
        }
    }

    /// Floating-point operations a second of a product of square matrices.
    private func productRate(_ type: DType, rows n: Int) -> Double {
        let a = Tensor.normal([n, n], using: RandomGenerator(seed: 0)).moved(to: device).converted(to: type)
        let c = Tensor.empty([n, n], dtype: type, device: device)
        let times = (0..<6).map { _ in
            ContinuousClock().measure {
                for _ in 0..<4 { c.assign(matmul: a, a) }
                _ = c.narrowed(0, start: 0, length: 1).narrowed(1, start: 0, length: 1).item()
            } / .seconds(1)
        }
        return 8 * Double(n) * Double(n) * Double(n) / Self.median(Array(times.dropFirst()))
    }

    private static func median(_ times: [Double]) -> Double { times.sorted()[times.count / 2] }
}
