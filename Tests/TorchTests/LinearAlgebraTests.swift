import Oracles
import Testing
import Torch

/// Identities and naive loops in float64 on small matrices: 10⁻¹² leaves some thousand roundings.
@Suite struct LinearAlgebraTests {
    private let generator = RandomGenerator(seed: 3)

    private func matrix(_ rows: Int, _ columns: Int) -> Tensor {
        .normal([rows, columns], dtype: .float64, using: generator)
    }

    private func positiveDefinite(_ n: Int) -> Tensor {
        let a = matrix(n, n)
        return a.matmul(a.transposed()) + Tensor.identity(n, dtype: .float64)
    }

    @Test func matrixProductsAreSumsOfProducts() {
        let (a, b, bias) = (matrix(3, 5), matrix(5, 4), matrix(1, 4).squeezed(0))
        let (av, bv, cv) = (a.array(Double.self), b.array(Double.self), bias.array(Double.self))
        var product = [Double](repeating: 0, count: 12)
        for row in 0..<3 {
            for column in 0..<4 {
                for k in 0..<5 { product[row * 4 + column] += av[row * 5 + k] * bv[k * 4 + column] }
            }
        }
        #expect(deviation(a.matmul(b).array(), product) < 1e-12)
        #expect(deviation(a.linear(b.transposed(), bias).array(), product.enumerated().map { $1 + cv[$0 % 4] }) < 1e-12)
        #expect(deviation(a.linear(b.transposed()).array(), product) < 1e-12)
        let out = Tensor.empty([3, 4], dtype: .float64)
        out.assign(matmul: a, b)
        #expect(deviation(out.array(), product) < 1e-12)
    }

    // MARK: - Large float32 products, which another library takes

    /// The product of the same numbers in float64; sums of 80 products, so that 10⁻⁵ leaves 80 roundings.
    private func isTheProduct(_ found: Tensor, _ a: Tensor, _ b: Tensor) -> Bool {
        deviation(found.converted(to: .float64), a.converted(to: .float64).matmul(b.converted(to: .float64))) < 1e-5
    }

    @Test func largeProductsAreThoseOfFloat64HoweverTheirMatricesLie() {
        func matrix(_ rows: Int, _ columns: Int) -> Tensor { .normal([rows, columns], using: generator) }
        let (a, b) = (matrix(300, 80), matrix(80, 96))
        for left in [a, a.transposed().contiguous().transposed(), matrix(300, 100).narrowed(1, start: 7, length: 80)] {
            for right in [
                b, b.transposed().contiguous().transposed(), matrix(80, 200).narrowed(1, start: 50, length: 96),
            ] {
                #expect(isTheProduct(left.matmul(right), left, right))
                let stacked = left.reshaped([3, 100, 80]).matmul(right)
                #expect(stacked.shape == [3, 100, 96] && isTheProduct(stacked.reshaped([300, 96]), left, right))
                let whole = Tensor.ones([400, 96])
                whole[50..<350].assign(matmul: left, right)
                #expect(isTheProduct(whole[50..<350], left, right))
                whole[50..<350].add(matmul: left, right)
                #expect(isTheProduct(whole[50..<350] / 2, left, right))
                #expect(whole[0..<50].sum().item() + whole[350..<400].sum().item() == 100 * 96)
                let wide = Tensor.ones([300, 200])
                wide.narrowed(1, start: 100, length: 96).assign(matmul: left, right)
                #expect(isTheProduct(wide.narrowed(1, start: 100, length: 96), left, right))
                #expect(wide.narrowed(1, start: 0, length: 100).sum().item() == 300 * 100)
            }
        }
        let bias = Tensor.normal([96], using: generator)
        #expect(isTheProduct(a.linear(b.transposed(), bias) - bias, a, b))
        #expect(isTheProduct(a.reshaped([3, 100, 80]).linear(b.transposed()).reshaped([300, 96]), a, b))
    }

    /// On a thread of its own a product goes by blocks of rows, whose numbers leave every remainder; rows around the
    /// product stay.
    @Test func largeProductsOfOneThreadAreThoseOfFloat64() {
        let (wide, right) = (
            Tensor.normal([400, 300], using: generator),
            Tensor.normal([256, 200], using: generator).narrowed(1, start: 50, length: 96)
        )
        let sizes = [43, 63, 64, 65, 100, 127, 128, 191, 300, 399]
        let outputs = sizes.map { Tensor.ones([$0 + 2, 96]) }
        parallelFor(sizes.count) { _, range in
            for k in range {
                withoutGradients {
                    outputs[k][1..<sizes[k] + 1].assign(
                        matmul: wide[0..<sizes[k]].narrowed(1, start: 7, length: 256), right)
                }
            }
        }
        for (rows, output) in zip(sizes, outputs) {
            #expect(
                isTheProduct(output[1..<rows + 1], wide[0..<rows].narrowed(1, start: 7, length: 256), right),
                "\(rows) rows")
            #expect(output[0].sum().item() + output[rows + 1].sum().item() == 2 * 96, "\(rows) rows")
        }
    }

    /// Gradients of a function of x Wᵀ + b, and of their squared length, in float32 beside float64.
    @Test func largeProductsAreDifferentiatedTwice() {
        let generator = RandomGenerator(seed: 4)
        let inputs = [
            Tensor.normal([2, 100, 80], using: generator), Tensor.normal([96, 80], using: generator) / 9,
            Tensor.normal([96], using: generator),
        ]
        func derivatives(_ dtype: DType) -> [Tensor] {
            let inputs = inputs.map { $0.converted(to: dtype).copied().requiringGradient() }
            let energy = (inputs[0].linear(inputs[1], inputs[2]).tanh().reshaped([200, 96]).matmul(inputs[1])).squared()
                .mean()
            let first = gradients(of: energy, withRespectTo: inputs, differentiable: true)
            let length = first.reduce(Tensor(0).converted(to: dtype)) { $0 + $1.squared().sum() }
            return first.map { $0.detached() } + gradients(of: length, withRespectTo: inputs)
        }
        for (single, double) in zip(derivatives(.float32), derivatives(.float64)) {
            #expect(relativeDeviation(single.converted(to: .float64), double) < 1e-5)
        }
    }

    @Test func aLargeProductIsRecordedOnlyWhereAsked() {
        let (a, b) = (
            Tensor.normal([300, 80], using: generator), Tensor.normal([80, 96], using: generator).requiringGradient()
        )
        #expect(a.matmul(b).requiresGradient && !a.matmul(b.detached()).requiresGradient)
        #expect(!withoutGradients { a.matmul(b) }.requiresGradient)
        let bias = Tensor.zeros([96]).requiringGradient()
        #expect(a.linear(b.detached().transposed(), bias).requiresGradient)
    }

    @Test(arguments: [(1, 0), (1, 1), (2, 1), (2, 0)])
    func convolutionIsALoopOverWindows(stride: Int, padding: Int) {
        let (n, c, h, w, o, k) = (2, 3, 6, 5, 4, 3)
        let x = matrix(n * c * h, w).reshaped([n, c, h, w])
        let weight = matrix(o * c * k, k).reshaped([o, c, k, k])
        let bias = matrix(1, o).squeezed(0)
        let (xs, ws, bs) = (x.array(Double.self), weight.array(Double.self), bias.array(Double.self))
        let rows = (h + 2 * padding - k) / stride + 1
        let columns = (w + 2 * padding - k) / stride + 1
        var expected: [Double] = []
        for image in 0..<n {
            for out in 0..<o {
                for row in 0..<rows {
                    for column in 0..<columns {
                        var sum = bs[out]
                        for channel in 0..<c {
                            for i in 0..<k {
                                for j in 0..<k {
                                    let (y, z) = (row * stride + i - padding, column * stride + j - padding)
                                    guard 0..<h ~= y, 0..<w ~= z else { continue }
                                    sum +=
                                        xs[((image * c + channel) * h + y) * w + z]
                                        * ws[((out * c + channel) * k + i) * k + j]
                                }
                            }
                        }
                        expected.append(sum)
                    }
                }
            }
        }
        let result = x.conv2d(weight, bias: bias, stride: stride, padding: padding)
        #expect(result.shape == [n, o, rows, columns])
        #expect(deviation(result.array(), expected) < 1e-12)
    }

    @Test func poolingTakesTheLargestAndTheMeanOfWindows() {
        let x = Tensor((0..<16).map(Double.init), shape: [1, 1, 4, 4])
        #expect(x.maxPool2d(size: 2).array(Double.self) == [5, 7, 13, 15])
        #expect(x.averagePool2d(size: 2).array(Double.self) == [2.5, 4.5, 10.5, 12.5])
        #expect(x.maxPool2d(size: 3, stride: 1).array(Double.self) == [10, 11, 14, 15])
        // Padding counts: the corner window holds 0, 1, 4, 5 and five zeros.
        #expect(x.averagePool2d(size: 3, stride: 2, padding: 1).array(Double.self)[0] == 10.0 / 9)
        #expect(
            x.averagePool2d(size: 3, stride: 2, padding: 1, countingPadding: false).array(Double.self)[0] == 10.0 / 4)
        // A row of three ones over rows padded by one place: sums of neighbours; the same as a column, rows in place of
        // columns.
        let y = Tensor([1, 2, 4, 8, 16, 32] as [Float], shape: [1, 1, 2, 3])
        let row = y.conv2d(.ones([1, 1, 1, 3]), bias: nil, stride: 1, padding: (rows: 0, columns: 1))
        #expect(row.array(Float.self) == [3, 7, 6, 24, 56, 48])
        let column = y.transposed().contiguous().conv2d(
            .ones([1, 1, 3, 1]), bias: nil, stride: 1, padding: (rows: 1, columns: 0))
        #expect(column.array(Float.self) == row.transposed().array(Float.self))
    }

    @Test func eigenvectorsDiagonaliseASymmetricMatrix() {
        let a = positiveDefinite(6)
        let (values, vectors) = a.symmetricEigen()
        #expect(deviation(vectors.matmul(values.diagonal()).matmul(vectors.transposed()), a) < 1e-12)
        #expect(deviation(vectors.transposed().matmul(vectors), .identity(6, dtype: .float64)) < 1e-12)
        #expect(values.array(Double.self) == values.array(Double.self).sorted())
        #expect(deviation(a.symmetricEigenvalues(), values) < 1e-12)
        #expect(abs(values.sum().item() - a.diagonal().sum().item()) < 1e-11)
    }

    @Test func theCholeskyFactorIsLowerAndMultipliesBack() {
        let a = positiveDefinite(6)
        let factor = a.cholesky()
        #expect(deviation(factor.matmul(factor.transposed()), a) < 1e-12)
        #expect(deviation(factor, factor.lowerTriangle()) == 0)
    }

    @Test func solvingInvertsMultiplication() {
        let (a, y) = (positiveDefinite(6), matrix(6, 2))
        #expect(deviation(a.solve(a.matmul(y)), y) < 1e-11)
    }

    @Test func theDeterminantIsTheProductOfEigenvaluesAndChangesSignWithTwoRows() {
        let a = positiveDefinite(5)
        let (sign, logarithm) = a.signAndLogDeterminant()
        #expect(sign.item() == 1)
        #expect(abs(logarithm.item() - a.symmetricEigen().values.log().sum().item()) < 1e-12)
        let exchanged = a.indexSelected(0, Tensor([1, 0, 2, 3, 4])).signAndLogDeterminant()
        #expect(exchanged.sign.item() == -1)
        #expect(abs(exchanged.logarithm.item() - logarithm.item()) < 1e-12)
    }
}
