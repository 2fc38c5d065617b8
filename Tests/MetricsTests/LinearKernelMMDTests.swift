import Foundation
import Metrics
import Testing
import Torch

@Suite struct LinearKernelMMDTests {
    /// k(x, y) = d − Hamming(x, y) over all pairs, the diagonals left out.
    private func doubleLoop(_ x: [[Int]], _ y: [[Int]]) -> Double {
        func kernel(_ a: [Int], _ b: [Int]) -> Double { Double(zip(a, b).filter { $0 == $1 }.count) }
        func within(_ a: [[Int]]) -> Double {
            var sum = 0.0
            for i in a.indices { for j in a.indices where i != j { sum += kernel(a[i], a[j]) } }
            return sum / Double(a.count * (a.count - 1))
        }
        var between = 0.0
        for a in x { for b in y { between += kernel(a, b) } }
        return within(x) + within(y) - 2 * between / Double(x.count * y.count)
    }

    private func rows(_ x: Tensor) -> [[Int]] { (0..<x.size(0)).map { x[$0].array(Int.self) } }

    private func bits(_ n: Int, _ d: Int, p: Double, seed: UInt64) -> Tensor {
        RandomGenerator(seed: seed).bernoulli(.full([n, d], p))
    }

    /// Sums of whole numbers, then three divisions: 10⁻¹³ of numbers up to d.
    @Test(arguments: [(2, 2, 1), (2, 3, 5), (20, 33, 7), (41, 17, 32)])
    func countingColumnsEqualsTheLoopOverPairs(n: Int, m: Int, d: Int) {
        let (x, y) = (bits(n, d, p: 0.5, seed: 1), bits(m, d, p: 0.3, seed: 2))
        #expect(abs(linearKernelMMD(x, y) - doubleLoop(rows(x), rows(y))) < 1e-13)
        #expect(abs(linearKernelMMD(x, x) - doubleLoop(rows(x), rows(x))) < 1e-13)
    }

    @Test func everyElementTypeCounts() {
        let (x, y) = (bits(20, 6, p: 0.5, seed: 1), bits(30, 6, p: 0.3, seed: 2))
        for dtype in DType.allCases {
            #expect(linearKernelMMD(x.converted(to: dtype), y) == linearKernelMMD(x, y))
        }
    }

    /// MMD² = 2‖x̄ − ȳ‖² − 2 Σₖ (s²ₓₖ/n + s²ᵧₖ/m), variances by n − 1: the metric sees means of single bits alone.
    @Test func itIsADistanceOfMeansOfSingleBits() {
        for (n, m) in [(50, 50), (400, 300)] {
            let x = bits(n, 16, p: 0.5, seed: 3).converted(to: .float64)
            let y = bits(m, 16, p: 0.4, seed: 4).converted(to: .float64)
            let means = (x.mean(0) - y.mean(0)).squared().sum().item()
            let variances = (x.variance(0) / Double(n) + y.variance(0) / Double(m)).sum().item()
            #expect(abs(linearKernelMMD(x, y) - (2 * means - 2 * variances)) < 1e-12)
        }
    }

    /// Unbiased: over 200 pairs of sets from one distribution the mean is 0 within 6 of its standard deviations.
    @Test func itIsUnbiased() {
        let values = (0..<200).map {
            linearKernelMMD(bits(20, 8, p: 0.5, seed: $0), bits(20, 8, p: 0.5, seed: 1000 + $0))
        }
        let mean = values.reduce(0, +) / 200
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 199
        #expect(abs(mean) < 6 * (variance / 200).squareRoot())
        #expect(values.contains { $0 < 0 })
    }

    /// The released code's metric in PyTorch, float32 there: 10⁻⁵ of kernel values up to 32.
    @Test func thePublishedImplementationAgrees() throws {
        struct File: Decodable {
            struct MMD: Decodable {
                let x, y: [String]
                let mmd_xy, mmd_xx: Double
            }
            let binary_mmd: MMD
        }
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("DatasetsTests/Golden/primitives.json")
        let golden = try JSONDecoder().decode(File.self, from: Data(contentsOf: url)).binary_mmd
        func tensor(_ rows: [String]) -> Tensor {
            Tensor(
                rows.flatMap { $0.utf8.map { UInt8($0 == UInt8(ascii: "1") ? 1 : 0) } },
                shape: [rows.count, rows[0].count])
        }
        let (x, y) = (tensor(golden.x), tensor(golden.y))
        #expect(abs(linearKernelMMD(x, y) - golden.mmd_xy) < 1e-5)
        #expect(abs(linearKernelMMD(x, x) - golden.mmd_xx) < 1e-5)
    }

    @Test func setsThatDoNotFitTrap() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = linearKernelMMD(.zeros([3, 4]), .zeros([3, 5]))
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("sets of shapes [3, 4] and [3, 5]"))
        await #expect(processExitsWith: .failure) { _ = linearKernelMMD(.zeros([1, 4]), .zeros([3, 4])) }
    }
}
