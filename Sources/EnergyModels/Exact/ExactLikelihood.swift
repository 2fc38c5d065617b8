import Torch

/// A value in nats and its derivatives with respect to the parameters of a `QuadraticEnergy`.
public struct ExactLikelihood: Sendable, Hashable {
    public let value: Double
    /// ∂/∂Jᵢⱼ for each pair, row-major: a symmetric matrix with a zero diagonal that holds each pair's derivative
    /// twice.
    public let couplings: [Double]
    /// ∂/∂hᵢ
    public let fields: [Double]
}

extension QuadraticEnergy {
    /// −⟨log p⟩ over data, exactly: of the data only the moments enter.
    ///
    ///     L = ⟨E⟩_data + log Z    ∂L/∂Jᵢⱼ = ⟨sᵢsⱼ⟩_model − ⟨sᵢsⱼ⟩_data    ∂L/∂hᵢ = ⟨sᵢ⟩_model − ⟨sᵢ⟩_data
    ///
    /// - Throws: `EnumerationError`, as `exactMoments`.
    public func exactNegativeLogLikelihood(of data: BinaryMoments) throws(EnumerationError) -> ExactLikelihood {
        let model = try exactMoments()
        let data = data.converted(to: alphabet)
        let d = dimension
        let value = meanEnergy(of: data) + model.logPartitionFunction
        return ExactLikelihood(
            value: value,
            couplings: (0..<d * d).map { $0 / d == $0 % d ? 0 : model.moments.second[$0] - data.second[$0] },
            fields: (0..<d).map { model.moments.first[$0] - data.first[$0] })
    }

    /// KL(q‖p) = −H(q) − ⟨log p⟩_q of a distribution q from this one, p; derivatives with respect to p's parameters.
    ///
    /// - Parameters:
    ///   - entropy: H(q) in nats: `ExactMoments.entropy` where q is such a machine, `entropy(of:)` where it is given
    ///     state by state.
    /// - Throws: `EnumerationError`, as `exactMoments`.
    public func exactDivergence(
        from moments: BinaryMoments, entropy: Double
    ) throws(EnumerationError) -> ExactLikelihood {
        let likelihood = try exactNegativeLogLikelihood(of: moments)
        return ExactLikelihood(
            value: likelihood.value - entropy, couplings: likelihood.couplings, fields: likelihood.fields)
    }
}
