// Here every pair of variables enters an energy once. Elsewhere, as in the released code of Gibbs-with-gradients
// (Grathwohl et al. 2021), the logarithm of the density is
//
//     log p̃(s) = sᵀ J s + b·s = 2 Σ_{i<j} Jᵢⱼ sᵢ sⱼ + Σᵢ bᵢ sᵢ
//
// over spins, which counts every pair twice. The same distribution has twice those couplings here, and the same fields.
// What follows goes from the one convention to the other.

/// The coupling Jᵢⱼ of this library, each pair counted once, from that of log p̃ = sᵀJs + b·s, which counts it twice: 2
/// J. Of a lattice whose edges all have the coupling σ there, it is 2σ.
public func coupling(fromDoublyCounted coupling: Double) -> Double { 2 * coupling }

/// The coupling of log p̃ = sᵀJs + b·s, each pair counted twice, from that of this library: J / 2.
public func doublyCountedCoupling(from coupling: Double) -> Double { coupling / 2 }

extension QuadraticEnergy {
    /// The energy over spins whose density is log p̃ = sᵀJs + b·s, each pair counted twice.
    ///
    /// - Parameters:
    ///   - doublyCountedCouplings: J, row-major, d · d numbers, symmetric with a zero diagonal.
    ///   - fields: b, d numbers.
    /// - Throws: `CouplingError`, as `init(couplings:fields:offset:alphabet:)`.
    public init(doublyCountedCouplings: [Double], fields: [Double]) throws(CouplingError) {
        try CouplingError.check(couplings: doublyCountedCouplings, fields: fields)
        try self.init(
            couplings: doublyCountedCouplings.map { coupling(fromDoublyCounted: $0) }, fields: fields, alphabet: .spins)
    }

    /// J of log p̃ = sᵀJs + b·s for this distribution, each pair counted twice, row-major.
    public var doublyCountedCouplings: [Double] {
        converted(to: .spins).couplings.map { doublyCountedCoupling(from: $0) }
    }
}
