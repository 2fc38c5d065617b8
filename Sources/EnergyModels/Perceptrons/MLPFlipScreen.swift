import Torch

/// Decides E(x) − E(x₋ᵢ) > threshold for many chains on an MLP energy, most of them from products in bfloat16, which a
/// processor that has them multiplies four times as fast as float32.
///
/// Where the difference in bfloat16 is within `margin` of the threshold, both energies are computed in float32 and
/// decide. The margin is eight times the root mean square of the error of the difference, measured on those very
/// chains: at the first site on all, then on the ones near their threshold, of late sites with the greater weight.
/// Thresholds are drawn independently of the error, so those chains are a fair sample of it. A decision comes out
/// otherwise than by float32 only where the error exceeds the margin and the threshold lies between: for an error of
/// normal tails less than once in 10¹⁵ decisions, where float32's own rounding, 10⁻⁶ in an energy, turns one in some
/// 10⁷.
final class MLPFlipScreen {
    private let model: MLPEnergy
    /// The deep layers' weights in bfloat16, transposed: [in, out].
    private let weights: [Tensor]
    /// The energies of the points in bfloat16, output bias left out, shape [batch].
    private let energy: Tensor
    /// Sums of squared errors and of their number, earlier sites' fading.
    private var squares = 0.0
    private var count = 0.0
    /// How much of the sums stays from site to site.
    private static let memory = 0.9

    /// The chains that the last site decided in float32.
    private(set) var refined = 0

    init(_ model: MLPEnergy, _ preactivation: Tensor) {
        self.model = model
        weights = model.layers.dropFirst().dropLast().map { $0.weight.detached().converted(to: .bfloat16).transposed() }
        energy = Tensor.empty([preactivation.size(0)])
        let (rows, nothing) = (preactivation.size(0), Tensor.zeros([preactivation.size(1)]))
        let zeros = Tensor.zeros([rows])
        model.forEachBlock(points: rows, rows: rows) { _, points in
            evaluate(preactivation[points], by: nothing, scale: zeros[points], into: energy[points])
        }
    }

    private var margin: Float { count > 0 ? 8 * Float((squares / count).squareRoot()) : .infinity }

    /// The steps of bit i: the sign where E(x) − E(x₋ᵢ) > threshold, 0 elsewhere, shape [batch].
    ///
    /// - Parameters:
    ///   - preactivation: z₁ of the points, [batch, width].
    ///   - column: W₁[:, i].
    ///   - signs: 1 − 2xᵢ, [batch].
    func flips(_ preactivation: Tensor, by column: Tensor, signs: Tensor, threshold: Tensor) -> Tensor {
        let rows = preactivation.size(0)
        let steps = Tensor.empty([rows])
        let margin = margin
        var errors = [(squares: Double, count: Int)](repeating: (0, 0), count: Runtime.threads)
        errors.withUnsafeMutableBufferPointer { errors in
            nonisolated(unsafe) let errors = errors
            model.forEachBlock(points: rows, rows: rows) { part, points in
                let flipped = Tensor.empty([points.count])
                evaluate(preactivation[points], by: column, scale: signs[points], into: flipped)
                let (energies, sign, limit) = (energy[points], signs[points], threshold[points])
                let (e, f) = (energies.unsafeElements(Float.self), flipped.unsafeElements(Float.self))
                let (s, t) = (sign.unsafeElements(Float.self), limit.unsafeElements(Float.self))
                let own = steps[points]
                let step = own.unsafeElements(Float.self)
                var near: [Int] = []
                for row in 0..<points.count {
                    let difference = e[row] - f[row]
                    if abs(difference - t[row]) > margin {
                        step[row] = difference > t[row] ? s[row] : 0
                    } else {
                        near.append(row)
                    }
                }
                if !near.isEmpty {
                    let exact = differences(preactivation[points], near, by: column, signs: sign)
                    for (row, difference) in zip(near, exact) {
                        step[row] = difference > t[row] ? s[row] : 0
                        let error = Double(e[row] - f[row] - difference)
                        errors[part].squares += error * error
                    }
                    errors[part].count += near.count
                }
                for row in 0..<points.count where step[row] != 0 { e[row] = f[row] }
                withExtendedLifetime((energies, flipped, sign, limit, own)) {}
            }
        }
        refined = errors.reduce(0) { $0 + $1.count }
        if refined > 0 {
            squares = Self.memory * squares + errors.reduce(0) { $0 + $1.squares }
            count = Self.memory * count + Double(refined)
        }
        return steps
    }

    /// E(x) − E(x₋ᵢ) of some rows in float32.
    private func differences(_ preactivation: Tensor, _ rows: [Int], by column: Tensor, signs: Tensor) -> [Float] {
        let index = Tensor(rows)
        let z = preactivation.indexSelected(0, index)
        let scale = signs.indexSelected(0, index)
        let both = Tensor.concatenated([z, z], along: 0)
        let scales = Tensor.concatenated([Tensor.zeros([rows.count]), scale], along: 0)
        let energies = Tensor.empty([2 * rows.count])
        model.kernelEnergyBlock(both, by: column, scale: scales, into: energies)
        let values = energies.array(Float.self)
        return rows.indices.map { values[$0] - values[rows.count + $0] }
    }

    /// The energies of z₁ + scale ⊗ column by bfloat16 products, on the calling thread.
    private func evaluate(_ z: Tensor, by column: Tensor, scale: Tensor, into energies: Tensor) {
        let slope = Float(model.beta.item())
        var h = Tensor.empty([z.size(0), z.size(1)], dtype: .bfloat16)
        SwishKernel.shiftedHalfForward(z, by: column, scale: scale, slope: slope, into: h)
        let deep = model.layers.dropFirst().dropLast()
        for (layer, weight) in zip(deep.dropLast(), weights) {
            h = h.matmul(weight)
            SwishKernel.halfForward(h, bias: layer.bias, slope: slope)
        }
        SwishKernel.halfDotForward(
            h.matmul(weights.last!), bias: deep.last!.bias, slope: slope, weight: model.layers.last!.weight,
            into: energies)
    }
}
