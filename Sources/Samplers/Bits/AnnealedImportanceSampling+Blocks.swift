import EnergyModels
import Torch

extension AnnealedImportanceSampling {
    /// Estimates log Z(1) of a restricted Boltzmann machine by block Gibbs sweeps (Salakhutdinov & Murray 2008): two
    /// matrix products a step, where the site-by-site form takes d.
    ///
    /// With visible biases b, hidden biases c, weights W and base logits a the path is
    ///
    ///     fₜ(v) = exp((1 − t) a·v + t b·v) ∏ⱼ (1 + exp(t (cⱼ + Wⱼ·v))),   log Z₀ = Σᵢ softplus(aᵢ) + M log 2,
    ///
    /// M the number of hidden units, f₁ = exp(−free energy); a step at t draws h ~ σ(t (c + Wv)), then v ~ σ((1 − t) a
    /// + t (b + Wᵀh)).
    ///
    /// - Parameters:
    ///   - baseLogits: a, shape [visible], finite; nil for fair coins. The logits of the data's means make the path
    ///     shorter.
    /// - Precondition: `inverseTemperature` is 1.
    public func logPartitionFunctionByBlocks(
        of machine: RestrictedBoltzmannMachine, baseLogits: Tensor? = nil, using generator: RandomGenerator
    ) -> Estimate {
        let d = machine.dimension
        require(inverseTemperature == 1, "annealing by blocks to β = \(inverseTemperature)")
        let logits = (baseLogits ?? Tensor.zeros([d])).detached().moved(to: machine.device).converted(to: machine.dtype)
        require(logits.shape == [d] && logits.isFinite().all(), "base logits of shape \(logits.shape) for \(d) bits")
        return withoutGradients {
            var v = generator.bernoulli(logits.sigmoid().unsqueezed(0).expanded([chains, d]).contiguous())
            let start =
                -(-logits.converted(to: .float64)).logSigmoid().sum().item() + Double(machine.hiddenCount) * log2
            let logWeights = Tensor.full([chains], start, dtype: .float64, device: machine.device)
            var hidden = machine.hiddenLogits(v)
            for k in 1...temperatures {
                let (s, t) = (Double(k - 1) / Double(temperatures), Double(k) / Double(temperatures))
                // log f_t − log f_s at the point that the step at s left.
                let visible = (v * (machine.visibleBias - logits)).converted(to: .float64).sum(1) * (t - s)
                let units = ((hidden * t).softplus() - (hidden * s).softplus()).converted(to: .float64).sum(1)
                logWeights.assign(logWeights + visible + units)
                if k == temperatures { break }
                let h = generator.bernoulli((hidden * t).sigmoid())
                v = generator.bernoulli(((1 - t) * logits + t * machine.visibleLogits(h)).sigmoid())
                hidden = machine.hiddenLogits(v)
            }
            return Estimate(logWeights: logWeights.array())
        }
    }

    private var log2: Double { 0.693_147_180_559_945_3 }
}
