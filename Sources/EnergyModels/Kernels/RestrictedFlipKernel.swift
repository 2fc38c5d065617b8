import Torch

/// All d flips of an RBM's free energy at once, float32 on the processor: first derivatives only.
///
/// With zₖ′ = zₖ + δᵢWₖᵢ, δᵢ = 1 − 2vᵢ, and softplus(z′) − softplus(z) = log((1 − σ) + σe^{δW}), σ = σ(zₖ),
///
///     Δᵢ − δᵢbᵢ = Σₖ log fᵢₖ            fᵢₖ = σ(−zₖ) + σ(zₖ) e^{δᵢWₖᵢ}
///     ∂Δᵢ/∂zₖ   = σ′ᵢₖ − σ(zₖ)          σ′ᵢₖ = σ(zₖ′) = σ(zₖ) e^{δᵢWₖᵢ} / fᵢₖ
///     ∂Δᵢ/∂Wₖᵢ  = δᵢ σ′ᵢₖ               of the direct dependence
///
/// e^{W} and e^{−W} are computed once for the batch, and a logarithm is taken of a product of several f, so what is
/// left for a flip and a hidden unit are two multiplications forwards and a division backwards. Both terms of f are
/// positive: nothing cancels.
struct RestrictedFlipKernel {
    private typealias Lanes = SIMD16<Float>

    /// Points that are worked off together, so that a column of W is fetched once for them.
    private static let blockPoints = 8

    private let batch, dimension, width: Int
    /// How many factors f a float32 holds the product of.
    private let factors: Int
    /// e^{W} and e^{−W}, [d, m rounded up to whole vectors]; 1 beyond m.
    private let rising, falling: Tensor
    /// σ(z) and σ(−z), [batch, m rounded up].
    private let on, off: Tensor
    private let x: Tensor

    /// - Parameters:
    ///   - x: bits, [batch, d]; z: c + Wx, [batch, m]; columns: Wᵀ, [d, m]; all float32 on the processor.
    /// - Returns: nil where a weight is so large, above 40, that products of two factors could leave the range of
    ///   float32.
    init?(_ x: Tensor, z: Tensor, columns: Tensor) {
        (batch, dimension) = (x.size(0), x.size(1))
        let padding = (Lanes.scalarCount - columns.size(1) % Lanes.scalarCount) % Lanes.scalarCount
        width = columns.size(1) + padding
        let largest = columns.count == 0 ? 0 : columns.abs().max().item()
        guard largest <= 40 else { return nil }
        factors = max(2, min(8, Int(80 / max(largest, 10))))
        func padded(_ y: Tensor) -> Tensor {
            padding == 0 ? y.contiguous() : .concatenated([y, .zeros([y.size(0), padding])], along: 1).contiguous()
        }
        let (w, z) = (padded(columns), padded(z))
        (rising, falling) = (w.exp(), (-w).exp())
        (on, off) = (z.sigmoid(), (-z).sigmoid())
        self.x = x.contiguous()
    }

    /// Σₖ log fᵢₖ, shape [batch, d].
    func differences() -> Tensor {
        let output = Tensor.empty([batch, dimension])
        let values = VectorElements(output)
        forEachBlock { _, points, bits, rising, falling, on, off in
            for i in 0..<dimension {
                for n in points {
                    let columns = bits[one: n * dimension + i] > 0.5 ? falling : rising
                    var sum = Lanes.zero
                    var k = 0
                    while k < width {
                        let end = min(width, k + factors * Lanes.scalarCount)
                        var product = Lanes(repeating: 1)
                        while k < end {
                            product *= off[n * width + k].addingProduct(on[n * width + k], columns[i * width + k])
                            k += Lanes.scalarCount
                        }
                        sum += VectorMath.logarithm(product)
                    }
                    values[one: n * dimension + i] = sum.sum()
                }
            }
        }
        return output
    }

    /// From the gradient with respect to `differences()`, [batch, d]: those with respect to z, [batch, m], and to Wᵀ,
    /// [d, m].
    func gradients(of gradient: Tensor, hidden: Int) -> (z: Tensor, columns: Tensor) {
        let zSum = Tensor.zeros([batch, width])
        let sums = (0..<Runtime.threads).map { _ in Tensor.zeros([dimension, width]) }
        let (g, zValues) = (VectorElements(gradient), VectorElements(zSum))
        forEachBlock { part, points, bits, rising, falling, on, off in
            let sum = VectorElements(sums[part])
            for i in 0..<dimension {
                for n in points {
                    let isOn = bits[one: n * dimension + i] > 0.5
                    let columns = isOn ? falling : rising
                    let own = Lanes(repeating: g[one: n * dimension + i])
                    let signed = isOn ? -own : own
                    for k in stride(from: 0, to: width, by: Lanes.scalarCount) {
                        let moved = on[n * width + k] * columns[i * width + k]
                        let probability = moved / (off[n * width + k] + moved)
                        zValues[n * width + k] = zValues[n * width + k].addingProduct(own, probability)
                        sum[i * width + k] = sum[i * width + k].addingProduct(signed, probability)
                    }
                }
            }
        }
        var columns = sums[0]
        for other in sums.dropFirst() { columns += other }
        let z = zSum - gradient.sum(1).unsqueezed(1) * on
        return (z.narrowed(1, start: 0, length: hidden), columns.narrowed(1, start: 0, length: hidden))
    }

    /// Calls body on libtorch's threads with blocks of points and the operands' elements: bits, e^{W}, e^{−W}, σ(z),
    /// σ(−z).
    private func forEachBlock(
        _ body: (
            _ part: Int, _ points: Range<Int>, _ bits: VectorElements, _ rising: VectorElements,
            _ falling: VectorElements, _ on: VectorElements, _ off: VectorElements
        ) -> Void
    ) {
        let (bits, on, off) = (VectorElements(x), VectorElements(on), VectorElements(off))
        let (rising, falling) = (VectorElements(rising), VectorElements(falling))
        let blocks = (batch + Self.blockPoints - 1) / Self.blockPoints
        parallelFor(blocks) { part, range in
            for block in range {
                let points = block * Self.blockPoints..<min(batch, (block + 1) * Self.blockPoints)
                body(part, points, bits, rising, falling, on, off)
            }
        }
    }
}
