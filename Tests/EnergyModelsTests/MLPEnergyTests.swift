import EnergyModels
import Foundation
import Oracles
import Testing
import Torch

/// An MLP whose β is not 1, so that its place in every formula shows.
func mlp(_ d: Int, _ hidden: [Int], dtype: DType = .float32, seed: UInt64 = 1) -> MLPEnergy {
    let model = MLPEnergy(dimension: d, hidden: hidden, dtype: dtype, using: RandomGenerator(seed: seed))
    withoutGradients { model.beta.fill(1.3) }
    return model
}

/// The same model with its numbers in float64.
func doubled(_ model: MLPEnergy) -> MLPEnergy {
    let hidden = model.layers.dropLast().map { $0.bias.count }
    let other = MLPEnergy(
        dimension: model.dimension, hidden: hidden, dtype: .float64, using: RandomGenerator(seed: 0))
    other.parameters.assign(model.parameters)
    return other
}

func coinFlips(_ shape: [Int], dtype: DType = .float32, seed: UInt64 = 2) -> Tensor {
    Tensor.integers(shape, 0..<2, dtype: dtype, using: RandomGenerator(seed: seed))
}

/// Runs body with that many threads, on the thread that asks.
func withThreads<Result>(_ count: Int, _ body: () throws -> Result) rethrows -> Result {
    let former = Runtime.threads
    Runtime.threads = count
    defer { Runtime.threads = former }
    return try body()
}

@Suite struct MLPEnergyTests {
    @Test func parametersHaveTheReleasedCodesNamesAndOrder() {
        let parameters = mlp(4, [16, 8, 5]).parameters
        #expect(
            parameters.names == [
                "layer1.weight", "layer1.bias", "swish.beta", "layer2.weight", "layer2.bias", "layer3.weight",
                "layer3.bias", "layer4.weight", "layer4.bias",
            ])
        #expect(
            parameters.map(\.tensor.shape) == [[16, 4], [16], [], [8, 16], [8], [5, 8], [5], [1, 5], [1]])
        #expect(parameters.elementCount == 16 * 4 + 16 + 1 + 8 * 16 + 8 + 5 * 8 + 5 + 5 + 1)
        #expect(parameters.allSatisfy { $0.tensor.requiresGradient })
    }

    @Test func betaStartsAtOneAndLayersAreDrawnInOrder() {
        let model = MLPEnergy(dimension: 3, hidden: [4], using: RandomGenerator(seed: 1023))
        #expect(model.beta.item() == 1)
        let generator = RandomGenerator(seed: 1023)
        for layer in model.layers {
            let again = Linear(inputs: layer.weight.size(1), outputs: layer.bias.count, using: generator)
            #expect(again.weight.array(Float.self) == layer.weight.array(Float.self))
            #expect(again.bias.array(Float.self) == layer.bias.array(Float.self))
        }
    }

    /// W₂ Swish(W₁x + b₁) + b₂ and so on, written out in double. The float64 model agrees to some hundred roundings,
    /// the float32 one, recorded or by kernels, to a few of its own, sums of 32 products at a time.
    @Test(arguments: [[16], [32, 16], [16, 48, 32], [7, 5]])
    func theEnergyIsTheWrittenOutFormula(hidden: [Int]) {
        let model = mlp(6, hidden)
        let x = coinFlips([9, 6])
        let beta = model.beta.item()
        let expected = (0..<9).map { row -> Double in
            var h = x[row].array(Double.self)
            for (n, layer) in model.layers.enumerated() {
                let (w, b) = (layer.weight.array(Double.self), layer.bias.array(Double.self))
                let z = b.indices.map { o in h.indices.reduce(b[o]) { $0 + w[o * h.count + $1] * h[$1] } }
                h = n == model.layers.count - 1 ? z : z.map { $0 / (1 + exp(-beta * $0)) }
            }
            return h[0]
        }
        let double = doubled(model)
        #expect(deviation(double.energy(x.converted(to: .float64)).array(), expected) < 1e-14)
        #expect(deviation(double.evaluate(x.converted(to: .float64)).array(), expected) < 1e-14)
        #expect(deviation(model.energy(x).array(), expected) < 1e-6)
        #expect(deviation(model.evaluate(x).array(), expected) < 1e-6)
        #expect(model.energy(x).requiresGradient && !model.evaluate(x).requiresGradient)
        #expect(model.evaluate(x).shape == [9])
    }

    /// Swish through the kernels from −100 to 100: z σ(z) = z / (1 + e^−z). Where z is very negative the relative error
    /// is that of the exponential, 7·10⁻⁷ as its comment promises, and a few roundings; below −87 the exponential stays
    /// at the end of its range, and |Swish| at most 100 e^−87 ≈ 10⁻³⁶.
    @Test func theKernelsSwishIsAccurateOverTheWholeRange() {
        let model = MLPEnergy(dimension: 1, hidden: [16], using: RandomGenerator(seed: 0))
        withoutGradients {
            for parameter in model.parameters.tensors { parameter.fill(0) }
            model.beta.fill(1)
            model.layers[0].weight.fill(1)
            model.layers[1].weight.narrowed(1, start: 3, length: 1).fill(1)
        }
        let z = (0...40_000).map { Float($0 - 20_000) / 200 }
        let swish = model.evaluate(Tensor(z, shape: [z.count, 1])).array(Float.self)
        var worst = 0.0
        for (z, value) in zip(z.map(Double.init), swish.map(Double.init)) where z != 0 {
            if z >= -87 {
                worst = max(worst, abs(value / (z / (1 + exp(-z))) - 1))
            } else {
                #expect(value <= 0 && value > -1e-35)
            }
        }
        #expect(worst < 1e-6)
    }

    @Test func anEmptyBatchHasNoEnergies() {
        let model = mlp(4, [16, 16])
        let x = Tensor.zeros([0, 4])
        #expect(model.evaluate(x).shape == [0] && model.energy(x).shape == [0])
        #expect(model.inputGradient(x).shape == [0, 4])
        let differences = model.flipDifferences(x, at: nil)
        #expect(differences.shape == [0, 4])
        let found = gradients(of: differences.sum(), withRespectTo: model.parameters.tensors)
        #expect(found.allSatisfy { $0.array(Float.self).allSatisfy { $0 == 0 } })
    }
}
