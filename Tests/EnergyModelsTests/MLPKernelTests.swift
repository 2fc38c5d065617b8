import EnergyModels
import Oracles
import Testing
import Torch

/// The fused float32 kernels against the generic path on the same numbers in float64, which is off by 10⁻¹³ at most.
/// Values are differences of energies of order one tenth, sums of up to 256 products: 10⁻⁵ relative to the largest is
/// some ten roundings of the energies. Gradients of such differences cancel further, so their error is measured by the
/// terms that cancel: 10⁻⁶ of them is some ten roundings again; 5·10⁻⁵ for β, whose terms, a unit each, cancel in the
/// energy's own gradient too. The generic path in float32 is not nearer.
@Suite struct MLPKernelTests {
    private static let tolerance = 1e-5
    private static let gradientTolerance = 1e-6

    struct Shape: CustomTestStringConvertible, Sendable {
        let d: Int
        let hidden: [Int]
        let batch: Int
        var testDescription: String { "d \(d), hidden \(hidden), batch \(batch)" }
    }

    /// Every d, width and depth at batch 3; batches 1 and 128 at every depth; two layers that differ.
    static let shapes: [Shape] =
        [4, 32, 66].flatMap { d in
            [16, 64, 256].flatMap { width in
                (1...3).map { Shape(d: d, hidden: [Int](repeating: width, count: $0), batch: 3) }
            }
        }
        + [1, 128].flatMap { batch in
            (1...3).map { Shape(d: 32, hidden: [Int](repeating: 64, count: $0), batch: batch) }
        } + [Shape(d: 66, hidden: [256, 256, 256], batch: 16), Shape(d: 5, hidden: [16, 48, 32], batch: 7)]

    /// Five flips for each point, two of them the same.
    private func chosenFlips(_ shape: Shape) -> Tensor {
        let drawn = Tensor.integers([shape.batch, 4], 0..<shape.d, using: RandomGenerator(seed: 3))
        return Tensor.concatenated([drawn, drawn.narrowed(1, start: 1, length: 1)], along: 1)
    }

    private func weights(_ shape: [Int]) -> Tensor {
        .normal(shape, dtype: .float64, using: RandomGenerator(seed: 4))
    }

    /// A loss in which every difference has a weight of its own, and its gradients.
    private func lossGradients(_ model: some BinaryEnergyModel, _ differences: Tensor) -> [Tensor] {
        let weights = weights(differences.shape).converted(to: differences.dtype)
        let loss = (weights * differences).sum() + (2 * differences).exp().mean()
        return gradients(of: loss, withRespectTo: model.parameters.tensors)
    }

    /// For each parameter the size of the terms that its gradient sums: the largest element of the mean energy's
    /// gradient, times the sum of |∂loss/∂difference|.
    private func termSizes(_ model: some BinaryEnergyModel, _ x: Tensor, _ differences: Tensor) -> [Double] {
        let total = (weights(differences.shape).abs().sum() + 2 * (2 * differences.detached()).exp().mean()).item()
        return gradients(of: model.energy(x).mean(), withRespectTo: model.parameters.tensors).map {
            $0.abs().max().item() * total
        }
    }

    /// The largest error of each parameter's gradient in units of its terms.
    private func errors(
        _ found: [Tensor], _ expected: [Tensor], _ sizes: [Double], _ model: MLPEnergy
    ) -> [(parameter: String, error: Double)] {
        zip(model.parameters.names, zip(found, zip(expected, sizes))).map { name, tensors in
            let (a, (b, size)) = tensors
            guard a.shape == b.shape, a.isFinite().all() else { return (name, .infinity) }
            return (name, (a - b).abs().max().item() / size)
        }
    }

    @Test(arguments: shapes)
    func flipDifferencesAndTheirGradientsEqualTheGenericOnes(shape: Shape) {
        let model = mlp(shape.d, shape.hidden)
        let truth = GenericFlips(doubled(model))
        let x = coinFlips([shape.batch, shape.d])
        for indices in [chosenFlips(shape), nil] {
            let expected = truth.flipDifferences(x.converted(to: .float64), at: indices)
            let sizes = termSizes(truth, x.converted(to: .float64), expected)
            let expectedGradients = lossGradients(truth, expected)
            for threads in 1...2 {
                withThreads(threads) {
                    let found = model.flipDifferences(x, at: indices)
                    #expect(relativeDeviation(found.detached(), expected.detached()) < Self.tolerance)
                    for (name, error) in errors(lossGradients(model, found), expectedGradients, sizes, model) {
                        #expect(error < (name == "swish.beta" ? 5e-5 : Self.gradientTolerance), "\(name)")
                    }
                    let unrecorded = withoutGradients { model.flipDifferences(x, at: indices) }
                    #expect(unrecorded.array(Float.self) == found.array(Float.self))
                    #expect(!unrecorded.requiresGradient)
                }
            }
        }
    }

    /// The input gradient by kernels, against libtorch's derivative of the recorded energy in float64.
    @Test(arguments: shapes)
    func inputGradientsEqualTheRecordedOnes(shape: Shape) {
        let model = mlp(shape.d, shape.hidden)
        let x = coinFlips([shape.batch, shape.d])
        let expected = doubled(model).recordedInputGradient(x.converted(to: .float64))
        for threads in 1...2 {
            withThreads(threads) {
                let found = model.inputGradient(x)
                #expect(relativeDeviation(found, expected) < Self.tolerance)
                #expect(!found.requiresGradient)
            }
        }
    }

    @Test func theRecordedInputGradientMatchesFiniteDifferences() {
        let model = mlp(5, [16, 16], dtype: .float64)
        let x = coinFlips([3, 5], dtype: .float64)
        let gradient = model.inputGradient(x)
        let differences = centralDifferences(at: x) { model.evaluate(x).sum().item() }
        #expect(deviation(gradient.array(), differences) < 1e-9)
    }

    @Test func viewsAreReadAsTheyStand() {
        let model = mlp(6, [16, 32])
        let x = coinFlips([6, 4]).transposed()
        let indices = Tensor([0, 5, 1, 2, 3, 3, 4, 0], shape: [2, 4]).transposed()
        let expected = model.flipDifferences(x.contiguous(), at: indices.contiguous())
        #expect(model.flipDifferences(x, at: indices).array(Float.self) == expected.array(Float.self))
        #expect(model.inputGradient(x).array(Float.self) == model.inputGradient(x.contiguous()).array(Float.self))
        #expect(model.evaluate(x).array(Float.self) == model.evaluate(x.contiguous()).array(Float.self))
    }

    // MARK: - Models and points that the kernels do not know

    /// Widths that are no multiple of 16 lanes, and float64, take the generic path: the same numbers to the last bit.
    @Test(arguments: [([20], DType.float32), ([32, 20], .float32), ([16, 16], .float64), ([7, 5], .float64)])
    func otherWidthsAndTypesTakeTheGenericPath(hidden: [Int], dtype: DType) {
        let model = mlp(6, hidden, dtype: dtype)
        let generic = GenericFlips(model)
        let x = coinFlips([5, 6], dtype: dtype)
        for indices in [Tensor([0, 5, 1, 2, 3, 3, 4, 0, 0, 1], shape: [5, 2]), nil] {
            let (found, expected) = (model.flipDifferences(x, at: indices), generic.flipDifferences(x, at: indices))
            #expect(found.array(Double.self) == expected.array(Double.self))
            for (a, b) in zip(lossGradients(model, found), lossGradients(model, expected)) {
                #expect(a.array(Double.self) == b.array(Double.self))
            }
        }
        #expect(model.inputGradient(x).array(Double.self) == model.recordedInputGradient(x).array(Double.self))
        #expect(model.evaluate(x).array(Double.self) == model.energy(x).array(Double.self))
    }

    /// Points that a gradient is wanted for: differences by the generic path reach them.
    @Test func differencesReachPointsThatRequireGradients() {
        let model = mlp(4, [16])
        let x = coinFlips([2, 4]).requiringGradient()
        let found = gradients(of: model.flipDifferences(x, at: nil).sum(), withRespectTo: [x])[0]
        let truth = GenericFlips(doubled(model))
        let double = x.detached().converted(to: .float64).requiringGradient()
        let expected = gradients(of: truth.flipDifferences(double, at: nil).sum(), withRespectTo: [double])[0]
        #expect(relativeDeviation(found, expected) < Self.tolerance)
    }

    @Test func aSecondDerivativeThroughTheKernelsTrapsRatherThanDropTerms() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let model = mlp(4, [16])
            let differences = model.flipDifferences(coinFlips([2, 4]), at: nil)
            _ = gradients(of: differences.exp().sum(), withRespectTo: model.parameters.tensors, differentiable: true)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("take the generic path for second derivatives"))
    }

    // MARK: - Threads and repetition

    /// Everything the kernels compute: energies, input gradients, differences, gradients.
    private func everything(_ model: MLPEnergy, _ x: Tensor) -> [Tensor] {
        let indices = chosenFlips(Shape(d: 32, hidden: [], batch: x.size(0)))
        let differences = model.flipDifferences(x, at: indices)
        return [model.evaluate(x), model.inputGradient(x), differences.detached()] + lossGradients(model, differences)
    }

    @Test func resultsRepeatBitForBitAtOneThreadCountAndToRoundingAcrossThem() {
        let model = mlp(32, [64, 64])
        let x = coinFlips([128, 32])
        let reference = withThreads(1) { everything(model, x) }
        let count = reference.count
        for threads in 1...3 {
            withThreads(threads) {
                let first = everything(model, x)
                for _ in 0..<5 {
                    for (a, b) in zip(everything(model, x), first) {
                        #expect(a.array(Float.self) == b.array(Float.self))
                    }
                }
                // The last is the output bias's gradient, which is rounding alone.
                for n in 0..<count - 1 { #expect(relativeDeviation(first[n], reference[n]) < 1e-4) }
            }
        }
    }

    // MARK: - Memory

    /// 10,000 steps of training through the kernels, in a process of their own: differences at drawn flips, guided by
    /// input gradients, then gradients, clipping and Adam. One small tensor kept an iteration would be 1.8 MiB or more.
    @Test func trainingThroughTheKernelsDoesNotGrow() async {
        await #expect(processExitsWith: .success) {
            Runtime.threads = 1
            let generator = RandomGenerator(seed: 1)
            let model = mlp(8, [16, 16])
            let adam = Adam(model.parameters, Adam.Settings(learningRate: 1e-3, weightDecay: 1e-4))
            func train(_ iterations: Int) {
                for _ in 0..<iterations {
                    let x = Tensor.integers([8, 8], 0..<2, dtype: .float32, using: generator)
                    let proposal = ((2 * x - 1) * model.inputGradient(x)).softmax(1)
                    let indices = generator.multinomial(proposal, count: 3, replacement: true)
                    let loss = (2 * model.flipDifferences(x, at: indices)).exp().sum(1).mean()
                    let found = gradients(of: loss, withRespectTo: model.parameters.tensors)
                    clipGradientNorm(found, to: 1)
                    adam.update(found)
                }
            }
            train(1000)
            let before = residentMebibytes()
            train(9000)
            let growth = residentMebibytes() - before
            #expect(growth < 1.5, "grew by \(growth) MiB")
        }
    }
}
