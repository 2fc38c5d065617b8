import Torch

/// A fully visible Boltzmann machine: dense pair couplings and fields, both trainable, over bits x ∈ {0, 1}^d that
/// enter as the values v of its alphabet, v = x or v = 2x − 1. Each pair counts once:
///
///     E = c − Σ_{i<j} Jᵢⱼ vᵢ vⱼ − Σᵢ hᵢ vᵢ = c − ½ vᵀ J v − h·v
///
/// What is learnt is a matrix C of which J is the symmetric part without the diagonal, J = ½ (C + Cᵀ), Jᵢᵢ = 0.
/// Derivatives with respect to C are symmetric with a zero diagonal, each ½ ∂/∂Jᵢⱼ, since a pair's two entries share
/// it; so a symmetric C stays symmetric under any elementwise optimizer. E is linear in each bit alone, and the
/// first-order flip difference (2x − 1) ⊙ ∇ₓE is exact.
public struct BoltzmannMachine: BinaryEnergyModel {
    public let alphabet: Alphabet
    /// C, shape [d, d].
    public let couplings: Tensor
    /// h, shape [d].
    public let fields: Tensor
    /// c, not learnt: what keeps energies as they are when the alphabet changes.
    public let offset: Double

    public var dimension: Int { fields.count }
    public var parameters: Parameters { Parameters([("couplings", couplings), ("fields", fields)]) }

    /// All couplings and fields 0: the uniform distribution.
    public init(dimension: Int, alphabet: Alphabet, dtype: DType = .float32, device: Device = .cpu) {
        require(dimension > 0, "a Boltzmann machine of \(dimension) units")
        self.init(
            couplings: .zeros([dimension, dimension], dtype: dtype, device: device),
            fields: .zeros([dimension], dtype: dtype, device: device), offset: 0, alphabet: alphabet)
    }

    /// The machine of this energy.
    public init(_ energy: QuadraticEnergy, dtype: DType = .float32, device: Device = .cpu) {
        let d = energy.dimension
        self.init(
            couplings: Tensor(energy.couplings, shape: [d, d], device: device).converted(to: dtype),
            fields: Tensor(energy.fields, device: device).converted(to: dtype), offset: energy.offset,
            alphabet: energy.alphabet)
    }

    private init(couplings: Tensor, fields: Tensor, offset: Double, alphabet: Alphabet) {
        self.couplings = couplings.requiringGradient()
        self.fields = fields.requiringGradient()
        (self.offset, self.alphabet) = (offset, alphabet)
    }

    /// J, shape [d, d].
    public var symmetricCouplings: Tensor { couplings.symmetricPartWithoutDiagonal() }

    /// The energy as plain numbers, as it is now.
    ///
    /// - Throws: `CouplingError` where training has left numbers that are not finite.
    public func quadraticEnergy() throws(CouplingError) -> QuadraticEnergy {
        let j = withoutGradients { couplings.converted(to: .float64).symmetricPartWithoutDiagonal() }
        return try QuadraticEnergy(
            couplings: j.array(), fields: fields.detached().array(), offset: offset, alphabet: alphabet)
    }

    /// A machine of the same energies in the other alphabet, with numbers of its own.
    ///
    /// - Throws: as `quadraticEnergy`.
    public func converted(to alphabet: Alphabet) throws(CouplingError) -> BoltzmannMachine {
        BoltzmannMachine(try quadraticEnergy().converted(to: alphabet), dtype: dtype, device: device)
    }

    public func energy(_ x: Tensor) -> Tensor {
        let v = alphabet.values(of: x)
        return offset - (v * (0.5 * v.matmul(symmetricCouplings) + fields)).sum(1)
    }

    /// fᵢ = Σⱼ Jᵢⱼ vⱼ + hᵢ, shape [batch, d]: the part of −E that multiplies vᵢ.
    public func localFields(_ x: Tensor) -> Tensor {
        alphabet.values(of: x).matmul(symmetricCouplings) + fields
    }

    /// (vᵢ′ − vᵢ) fᵢ, where v′ is the value after the flip: −2sᵢfᵢ for spins, (1 − 2xᵢ) fᵢ for bits.
    public func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor {
        let all = alphabet.flipChanges(of: x) * localFields(x)
        return indices.map { all.gathered(1, $0) } ?? all
    }

    /// −f dv/dx
    public func inputGradient(_ x: Tensor) -> Tensor {
        withoutGradients { alphabet == .spins ? -2 * localFields(x) : -localFields(x) }
    }

    public func flipState(_ x: Tensor) -> any FlipState { QuadraticFlipState(self, x) }

    /// The gradients of mean E(x), in the parameters' order: −½ ⟨v vᵀ⟩ without its diagonal, and −⟨v⟩.
    public func energyGradients(_ x: Tensor) -> [Tensor] {
        withoutGradients {
            let v = alphabet.values(of: x)
            return [v.transposed().matmul(v).symmetricPartWithoutDiagonal() * (-0.5 / Double(x.size(0))), -v.mean(0)]
        }
    }
}

extension BoltzmannMachine {
    /// −⟨log p⟩ over data, exactly: `QuadraticEnergy.exactNegativeLogLikelihood`, recorded for first derivatives with
    /// respect to the parameters; a tensor without dimensions.
    ///
    /// - Throws: `CouplingError` where a parameter is not finite; `EnumerationError` for d > 26.
    public func exactNegativeLogLikelihood(of data: BinaryMoments) throws -> Tensor {
        let found = try quadraticEnergy().exactNegativeLogLikelihood(of: data)
        let (d, dtype, device) = (dimension, dtype, device)
        let byCoupling = Tensor(found.couplings.map { $0 / 2 }, shape: [d, d], device: device).converted(to: dtype)
        let byField = Tensor(found.fields, device: device).converted(to: dtype)
        return record(Tensor(found.value, dtype: dtype, device: device), from: [couplings, fields]) { gradient in
            [byCoupling * gradient, byField * gradient]
        }
    }
}

/// Chains of an energy with pair couplings: one product of the points with a row of couplings for each site. Nothing is
/// carried over from flip to flip but the points, so nothing drifts.
final class QuadraticFlipState: FlipState {
    let x: Tensor
    /// Couplings and fields of the same energy over bits.
    private let couplings: Tensor
    private let fields: Tensor

    init(_ machine: BoltzmannMachine, _ x: Tensor) {
        self.x = x.detached().copied().contiguous()
        (couplings, fields) = withoutGradients {
            let j = machine.symmetricCouplings
            guard machine.alphabet == .spins else { return (j, machine.fields.detached()) }
            return (4 * j, 2 * machine.fields - 2 * j.sum(1))
        }
    }

    func flipDifference(at site: Int) -> Tensor {
        withoutGradients { (1 - 2 * x.selected(1, site)) * (x.matmul(couplings[site]) + fields[site]) }
    }

    func flip(at site: Int, where accepted: Tensor) {
        withoutGradients {
            let column = x.selected(1, site)
            column.assign(Tensor.select(accepted, 1 - column, column))
        }
    }
}
