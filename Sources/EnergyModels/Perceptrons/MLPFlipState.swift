import Torch

/// Chains on an MLP energy: the first layer's pre-activations are kept, and one column is added for a flip.
final class MLPFlipState: FlipState {
    private let model: MLPEnergy
    let x: Tensor
    /// z₁ = W₁x + b₁, shape [batch, width].
    private let preactivation: Tensor
    /// W₁ᵀ, shape [d, width].
    private let columns: Tensor
    /// E(x), unless `energyIsStale`.
    private var energy: Tensor
    private var energyIsStale = false
    private var flippedEnergy: Tensor
    private var screen: MLPFlipScreen?

    /// Below so many chains a site is a matter of latency, and the screen's measured error of few points.
    private static let fewestScreened = 512

    init(_ model: MLPEnergy, _ x: Tensor) {
        self.model = model
        self.x = x.detached().copied().contiguous()
        (preactivation, columns, energy) = withoutGradients {
            let z = model.layers[0](x).contiguous()
            return (z, model.layers[0].weight.transposed().contiguous(), model.kernelEnergy(z))
        }
        flippedEnergy = energy
    }

    func flipDifference(at site: Int) -> Tensor {
        withoutGradients {
            if energyIsStale { energy = model.kernelEnergy(preactivation) }
            energyIsStale = false
            let signs = 1 - 2 * x.selected(1, site)
            flippedEnergy = model.kernelEnergy(preactivation, by: columns[site], scale: signs.contiguous())
            return energy - flippedEnergy
        }
    }

    func flip(at site: Int, where accepted: Tensor) {
        withoutGradients {
            let column = x.selected(1, site)
            shift(site, by: ((1 - 2 * column) * accepted.converted(to: .float32)).contiguous())
            column.assign(Tensor.select(accepted, 1 - column, column))
            energy = Tensor.select(accepted, flippedEnergy, energy)
            screen = nil
        }
    }

    func flip(at site: Int, whereDifferenceExceeds threshold: Tensor) {
        guard Runtime.multipliesBFloat16, x.size(0) >= Self.fewestScreened, model.layers.count > 2 else {
            return flip(at: site, where: flipDifference(at: site) .> threshold)
        }
        withoutGradients {
            if screen == nil { screen = MLPFlipScreen(model, preactivation) }
            let column = x.selected(1, site)
            let signs = (1 - 2 * column).contiguous()
            let flips = screen!.flips(preactivation, by: columns[site], signs: signs, threshold: threshold.contiguous())
            shift(site, by: flips)
            column.assign(column + flips)
            energyIsStale = true
        }
    }

    /// z₁ ← z₁ + scale ⊗ W₁[:, site], scale [batch].
    private func shift(_ site: Int, by scale: Tensor) {
        let own = columns[site]
        parallelFor(scale.count, grain: 64) { _, rows in
            SwishKernel.shift(preactivation[rows], by: own, scale: scale[rows])
        }
    }
}
