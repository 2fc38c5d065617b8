import EnergyModels
import Objectives
import Oracles
import Testing
import Torch

/// From the objective through the optimizer: 40 updates by the kernels against 40 by the plain path, from one start on
/// the same data.
@Suite struct TrainingTests {
    @Test(arguments: [RatioMatching(.exact), RatioMatching(.exactInChunks(of: 5)), RatioMatching(.uniform(flips: 4))])
    func trainingByKernelsIsTrainingByThePlainPath(objective: RatioMatching) throws {
        func losses(_ wrap: (MLPEnergy) -> any BinaryEnergyModel) throws -> [Double] {
            let model = MLPEnergy(dimension: 12, hidden: [32, 16], using: RandomGenerator(seed: 3))
            let adam = Adam(model.parameters, .init(learningRate: 0.002, weightDecay: 1e-4))
            let (data, flips) = (RandomGenerator(seed: 4), RandomGenerator(seed: 5))
            let wrapped = wrap(model)
            return try (0..<40).map { _ in
                // Bits of unequal frequency: there is something to learn.
                let chances = Tensor.range(12).converted(to: .float32) / 12
                let x = data.bernoulli(chances.unsqueezed(0).expanded([32, 12]).contiguous())
                let (loss, found) = try objective.lossAndGradients(wrapped, x, using: flips)
                clipGradientNorm(found, to: 1)
                adam.update(found)
                return loss.item()
            }
        }
        let (kernels, plain) = (try losses { $0 }, try losses { GenericFlips($0) })
        #expect(plain[0] - plain[39] > 0.3)
        for (step, pair) in zip(kernels, plain).enumerated() {
            #expect(abs(pair.0 - pair.1) < 1e-4 * pair.1, "step \(step): \(pair)")
        }
    }
}
