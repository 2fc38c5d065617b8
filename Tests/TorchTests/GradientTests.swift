import Foundation
import Oracles
import Testing
import Torch

/// A function of one element: libtorch's, and its value and derivative by Foundation, where x stays between the bounds.
private struct Function: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let tensor: @Sendable (Tensor) -> Tensor
    let value: @Sendable (Double) -> Double
    let derivative: @Sendable (Double) -> Double
    var bounds = -2.0...2.0
}

private func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

/// Iₙ(x) = Σₖ (x/2)^(2k+n) / (k! (k+n)!)
private func besselI(_ n: Int, _ x: Double) -> Double {
    (0..<30).reduce(0) { $0 + pow(x / 2, Double(2 * $1 + n)) / (tgamma(Double($1) + 1) * tgamma(Double($1 + n) + 1)) }
}

private let functions: [Function] = [
    Function(testDescription: "neg", tensor: { -$0 }, value: { -$0 }, derivative: { _ in -1 }),
    Function(testDescription: "abs", tensor: { $0.abs() }, value: { abs($0) }, derivative: { $0 < 0 ? -1 : 1 }),
    Function(testDescription: "sign", tensor: { $0.sign() }, value: { $0 < 0 ? -1 : 1 }, derivative: { _ in 0 }),
    Function(testDescription: "exp", tensor: { $0.exp() }, value: { exp($0) }, derivative: { exp($0) }),
    Function(testDescription: "expm1", tensor: { $0.expm1() }, value: { expm1($0) }, derivative: { exp($0) }),
    Function(
        testDescription: "log", tensor: { $0.log() }, value: { log($0) }, derivative: { 1 / $0 }, bounds: 0.5...4),
    Function(
        testDescription: "log1p", tensor: { $0.log1p() }, value: { log1p($0) }, derivative: { 1 / (1 + $0) },
        bounds: -0.5...4),
    Function(
        testDescription: "squareRoot", tensor: { $0.squareRoot() }, value: { $0.squareRoot() },
        derivative: { 0.5 / $0.squareRoot() }, bounds: 0.5...4),
    Function(testDescription: "squared", tensor: { $0.squared() }, value: { $0 * $0 }, derivative: { 2 * $0 }),
    Function(testDescription: "sin", tensor: { $0.sin() }, value: { sin($0) }, derivative: { cos($0) }),
    Function(testDescription: "cos", tensor: { $0.cos() }, value: { cos($0) }, derivative: { -sin($0) }),
    Function(
        testDescription: "tanh", tensor: { $0.tanh() }, value: { tanh($0) },
        derivative: { 1 - tanh($0) * tanh($0) }),
    Function(testDescription: "floor", tensor: { $0.floor() }, value: { $0.rounded(.down) }, derivative: { _ in 0 }),
    Function(testDescription: "ceil", tensor: { $0.ceil() }, value: { $0.rounded(.up) }, derivative: { _ in 0 }),
    Function(
        testDescription: "rounded", tensor: { $0.rounded() }, value: { $0.rounded(.toNearestOrEven) },
        derivative: { _ in 0 }),
    Function(
        testDescription: "sigmoid", tensor: { $0.sigmoid() }, value: logistic,
        derivative: { logistic($0) * (1 - logistic($0)) }),
    Function(
        testDescription: "logSigmoid", tensor: { $0.logSigmoid() }, value: { log(logistic($0)) },
        derivative: { logistic(-$0) }),
    Function(
        testDescription: "softplus", tensor: { $0.softplus() }, value: { log(1 + exp($0)) }, derivative: logistic),
    Function(
        testDescription: "silu", tensor: { $0.silu() }, value: { $0 * logistic($0) },
        derivative: { logistic($0) * (1 + $0 * (1 - logistic($0))) }),
    Function(
        testDescription: "relu", tensor: { $0.relu() }, value: { max($0, 0) }, derivative: { $0 > 0 ? 1 : 0 }),
    Function(
        testDescription: "leakyReLU", tensor: { $0.leakyReLU(slope: 0.2) }, value: { $0 > 0 ? $0 : 0.2 * $0 },
        derivative: { $0 > 0 ? 1 : 0.2 }),
    Function(
        testDescription: "scaledBesselI0", tensor: { $0.scaledBesselI0() }, value: { exp(-abs($0)) * besselI(0, $0) },
        derivative: { exp(-abs($0)) * (besselI(1, $0) - ($0 < 0 ? -1 : 1) * besselI(0, $0)) }),
    Function(
        testDescription: "raised", tensor: { $0.raised(to: 2.5) }, value: { pow($0, 2.5) },
        derivative: { 2.5 * pow($0, 1.5) }, bounds: 0.5...4),
    Function(
        testDescription: "2 / x", tensor: { 2 / $0 }, value: { 2 / $0 }, derivative: { -2 / ($0 * $0) },
        bounds: 0.5...4),
    Function(
        testDescription: "maximum", tensor: { $0.maximum(0.25) }, value: { max($0, 0.25) },
        derivative: { $0 > 0.25 ? 1 : 0 }),
]

@Suite struct GradientTests {
    /// Ten points within bounds, none at a kink.
    private func points(_ bounds: ClosedRange<Double>) -> [Double] {
        (0..<10).map { bounds.lowerBound + (bounds.upperBound - bounds.lowerBound) * (Double($0) + 0.37) / 10 }
    }

    /// Values and first derivatives against closed forms to rounding; second derivatives against central differences of
    /// the first, whose own error is 10⁻⁹ at the step used.
    @Test(arguments: functions)
    private func valueAndDerivativesAreRight(function: Function) {
        let at = points(function.bounds)
        let x = Tensor(at).requiringGradient()
        let y = function.tensor(x)
        #expect(deviation(y.array(), at.map(function.value)) < 1e-14)
        let first = gradients(of: y.sum(), withRespectTo: [x], differentiable: true)[0]
        #expect(deviation(first.array(), at.map(function.derivative)) < 1e-14)
        let second =
            first.requiresGradient
            ? gradients(of: first.sum(), withRespectTo: [x])[0].array(Double.self) : at.map { _ in 0 }
        let differences = at.map { (function.derivative($0 + 1e-5) - function.derivative($0 - 1e-5)) / 2e-5 }
        #expect(deviation(second, differences) < 1e-8)
    }

    /// A chain of the operations that models are made of, against central differences (error below 10⁻⁹).
    @Test func gradientsOfCompositionsMatchFiniteDifferences() {
        let generator = RandomGenerator(seed: 5)
        func normal(_ shape: [Int]) -> Tensor { .normal(shape, dtype: .float64, using: generator) }
        let inputs = [normal([4, 3]), normal([5, 3]), normal([5]), normal([2, 1, 2, 2]), normal([])]
        for input in inputs { input.requiringGradient() }
        let index = Tensor([0, 3, 3, 1, 2, 4, 0, 0], shape: [4, 2])
        func loss() -> Tensor {
            let h = inputs[0].linear(inputs[1], inputs[2]).tanh()
            let images = Tensor.concatenated([h, h], along: 1).narrowed(1, start: 0, length: 9).reshaped([4, 1, 3, 3])
            let convolved = images.conv2d(inputs[3], padding: 1).softplus().maxPool2d(size: 2)
            let gathered = h.gathered(1, index) / (1 + inputs[4].squared())
            let scattered = h.scatterAdded(1, index, gathered).logSoftmax(1)
            return convolved.sum() + (scattered * gathered.sum(1, keeping: true)).logSumExp(1).mean()
                + h.variance(0).sum()
        }
        let found = gradients(of: loss(), withRespectTo: inputs)
        for (input, gradient) in zip(inputs, found) {
            let differences = centralDifferences(at: input) { withoutGradients { loss().item() } }
            #expect(gradient.shape == input.shape)
            #expect(deviation(gradient.array(), differences) < 1e-8)
        }
    }

    /// f = Σ (xᵀAx)² has the Hessian–vector product 4(xᵀAx)(A + Aᵀ)v/2 + …: against central differences of the
    /// gradient.
    @Test func secondDerivativesMatchFiniteDifferences() {
        let generator = RandomGenerator(seed: 6)
        let a = Tensor.normal([4, 4], dtype: .float64, using: generator)
        let x = Tensor.normal([4], dtype: .float64, using: generator).requiringGradient()
        let v = Tensor.normal([4], dtype: .float64, using: generator)
        func gradient(differentiable: Bool) -> Tensor {
            let y = x.matmul(a).tanh()
            return gradients(of: (y * x).sum().squared(), withRespectTo: [x], differentiable: differentiable)[0]
        }
        let product = gradients(of: (gradient(differentiable: true) * v).sum(), withRespectTo: [x])[0]
        // Hv as the derivative of v · ∇f, since H is symmetric.
        let differences = centralDifferences(at: x) { (gradient(differentiable: false) * v).sum().item() }
        #expect(deviation(product.array(), differences) < 1e-8)
    }

    @Test func aVectorJacobianProductTakesTheGivenGradient() {
        let x = Tensor([1.0, 2, 3]).requiringGradient()
        let found = gradients(of: x.squared(), withRespectTo: [x], outputGradient: Tensor([1.0, 10, 100]))
        #expect(found[0].array(Double.self) == [2, 40, 600])
    }

    @Test func anInputThatDoesNotMatterGetsZeros() {
        let (x, other) = (Tensor([1.0]).requiringGradient(), Tensor([1.0, 2]).requiringGradient())
        let found = gradients(of: x.sum(), withRespectTo: [x, other])
        #expect(found[1].array(Double.self) == [0, 0] && found[0].array(Double.self) == [1])
    }

    @Test func aKeptRecordGivesTheSameGradientAgain() {
        let x = Tensor([1.0, 2]).requiringGradient()
        let y = x.exp().sum()
        let first = gradients(of: y, withRespectTo: [x], keepingRecord: true)[0]
        #expect(gradients(of: y, withRespectTo: [x])[0].array(Double.self) == first.array(Double.self))
    }

    @Test func blocksTurnRecordingOffAndOnAndPutItBack() throws {
        struct Failure: Error {}
        let x = Tensor([1.0]).requiringGradient()
        #expect(gradientsAreRecorded && x.exp().requiresGradient)
        withoutGradients {
            #expect(!gradientsAreRecorded && !x.exp().requiresGradient)
            withGradients { #expect(gradientsAreRecorded && x.exp().requiresGradient) }
            #expect(!gradientsAreRecorded)
        }
        #expect(throws: Failure.self) { try withoutGradients { throw Failure() } }
        #expect(gradientsAreRecorded)
        #expect(!x.exp().detached().requiresGradient)
    }

    @Test func aDetachedTensorIsAConstant() {
        let x = Tensor([3.0]).requiringGradient()
        #expect(gradients(of: (x * x.detached()).sum(), withRespectTo: [x])[0].item() == 3)
    }
}
