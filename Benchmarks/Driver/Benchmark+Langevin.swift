import EnergyModels
import Objectives
import Samplers
import Torch

// Convolutional energies of Table 5.1 of Xu 2022: Langevin steps of frozen weights, and whole updates.

extension Benchmark {
    static let langevin: [Benchmark] = [
        step(
            "langevin-c-float32", .float32, bound: 0.85,
            note: "float32; above 1 the share says that oneDNN's convolutions beat MKL's product"),
        step(
            "langevin-c-bfloat16", .bfloat16, bound: 0.9,
            note: "bfloat16, points in float32; the peer under autocast; limit: bfloat16 products"),
        Benchmark(
            name: "adance-update-a", bound: nil, operations: 100 * langevinOperations(.a) + updateOperations(.a),
            note:
                "one AdaNCE update of model A, batch 128, K = 1, spectral norms: 100 Langevin steps from the buffer, loss, gradients, Adam",
            rounds: 2,
            prepare: {
                let generator = RandomGenerator(seed: 0)
                let training = try SelfAdaptingTraining(
                    ConvNetEnergy(.a, using: generator), AdaNCE(),
                    dynamics: try LangevinDynamics(stepSize: 1, noise: 0.005),
                    buffer: ReplayBuffer(shape: ConvNetArchitecture.a.inputShape, .init(), using: generator), .init(),
                    using: generator)
                let data = Tensor.uniform(
                    [batch] + ConvNetArchitecture.a.inputShape, low: -1, high: 1, using: generator)
                return { count in for _ in 0..<count { _ = try! training.update(data) } }
            }),
    ]

    private static let batch = 128

    /// Forward, and back to the input.
    private static func langevinOperations(_ architecture: ConvNetArchitecture) -> Double {
        2 * 2 * Double(batch * architecture.multiplications)
    }

    /// Forward of noise and data under both models, and back to the weights and activations of one.
    private static func updateOperations(_ architecture: ConvNetArchitecture) -> Double {
        2 * 4 * Double(2 * batch * architecture.multiplications)
    }

    private static func step(_ name: String, _ type: DType, bound: Double, note: String) -> Benchmark {
        let operations = langevinOperations(.c)
        let floor: @Sendable () -> Double = { operations / matrixProductRate(type) }
        return Benchmark(
            name: name, bound: bound, operations: type == .float32 ? operations : nil,
            note:
                "one Langevin step of model C, batch 128, frozen weights, \(note); the peer's tensors are channels-last, its weights ask for no gradients",
            floor: type == .float32 ? nil : floor, rounds: 7,
            prepare: {
                let generator = RandomGenerator(seed: 0)
                let model = try ConvNetEnergy(.c, samplingType: type, using: generator).frozen()
                let start = Tensor.uniform(
                    [batch] + ConvNetArchitecture.c.inputShape, low: -1, high: 1, using: generator)
                let dynamics = try LangevinDynamics(stepSize: 1, noise: 0.005)
                let chains = LangevinChains(dynamics, model, from: start.channelsLast(), using: generator)
                return { (count: Int) in _ = try! chains.advance(count) }
            })
    }
}
