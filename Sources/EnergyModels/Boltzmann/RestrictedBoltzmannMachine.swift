import Torch

/// A restricted Boltzmann machine: visible bits v ∈ {0, 1}^d and hidden bits h ∈ {0, 1}^m, coupled between the layers
/// only,
///
///     E(v, h) = −b·v − c·h − hᵀWv
///
/// As an energy model it is its free energy, from which the hidden bits are summed out:
///
///     F(v) = −log Σₕ e^{−E(v, h)} = −b·v − Σₖ softplus(zₖ)    z = c + Wv
///
/// (Dai 2023, lecture 10, equation 10.12; Xu 2022, section 2.2.2.)
public struct RestrictedBoltzmannMachine: BinaryEnergyModel {
    /// W, shape [m, d].
    public let weight: Tensor
    /// b, shape [d].
    public let visibleBias: Tensor
    /// c, shape [m].
    public let hiddenBias: Tensor

    /// d
    public var dimension: Int { visibleBias.count }
    /// m
    public var hiddenCount: Int { hiddenBias.count }

    public var parameters: Parameters {
        Parameters([("weight", weight), ("visibleBias", visibleBias), ("hiddenBias", hiddenBias)])
    }

    /// W as the weight of a PyTorch `Linear` of d inputs and m outputs, c = 0, and b = 0 or, where the mean of the data
    /// is given, the logits of that mean: so the machine of W = 0 has the data's marginals.
    ///
    /// - Parameters:
    ///   - dataMean: the mean of every visible bit, shape [d], in 0 … 1. It is shrunk to 0.01 … 0.99 by m → 0.01 + 0.98
    ///     m (the numbers are our choice), since a bit that never varies has no finite logit.
    public init(
        visible: Int, hidden: Int, dataMean: Tensor? = nil, dtype: DType = .float32, using generator: RandomGenerator
    ) {
        require(
            visible > 0 && hidden > 0, "a restricted Boltzmann machine of \(visible) visible and \(hidden) hidden units"
        )
        weight = Linear(inputs: visible, outputs: hidden, dtype: dtype, using: generator).weight
        hiddenBias = Tensor.zeros([hidden], dtype: dtype, device: generator.device).requiringGradient()
        if let dataMean {
            require(dataMean.shape == [visible], "a data mean of shape \(dataMean.shape) for \(visible) visible units")
            let mean = 0.01 + 0.98 * dataMean.detached().moved(to: generator.device).converted(to: .float64)
            require(
                mean.min().item() >= 0.01 && mean.max().item() <= 0.99, "a data mean outside 0 … 1")
            visibleBias = (mean / (1 - mean)).log().converted(to: dtype).requiringGradient()
        } else {
            visibleBias = Tensor.zeros([visible], dtype: dtype, device: generator.device).requiringGradient()
        }
    }

    /// The machine of p^β, for a whole β: e^{−βF} has every hidden unit β times, (1 + e^{zₖ})^β, and β times the
    /// visible biases. Its parameters are constants.
    public func raised(toPower power: Int) -> RestrictedBoltzmannMachine {
        require(power > 0, "a restricted Boltzmann machine raised to the power \(power)")
        return withoutGradients {
            RestrictedBoltzmannMachine(
                weight: .concatenated([Tensor](repeating: weight.detached(), count: power)),
                visibleBias: Double(power) * visibleBias.detached(),
                hiddenBias: .concatenated([Tensor](repeating: hiddenBias.detached(), count: power)))
        }
    }

    private init(weight: Tensor, visibleBias: Tensor, hiddenBias: Tensor) {
        (self.weight, self.visibleBias, self.hiddenBias) = (weight, visibleBias, hiddenBias)
    }

    /// z = c + Wv, shape [batch, m]: the logits of p(hₖ = 1 | v).
    public func hiddenLogits(_ v: Tensor) -> Tensor { v.linear(weight, hiddenBias) }

    /// b + Wᵀh, shape [batch, d]: the logits of p(vᵢ = 1 | h).
    public func visibleLogits(_ h: Tensor) -> Tensor { h.matmul(weight) + visibleBias }

    /// p(hₖ = 1 | v) = σ(zₖ), shape [batch, m]; hidden bits are independent given the visible ones.
    public func hiddenProbabilities(_ v: Tensor) -> Tensor { hiddenLogits(v).sigmoid() }

    /// p(vᵢ = 1 | h) = σ(bᵢ + Σₖ Wₖᵢ hₖ), shape [batch, d]; visible bits are independent given the hidden ones.
    public func visibleProbabilities(_ h: Tensor) -> Tensor { visibleLogits(h).sigmoid() }

    /// E(v, h), shape [batch], of visible bits [batch, d] and hidden bits [batch, m].
    public func jointEnergy(_ v: Tensor, _ h: Tensor) -> Tensor {
        -(v * visibleBias).sum(1) - (h * hiddenLogits(v)).sum(1)
    }

    /// F(v), shape [batch].
    public func energy(_ v: Tensor) -> Tensor {
        -v.matmul(visibleBias) - hiddenLogits(v).softplus().sum(1)
    }

    /// A flip of bit i moves z by one column of W, zₖ′ = zₖ + (1 − 2vᵢ) Wₖᵢ:
    ///
    ///     F(v) − F(v₋ᵢ) = (1 − 2vᵢ) bᵢ + Σₖ (softplus(zₖ′) − softplus(zₖ))
    public func flipDifferences(_ v: Tensor, at indices: Tensor?) -> Tensor {
        let z = hiddenLogits(v)
        let signs = 1 - 2 * v
        if indices == nil, let kernel = differencesByKernel(v, z: z) { return signs * visibleBias + kernel }
        let before = z.softplus().sum(1).unsqueezed(1)
        guard let indices else {
            let moved = z.unsqueezed(1) + signs.unsqueezed(2) * weight.transposed()
            return signs * visibleBias + moved.softplus().sum(2) - before
        }
        let own = signs.gathered(1, indices)
        let (batch, flips) = (indices.size(0), indices.size(1))
        let flat = indices.reshaped([batch * flips])
        let columns = weight.transposed().indexSelected(0, flat).reshaped([batch, flips, hiddenCount])
        let moved = z.unsqueezed(1) + own.unsqueezed(2) * columns
        return own * visibleBias.indexSelected(0, flat).reshaped([batch, flips]) + moved.softplus().sum(2) - before
    }

    /// Σₖ (softplus(zₖ′) − softplus(zₖ)) for all flips, [batch, d], by `RestrictedFlipKernel`, recorded for first
    /// derivatives; nil where that does not apply.
    private func differencesByKernel(_ v: Tensor, z: Tensor) -> Tensor? {
        guard v.dtype == .float32, v.device == .cpu, weight.dtype == .float32, !v.requiresGradient else { return nil }
        let columns = weight.transposed()
        guard
            let kernel = withoutGradients({ RestrictedFlipKernel(v, z: z.detached(), columns: columns.detached()) })
        else { return nil }
        return record(withoutGradients { kernel.differences() }, from: [z, columns]) { [hiddenCount] gradient in
            withoutGradients {
                let found = kernel.gradients(of: gradient.contiguous(), hidden: hiddenCount)
                return [found.z, found.columns]
            }
        }
    }

    /// −b − Wᵀσ(z)
    public func inputGradient(_ v: Tensor) -> Tensor {
        withoutGradients { -visibleBias - hiddenProbabilities(v).matmul(weight) }
    }

    public func flipState(_ v: Tensor) -> any FlipState { RestrictedFlipState(self, v) }
}

/// Chains on an RBM's free energy: z is kept, and one column of W is added for a flip.
final class RestrictedFlipState: FlipState {
    let x: Tensor
    private let machine: RestrictedBoltzmannMachine
    /// Wᵀ, shape [d, m].
    private let columns: Tensor
    /// z, and z after the flip that was asked for last; shape [batch, m].
    private var z, moved: Tensor
    /// Σₖ softplus(zₖ), before and after, shape [batch].
    private var sum, movedSum: Tensor
    private var flips = 0

    /// z is computed afresh after so many flips, so that their roundings do not add up.
    private static let flipsBetweenFreshStarts = 1024

    init(_ machine: RestrictedBoltzmannMachine, _ v: Tensor) {
        self.machine = machine
        x = v.detached().copied().contiguous()
        (columns, z) = withoutGradients { [x] in (machine.weight.transposed().contiguous(), machine.hiddenLogits(x)) }
        sum = withoutGradients { [z] in z.softplus().sum(1) }
        (moved, movedSum) = (z, sum)
    }

    func flipDifference(at site: Int) -> Tensor {
        withoutGradients {
            let sign = 1 - 2 * x.selected(1, site)
            moved = z + sign.unsqueezed(1) * columns[site]
            movedSum = moved.softplus().sum(1)
            return sign * machine.visibleBias[site] + movedSum - sum
        }
    }

    func flip(at site: Int, where accepted: Tensor) {
        withoutGradients {
            let column = x.selected(1, site)
            column.assign(Tensor.select(accepted, 1 - column, column))
            flips += 1
            if flips.isMultiple(of: Self.flipsBetweenFreshStarts) {
                z = machine.hiddenLogits(x)
                sum = z.softplus().sum(1)
            } else {
                z = Tensor.select(accepted.unsqueezed(1), moved, z)
                sum = Tensor.select(accepted, movedSum, sum)
            }
        }
    }
}
