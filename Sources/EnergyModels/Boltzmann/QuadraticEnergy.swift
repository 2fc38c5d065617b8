import Torch

/// An energy with pair couplings and fields, as plain numbers, each pair counted once:
///
///     over spins   E(s) = c − Σ_{i<j} Jᵢⱼ sᵢ sⱼ − Σᵢ hᵢ sᵢ      s ∈ {−1, +1}^d
///     over bits    E(x) = c − Σ_{i<j} Wᵢⱼ xᵢ xⱼ − Σᵢ bᵢ xᵢ      x ∈ {0, 1}^d
///
/// J (or W) is symmetric with a zero diagonal. All that is exact about small machines is computed from it in double
/// precision: see `exactMoments`. `BoltzmannMachine` is the trainable model of the same energy.
public struct QuadraticEnergy: Sendable, Hashable {
    public let alphabet: Alphabet
    /// J (or W), row-major, d · d numbers.
    public let couplings: [Double]
    /// h (or b), d numbers.
    public let fields: [Double]
    /// c: nothing depends on it but energies and log Z. It keeps both as they are when the alphabet changes.
    public let offset: Double

    /// d
    public var dimension: Int { fields.count }

    /// - Parameters:
    ///   - couplings: row-major, d · d numbers, where d is the number of fields.
    /// - Throws: `CouplingError` for couplings that are asymmetric, not finite or not zero on the diagonal, for fields
    ///   that are not finite, and for numbers of them that do not fit.
    public init(couplings: [Double], fields: [Double], offset: Double = 0, alphabet: Alphabet) throws(CouplingError) {
        try CouplingError.check(couplings: couplings, fields: fields)
        guard offset.isFinite else { throw .nonFiniteOffset(offset) }
        (self.couplings, self.fields, self.offset, self.alphabet) = (couplings, fields, offset, alphabet)
    }

    /// Couplings and fields that are known to fit.
    init(unchecked couplings: [Double], fields: [Double], offset: Double, alphabet: Alphabet) {
        (self.couplings, self.fields, self.offset, self.alphabet) = (couplings, fields, offset, alphabet)
    }

    /// E of one state.
    ///
    /// - Parameter state: its number Σᵢ xᵢ 2^i, the first bit lowest; d < 63.
    public func energy(ofState state: Int) -> Double {
        let values = (0..<dimension).map { alphabet.value(of: state >> $0 & 1 == 1) }
        var sum = 0.0
        for i in 0..<dimension {
            var field = fields[i]
            for j in 0..<i { field += couplings[i * dimension + j] * values[j] }
            sum += field * values[i]
        }
        return offset - sum
    }

    /// The same energy of the same bits in the other alphabet's numbers. With s = 2x − 1,
    ///
    ///     W = 4J    b = 2h − 2 Σⱼ Jᵢⱼ    c_bits = c_spins − Σ_{i<j} Jᵢⱼ + Σᵢ hᵢ
    ///     J = W/4   h = b/2 + ¼ Σⱼ Wᵢⱼ   c_spins = c_bits − ¼ Σ_{i<j} Wᵢⱼ − ½ Σᵢ bᵢ
    public func converted(to alphabet: Alphabet) -> QuadraticEnergy {
        let d = dimension
        let rowSums = (0..<d).map { i in couplings[i * d..<(i + 1) * d].reduce(0, +) }
        let (pairs, singles) = (rowSums.reduce(0, +) / 2, fields.reduce(0, +))
        switch (self.alphabet, alphabet) {
        case (.bits, .bits), (.spins, .spins): return self
        case (.spins, .bits):
            return QuadraticEnergy(
                unchecked: couplings.map { 4 * $0 }, fields: zip(fields, rowSums).map { 2 * $0 - 2 * $1 },
                offset: offset - pairs + singles, alphabet: .bits)
        case (.bits, .spins):
            return QuadraticEnergy(
                unchecked: couplings.map { $0 / 4 }, fields: zip(fields, rowSums).map { $0 / 2 + $1 / 4 },
                offset: offset - pairs / 4 - singles / 2, alphabet: .spins)
        }
    }
}

/// Couplings or fields that make no energy. Entries are counted from 0.
public enum CouplingError: Error, Hashable, CustomStringConvertible {
    case noFields
    /// So many couplings for so many fields.
    case couplingCount(Int, fields: Int)
    /// So many couplings for so many edges of a graph, so many fields for so many sites.
    case edgeCouplingCount(Int, edges: Int)
    case fieldCount(Int, sites: Int)
    case nonFiniteCoupling(row: Int, column: Int, Double)
    case selfCoupling(Int, Double)
    case asymmetric(row: Int, column: Int, Double, transposed: Double)
    case nonFiniteField(Int, Double)
    case nonFiniteOffset(Double)

    static func check(couplings: [Double], fields: [Double]) throws(CouplingError) {
        let d = fields.count
        guard d > 0 else { throw .noFields }
        guard couplings.count == d * d else { throw .couplingCount(couplings.count, fields: d) }
        for (i, field) in fields.enumerated() where !field.isFinite { throw .nonFiniteField(i, field) }
        for i in 0..<d {
            for j in 0..<d where !couplings[i * d + j].isFinite {
                throw .nonFiniteCoupling(row: i, column: j, couplings[i * d + j])
            }
            guard couplings[i * d + i] == 0 else { throw .selfCoupling(i, couplings[i * d + i]) }
            for j in 0..<i where couplings[i * d + j] != couplings[j * d + i] {
                throw .asymmetric(row: i, column: j, couplings[i * d + j], transposed: couplings[j * d + i])
            }
        }
    }

    public var description: String {
        switch self {
        case .noFields: "a model of no variables: give at least one field"
        case .couplingCount(let count, let fields):
            "\(count) couplings do not fit \(fields) fields: a matrix of \(fields) × \(fields) has \(fields * fields)"
        case .edgeCouplingCount(let count, let edges): "\(count) couplings for \(edges) edges: each edge has one"
        case .fieldCount(let count, let sites): "\(count) fields for \(sites) sites: each site has one"
        case .nonFiniteCoupling(let row, let column, let value):
            "coupling [\(row), \(column)] is \(value): couplings must be finite"
        case .selfCoupling(let i, let value):
            "coupling [\(i), \(i)] is \(value): no variable couples to itself, the diagonal must be 0"
        case .asymmetric(let row, let column, let value, let transposed):
            "coupling [\(row), \(column)] is \(value) but [\(column), \(row)] is \(transposed): couplings must be symmetric"
        case .nonFiniteField(let i, let value): "field [\(i)] is \(value): fields must be finite"
        case .nonFiniteOffset(let value): "the offset is \(value): it must be finite"
        }
    }
}
