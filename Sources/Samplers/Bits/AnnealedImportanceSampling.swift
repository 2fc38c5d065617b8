import EnergyModels
import Foundation
import Torch

/// Annealed importance sampling (Neal 2001; for energy-based models Salakhutdinov & Murray 2008): log Z(β) = log Σₓ
/// exp(−βE(x)) of a binary model too large to enumerate.
///
///     let estimate = AnnealedImportanceSampling(temperatures: 1000, chains: 500)
///         .logPartitionFunction(of: model, using: generator)
///     print(estimate.logPartitionFunction, "±", estimate.standardError)
///
/// The path is geometric, from independent bits p₀ with logits aᵢ to the target:
///
///     fₜ(x) = p₀(x)^{1−t} exp(−βE(x))^t,   log p₀(x) = a·x − Σᵢ softplus(aᵢ),   tₖ = k/K, k = 0 … K.
///
/// A chain starts at x₀ ~ p₀ and takes one systematic Gibbs sweep at each of t₁ … t_{K−1}; its weight is
///
///     log w = Σ_{k=1}^{K} log f_{tₖ}(x_{k−1}) − log f_{tₖ₋₁}(x_{k−1}) = (1/K) Σ_{k=0}^{K−1} −βE(xₖ) − log p₀(xₖ),
///
/// and E[w] = Z for every K, K = 1 being plain importance sampling. A sweep's site flips with log-odds
/// (1−t) (1 − 2xᵢ) aᵢ + t β (E(x) − E(x₋ᵢ)). The cost is (K − 1) d + K + 1 evaluations of the energy for each chain.
public struct AnnealedImportanceSampling: Sendable {
    /// β in exp(−βE).
    public var inverseTemperature: Double
    /// K, the number of steps from the base to the target, at least 1.
    public var temperatures: Int
    /// How many independent chains, each of which gives one weight: at least 2.
    public var chains: Int

    public init(inverseTemperature: Double = 1, temperatures: Int, chains: Int) {
        require(temperatures >= 1 && chains >= 2, "annealing over \(temperatures) temperatures by \(chains) chains")
        self.inverseTemperature = inverseTemperature
        self.temperatures = temperatures
        self.chains = chains
    }

    /// What the chains' weights say of log Z.
    public struct Estimate: Sendable {
        /// log w for each chain, in the order of the chains.
        public let logWeights: [Double]
        /// log ŵ, ŵ the mean weight: Z without bias, log Z with one of about −½ `standardError`².
        public let logPartitionFunction: Double
        /// The standard error of log ŵ by the delta method, s_w / (ŵ √N), s_w the weights' standard deviation.
        ///
        /// It is one standard deviation of a normal error only where many chains carry the mean. The weights are about
        /// log-normal: when the log-weights spread over more than a unit or two, or the effective sample size is some
        /// tens or a small share of the chains, the largest weights have not been seen yet, log ŵ is too low and this
        /// number too small. Chains that do not mix, all missing the same mode, show in neither. Then more temperatures
        /// help, more chains hardly; agreement between K and 4K, and between different bases, is the better test.
        public let standardError: Double
        /// (Σ w)² / Σ w², between 1 and the number of chains.
        public let effectiveSampleSize: Double

        /// - Parameter logWeights: log w of two chains at least. A NaN among them makes every number NaN.
        public init(logWeights: [Double]) {
            let largest = logWeights.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : Swift.max($0, $1) }
            let weights = logWeights.map { exp($0 - largest) }
            let count = Double(weights.count)
            let mean = weights.reduce(0, +) / count
            let variance = weights.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
            self.logWeights = logWeights
            logPartitionFunction = largest + log(mean)
            standardError = (variance / count).squareRoot() / mean
            effectiveSampleSize = count * count * mean * mean / weights.reduce(0) { $0 + $1 * $1 }
        }
    }

    /// Estimates log Z(β) of the model.
    ///
    /// - Parameters:
    ///   - baseLogits: a, shape [d]: log-odds of a one for each bit of the base, finite; nil for fair coins. The data's
    ///     own make the path shorter.
    public func logPartitionFunction(
        of model: some BinaryEnergyModel, baseLogits: Tensor? = nil, using generator: RandomGenerator
    ) -> Estimate {
        let d = model.dimension
        let logits = baseLogits ?? Tensor.zeros([d], dtype: .float64, device: generator.device)
        require(logits.shape == [d] && logits.isFinite().all(), "base logits of shape \(logits.shape) for \(d) bits")
        return withoutGradients {
            let base = logits.detached().moved(to: generator.device).converted(to: .float64)
            let logNormalizer = -(-base).logSigmoid().sum().item()
            let x = generator.bernoulli(base.sigmoid().unsqueezed(0).expanded([chains, d]).contiguous())
            let state = model.flipState(x.converted(to: model.dtype))
            let logWeights = Tensor.zeros([chains], dtype: .float64, device: generator.device)
            for k in 0..<temperatures {
                if k > 0 {
                    sweep(state, Double(k) / Double(temperatures), base.converted(to: model.dtype), using: generator)
                }
                let logBase = (state.x.converted(to: .float64) * base).sum(1) - logNormalizer
                let logTarget = model.evaluate(state.x).converted(to: .float64) * -inverseTemperature
                logWeights.assign(logWeights + (logTarget - logBase) / Double(temperatures))
            }
            return Estimate(logWeights: logWeights.array())
        }
    }

    /// One systematic sweep that leaves fₜ invariant.
    private func sweep(_ state: any FlipState, _ t: Double, _ base: Tensor, using generator: RandomGenerator) {
        for site in 0..<base.count {
            let baseLogit = (1 - 2 * state.x.selected(1, site)) * base[site]
            let excess = GibbsSampler.logits(of: state, using: generator) - (1 - t) * baseLogit
            state.flip(at: site, whereDifferenceExceeds: excess / (t * inverseTemperature))
        }
    }
}
