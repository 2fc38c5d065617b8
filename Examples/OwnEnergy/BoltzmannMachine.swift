import EnergyModels
import Objectives
import Samplers
import Torch

/// E(x) = −Σ_{i<j} Wᵢⱼ xᵢ xⱼ − b·x over x ∈ {0, 1}^d.
struct BoltzmannMachine: BinaryEnergyModel {
    let couplings: Tensor
    let biases: Tensor

    init(dimension d: Int) {
        couplings = Tensor.zeros([d, d]).requiringGradient()
        biases = Tensor.zeros([d]).requiringGradient()
    }

    var dimension: Int { biases.count }
    var parameters: Parameters { Parameters([("couplings", couplings), ("biases", biases)]) }

    func energy(_ x: Tensor) -> Tensor {
        -(x.matmul(couplings.upperTriangle(1)) * x).sum(1) - x.matmul(biases)
    }
}

/// Learns from bits [n, d], float32, and draws as many samples.
func learnAndSample(_ data: Tensor) throws -> Tensor {
    let model = BoltzmannMachine(dimension: data.size(1))
    let adam = Adam(model.parameters, .init(learningRate: 0.02))
    let generator = RandomGenerator(seed: 1)
    for _ in 0..<400 {
        adam.update(try RatioMatching(.exact).lossAndGradients(model, data, using: generator).gradients)
    }
    // Squared ratios learn p to the power ¼: read out at inverse temperature 4.
    let coins = Tensor.integers(data.shape, 0..<2, using: generator).converted(to: .float32)
    return GibbsSampler(inverseTemperature: 4).sample(model, from: coins, sweeps: 50, using: generator)
}
