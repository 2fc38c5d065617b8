import Torch

/// A Hopfield network: patterns stored as minima of an energy over spins, each pair counted once,
///
///     E(s) = −Σ_{i<j} Jᵢⱼ sᵢ sⱼ − Σᵢ hᵢ sᵢ        Jᵢⱼ = (1/d) Σ_μ ξᵢ^μ ξⱼ^μ
///
/// and recalled by setting one spin after the other to the sign of its local field, which never raises the energy
/// (Hopfield 1982; Xu 2022, section 2.2.2).
///
///     let network = HopfieldNetwork(storing: patterns)              // bits, [count, d]
///     let recalled = network.recall(noisy).x
///     let completed = network.recall(half, clamped: known).x        // known[i]: site i stays as given
public struct HopfieldNetwork: BinaryEnergyModel {
    /// Its energy: over spins.
    public let machine: BoltzmannMachine

    /// Stores patterns by Hebb's rule, without fields.
    ///
    /// - Parameter patterns: bits, shape [count, d], count ≥ 1.
    public init(storing patterns: Tensor, dtype: DType = .float32) {
        require(patterns.rank == 2 && patterns.count > 0, "patterns of shape \(patterns.shape)")
        let d = patterns.size(1)
        let moments = BinaryMoments(of: patterns, alphabet: .spins)
        let scale = Double(patterns.size(0)) / Double(d)
        machine = BoltzmannMachine(
            QuadraticEnergy(
                unchecked: (0..<d * d).map { $0 / d == $0 % d ? 0 : scale * moments.second[$0] },
                fields: [Double](repeating: 0, count: d), offset: 0, alphabet: .spins), dtype: dtype)
    }

    /// A network of given couplings and fields, in either alphabet.
    public init(_ energy: QuadraticEnergy, dtype: DType = .float32) {
        machine = BoltzmannMachine(energy.converted(to: .spins), dtype: dtype)
    }

    public var dimension: Int { machine.dimension }
    public var parameters: Parameters { machine.parameters }
    public func energy(_ x: Tensor) -> Tensor { machine.energy(x) }
    public func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor { machine.flipDifferences(x, at: indices) }
    public func inputGradient(_ x: Tensor) -> Tensor { machine.inputGradient(x) }
    public func flipState(_ x: Tensor) -> any FlipState { machine.flipState(x) }

    /// Where recall ended.
    public struct Recall {
        /// Bits, of the shape and type of those that recall began with.
        public let x: Tensor
        /// For each row, whether no spin would change any more: a local minimum, but for clamped sites.
        public let converged: [Bool]
        /// For each row, the sweeps it took, the last without a change where it converged.
        public let sweeps: [Int]
    }

    /// In which order a sweep visits the sites.
    public enum Order {
        /// 0, 1, … d − 1
        case ascending
        /// A new permutation for each row and sweep.
        case random(RandomGenerator)
    }

    /// Sets spins one after the other to the sign of their local field Σⱼ Jᵢⱼsⱼ + hᵢ, and leaves them where it is 0,
    /// until a sweep changes nothing.
    ///
    /// - Parameters:
    ///   - x: bits, shape [rows, d]; left as they are.
    ///   - clamped: d flags: sites that stay as given; nil for none.
    ///   - maximumSweeps: where a row that still changes is left. Each change lowers the energy, so every row converges
    ///     in the end.
    /// - Throws: `CouplingError` where a parameter is not finite.
    public func recall(
        _ x: Tensor, order: Order = .ascending, clamped: [Bool]? = nil, maximumSweeps: Int = 100
    ) throws(CouplingError) -> Recall {
        let d = dimension
        require(x.rank == 2 && x.size(1) == d, "points of shape \(x.shape) in a network of \(d) spins")
        require(clamped == nil || clamped!.count == d, "\(clamped?.count ?? 0) flags of clamped sites for \(d) spins")
        let energy = try machine.quadraticEnergy()
        // A field that is 0 but for the rounding of its sum changes no spin: so every change lowers the energy.
        let rounding = (0..<d).map { i in
            energy.couplings[i * d..<(i + 1) * d].reduce(abs(energy.fields[i])) { $0 + abs($1) } * 1e-13
        }
        let free = (0..<d).filter { clamped?[$0] != true }
        var bits = x.detached().array(UInt8.self)
        var (converged, sweeps) = ([Bool](), [Int]())
        for row in 0..<x.size(0) {
            var spins = bits[row * d..<(row + 1) * d].map { $0 == 1 ? 1.0 : -1 }
            var fields = (0..<d).map { i in
                (0..<d).reduce(energy.fields[i]) { $0 + energy.couplings[i * d + $1] * spins[$1] }
            }
            var (changed, count) = (true, 0)
            while changed && count < maximumSweeps {
                changed = false
                count += 1
                for i in order.sites(free) where spins[i] * fields[i] < -rounding[i] {
                    spins[i] = -spins[i]
                    for j in 0..<d { fields[j] += 2 * energy.couplings[i * d + j] * spins[i] }
                    changed = true
                }
            }
            for i in 0..<d { bits[row * d + i] = spins[i] > 0 ? 1 : 0 }
            converged.append(!changed)
            sweeps.append(count)
        }
        let found = Tensor(bits, shape: x.shape, device: x.device).converted(to: x.dtype)
        return Recall(x: found, converged: converged, sweeps: sweeps)
    }
}

extension HopfieldNetwork.Order {
    fileprivate func sites(_ free: [Int]) -> [Int] {
        switch self {
        case .ascending: free
        case .random(let generator): generator.permutation(free.count).array(Int.self).map { free[$0] }
        }
    }
}
