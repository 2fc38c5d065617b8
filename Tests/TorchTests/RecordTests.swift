import Oracles
import Testing
import Torch

/// x³, its forward computation hidden from libtorch.
private func cube(_ x: Tensor, onBackward: @escaping () -> Void = {}) -> Tensor {
    let values = x.detached()
    let output = withoutGradients { values * values * values }
    return record(output, from: [x]) { gradient in
        onBackward()
        return [3 * values * values * gradient]
    }
}

/// Lives as long as a derivative that holds it.
private final class Witness {}

@Suite struct RecordTests {
    @Test func theGivenDerivativeTakesItsPlaceInTheChain() {
        let x = Tensor([1.0, -2, 0.5]).requiringGradient()
        // d/dx sin(x³ · 2) = cos(2x³) · 6x²: exact but for rounding.
        let found = gradients(of: (cube(x) * 2).sin().sum(), withRespectTo: [x])[0]
        let expected = (2 * x * x * x).cos() * 6 * x * x
        #expect(deviation(found, expected.detached()) < 1e-14)
        let differences = centralDifferences(at: x) { withoutGradients { (2 * cube(x)).sin().sum().item() } }
        #expect(deviation(found.array(), differences) < 1e-8)
    }

    @Test func everyInputGetsItsGradientAndNilIsNone() {
        let (a, b) = (Tensor([2.0]).requiringGradient(), Tensor([5.0]).requiringGradient())
        let constant = Tensor([7.0])
        let output = record(Tensor([10.0]), from: [a, b, constant]) { gradient in [5 * gradient, nil, gradient] }
        let found = gradients(of: output.sum(), withRespectTo: [a, b])
        #expect(found[0].item() == 5 && found[1].item() == 0)
    }

    @Test func gradientsAddUpWhereAResultIsUsedTwice() {
        let x = Tensor([2.0]).requiringGradient()
        let y = cube(x)
        #expect(gradients(of: (y + y * y).sum(), withRespectTo: [x])[0].item() == 12 + 2 * 8 * 12)
    }

    @Test func aKeptRecordCanBeReadAgain() {
        var calls = 0
        let x = Tensor([2.0]).requiringGradient()
        let y = cube(x) { calls += 1 }.sum()
        #expect(gradients(of: y, withRespectTo: [x], keepingRecord: true)[0].item() == 12)
        #expect(gradients(of: y, withRespectTo: [x])[0].item() == 12)
        #expect(calls == 2)
    }

    @Test func nothingIsRecordedWhereNothingIsWanted() {
        let x = Tensor([2.0]).requiringGradient()
        withoutGradients { #expect(!cube(x).requiresGradient) }
        #expect(!cube(x.detached()).requiresGradient)
        #expect(cube(x).requiresGradient)
    }

    @Test func theDerivativeIsReleasedWithTheRecord() {
        weak var kept: Witness?
        weak var unrecorded: Witness?
        let x = Tensor([2.0]).requiringGradient()
        do {
            let witness = Witness()
            kept = witness
            let y = cube(x) { withExtendedLifetime(witness) {} }
            _ = gradients(of: y.sum(), withRespectTo: [x])
            withExtendedLifetime(y) { #expect(kept != nil) }
        }
        #expect(kept == nil)
        do {
            let witness = Witness()
            unrecorded = witness
            let y = withoutGradients { cube(x) { withExtendedLifetime(witness) {} } }
            withExtendedLifetime(y) { #expect(unrecorded == nil || !y.requiresGradient) }
        }
        #expect(unrecorded == nil)
    }

    @Test func aSecondDerivativeTrapsAndSaysWhatToDo() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor([2.0]).requiringGradient()
            let y = record(Tensor([8.0]), from: [x]) { gradient in [12 * gradient] }
            _ = gradients(of: y.sum(), withRespectTo: [x], differentiable: true)
        }
        #expect(
            standardError(result).contains(
                "this function can be differentiated once only; take the generic path for second derivatives"))
    }

    @Test func aDerivativeOfAnotherShapeTraps() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            // (A shape that x broadcasts to would be summed.)
            let x = Tensor([2.0, 3]).requiringGradient()
            let y = record(Tensor([8.0]), from: [x]) { _ in [Tensor([1.0, 2, 3])] }
            _ = gradients(of: y.sum(), withRespectTo: [x])
        }
        #expect(standardError(result).contains("returned an invalid gradient at index 0"))
    }
}

/// What a process that was expected to fail wrote to standard error.
func standardError(_ result: ExitTest.Result?) -> String {
    String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
}
