import Oracles
import Testing
import Torch

@Suite struct TensorTests {
    // MARK: - Creation and conversion

    @Test func elementsOfEveryTypeComeBackAsTheyWere() {
        func check<Element: TensorElement & Equatable>(_ elements: [Element]) {
            let x = Tensor(elements, shape: [2, elements.count / 2])
            #expect(x.dtype == Element.dtype)
            #expect(x.shape == [2, elements.count / 2])
            #expect(x.array(Element.self) == elements)
        }
        check([0, 1, 127, 255] as [UInt8])
        check([.min, -1, 0, .max] as [Int32])
        check([.min, -1, 0, .max] as [Int64])
        check([.min, -1, 0, .max] as [Int])
        check([-0.0, .leastNonzeroMagnitude, .pi, .infinity] as [Float])
        check([-0.0, .leastNonzeroMagnitude, .pi, -.infinity] as [Double])
        #expect(Tensor([Double.nan]).array(Double.self)[0].isNaN)
    }

    @Test(arguments: DType.allCases)
    func everyTypeHoldsSmallWholeNumbersExactly(dtype: DType) {
        let x = Tensor([0, 1, 1, 0], shape: [2, 2]).converted(to: dtype)
        #expect(x.dtype == dtype)
        #expect(x.array(Double.self) == [0, 1, 1, 0])
        #expect(Tensor.zeros([3], dtype: dtype).array(Int.self) == [0, 0, 0])
        #expect(Tensor.ones([3], dtype: dtype).array(Int.self) == [1, 1, 1])
        #expect(Tensor.zeros(like: x).dtype == dtype)
        #expect(dtype.isFloatingPoint == [.float32, .float64, .bfloat16].contains(dtype))
    }

    @Test func conversionRoundsAsTheTypesDo() {
        // bfloat16 keeps 8 bits: between 256 and 512 every second whole number, ties to even.
        let x = Tensor([257, 259, 1.0 / 3, -1e-3], shape: [4])
        #expect(x.converted(to: .bfloat16).array(Float.self) == [256, 260, 0.333984375, -0.00099945068359375])
        #expect(Tensor([2.9, -2.9]).array(Int.self) == [2, -2])
        #expect(Tensor([0.1]).converted(to: .float32).array(Double.self) == [Double(Float(0.1))])
        #expect(Tensor([0.5, 0]).converted(to: .bool).array(UInt8.self) == [1, 0])
    }

    @Test func creationFillsTheShape() {
        #expect(Tensor.full([2, 3], 2.5).array(Float.self) == [Float](repeating: 2.5, count: 6))
        #expect(Tensor.range(4).array(Int.self) == [0, 1, 2, 3])
        #expect(Tensor.identity(2, dtype: .int64).array(Int.self) == [1, 0, 0, 1])
        #expect(Tensor.empty([2, 0, 3]).shape == [2, 0, 3])
        #expect(Tensor.empty([2, 0, 3]).array(Float.self) == [])
        let number = Tensor(3.5)
        #expect(number.shape == [] && number.rank == 0 && number.count == 1 && number.item() == 3.5)
    }

    @Test func aCopyOfTheStructSharesElementsAndACopyOfTheTensorDoesNot() {
        let x = Tensor([1.0, 2])
        let (same, copy) = (x, x.copied())
        x.fill(7)
        #expect(same.array(Double.self) == [7, 7])
        #expect(copy.array(Double.self) == [1, 2])
        x.assign(Tensor([5.0]))
        #expect(same.array(Double.self) == [5, 5])
    }

    @Test func viewsAreReadRowMajor() {
        let x = Tensor([1, 2, 3, 4, 5, 6], shape: [2, 3])
        let view = x.transposed()
        #expect(!view.isContiguous && view.contiguous().isContiguous)
        #expect(view.array(Int.self) == [1, 4, 2, 5, 3, 6])
        #expect(view.size(0) == 3 && view.size(-1) == 2)
        #expect("\(x.narrowed(1, start: 0, length: 2))" == "Tensor(int64, [2, 2], [1.0, 2.0, 4.0, 5.0])")
    }

    // MARK: - Arithmetic

    @Test func shapesBroadcast() {
        let column = Tensor([1.0, 2, 3], shape: [3, 1])
        let row = Tensor([10.0, 20], shape: [1, 2])
        #expect((column + row).array(Double.self) == [11, 21, 12, 22, 13, 23])
        #expect((column - row).array(Double.self) == [-9, -19, -8, -18, -7, -17])
        #expect((column * row).array(Double.self) == [10, 20, 20, 40, 30, 60])
        #expect((row / column).array(Double.self) == [10, 20, 5, 10, 10.0 / 3, 20.0 / 3])
        #expect((column + row).shape == [3, 2])
    }

    @Test func numbersStandOnEitherSide() {
        let x = Tensor([1.0, -2, 4])
        #expect((x + 1).array(Double.self) == [2, -1, 5])
        #expect((1 + x).array(Double.self) == [2, -1, 5])
        #expect((x - 1).array(Double.self) == [0, -3, 3])
        #expect((1 - x).array(Double.self) == [0, 3, -3])
        #expect((2 * x).array(Double.self) == [2, -4, 8])
        #expect((x / 2).array(Double.self) == [0.5, -1, 2])
        #expect((2 / x).array(Double.self) == [2, -1, 0.5])
        #expect((-x).array(Double.self) == [-1, 2, -4])
    }

    @Test func wholeNumbersKeepAnIntegerTensorsType() {
        let x = Tensor([1, 2, 3])
        for result in [x + 1, 1 - x, 2 * x, x.maximum(2), x.raised(to: 2)] { #expect(result.dtype == .int64) }
        #expect((x + 0.5).dtype == .float32)
        #expect((x / 2).array(Double.self) == [0.5, 1, 1.5])
        #expect((x + Double.infinity).isFinite().any() == false)
    }

    @Test func inPlaceOperationsReachEveryHolder() {
        var x = Tensor([1.0, 2, 3])
        let holder = x
        x += Tensor([1.0])
        x *= 2
        x -= 1
        x /= Tensor([3.0, 5, 7])
        #expect(holder.array(Double.self) == [1, 1, 1])
        var whole = Tensor([1, 2, 3])
        whole += 1
        whole *= 2
        whole -= 1
        #expect(whole.dtype == .int64)
        #expect(whole.array(Int.self) == [3, 5, 7])
    }

    @Test func comparisonsAndLogicGiveTruthValues() {
        let (a, b) = (Tensor([1.0, 2, 3]), Tensor([3.0, 2, 1]))
        func truth(_ x: Tensor) -> [UInt8] { x.array() }
        #expect((a .< b).dtype == .bool)
        #expect(truth(a .< b) == [1, 0, 0] && truth(a .<= b) == [1, 1, 0])
        #expect(truth(a .> b) == [0, 0, 1] && truth(a .>= b) == [0, 1, 1])
        #expect(truth(a .== b) == [0, 1, 0] && truth(a .!= b) == [1, 0, 1])
        #expect(truth(a .< 2) == [1, 0, 0] && truth(a .<= 2) == [1, 1, 0])
        #expect(truth(a .> 2) == [0, 0, 1] && truth(a .>= 2) == [0, 1, 1])
        #expect(truth(a .== 2) == [0, 1, 0] && truth(a .!= 2) == [1, 0, 1])
        #expect(truth((a .< b) .| (a .> b)) == [1, 0, 1])
        #expect(truth((a .<= b) .& (a .>= b)) == [0, 1, 0])
        #expect(truth(.!(a .== b)) == [1, 0, 1])
        #expect(Tensor.select(a .< b, a, -b).array(Double.self) == [1, -2, -1])
        #expect(truth(Tensor([1, Double.nan, Double.infinity, -Double.infinity]).isFinite()) == [1, 0, 0, 0])
        #expect((a .> 0).all() && !(a .> 1).all() && (a .> 2).any() && !(a .> 3).any())
        #expect(a.maximum(b).array(Double.self) == [3, 2, 3] && a.minimum(b).array(Double.self) == [1, 2, 1])
    }

    // MARK: - Reductions

    @Test func reductionsAgreeWithLoops() {
        let values = (0..<12).map { Double(($0 * 7 + 3) % 12) - 4.5 }
        let x = Tensor(values, shape: [3, 4])
        let rows = (0..<3).map { Array(values[$0 * 4..<$0 * 4 + 4]) }
        let columns = (0..<4).map { c in (0..<3).map { values[$0 * 4 + c] } }
        func mean(_ v: [Double]) -> Double { v.reduce(0, +) / Double(v.count) }
        func variance(_ v: [Double]) -> Double {
            v.reduce(0) { $0 + ($1 - mean(v)) * ($1 - mean(v)) } / Double(v.count - 1)
        }
        func norm(_ v: [Double]) -> Double { v.reduce(0) { $0 + $1 * $1 }.squareRoot() }
        // A handful of double operations each: 10⁻¹⁴ is fifty roundings.
        func agrees(_ tensor: Tensor, _ expected: [Double]) -> Bool { deviation(tensor.array(), expected) < 1e-14 }
        #expect(agrees(x.sum(), [values.reduce(0, +)]))
        #expect(agrees(x.sum(0), columns.map { $0.reduce(0, +) }))
        #expect(agrees(x.sum(1), rows.map { $0.reduce(0, +) }))
        #expect(agrees(x.sum(0, 1), [values.reduce(0, +)]))
        #expect(agrees(x.mean(-1), rows.map(mean)))
        #expect(agrees(x.variance(1), rows.map(variance)))
        #expect(agrees(x.norm(0), columns.map(norm)))
        #expect(agrees(x.max(1), rows.map { $0.max()! }) && agrees(x.min(0), columns.map { $0.min()! }))
        #expect(x.sum(1, keeping: true).shape == [3, 1] && x.sum(keeping: true).shape == [1, 1])
        #expect(x.argmax(1).array(Int.self) == rows.map { $0.firstIndex(of: $0.max()!)! })
        #expect(agrees(x.cumulativeSum(1)[0], (1...4).map { rows[0].prefix($0).reduce(0, +) }))
        let (sorted, order) = x.sorted(1, descending: true)
        #expect(agrees(sorted[1], rows[1].sorted(by: >)))
        #expect(order[1].array(Int.self).map { rows[1][$0] } == rows[1].sorted(by: >))
    }

    @Test func softmaxAndLogSumExpStayFiniteForLargeNumbers() {
        let x = Tensor([1000.0, 1001, -1000], shape: [1, 3])
        let logOfOnePlusE = 1.3132616875182228  // log(1 + e)
        #expect(abs(x.logSumExp(1).item() - (1000 + logOfOnePlusE)) < 1e-12)
        #expect(deviation(x.logSoftmax(1).array(), [-logOfOnePlusE, 1 - logOfOnePlusE, -2000 - logOfOnePlusE]) < 1e-15)
        #expect(deviation(x.softmax(1).array(), [0.2689414213699951, 0.7310585786300049, 0]) < 1e-15)
    }

    // MARK: - Shapes and indices

    @Test func shapeOperationsMoveElementsAsLoopsDo() {
        let x = Tensor((0..<24).map(Double.init), shape: [2, 3, 4])
        let permuted = x.permuted([2, 0, 1])
        #expect(permuted.shape == [4, 2, 3])
        for i in 0..<2 {
            for j in 0..<3 {
                for k in 0..<4 { #expect(permuted[k][i][j].item() == Double(i * 12 + j * 4 + k)) }
            }
        }
        #expect(x.reshaped([4, -1]).shape == [4, 6])
        #expect(x[1].narrowed(0, start: 1, length: 2).array(Int.self) == Array(16..<24))
        #expect(x[0..<1].shape == [1, 3, 4] && x.selected(2, 3).array(Int.self) == [3, 7, 11, 15, 19, 23])
        #expect(x.unsqueezed(1).shape == [2, 1, 3, 4] && x.unsqueezed(1).squeezed(1).shape == [2, 3, 4])
        #expect(Tensor([1, 2]).reversed(0).array(Int.self) == [2, 1])
        #expect(Tensor([1, 2]).repeated(2, along: 0).array(Int.self) == [1, 1, 2, 2])
        #expect(Tensor([1, 2]).unsqueezed(1).expanded([2, 3]).array(Int.self) == [1, 1, 1, 2, 2, 2])
        #expect(Tensor.concatenated([x, x], along: 1).shape == [2, 6, 4])
        #expect(Tensor.stacked([Tensor([1, 2]), Tensor([3, 4])], along: 1).array(Int.self) == [1, 3, 2, 4])
        let square = Tensor([1, 2, 3, 4], shape: [2, 2])
        #expect(square.diagonal().array(Int.self) == [1, 4])
        #expect(Tensor([1, 2]).diagonal().array(Int.self) == [1, 0, 0, 2])
        #expect(square.lowerTriangle().array(Int.self) == [1, 0, 3, 4])
        #expect(square.upperTriangle(1).array(Int.self) == [0, 2, 0, 0])
    }

    @Test func gatheringAndScatteringFollowTheirIndices() {
        let x = Tensor([10.0, 11, 12, 20, 21, 22], shape: [2, 3])
        let index = Tensor([2, 0, 0, 1], shape: [2, 2])
        #expect(x.gathered(1, index).array(Double.self) == [12, 10, 20, 21])
        let source = Tensor([1.0, 2, 3, 4], shape: [2, 2])
        #expect(x.scattered(1, index, source).array(Double.self) == [2, 11, 1, 3, 4, 22])
        #expect(x.array(Double.self) == [10, 11, 12, 20, 21, 22])
        let repeated = Tensor([0, 0, 1, 1], shape: [2, 2])
        #expect(x.scatterAdded(1, repeated, source).array(Double.self) == [13, 11, 12, 20, 28, 22])
        #expect(x.indexSelected(1, Tensor([2, 2, 0])).array(Double.self) == [12, 12, 10, 22, 22, 20])
        let y = x.copied()
        y.assign(Tensor([0.0, 0], shape: [2, 1]), along: 1, at: Tensor([1]))
        #expect(y.array(Double.self) == [10, 0, 12, 20, 0, 22])
    }
}
