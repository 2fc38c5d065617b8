import EnergyModels
import Torch

extension GibbsSampler {
    /// Sweeps whose inverse temperature rises to this sampler's in equal steps over the first half, and stays there for the
    /// second: chains that start far from the model's states find their way at small β.
    ///
    /// - Parameters:
    ///   - x: where the chains start, bits [chains, d]; left as they are.
    ///   - sweeps: at least 2.
    /// - Returns: shape [chains, d].
    public func rampedSample(
        _ model: some BinaryEnergyModel, from x: Tensor, sweeps: Int, using generator: RandomGenerator
    ) -> Tensor {
        let half = max(1, sweeps / 2)
        var (x, sampler) = (x, self)
        for sweep in 1...half {
            sampler.inverseTemperature = inverseTemperature * Double(sweep) / Double(half)
            x = sampler.sample(model, from: x, sweeps: 1, using: generator)
        }
        return sample(model, from: x, sweeps: sweeps - half, using: generator)
    }
}
