import Torch

/// The energy of a multilayer perceptron over x ∈ ℝ^d, with a quadratic term that makes it confining where κ > 0:
///
///     h₀ = x,   zₗ = Wₗhₗ₋₁ + bₗ,   hₗ = f(zₗ),   E(x) = w·h_L + b + ½ κ‖x‖²
///
/// The density exp(−E)/Z need not exist for κ = 0: a perceptron with SiLU grows but linearly, and may fall.
///
/// Its derivatives in x are closed forms (below), recorded as plain operations on the layers: gradients with respect to
/// the parameters then take one pass backward, not two.
public struct ContinuousMLPEnergy: ContinuousEnergyModel {
    /// d
    public let dimension: Int
    /// The affine maps, the last with one output.
    public let layers: [Linear]
    /// f
    public let activation: Activation
    /// κ, not learnt.
    public let confinement: Double

    /// PyTorch's default initialisation, layer by layer.
    ///
    /// - Parameters:
    ///   - hidden: the widths of the hidden layers, at least one.
    ///   - confinement: κ ≥ 0.
    public init(
        dimension: Int, hidden: [Int], activation: Activation = .silu, confinement: Double = 0, dtype: DType = .float32,
        using generator: RandomGenerator
    ) {
        require(dimension > 0 && !hidden.isEmpty && hidden.allSatisfy { $0 > 0 }, "an MLP of \(dimension), \(hidden)")
        require(confinement >= 0 && confinement.isFinite, "a confinement of \(confinement)")
        self.dimension = dimension
        self.activation = activation
        self.confinement = confinement
        layers = [Linear](widths: [dimension] + hidden + [1], dtype: dtype, using: generator)
    }

    /// `layer1.weight`, `layer1.bias`, `layer2.weight`, …
    public var parameters: Parameters { layers.parameters }

    public func energy(_ x: Tensor) -> Tensor {
        let h = layers.dropLast().reduce(x) { activation($1($0)) }
        let network = layers.last!(h).squeezed(1)
        return confinement == 0 ? network : network + 0.5 * confinement * x.squared().sum(1)
    }

    public func inputGradient(_ x: Tensor) -> Tensor {
        withoutGradients {
            guard seriesKernelsApply(to: x) else { return pass(x).gradient }
            let network = gradientByKernels(x)
            return confinement == 0 ? network : network + confinement * x
        }
    }

    public func recordedGradient(_ x: Tensor) -> Tensor { withGradients { pass(x.detached()).gradient } }

    public func energyAndInputGradient(_ x: Tensor) -> (energy: Tensor, gradient: Tensor) {
        withoutGradients {
            let (top, gradient) = pass(x)
            let network = layers.last!(top).squeezed(1)
            return (confinement == 0 ? network : network + 0.5 * confinement * x.squared().sum(1), gradient)
        }
    }

    /// h_L and, backwards, ∇ₓE: δ_L = w ⊙ f′(z_L), δₗ₋₁ = (δₗWₗ) ⊙ f′(zₗ₋₁), ∇ₓE = δ₁W₁ + κx.
    private func pass(_ x: Tensor) -> (top: Tensor, gradient: Tensor) {
        var h = x
        var slopes: [Tensor] = []
        for layer in layers.dropLast() {
            let (value, slope) = activation.firstDerivative(layer(h))
            h = value
            slopes.append(slope)
        }
        var delta = slopes.last! * layers.last!.weight
        for (layer, slope) in zip(layers.dropFirst().dropLast(), slopes).reversed() {
            delta = delta.matmul(layer.weight) * slope
        }
        let network = delta.matmul(layers[0].weight)
        return (h, confinement == 0 ? network : network + confinement * x)
    }

    /// Second-order Taylor series in t of E(x + tv), layer by layer: with h(t) = h + tḣ + ½t²ḧ + …,
    ///
    ///     ż = Wḣ,   z̈ = Wḧ,   ḣ' = f′(z) ż,   ḧ' = f″(z) ż² + f′(z) z̈,
    ///
    /// from ḣ = v, ḧ = 0: one product for the three rows of a layer, and no pass backward. By kernels for SiLU in
    /// float32 where widths are multiples of 16; these can be differentiated in the parameters once.
    public func directionalDerivatives(_ x: Tensor, along v: Tensor) -> (first: Tensor, second: Tensor) {
        require(v.shape == x.shape, "directions of shape \(v.shape) at points of shape \(x.shape)")
        return withGradients {
            let (x, v, n) = (x.detached(), v.detached(), x.size(0))
            if seriesKernelsApply(to: x) {
                let rows = seriesByKernels(x, along: v)
                return confined(rows[0], rows[1], x, v)
            }
            var (z, zFirst) = (layers[0](x), v.linear(layers[0].weight))
            var zSecond: Tensor?
            for layer in layers.dropFirst() {
                let (f, first, second) = activation.secondDerivative(z)
                let bend = second * zFirst.squared()
                let h = Tensor.concatenated([f, first * zFirst, zSecond.map { bend + first * $0 } ?? bend])
                let rows = h.linear(layer.weight)
                z = rows[0..<n] + layer.bias
                (zFirst, zSecond) = (rows[n..<2 * n], rows[2 * n..<3 * n])
            }
            return confined(zFirst.squeezed(1), zSecond!.squeezed(1), x, v)
        }
    }

    /// With the quadratic term's own slope κvᵀx and curvature κ‖v‖².
    private func confined(_ slope: Tensor, _ curvature: Tensor, _ x: Tensor, _ v: Tensor) -> (
        first: Tensor, second: Tensor
    ) {
        guard confinement != 0 else { return (slope, curvature) }
        return (slope + confinement * (v * x).sum(1), curvature + confinement * v.squared().sum(1))
    }

    /// The Jacobian and the Laplacian of each layer with respect to x, forwards: with J = ∂h/∂x (a row for each of the
    /// d coordinates) and Λ = Σᵢ ∂²h/∂xᵢ²,
    ///
    ///     J' = f′(z) ⊙ WJ,   Λ' = f″(z) ⊙ Σᵢ (WJ)ᵢ² + f′(z) ⊙ WΛ,
    ///
    /// from J = 1, Λ = 0, where WJ of the first layer is W₁ for every point. The work is that of d + 2 evaluations.
    public func gradientAndLaplacian(_ x: Tensor) -> (gradient: Tensor, laplacian: Tensor) {
        withGradients {
            let (x, n) = (x.detached(), x.size(0))
            var (f, first, second) = activation.secondDerivative(layers[0](x))
            // [d, 1, width], then [d, batch, width].
            var jacobian = layers[0].weight.transposed().unsqueezed(1)
            var laplacian = second * jacobian.squared().sum(0)
            jacobian = first * jacobian
            for layer in layers.dropFirst().dropLast() {
                let width = layer.weight.size(0)
                let z = layer(f)
                (f, first, second) = activation.secondDerivative(z)
                jacobian = jacobian.reshaped([dimension * n, -1]).linear(layer.weight).reshaped([dimension, n, width])
                laplacian = second * jacobian.squared().sum(0) + first * laplacian.linear(layer.weight)
                jacobian = first * jacobian
            }
            let w = layers.last!.weight.squeezed(0)
            let (slopes, trace) = (jacobian.matmul(w).transposed(), laplacian.matmul(w))
            guard confinement != 0 else { return (slopes, trace) }
            return (slopes + confinement * x, trace + confinement * Double(dimension))
        }
    }
}

extension ContinuousMLPEnergy: FreezableEnergyModel {
    private init(_ model: ContinuousMLPEnergy, layers: [Linear]) {
        (dimension, activation, confinement) = (model.dimension, model.activation, model.confinement)
        self.layers = layers
    }

    public func frozen() -> ContinuousMLPEnergy { frozen(with: parameters) }

    public func frozen(with parameters: Parameters) -> ContinuousMLPEnergy {
        let copies = parameters.tensors.map { $0.detached().copied() }
        require(
            copies.map(\.shape) == self.parameters.tensors.map(\.shape),
            "parameters of shapes \(copies.map(\.shape)) do not fit")
        return ContinuousMLPEnergy(
            self,
            layers: stride(from: 0, to: copies.count, by: 2).map { Linear(weight: copies[$0], bias: copies[$0 + 1]) })
    }
}
