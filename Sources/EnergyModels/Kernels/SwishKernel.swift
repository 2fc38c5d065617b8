import Torch

// Swish(z) = z σ(βz) and its derivatives, one pass over memory each.
//   ∂Swish/∂z = σ + βz σ(1 − σ)        ∂Swish/∂β = z² σ(1 − σ)

/// Fused kernels on row-major float32 matrices whose rows are a multiple of `lanes` long. Each runs on the calling
/// thread: whoever calls shares rows out over threads.
enum SwishKernel {
    typealias Lanes = VectorElements.Lanes

    static let lanes = Lanes.scalarCount

    // MARK: - One element

    @inline(__always)
    private static func sigmoid(_ x: Lanes) -> Lanes { 1 / (1 + VectorMath.exponential(-x)) }

    /// z σ(βz)
    @inline(__always)
    private static func swish(_ z: Lanes, _ slope: Lanes) -> Lanes { z * sigmoid(slope * z) }

    /// σ = σ(βz), ∂Swish/∂z and σ(1 − σ), to which ∂Swish/∂β is proportional.
    @inline(__always)
    private static func derivative(_ z: Lanes, _ slope: Lanes) -> (sigmoid: Lanes, z: Lanes, curvature: Lanes) {
        let s = sigmoid(slope * z)
        let curvature = s * (1 - s)
        return (s, s.addingProduct(slope * z, curvature), curvature)
    }

    // MARK: - Swish of a matrix

    /// y ← Swish(z + bias) for z, y [rows, width]; bias [width].
    static func forward(_ z: Tensor, bias: Tensor, slope: Float, into y: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, y) = (VectorElements(z), VectorElements(bias), VectorElements(y))
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            for c in stride(from: 0, to: width, by: lanes) {
                y[row * width + c] = swish(z[row * width + c] + bias[c], slope)
            }
        }
    }

    /// From the gradient with respect to Swish(z + bias): writes that with respect to z over it, adds that with respect
    /// to bias to `biasSum` [width].
    ///
    /// - Returns: the gradient with respect to β.
    static func backward(_ z: Tensor, bias: Tensor, slope: Float, gradient: Tensor, biasSum: Tensor) -> Double {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, gradient, biasSum) = (
            VectorElements(z), VectorElements(bias), VectorElements(gradient), VectorElements(biasSum)
        )
        let slope = Lanes(repeating: slope)
        var total = 0.0
        for row in 0..<rows {
            var slopeSum = Lanes.zero
            for c in stride(from: 0, to: width, by: lanes) {
                let v = z[row * width + c] + bias[c]
                let g = gradient[row * width + c]
                let d = derivative(v, slope)
                gradient[row * width + c] = g * d.z
                biasSum[c] += g * d.z
                slopeSum = slopeSum.addingProduct(g * v * v, d.curvature)
            }
            total += Double(slopeSum.sum())
        }
        return total
    }

    /// The same for z alone: bias is part of it, and no parameter's gradient is wanted.
    static func inputBackward(_ z: Tensor, bias: Tensor, slope: Float, gradient: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, gradient) = (VectorElements(z), VectorElements(bias), VectorElements(gradient))
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            for c in stride(from: 0, to: width, by: lanes) {
                gradient[row * width + c] *= derivative(z[row * width + c] + bias[c], slope).z
            }
        }
    }

    // MARK: - Swish, then a weighted sum

    /// energies ← w · Swish(z + bias) for each row; weight [1, width], energies [rows].
    static func dotForward(_ z: Tensor, bias: Tensor, slope: Float, weight: Tensor, into energies: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, weight, energies) = (
            VectorElements(z), VectorElements(bias), VectorElements(weight), VectorElements(energies)
        )
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            var sum = Lanes.zero
            for c in stride(from: 0, to: width, by: lanes) {
                sum = sum.addingProduct(swish(z[row * width + c] + bias[c], slope), weight[c])
            }
            energies[one: row] = sum.sum()
        }
    }

    /// From the gradient with respect to each row's sum, [rows]: writes that with respect to z to `output`, adds those
    /// with respect to bias and weight to `biasSum` and `weightSum`, [width] each.
    ///
    /// - Returns: the gradient with respect to β.
    static func dotBackward(
        _ z: Tensor, bias: Tensor, slope: Float, weight: Tensor, gradient: Tensor, into output: Tensor, biasSum: Tensor,
        weightSum: Tensor
    ) -> Double {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, weight, gradient) = (
            VectorElements(z), VectorElements(bias), VectorElements(weight), VectorElements(gradient)
        )
        let (output, biasSum, weightSum) = (VectorElements(output), VectorElements(biasSum), VectorElements(weightSum))
        let slope = Lanes(repeating: slope)
        var total = 0.0
        for row in 0..<rows {
            var slopeSum = Lanes.zero
            let g = Lanes(repeating: gradient[one: row])
            for c in stride(from: 0, to: width, by: lanes) {
                let v = z[row * width + c] + bias[c]
                let d = derivative(v, slope)
                let gw = g * weight[c]
                output[row * width + c] = gw * d.z
                biasSum[c] += gw * d.z
                weightSum[c] += g * v * d.sigmoid
                slopeSum = slopeSum.addingProduct(gw * v * v, d.curvature)
            }
            total += Double(slopeSum.sum())
        }
        return total
    }

    /// output ← the gradient of each row's w · Swish(z + bias) with respect to that row.
    static func dotInputBackward(_ z: Tensor, bias: Tensor, slope: Float, weight: Tensor, into output: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, weight, output) = (
            VectorElements(z), VectorElements(bias), VectorElements(weight), VectorElements(output)
        )
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            for c in stride(from: 0, to: width, by: lanes) {
                output[row * width + c] = weight[c] * derivative(z[row * width + c] + bias[c], slope).z
            }
        }
    }

    // MARK: - Flips in the first layer

    /// What the first layer's rows are made of: for each point its own row, and after it one for each different bit
    /// that is to be flipped. (Independent draws repeat themselves; an energy need not.)
    struct Flips {
        /// z = W₁x + b₁, shape [points, width].
        let z: Tensor
        /// W₁ᵀ, shape [d, width].
        let columns: Tensor
        /// Bits, shape [points, d]: a bit that is 0 adds its column when it flips, a bit that is 1 takes it away.
        let x: Tensor
        /// Where the rows of each point begin; one more entry at the end.
        let starts: [Int]
        /// The flipped bit of each row; −1 for the point itself.
        let bits: [Int]
        /// The row of each point (first) and of each of its flips as they were asked for, [points · (1 + s)]; nil where
        /// that is the order of the rows.
        let rows: [Int]?
        /// s, the number of flips asked for at each point.
        let flipsPerPoint: Int

        /// - Parameter indices: int64 [points, s]; nil for 0 ..< d.
        init(z: Tensor, columns: Tensor, x: Tensor, indices: Tensor?) {
            (self.z, self.columns, self.x) = (z, columns, x)
            let (points, d) = (z.size(0), columns.size(0))
            var (starts, bits, rows) = ([0], [Int](), [Int]())
            let chosen = indices?.array(Int.self)
            let flips = indices?.size(1) ?? d
            starts.reserveCapacity(points + 1)
            bits.reserveCapacity(points * (1 + flips))
            rows.reserveCapacity(points * (1 + flips))
            // Which row of the point at hand flips a bit: valid where `seenBy` is that point.
            var (seenBy, rowOf) = ([Int](repeating: -1, count: d), [Int](repeating: 0, count: d))
            for point in 0..<points {
                rows.append(bits.count)
                bits.append(-1)
                for t in 0..<flips {
                    let bit = chosen.map { $0[point * flips + t] } ?? t
                    if seenBy[bit] != point {
                        (seenBy[bit], rowOf[bit]) = (point, bits.count)
                        bits.append(bit)
                    }
                    rows.append(rowOf[bit])
                }
                starts.append(bits.count)
            }
            self.rows = bits.count == rows.count ? nil : rows
            (self.starts, self.bits, flipsPerPoint) = (starts, bits, flips)
        }

        var width: Int { z.size(1) }
        var dimension: Int { columns.size(0) }

        /// Calls body for each flip asked for at some points: its place in a contiguous [points, s], the point's row
        /// and its own.
        @inline(__always)
        private func forEachFlip(_ points: Range<Int>, _ body: (_ place: Int, _ row: Int, _ flipped: Int) -> Void) {
            for point in points {
                let first = point * (1 + flipsPerPoint)
                for t in 0..<flipsPerPoint {
                    let flipped = first + 1 + t
                    body(point * flipsPerPoint + t, starts[point], rows.map { $0[flipped] } ?? flipped)
                }
            }
        }

        /// For some points: differences [points, s] ← E(x) − E(x₋ᵢ) from the energies of all rows.
        func differences(_ points: Range<Int>, of energies: Tensor, into differences: Tensor) {
            let (energies, differences) = (VectorElements(energies), VectorElements(differences))
            forEachFlip(points) { place, row, flipped in
                differences[one: place] = energies[one: row] - energies[one: flipped]
            }
        }

        /// The way back: from the gradients with respect to differences [points, s], and their sums for each point,
        /// those with respect to the energies of the rows.
        func energyGradient(_ points: Range<Int>, ofPoints sums: Tensor, differences: Tensor, into energies: Tensor) {
            let (sums, differences, energies) = (
                VectorElements(sums), VectorElements(differences), VectorElements(energies)
            )
            for row in rows(points) { energies[one: row] = 0 }
            for point in points { energies[one: starts[point]] = sums[one: point] }
            forEachFlip(points) { place, _, flipped in energies[one: flipped] -= differences[one: place] }
        }

        /// The rows of a range of points.
        func rows(_ points: Range<Int>) -> Range<Int> { starts[points.lowerBound]..<starts[points.upperBound] }

        /// Calls body with each row of some points in order: its number, counted from the first of them, its point, the
        /// flipped bit, and the sign that its column enters with (0 for the point itself).
        @inline(__always)
        func forEachRow(_ points: Range<Int>, _ body: (_ row: Int, _ point: Int, _ bit: Int, _ sign: Float) -> Void) {
            let (d, values, first) = (dimension, VectorElements(x), starts[points.lowerBound])
            for point in points {
                for row in starts[point]..<starts[point + 1] {
                    let bit = bits[row]
                    let sign = bit < 0 ? 0 : 1 - 2 * values[one: point * d + bit]
                    body(row - first, point, max(bit, 0), sign)
                }
            }
        }
    }

    /// y ← Swish(z ± columns[i]) for the rows of some points.
    static func flippedForward(_ flips: Flips, _ points: Range<Int>, slope: Float, into y: Tensor) {
        let width = flips.width
        let (z, columns, y) = (VectorElements(flips.z), VectorElements(flips.columns), VectorElements(y))
        let slope = Lanes(repeating: slope)
        flips.forEachRow(points) { row, point, bit, sign in
            let sign = Lanes(repeating: sign)
            for c in stride(from: 0, to: width, by: lanes) {
                y[row * width + c] = swish(z[point * width + c].addingProduct(sign, columns[bit * width + c]), slope)
            }
        }
    }

    /// From the gradient with respect to those rows: adds that with respect to z to `zSum`, of z's shape, and that with
    /// respect to the columns to `columnSum` [d, width].
    ///
    /// - Returns: the gradient with respect to β.
    static func flippedBackward(
        _ flips: Flips, _ points: Range<Int>, slope: Float, gradient: Tensor, zSum: Tensor, columnSum: Tensor
    ) -> Double {
        let width = flips.width
        let (z, columns, gradient) = (VectorElements(flips.z), VectorElements(flips.columns), VectorElements(gradient))
        let (zSum, columnSum) = (VectorElements(zSum), VectorElements(columnSum))
        let slope = Lanes(repeating: slope)
        var total = 0.0
        flips.forEachRow(points) { row, point, bit, sign in
            var slopeSum = Lanes.zero
            let sign = Lanes(repeating: sign)
            for c in stride(from: 0, to: width, by: lanes) {
                let v = z[point * width + c].addingProduct(sign, columns[bit * width + c])
                let g = gradient[row * width + c]
                let d = derivative(v, slope)
                zSum[point * width + c] += g * d.z
                columnSum[bit * width + c] += sign * g * d.z
                slopeSum = slopeSum.addingProduct(g * v * v, d.curvature)
            }
            total += Double(slopeSum.sum())
        }
        return total
    }

    /// y ← Swish(z + scale ⊗ column) for z, y [rows, width], scale [rows], column [width].
    static func shiftedForward(_ z: Tensor, by column: Tensor, scale: Tensor, slope: Float, into y: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, column, scale, y) = (
            VectorElements(z), VectorElements(column), VectorElements(scale), VectorElements(y)
        )
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            let factor = Lanes(repeating: scale[one: row])
            for c in stride(from: 0, to: width, by: lanes) {
                y[row * width + c] = swish(z[row * width + c].addingProduct(factor, column[c]), slope)
            }
        }
    }

    /// The same, y in bfloat16.
    static func shiftedHalfForward(_ z: Tensor, by column: Tensor, scale: Tensor, slope: Float, into y: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, column, scale, y) = (
            VectorElements(z), VectorElements(column), VectorElements(scale), HalfVectorElements(y)
        )
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            let factor = Lanes(repeating: scale[one: row])
            for c in stride(from: 0, to: width, by: lanes) {
                y[row * width + c] = swish(z[row * width + c].addingProduct(factor, column[c]), slope)
            }
        }
    }

    /// In place: z ← Swish(z + bias) for z in bfloat16.
    static func halfForward(_ z: Tensor, bias: Tensor, slope: Float) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias) = (HalfVectorElements(z), VectorElements(bias))
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            for c in stride(from: 0, to: width, by: lanes) {
                z[row * width + c] = swish(z[row * width + c] + bias[c], slope)
            }
        }
    }

    /// energies ← w · Swish(z + bias) for each row of z in bfloat16; weight [1, width], energies [rows].
    static func halfDotForward(_ z: Tensor, bias: Tensor, slope: Float, weight: Tensor, into energies: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, bias, weight, energies) = (
            HalfVectorElements(z), VectorElements(bias), VectorElements(weight), VectorElements(energies)
        )
        let slope = Lanes(repeating: slope)
        for row in 0..<rows {
            var sum = Lanes.zero
            for c in stride(from: 0, to: width, by: lanes) {
                sum = sum.addingProduct(swish(z[row * width + c] + bias[c], slope), weight[c])
            }
            energies[one: row] = sum.sum()
        }
    }

    /// In place: z ← z + scale ⊗ column.
    static func shift(_ z: Tensor, by column: Tensor, scale: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, column, scale) = (VectorElements(z), VectorElements(column), VectorElements(scale))
        for row in 0..<rows {
            let factor = Lanes(repeating: scale[one: row])
            for c in stride(from: 0, to: width, by: lanes) {
                z[row * width + c] = z[row * width + c].addingProduct(factor, column[c])
            }
        }
    }
}
