import EnergyModels
import Oracles
import Testing
import Torch

/// The closed forms of the perceptron's derivatives against differentiating its energy twice, float64; 10⁻¹² is some
/// hundred roundings.
@Suite struct ContinuousMLPEnergyTests {
    private static let activations: [Activation] = [.silu, .tanh, .softplus, .leakyReLU(slope: 0.2)]

    /// The energy alone.
    private struct Plain: ContinuousEnergyModel {
        let model: ContinuousMLPEnergy
        var parameters: Parameters { model.parameters }
        func energy(_ x: Tensor) -> Tensor { model.energy(x) }
    }

    private let generator = RandomGenerator(seed: 12)

    private func model(_ activation: Activation, hidden: [Int], dtype: DType = .float64) -> ContinuousMLPEnergy {
        let model = ContinuousMLPEnergy(
            dimension: 3, hidden: hidden, activation: activation, confinement: 0.3, dtype: dtype, using: generator)
        // Wider weights bend the energy more.
        withoutGradients { for tensor in model.parameters.tensors { tensor.assign(2 * tensor) } }
        return model
    }

    @Test(arguments: activations, [[7], [6, 5, 4]]) func closedFormsAreTheDerivatives(
        activation: Activation, hidden: [Int]
    ) {
        let model = model(activation, hidden: hidden)
        let plain = Plain(model: model)
        let (x, v) = (
            Tensor.normal([9, 3], dtype: .float64, using: generator),
            Tensor.normal([9, 3], dtype: .float64, using: generator)
        )
        let truth = plain.recordedGradient(x)
        #expect(deviation(model.inputGradient(x), truth) < 1e-12)
        #expect(deviation(model.recordedGradient(x), truth) < 1e-12)
        #expect(!model.inputGradient(x).requiresGradient)
        let (energy, slope) = model.energyAndInputGradient(x)
        #expect(deviation(energy, model.energy(x)) < 1e-13 && deviation(slope, truth) < 1e-12)
        let (directional, generic) = (
            model.directionalDerivatives(x, along: v), plain.directionalDerivatives(x, along: v)
        )
        #expect(deviation(directional.first, generic.first) < 1e-12)
        #expect(deviation(directional.second, generic.second) < 1e-12)
        let exact = model.gradientAndLaplacian(x)
        #expect(deviation(exact.gradient, truth) < 1e-12)
        #expect(deviation(exact.laplacian, plain.gradientAndLaplacian(x).laplacian) < 1e-12)
        // Two unit vectors at a time: the parts are put together.
        #expect(deviation(plain.replicatedLaplacian(x, rows: 18), exact.laplacian) < 1e-12)
    }

    /// And with respect to the parameters, through them.
    @Test(arguments: activations) func closedFormsAreRecorded(activation: Activation) {
        let model = model(activation, hidden: [6, 5])
        let plain = Plain(model: model)
        let (x, v) = (
            Tensor.normal([9, 3], dtype: .float64, using: generator),
            Tensor.normal([9, 3], dtype: .float64, using: generator)
        )
        func found(_ model: some ContinuousEnergyModel) -> [[Tensor]] {
            let (gradient, laplacian) = model.gradientAndLaplacian(x)
            let (first, second) = model.directionalDerivatives(x, along: v)
            let losses = [
                model.recordedGradient(x).squared().sum(), gradient.squared().sum() + laplacian.squared().sum(),
                first.squared().sum() + second.squared().sum(),
            ]
            return losses.map { gradients(of: $0, withRespectTo: model.parameters.tensors) }
        }
        for (ours, truths) in zip(found(model), found(plain)) {
            for (a, b) in zip(ours, truths) { #expect(deviation(a, b) < 1e-11) }
        }
    }

    /// ∇E and tr ∇²E by central differences of E and of ∇E; their own error is 10⁻⁹.
    @Test func derivativesMatchFiniteDifferences() {
        let model = model(.silu, hidden: [6, 5])
        let x = Tensor.normal([4, 3], dtype: .float64, using: generator)
        let slopes = centralDifferences(at: x) { model.evaluate(x).sum().item() }
        let (gradient, laplacian) = model.gradientAndLaplacian(x)
        #expect(deviation(gradient.array(), slopes) < 1e-8)
        // The derivative of each point's ∂E/∂xᵢ in its own xᵢ.
        let trace = (0..<3).reduce(into: [Double](repeating: 0, count: 4)) { sum, i in
            let column = centralDifferences(at: x) { model.inputGradient(x).selected(1, i).sum().item() }
            for point in 0..<4 { sum[point] += column[3 * point + i] }
        }
        #expect(deviation(laplacian.array(), trace) < 1e-8)
    }

    @Test(arguments: activations) func singlePrecisionFollowsDouble(activation: Activation) {
        let model = model(activation, hidden: [16, 16])
        let single = ContinuousMLPEnergy(
            dimension: 3, hidden: [16, 16], activation: activation, confinement: 0.3, using: generator)
        withoutGradients {
            for (to, from) in zip(single.parameters, model.parameters) { to.tensor.assign(from.tensor) }
        }
        let x = Tensor.normal([9, 3], dtype: .float64, using: generator)
        let narrow = x.converted(to: .float32)
        #expect(single.dtype == .float32 && model.dtype == .float64)
        let (found, truth) = (single.gradientAndLaplacian(narrow), model.gradientAndLaplacian(x))
        #expect(deviation(found.gradient, truth.gradient) < 1e-5)
        #expect(deviation(found.laplacian, truth.laplacian) < 1e-4)
    }

    /// The kernels' series and its gradients in the parameters, float32, against double precision; one, two and three
    /// hidden layers, and more points than a part of the rows. 10⁻⁴ is some hundred roundings of sums of that many
    /// terms.
    @Test(arguments: [[32], [32, 16], [16, 48, 32]]) func kernelsFollowThePlainSeries(hidden: [Int]) {
        let double = model(.silu, hidden: hidden)
        let single = ContinuousMLPEnergy(dimension: 3, hidden: hidden, confinement: 0.3, using: generator)
        withoutGradients {
            for (to, from) in zip(single.parameters, double.parameters) { to.tensor.assign(from.tensor) }
        }
        let (x, v) = (
            Tensor.normal([150, 3], dtype: .float64, using: generator),
            Tensor.normal([150, 3], dtype: .float64, using: generator)
        )
        let weights = Tensor.normal([2, 150], dtype: .float64, using: generator)
        func found(_ model: ContinuousMLPEnergy, _ dtype: DType) -> (first: Tensor, second: Tensor, gradients: [Tensor])
        {
            let (first, second) = model.directionalDerivatives(x.converted(to: dtype), along: v.converted(to: dtype))
            let weights = weights.converted(to: dtype)
            let loss = (weights[0] * first.squared()).sum() + (weights[1] * second).sum()
            return (first.detached(), second.detached(), gradients(of: loss, withRespectTo: model.parameters.tensors))
        }
        #expect(relativeDeviation(single.inputGradient(x.converted(to: .float32)), double.inputGradient(x)) < 1e-5)
        let (ours, truth) = (found(single, .float32), found(double, .float64))
        #expect(
            relativeDeviation(ours.first, truth.first) < 1e-5 && relativeDeviation(ours.second, truth.second) < 1e-5)
        for (a, b) in zip(ours.gradients, truth.gradients) { #expect(relativeDeviation(a, b) < 1e-4) }
    }

    /// A frozen copy has the model's energies to the bit, and keeps them.
    @Test func frozenCopiesStay() {
        let model = model(.silu, hidden: [6, 5])
        let x = Tensor.normal([9, 3], dtype: .float64, using: generator)
        let before = model.evaluate(x).array(Double.self)
        let frozen = model.frozen()
        #expect(frozen.evaluate(x).array(Double.self) == before && !frozen.energy(x).requiresGradient)
        withoutGradients { for tensor in model.parameters.tensors { tensor.assign(tensor * 1.1) } }
        #expect(frozen.evaluate(x).array(Double.self) == before && model.evaluate(x).array(Double.self) != before)
        let again = model.frozen(with: frozen.parameters)
        #expect(again.evaluate(x).array(Double.self) == before)
    }

    /// A Gaussian's derivatives by the generic way: P(x − μ), tr P, vᵀPv; its log Z by quadrature.
    @Test func theGaussianHasItsClosedForms() throws {
        let model = GaussianEnergy(dimension: 2, dtype: .float64)
        withoutGradients {
            model.mean.assign(Tensor([0.5, -0.3]))
            model.factor.assign(Tensor([1.2, 9, 0.4, 0.8], shape: [2, 2]))
        }
        let p = model.precision.detached()
        #expect(deviation(p.array(), [1.44, 0.48, 0.48, 0.8]) < 1e-14)
        let (x, v) = (
            Tensor.normal([5, 2], dtype: .float64, using: generator),
            Tensor.normal([5, 2], dtype: .float64, using: generator)
        )
        let (gradient, laplacian) = model.gradientAndLaplacian(x)
        #expect(deviation(gradient, (x - model.mean).matmul(p)) < 1e-13)
        #expect(deviation(laplacian.array(), [Double](repeating: 2.24, count: 5)) < 1e-13)
        #expect(deviation(model.directionalDerivatives(x, along: v).second, (v.matmul(p) * v).sum(1)) < 1e-13)
        let grid = try QuadratureGrid(x: -9...9, y: -9...9, columns: 200, rows: 200)
        #expect(try abs(grid.logPartitionFunction(of: model) - model.logPartitionFunction.item()) < 1e-10)
        let normalised = LearntNormalizer(model, initially: model.logPartitionFunction.item())
        #expect(try abs(grid.logPartitionFunction(of: normalised)) < 1e-10)
        #expect(normalised.parameters.names == ["mean", "factor", "logPartitionFunction"])
        #expect(deviation(normalised.recordedGradient(x), gradient) < 1e-13)
    }
}
