import Oracles
import Testing
import Torch

@Suite struct LinearTests {
    /// torch.manual_seed(1023); torch.nn.Linear(3, 4), then torch.nn.Linear(4, 1, dtype=torch.float64). low + r (high −
    /// low) is rounded once where multiplication and addition are fused and else twice: 2.3e-8 apart in float32.
    @Test func theDefaultInitialisationIsPyTorchs() {
        let generator = RandomGenerator(seed: 1023)
        let layer = Linear(inputs: 3, outputs: 4, using: generator)
        #expect(
            deviation(
                layer.weight.converted(to: .float64).array(),
                [
                    -0.5751957893371582, -0.07001681625843048, -0.23298296332359314, -0.14693228900432587,
                    -0.24606119096279144, -0.4270283877849579, 0.04815872758626938, -0.3288869261741638,
                    -0.3035794198513031, 0.0013072717702016234, 0.26905372738838196, 0.31298884749412537,
                ]) < 1e-7)
        #expect(
            deviation(
                layer.bias.converted(to: .float64).array(),
                [0.09912718832492828, -0.3989710509777069, 0.338486909866333, -0.15715782344341278]) < 1e-7)
        let second = Linear(inputs: 4, outputs: 1, dtype: .float64, using: generator)
        #expect(
            deviation(
                second.weight.array(),
                [0.17935254674574516, 0.49920598863420623, 0.22434196096204737, -0.4077585248968301]) < 1e-15)
        #expect(deviation(second.bias.array(), [-0.21915024764010083]) < 1e-15)
        #expect(layer.weight.requiresGradient && layer.bias.requiresGradient)
    }

    @Test func aLayerIsAnAffineMap() {
        let layer = Linear(inputs: 3, outputs: 2, dtype: .float64, using: RandomGenerator(seed: 1))
        let x = Tensor([1.0, 2, 3, -1, 0, 1], shape: [2, 3])
        let (w, b) = (layer.weight.array(Double.self), layer.bias.array(Double.self))
        let rows: [[Double]] = [[1, 2, 3], [-1, 0, 1]]
        var expected: [Double] = []
        for row in rows {
            for output in 0..<2 {
                var sum = b[output]
                for input in 0..<3 { sum += row[input] * w[output * 3 + input] }
                expected.append(sum)
            }
        }
        #expect(deviation(layer(x).array(), expected) < 1e-15)
        #expect(layer.parameters.names == ["weight", "bias"])
    }
}

@Suite struct ParametersTests {
    private func sample(_ value: Double) -> Parameters {
        Parameters([("a", .full([2, 3], value)), ("b", .full([1], value))]).prefixed("layer")
            + Parameters([("c", .full([], value))])
    }

    @Test func namesOrderAndCountsHold() {
        let parameters = sample(1)
        #expect(parameters.names == ["layer.a", "layer.b", "c"])
        #expect(parameters.elementCount == 8 && parameters.count == 3)
        #expect(parameters["layer.b"]?.shape == [1] && parameters["b"] == nil)
    }

    @Test func assigningTakesOverNumbersInPlace() {
        let (mine, theirs) = (sample(1), sample(2))
        let holder = mine[0].tensor
        mine.assign(theirs)
        #expect(holder.array(Float.self) == [Float](repeating: 2, count: 6))
        theirs[0].tensor.fill(9)
        #expect(holder.array(Float.self) == [Float](repeating: 2, count: 6))
    }

    /// [1] would broadcast to [2, 3].
    @Test func assigningRefusesOtherShapes() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            Parameters([("a", .zeros([2, 3]))]).assign(Parameters([("a", .ones([1]))]))
        }
        #expect(standardError(result).contains("parameters of shapes [[1]] do not fit [[2, 3]]"))
    }
}

@Suite struct OptimizerTests {
    /// Parameters arange(6)/5 − 0.5 as [2, 3] and [1.5]; at update k = 1 … 5 gradients sin(arange(6) + k) and [cos k];
    /// torch.optim.Adam(lr=0.05, weight_decay=0.1) of PyTorch 2.13, in float64.
    private static let parameters = [
        -0.6428800868330158, -0.34883223547746106, -0.02407091565136549, 0.25846376567917567, 0.3655904242831981,
        0.4277823749519503,
    ]
    private static let other = 1.480317737407557
    private static let firstMoments = [
        -0.05551082076525093, -0.1204476419417593, -0.08686315117968789, 0.02406447855156145, 0.11532197562373588,
        0.1128079364435516,
    ]
    private static let secondMoments = [
        0.003080045862590991, 0.002507537359198224, 0.002060402240746536, 0.0030062673637522444,
        0.0026641248094805667, 0.0021024111943544733,
    ]

    /// A gradient may be a view, such as that of a weight used transposed: it is read by its indices, not as its memory
    /// lies.
    @Test func aTransposedGradientIsReadByItsIndices() {
        let gradient = Tensor([1.0, -2, 3, 0.5, 4, -6], shape: [3, 2]).converted(to: .float32)
        func trained(_ gradient: Tensor) -> [Float] {
            let weight = Tensor.zeros([2, 3]).requiringGradient()
            let adam = Adam(Parameters([("weight", weight)]), Adam.Settings(learningRate: 0.1))
            for factor in [1.0, -0.3, 2] { adam.update([gradient * factor]) }
            return weight.array(Float.self)
        }
        let view = gradient.transposed()
        #expect(!view.isContiguous && !(view * 2).isContiguous)
        #expect(trained(view) == trained(view.contiguous()))
        // In another order the moves would be others: this is no symmetric case.
        #expect(trained(view) != trained(gradient.reshaped([2, 3])))
    }

    @Test func aGradientOfAnotherShapeTraps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let weight = Tensor.zeros([2, 3]).requiringGradient()
            Adam(Parameters([("weight", weight)]), Adam.Settings(learningRate: 0.1)).update([Tensor.zeros([3, 2])])
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("a gradient of shape [3, 2] for a parameter of shape [2, 3]"))
    }

    private func optimizer(_ dtype: DType) -> Adam {
        let first = (Tensor.range(6, dtype: dtype) / 5 - 0.5).reshaped([2, 3])
        return Adam(
            Parameters([
                ("a", first.requiringGradient()), ("b", Tensor.full([1], 1.5, dtype: dtype).requiringGradient()),
            ]),
            Adam.Settings(learningRate: 0.05, weightDecay: 0.1))
    }

    private func gradients(_ k: Int, _ dtype: DType) -> [Tensor] {
        [
            (Tensor.range(6, dtype: dtype) + Double(k)).sin().reshaped([2, 3]),
            Tensor.full([1], Double(k), dtype: dtype).cos(),
        ]
    }

    /// Tolerances: rounding of five updates, of size 0.05, in the type.
    @Test(arguments: [(DType.float64, 1e-14), (.float32, 3e-7)])
    func adamIsPyTorchs(dtype: DType, tolerance: Double) {
        let adam = optimizer(dtype)
        for k in 1...5 { adam.update(gradients(k, dtype)) }
        #expect(adam.updates == 5)
        #expect(deviation(adam.parameters[0].tensor.array(), Self.parameters) < tolerance)
        #expect(deviation(adam.parameters[1].tensor.array(), [Self.other]) < tolerance)
        #expect(deviation(adam.firstMoments[0].array(), Self.firstMoments) < tolerance)
        #expect(deviation(adam.secondMoments[0].array(), Self.secondMoments) < tolerance)
        #expect(adam.parameters[0].tensor.requiresGradient)
    }

    @Test func aRestoredOptimizerGoesOnAsIfNothingHadHappened() {
        let adam = optimizer(.float64)
        for k in 1...2 { adam.update(gradients(k, .float64)) }
        let other = optimizer(.float64)
        other.parameters.assign(adam.parameters)
        other.restore(
            firstMoments: adam.firstMoments.map { $0.copied() }, secondMoments: adam.secondMoments.map { $0.copied() },
            updates: adam.updates)
        for k in 3...5 {
            adam.update(gradients(k, .float64))
            other.update(gradients(k, .float64))
        }
        #expect(other.parameters[0].tensor.array(Double.self) == adam.parameters[0].tensor.array(Double.self))
        #expect(deviation(other.parameters[0].tensor.array(), Self.parameters) < 1e-14)
    }

    /// torch.nn.utils.clip_grad_norm_ of arange(6) − 2 as [2, 3] and [3] in float32, norm √28.
    @Test func clippingIsPyTorchs() {
        func gradients() -> [Tensor] {
            [(Tensor.range(6, dtype: .float32) - 2).reshaped([2, 3]), Tensor.full([1], 3)]
        }
        let clipped = gradients()
        let norm = clipGradientNorm(clipped, to: 1)
        #expect(abs(norm.item() - 5.291502952575684) < 1e-6)
        let expected = [
            -0.3779643774032593, -0.18898218870162964, 0, 0.18898218870162964, 0.3779643774032593, 0.5669465661048889,
        ]
        #expect(deviation(clipped[0].array(), expected) < 1e-7)
        #expect(deviation(clipped[1].array(), [0.5669465661048889]) < 1e-7)
        let short = gradients()
        clipGradientNorm(short, to: 100)
        #expect(short[0].array(Float.self) == [-2, -1, 0, 1, 2, 3] && short[1].array(Float.self) == [3])
    }

    /// The same by its formula in float64: min(1, c / (‖g‖ + 10⁻⁶)) g.
    @Test func clippingScalesByTheJointNorm() {
        let gradients = [Tensor([3.0, 4]), Tensor([12.0])]
        #expect(abs(clipGradientNorm(gradients, to: 2.6).item() - 13) < 1e-14)
        let scale = 2.6 / (13 + 1e-6)
        #expect(deviation(gradients[0].array(), [3 * scale, 4 * scale]) < 1e-15)
        #expect(deviation(gradients[1].array(), [12 * scale]) < 1e-15)
    }
}

@Suite struct ConvolutionTests {
    /// torch.manual_seed(7); torch.nn.Conv2d(2, 1, 2); to the rounding of one operation, as for linear layers.
    @Test func theDefaultInitialisationIsPyTorchs() {
        let layer = Convolution(
            inputs: 2, outputs: 1, kernel: 2, stride: 3, padding: 1, using: RandomGenerator(seed: 7))
        #expect(layer.weight.shape == [1, 2, 2, 2] && layer.bias.shape == [1])
        #expect(
            deviation(
                layer.weight.converted(to: .float64).array(),
                [
                    0.024693964049220085, -0.2129783034324646, 0.11257966607809067, 0.1109381765127182,
                    -0.18896611034870148,
                    -0.05298958718776703, -0.20712144672870636, 0.09173746407032013,
                ]) < 1e-7)
        #expect(deviation(layer.bias.converted(to: .float64).array(), [-0.09523586183786392]) < 1e-7)
        #expect(layer.parameters.allSatisfy { $0.tensor.requiresGradient })
        let x = Tensor.normal([2, 2, 6, 6], using: RandomGenerator(seed: 1))
        let expected = x.conv2d(layer.weight, bias: layer.bias, stride: 3, padding: 1)
        #expect(layer(x).detached().array(Float.self) == expected.detached().array(Float.self))
    }

    /// Steps, padding, layouts: against the recorded gradient, float64.
    @Test(arguments: [(1, 0), (1, 1), (2, 1), (3, 2)]) func theInputGradientIsTheRecordedOne(stride: Int, padding: Int)
    {
        let generator = RandomGenerator(seed: 2)
        let x = Tensor.normal([2, 3, 7, 6], dtype: .float64, using: generator).requiringGradient()
        let weight = Tensor.normal([4, 3, 3, 3], dtype: .float64, using: generator)
        let y = x.conv2d(weight, stride: stride, padding: padding)
        let seed = Tensor.normal(y.shape, dtype: .float64, using: generator)
        let expected = gradients(of: y, withRespectTo: [x], outputGradient: seed)[0]
        let plain = x.detached()
        #expect(
            deviation(seed.conv2dInputGradient(x: plain, weight, stride: stride, padding: padding), expected) < 1e-12)
        let last = seed.channelsLast().conv2dInputGradient(
            x: plain.channelsLast(), weight.channelsLast(), stride: stride, padding: padding)
        #expect(deviation(last, expected) < 1e-12)
    }

    @Test func channelsLastIsALayoutAndNothingElse() {
        let x = Tensor.range(2 * 3 * 4 * 5, dtype: .float32).reshaped([2, 3, 4, 5])
        let last = x.channelsLast()
        #expect(last.isChannelsLast && !last.isContiguous && !x.isChannelsLast && x.isContiguous)
        #expect(last.shape == x.shape && last.array(Float.self) == x.array(Float.self))
        #expect(last.copied().isChannelsLast && last.contiguous().isContiguous)
    }

    /// Images of one channel lie both ways at once; what a convolution makes of them, and its derivative, must lie as
    /// was asked for.
    @Test func oneChannelIsLastWhereAskedFor() {
        let generator = RandomGenerator(seed: 3)
        let (x, weight) = (
            Tensor.normal([2, 1, 6, 5], using: generator), Tensor.normal([4, 1, 3, 3], using: generator)
        )
        let expected = x.conv2d(weight, padding: 1)
        for (x, weight) in [
            (x.channelsLast(), weight.channelsLast()), (x.channelsLast(), weight), (x.channelsLast().copied(), weight),
        ] {
            let y = x.conv2d(weight, padding: 1)
            #expect(y.isChannelsLast && !y.isContiguous && deviation(y, expected) < 1e-5)
            #expect(x.array(Float.self) == x.contiguous().array(Float.self))
        }
        #expect(!expected.isChannelsLast)
    }

    @Test func leakyReLUsInPlaceAreTheRecordedOnes() {
        let z = Tensor([-2.0, -0.5, 0, 0.5, 3]).requiringGradient()
        let y = z.leakyReLU(slope: 0.2)
        let seed = Tensor([1.0, 2, 3, 4, 5])
        let expected = gradients(of: y, withRespectTo: [z], outputGradient: seed)[0]
        let here = z.detached().copied()
        here.applyLeakyReLU(slope: 0.2)
        #expect(here.array(Double.self) == y.detached().array(Double.self))
        let gradient = seed.copied()
        gradient.applyLeakyReLUDerivative(at: here, slope: 0.2)
        #expect(gradient.array(Double.self) == expected.array(Double.self))
        #expect(gradient.array(Double.self) == [0.2, 0.4, 3 * 0.2, 4, 5])
    }

    @Test func scaledTensorsAreAddedInPlace() {
        let x = Tensor([1.0, 2, 3])
        x.add(Tensor([1.0, 10, 100]), scale: -0.5)
        #expect(x.array(Double.self) == [0.5, -3, -47])
    }

    /// The fused kernel walks over memory: gradients that lie otherwise than their parameter must move it all the same.
    @Test func adamTakesGradientsOfAnyLayout() {
        let start = Tensor.normal([4, 3, 2, 2], using: RandomGenerator(seed: 4))
        let gradient = Tensor.normal([4, 3, 2, 2], using: RandomGenerator(seed: 5))
        let moved = [gradient, gradient.channelsLast()].map { gradient in
            let parameter = start.copied()
            Adam(Parameters([("w", parameter)]), .init(learningRate: 0.1, beta1: 0)).update([gradient])
            return parameter.array(Float.self)
        }
        #expect(moved[0] == moved[1])
    }
}
