import Torch

// Second-order Taylor series through f = SiLU, one pass over memory each way. With σ = σ(z), c = σ(1 − σ), τ = 1 − 2σ
//   and q = 2 + zτ, f = zσ        f′ = σ + zc        f″ = cq        f‴ = c(τ(q + 1) − 2zc)

/// Fused kernels on row-major float32 matrices whose rows are a multiple of `SwishKernel.lanes` long. Each runs on the
/// calling thread: whoever calls shares rows out over threads. The rows of a matrix are three blocks of n points:
/// values, first and second derivatives along each point's line.
enum SiLUSeriesKernel {
    private typealias Lanes = SwishKernel.Lanes

    @inline(__always)
    private static func derivatives(_ z: Lanes) -> (value: Lanes, first: Lanes, second: Lanes, third: Lanes) {
        let s = 1 / (1 + VectorMath.exponential(-z))
        let rest = 1 - s
        let c = s * rest
        let tilt = rest - s
        let q = Lanes(repeating: 2).addingProduct(z, tilt)
        let bend = z * c
        return (z * s, s + bend, c * q, c * (tilt * (q + 1) - 2 * bend))
    }

    /// h ← f(z), ḣ ← f′ż, ḧ ← f″ż² + f′z̈, for the points of a range.
    ///
    /// - Parameters:
    ///   - z: [3n, width], or [2n, width] where z̈ = 0; without the bias.
    ///   - bias: [width].
    ///   - h: [3n, width].
    static func forward(_ z: Tensor, bias: Tensor, into h: Tensor, points n: Int, _ range: Range<Int>) {
        let (width, isBent) = (z.size(1), z.size(0) == 3 * n)
        let block = n * width
        let (z, bias, h) = (VectorElements(z), VectorElements(bias), VectorElements(h))
        for row in range {
            for c in stride(from: 0, to: width, by: SwishKernel.lanes) {
                let at = row * width + c
                let d = derivatives(z[at] + bias[c])
                let slope = z[block + at]
                var bent = d.second * slope * slope
                if isBent { bent = bent.addingProduct(d.first, z[2 * block + at]) }
                h[at] = d.value
                h[block + at] = d.first * slope
                h[2 * block + at] = bent
            }
        }
    }

    /// From the gradients with respect to h, ḣ, ḧ, those with respect to z, ż, z̈, written over them:
    ///
    ///     f′ g + f″ż ġ + (f‴ż² + f″z̈) g̈,    f′ ġ + 2f″ż g̈,    f′ g̈
    ///
    /// - Parameters:
    ///   - gradient: [3n, width]; where z̈ = 0 its last block is left as it is.
    ///   - biasSum: [width], to which the first of these is added.
    static func backward(
        _ z: Tensor, bias: Tensor, gradient: Tensor, biasSum: Tensor, points n: Int, _ range: Range<Int>
    ) {
        let (width, isBent) = (z.size(1), z.size(0) == 3 * n)
        let block = n * width
        let (z, bias, gradient, biasSum) = (
            VectorElements(z), VectorElements(bias), VectorElements(gradient), VectorElements(biasSum)
        )
        for row in range {
            for c in stride(from: 0, to: width, by: SwishKernel.lanes) {
                let at = row * width + c
                let d = derivatives(z[at] + bias[c])
                let slope = z[block + at]
                let (g, g1, g2) = (gradient[at], gradient[block + at], gradient[2 * block + at])
                let turn = d.second * slope
                var bent = d.third * slope * slope
                if isBent {
                    bent = bent.addingProduct(d.second, z[2 * block + at])
                    gradient[2 * block + at] = d.first * g2
                }
                let own = (d.first * g).addingProduct(turn, g1).addingProduct(bent, g2)
                gradient[at] = own
                gradient[block + at] = (d.first * g1).addingProduct(2 * turn, g2)
                biasSum[c] += own
            }
        }
    }
}
