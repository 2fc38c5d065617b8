import Foundation
import Torch

/// D in whitened features g = T(f − m): m, and T from the covariance, under the uniform distribution.
struct MaximumEntropyDual {
    /// D(θ), its gradient [r] and its matrix of second derivatives [r, r].
    struct Point {
        let value: Double
        let gradient, covariance: Tensor
    }

    /// The model of these features with multipliers 0.
    let model: MaximumEntropyModel
    /// m, shape [k].
    let center: Tensor
    /// T, shape [r, k].
    let whitening: Tensor
    /// Whitened μ, shape [r].
    let target: Tensor
    /// f − m = T⁺g on every state, shape [k, r].
    let unwhitening: Tensor
    /// The largest minus the smallest value of each feature.
    let ranges: [Double]

    /// r: how many features do not depend on the others.
    var rank: Int { target.count }

    init(dimension: Int, features: MaximumEntropyModel.Features, moments: [Double]) throws(MaximumEntropyError) {
        let k = features.count
        let model = MaximumEntropyModel(
            dimension: dimension, features: features, multipliers: [Double](repeating: 0, count: k))
        self.model = model
        // Centre on the first state's features: a constant one then has a variance of exactly 0.
        let first = Self.evaluate(model, 0..<1)[0]
        var (sum, products) = (Tensor.zeros([k], dtype: .float64), Tensor.zeros([k, k], dtype: .float64))
        var (least, most) = (first, first)
        for range in Self.chunks(model.dimension) {
            let f = Self.evaluate(model, range)
            guard f.isFinite().all() else { throw .nonFiniteFeature }
            (least, most) = (least.minimum(f.min(0)), most.maximum(f.max(0)))
            sum = sum + (f - first).sum(0)
            products.add(matmul: (f - first).transposed(), f - first)
        }
        let n = Double(1 << dimension)
        let mean = sum / n
        center = first + mean
        let spread = (most - least).array(Double.self)
        ranges = spread
        let (low, high) = (least.array(Double.self), most.array(Double.self))
        for i in 0..<k where moments[i] < low[i] - 1e-12 * spread[i] || moments[i] > high[i] + 1e-12 * spread[i] {
            throw .outOfRange(i, moments[i], least: low[i], most: high[i])
        }

        let covariance = products / n - mean.unsqueezed(1) * mean.unsqueezed(0)
        let deviations = spread.indices.map { spread[$0] > 0 ? covariance[$0][$0].item().squareRoot() : 0 }
        let inverse = Tensor(deviations.map { $0 > 0 ? 1 / $0 : 0 })
        let (eigenvalues, axes) = (covariance * inverse.unsqueezed(1) * inverse.unsqueezed(0)).symmetricEigen()
        let values = eigenvalues.array(Double.self)
        let kept = values.indices.filter { values[$0] > 1e-10 }
        let rows = (axes.transposed() * inverse)
        let offTarget = Tensor(moments) - center
        // A direction in which features never vary admits one mean alone.
        for i in values.indices where values[i] <= 1e-10 {
            let away = (rows[i] * offTarget).sum().item()
            if abs(away) > 1e-8 { throw .dependent((axes.transposed()[i] * inverse).array(), away) }
        }
        let scale = Tensor(kept.map { 1 / values[$0].squareRoot() })
        whitening = rows.indexSelected(0, Tensor(kept)) * scale.unsqueezed(1)
        let columns = axes.indexSelected(1, Tensor(kept)) / scale
        unwhitening = Tensor(deviations).unsqueezed(1) * columns
        target = whitening.matmul(offTarget)
    }

    /// η = Tᵀθ
    func multipliers(_ theta: Tensor) -> [Double] { whitening.transposed().matmul(theta).array() }

    func evaluate(_ theta: Tensor) -> Point {
        let r = rank
        var (shift, weight) = (-Double.infinity, 0.0)
        var (sum, products) = (Tensor.zeros([r], dtype: .float64), Tensor.zeros([r, r], dtype: .float64))
        for range in Self.chunks(model.dimension) {
            let g = whitened(range)
            let logarithms = g.matmul(theta)
            let largest = logarithms.max().item()
            if largest > shift {
                let factor = exp(shift - largest)
                (shift, weight) = (largest, weight * factor)
                sum *= factor
                products *= factor
            }
            let w = (logarithms - shift).exp()
            weight += w.sum().item()
            sum += w.matmul(g)
            products.add(matmul: (g * w.unsqueezed(1)).transposed(), g)
        }
        let mean = sum / weight
        return Point(
            value: shift + log(weight) - (theta * target).sum().item(), gradient: mean - target,
            covariance: products / weight - mean.unsqueezed(1) * mean.unsqueezed(0))
    }

    /// max |⟨fᵢ⟩ − μᵢ|, and the same relative to each feature's range.
    func momentErrors(_ point: Point) -> (largest: Double, relative: Double) {
        let errors = unwhitening.matmul(point.gradient).array(Double.self)
        let relative = zip(errors, ranges).map { $1 > 0 ? abs($0) / $1 : 0 }
        return (errors.map { abs($0) }.max() ?? 0, relative.max() ?? 0)
    }

    /// Why the search cannot end: a direction that separates the moments from all states, or the boundary.
    func reason(_ theta: Tensor, error: Double) -> MaximumEntropyError {
        var most = -Double.infinity
        for range in Self.chunks(model.dimension) { most = max(most, whitened(range).matmul(theta).max().item()) }
        let wanted = (theta * target).sum().item()
        guard wanted > most + 1e-9 * (1 + abs(most)) else { return .boundary(error: error) }
        let eta = multipliers(theta)
        let scale = eta.map { abs($0) }.max()!
        let center = zip(eta, self.center.array(Double.self)).reduce(0) { $0 + $1.0 * $1.1 }
        return .infeasible(eta.map { $0 / scale }, wanted: (wanted + center) / scale, most: (most + center) / scale)
    }

    private func whitened(_ range: Range<Int>) -> Tensor {
        (Self.evaluate(model, range) - center).matmul(whitening.transposed())
    }

    /// f of the states of these numbers, shape [count, k], float64.
    private static func evaluate(_ model: MaximumEntropyModel, _ states: Range<Int>) -> Tensor {
        let f = withoutGradients { model.features.function(model.stateTensor(states)) }
        require(
            f.shape == [states.count, model.features.count],
            "features of shape \(f.shape) where [\(states.count), \(model.features.count)] was announced")
        return f.converted(to: .float64)
    }

    private static func chunks(_ d: Int) -> [Range<Int>] {
        stride(from: 0, to: 1 << d, by: 8192).map { $0..<min($0 + 8192, 1 << d) }
    }
}
