import Torch

// Swish(z) = z σ(βz) and its derivatives, one pass over memory each.
//   ∂Swish/∂z = σ + βz σ(1 − σ)        ∂Swish/∂β = z² σ(1 − σ)

/// Fused kernels on row-major float32 matrices whose rows are a multiple of `lanes` long. Rows are shared out over the
/// threads; sums over rows are taken per part and then in the order of the parts, so they repeat exactly.
enum SwishKernel {
    typealias Lanes = SIMD16<Float>

    static let lanes = Lanes.scalarCount

    /// Rows worth a thread of their own.
    private static let grain = 16

    /// The elements of a contiguous float32 tensor, read and written 16 at a time.
    private struct Elements {
        private let tensor: Tensor
        private let address: UnsafeMutablePointer<Float>

        init(_ tensor: Tensor) {
            self.tensor = tensor
            address = tensor.unsafeElements(Float.self)
        }

        @inline(__always)
        subscript(index: Int) -> Lanes {
            get { UnsafeRawPointer(address + index).loadUnaligned(as: Lanes.self) }
            nonmutating set { UnsafeMutableRawPointer(address + index).storeBytes(of: newValue, as: Lanes.self) }
        }

        @inline(__always)
        subscript(one index: Int) -> Float {
            get { address[index] }
            nonmutating set { address[index] = newValue }
        }
    }

    // MARK: - One element

    /// e^x to 7·10⁻⁷ relative, for |x| ≤ 87; beyond that the value at the end of the range.
    ///
    /// x = n ln 2 + r with |r| ≤ ½ ln 2: adding 1.5·2²³ rounds x / ln 2 to n, which then stands in the low bits.
    @inline(__always)
    static func exponential(_ argument: Lanes) -> Lanes {
        var x = argument.replacing(with: -87, where: argument .< -87)
        x = x.replacing(with: 87, where: x .> 87)
        let shift = Lanes(repeating: 0x1.8p23)
        let shifted = shift.addingProduct(x, 1.442_695_04)
        let n = shifted - shift
        let r = x.addingProduct(n, -0.693_145_75).addingProduct(n, -1.428_606_8e-6)
        var p = Lanes(repeating: 1 / 720)
        p = Lanes(repeating: 1 / 120).addingProduct(p, r)
        p = Lanes(repeating: 1 / 24).addingProduct(p, r)
        p = Lanes(repeating: 1 / 6).addingProduct(p, r)
        p = Lanes(repeating: 1 / 2).addingProduct(p, r)
        p = Lanes(repeating: 1).addingProduct(p, r)
        p = Lanes(repeating: 1).addingProduct(p, r)
        let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
        return unsafeBitCast(unsafeBitCast(p, to: SIMD16<Int32>.self) &+ exponent, to: Lanes.self)
    }

    @inline(__always)
    private static func sigmoid(_ x: Lanes) -> Lanes { 1 / (1 + exponential(-x)) }

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

    /// A row of sums for each part of a `parallelFor`, added up in the order of the parts.
    private struct PartialSums {
        private let sums: Tensor
        private let elements: Elements
        private let width: Int

        init(width: Int) {
            self.width = width
            sums = .zeros([Runtime.threads, width])
            elements = Elements(sums)
        }

        @inline(__always)
        func add(_ value: Lanes, part: Int, _ c: Int) { elements[part * width + c] += value }

        /// The total, in another shape of as many elements.
        func total(_ shape: [Int]) -> Tensor {
            for part in 1..<max(1, sums.size(0)) {
                for c in stride(from: 0, to: width, by: lanes) { elements[c] += elements[part * width + c] }
            }
            return sums[0].reshaped(shape)
        }
    }

    /// The same for one number, in double precision.
    private struct PartialSum {
        private let sums: UnsafeMutablePointer<Double>
        private let storage = Tensor.zeros([Runtime.threads], dtype: .float64)

        init() { sums = storage.unsafeElements(Double.self) }

        @inline(__always)
        func add(_ value: Lanes, part: Int) { sums[part] += Double(value.sum()) }

        /// The total, a tensor without dimensions.
        var total: Tensor {
            withExtendedLifetime(storage) { Tensor((0..<storage.count).reduce(0) { $0 + sums[$1] }) }
        }
    }

    // MARK: - Swish of a matrix

    /// Swish(z + bias) for z [rows, width]; bias [width] or nil.
    static func forward(_ z: Tensor, bias: Tensor?, slope: Float) -> Tensor {
        let (rows, width) = (z.size(0), z.size(1))
        let output = Tensor.empty([rows, width])
        let (z, bias, y) = (Elements(z), Elements(bias ?? .zeros([width])), Elements(output))
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { _, range in
            for row in range {
                for c in stride(from: 0, to: width, by: lanes) {
                    y[row * width + c] = swish(z[row * width + c] + bias[c], slope)
                }
            }
        }
        return output
    }

    /// The gradients with respect to z, bias and β of a function whose gradient with respect to Swish(z + bias) is given.
    static func backward(
        _ z: Tensor, bias: Tensor, slope: Float, outputGradient: Tensor
    ) -> (preactivation: Tensor, bias: Tensor, slope: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let preactivation = Tensor.empty([rows, width])
        let (db, dSlope) = (PartialSums(width: width), PartialSum())
        let (z, bias, gradient) = (Elements(z), Elements(bias), Elements(outputGradient))
        let dz = Elements(preactivation)
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { part, range in
            for row in range {
                var slopeSum = Lanes.zero
                for c in stride(from: 0, to: width, by: lanes) {
                    let v = z[row * width + c] + bias[c]
                    let g = gradient[row * width + c]
                    let d = derivative(v, slope)
                    dz[row * width + c] = g * d.z
                    db.add(g * d.z, part: part, c)
                    slopeSum = slopeSum.addingProduct(g * v * v, d.curvature)
                }
                dSlope.add(slopeSum, part: part)
            }
        }
        return (preactivation, db.total([width]), dSlope.total)
    }

    /// The gradient with respect to z alone, of Swish(z).
    static func inputGradient(_ z: Tensor, slope: Float, outputGradient: Tensor) -> Tensor {
        let (rows, width) = (z.size(0), z.size(1))
        let output = Tensor.empty([rows, width])
        let (z, gradient, dz) = (Elements(z), Elements(outputGradient), Elements(output))
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { _, range in
            for i in stride(from: range.lowerBound * width, to: range.upperBound * width, by: lanes) {
                dz[i] = gradient[i] * derivative(z[i], slope).z
            }
        }
        return output
    }

    // MARK: - Swish, then a weighted sum

    /// w · Swish(z + bias) for each row: shape [rows]; weight [1, width]; bias [width] or nil.
    static func dotForward(_ z: Tensor, bias: Tensor?, slope: Float, weight: Tensor) -> Tensor {
        let (rows, width) = (z.size(0), z.size(1))
        let output = Tensor.empty([rows])
        let (z, bias, weight) = (Elements(z), Elements(bias ?? .zeros([width])), Elements(weight))
        let energies = Elements(output)
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { _, range in
            for row in range {
                var sum = Lanes.zero
                for c in stride(from: 0, to: width, by: lanes) {
                    sum = sum.addingProduct(swish(z[row * width + c] + bias[c], slope), weight[c])
                }
                energies[one: row] = sum.sum()
            }
        }
        return output
    }

    /// The gradients with respect to z, bias, β and w, given those with respect to the sums, shape [rows].
    static func dotBackward(
        _ z: Tensor, bias: Tensor, slope: Float, weight: Tensor, outputGradient: Tensor
    ) -> (preactivation: Tensor, bias: Tensor, slope: Tensor, weight: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let preactivation = Tensor.empty([rows, width])
        let (db, dw, dSlope) = (PartialSums(width: width), PartialSums(width: width), PartialSum())
        let (z, bias, weight) = (Elements(z), Elements(bias), Elements(weight))
        let gradient = Elements(outputGradient)
        let dz = Elements(preactivation)
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { part, range in
            for row in range {
                var slopeSum = Lanes.zero
                let g = Lanes(repeating: gradient[one: row])
                for c in stride(from: 0, to: width, by: lanes) {
                    let v = z[row * width + c] + bias[c]
                    let d = derivative(v, slope)
                    let gw = g * weight[c]
                    dz[row * width + c] = gw * d.z
                    db.add(gw * d.z, part: part, c)
                    dw.add(g * v * d.sigmoid, part: part, c)
                    slopeSum = slopeSum.addingProduct(gw * v * v, d.curvature)
                }
                dSlope.add(slopeSum, part: part)
            }
        }
        return (preactivation, db.total([width]), dSlope.total, dw.total([1, width]))
    }

    /// The gradient of each row's w · Swish(z) with respect to that row.
    static func dotInputGradient(_ z: Tensor, weight: Tensor, slope: Float) -> Tensor {
        let (rows, width) = (z.size(0), z.size(1))
        let output = Tensor.empty([rows, width])
        let (z, weight, dz) = (Elements(z), Elements(weight), Elements(output))
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { _, range in
            for row in range {
                for c in stride(from: 0, to: width, by: lanes) {
                    dz[row * width + c] = weight[c] * derivative(z[row * width + c], slope).z
                }
            }
        }
        return output
    }

    // MARK: - Flips in the first layer

    /// Swish(z) for each row of z [batch, width] and, after it, Swish(z ± columns[i]) for its flips i: [batch·(1+s), width].
    ///
    /// - Parameters:
    ///   - columns: W₁ᵀ, shape [d, width].
    ///   - x: bits, shape [batch, d]: a bit that is 0 adds its column, a bit that is 1 takes it away.
    ///   - indices: int64 [batch, s]; nil for 0 ..< d.
    static func flippedForward(_ z: Tensor, columns: Tensor, x: Tensor, indices: Tensor?, slope: Float) -> Tensor {
        let (batch, width, d) = (z.size(0), z.size(1), columns.size(0))
        let flips = indices?.size(1) ?? d
        let output = Tensor.empty([batch * (1 + flips), width])
        let (z, columns, x, y) = (Elements(z), Elements(columns), Elements(x), Elements(output))
        let slope = Lanes(repeating: slope)
        let chosen = indices?.unsafeElements(Int64.self)
        parallelFor(batch) { _, range in
            for b in range {
                for t in 0...flips {
                    let (i, sign) = Self.flip(t, b, flips, d, chosen, x)
                    let row = b * (1 + flips) + t
                    for c in stride(from: 0, to: width, by: lanes) {
                        let v = z[b * width + c].addingProduct(sign, columns[i * width + c])
                        y[row * width + c] = swish(v, slope)
                    }
                }
            }
        }
        return withExtendedLifetime(indices) { output }
    }

    /// The gradients with respect to z, columns and β.
    static func flippedBackward(
        _ z: Tensor, columns: Tensor, x: Tensor, indices: Tensor?, slope: Float, outputGradient: Tensor
    ) -> (preactivation: Tensor, columns: Tensor, slope: Tensor) {
        let (batch, width, d) = (z.size(0), z.size(1), columns.size(0))
        let flips = indices?.size(1) ?? d
        let preactivation = Tensor.zeros([batch, width])
        let (dColumns, dSlope) = (PartialSums(width: d * width), PartialSum())
        let (z, columns, x, gradient) = (Elements(z), Elements(columns), Elements(x), Elements(outputGradient))
        let dz = Elements(preactivation)
        let slope = Lanes(repeating: slope)
        let chosen = indices?.unsafeElements(Int64.self)
        parallelFor(batch) { part, range in
            for b in range {
                var slopeSum = Lanes.zero
                for t in 0...flips {
                    let (i, sign) = Self.flip(t, b, flips, d, chosen, x)
                    let row = b * (1 + flips) + t
                    for c in stride(from: 0, to: width, by: lanes) {
                        let v = z[b * width + c].addingProduct(sign, columns[i * width + c])
                        let g = gradient[row * width + c]
                        let derived = derivative(v, slope)
                        dz[b * width + c] += g * derived.z
                        dColumns.add(sign * g * derived.z, part: part, i * width + c)
                        slopeSum = slopeSum.addingProduct(g * v * v, derived.curvature)
                    }
                }
                dSlope.add(slopeSum, part: part)
            }
        }
        return withExtendedLifetime(indices) { (preactivation, dColumns.total([d, width]), dSlope.total) }
    }

    /// The t-th row of point b: the point itself (t = 0, no column enters), or its flip at chosen[b, t − 1] with the sign of
    /// that bit's column.
    @inline(__always)
    private static func flip(
        _ t: Int, _ b: Int, _ flips: Int, _ d: Int, _ chosen: UnsafeMutablePointer<Int64>?, _ x: Elements
    ) -> (index: Int, sign: Lanes) {
        guard t > 0 else { return (0, .zero) }
        let i = chosen.map { Int($0[b * flips + t - 1]) } ?? t - 1
        return (i, Lanes(repeating: 1 - 2 * x[one: b * d + i]))
    }

    /// Swish(z + scale ⊗ column) for z [rows, width], scale [rows], column [width].
    static func shiftedForward(_ z: Tensor, by column: Tensor, scale: Tensor, slope: Float) -> Tensor {
        let (rows, width) = (z.size(0), z.size(1))
        let output = Tensor.empty([rows, width])
        let (z, column, scale, y) = (Elements(z), Elements(column), Elements(scale), Elements(output))
        let slope = Lanes(repeating: slope)
        parallelFor(rows, grain: grain) { _, range in
            for row in range {
                let factor = Lanes(repeating: scale[one: row])
                for c in stride(from: 0, to: width, by: lanes) {
                    y[row * width + c] = swish(z[row * width + c].addingProduct(factor, column[c]), slope)
                }
            }
        }
        return output
    }

    /// In place: z ← z + scale ⊗ column.
    static func shift(_ z: Tensor, by column: Tensor, scale: Tensor) {
        let (rows, width) = (z.size(0), z.size(1))
        let (z, column, scale) = (Elements(z), Elements(column), Elements(scale))
        parallelFor(rows, grain: grain) { _, range in
            for row in range {
                let factor = Lanes(repeating: scale[one: row])
                for c in stride(from: 0, to: width, by: lanes) {
                    z[row * width + c] = z[row * width + c].addingProduct(factor, column[c])
                }
            }
        }
    }
}
