import Torch

/// A Boltzmann machine with hidden units and couplings between any two units (Xu 2022, section 2.2.2). Units are
/// visible bits v, then hidden bits h; u, their values in the alphabet, have the joint energy
///
///     E(v, h) = −½ uᵀ J u − f·u
///
/// with J the symmetric part, without the diagonal, of the matrix that is learnt, as in `BoltzmannMachine`. As an
/// energy model it is its free energy over the visible bits, −log Σₕ e^{−E(v, h)}, summed over all 2^m hidden states:
/// at most `largestHiddenCount` hidden units, and memory for batch · 2^m numbers.
public struct UnrestrictedBoltzmannMachine: BinaryEnergyModel {
    /// The largest m: 4,096 hidden states.
    public static let largestHiddenCount = 12

    public let dimension: Int
    /// m
    public let hiddenCount: Int
    /// Over visible and hidden units together.
    public let joint: BoltzmannMachine
    /// The hidden units' values in all 2^m states, shape [2^m, m].
    private let hiddenValues: Tensor

    public var parameters: Parameters { joint.parameters }

    /// The machine of a joint energy whose last units are hidden.
    ///
    /// - Parameters:
    ///   - hidden: m, at least 0 and less than the number of units.
    /// - Throws: `HiddenUnitError`.
    public init(
        _ energy: QuadraticEnergy, hidden: Int, dtype: DType = .float32, device: Device = .cpu
    ) throws(HiddenUnitError) {
        guard 0..<energy.dimension ~= hidden else { throw .noVisibleUnits(hidden: hidden, units: energy.dimension) }
        guard hidden <= Self.largestHiddenCount else { throw .tooManyHiddenUnits(hidden) }
        joint = BoltzmannMachine(energy, dtype: dtype, device: device)
        dimension = energy.dimension - hidden
        hiddenCount = hidden
        let bits = (0..<1 << hidden).flatMap { state in (0..<hidden).map { Double(state >> $0 & 1) } }
        hiddenValues = energy.alphabet.values(
            of: Tensor(bits, shape: [1 << hidden, hidden], device: device).converted(to: dtype))
    }

    /// E(v, h), shape [batch], of visible bits [batch, d] and hidden bits [batch, m].
    public func jointEnergy(_ v: Tensor, _ h: Tensor) -> Tensor { joint.energy(.concatenated([v, h], along: 1)) }

    /// F(v), shape [batch].
    public func energy(_ v: Tensor) -> Tensor {
        let parts = Parts(self)
        let values = joint.alphabet.values(of: v)
        let visible = joint.offset - (values * (0.5 * values.matmul(parts.visible) + parts.visibleFields)).sum(1)
        return visible - parts.logSum(parts.hiddenFields(of: values))
    }

    /// With the change eᵢ of a visible value when its bit flips, and the fields z that the visible values exert on the
    /// hidden ones,
    ///
    ///     F(v) − F(v₋ᵢ) = eᵢ (Σⱼ Jᵢⱼ vⱼ + fᵢ) + log Σₕ e^{(z + eᵢJᵢ)·h − E(h)} − log Σₕ e^{z·h − E(h)}
    public func flipDifferences(_ v: Tensor, at indices: Tensor?) -> Tensor {
        let parts = Parts(self)
        let indices = indices ?? Self.allIndices(v)
        let (batch, flips) = (indices.size(0), indices.size(1))
        let values = joint.alphabet.values(of: v)
        let changes = joint.alphabet.flipChanges(of: v).gathered(1, indices)
        let visible = changes * (values.matmul(parts.visible) + parts.visibleFields).gathered(1, indices)
        let z = parts.hiddenFields(of: values)
        let rows = parts.between.indexSelected(0, indices.reshaped([batch * flips]))
        let moved = z.unsqueezed(1) + changes.unsqueezed(2) * rows.reshaped([batch, flips, hiddenCount])
        let after = parts.logSum(moved.reshaped([batch * flips, hiddenCount])).reshaped([batch, flips])
        return visible + after - parts.logSum(z).unsqueezed(1)
    }

    /// The couplings by kind of unit.
    private struct Parts {
        /// Shapes [d, d], [d, m], [d], [m].
        let visible, between, visibleFields, hidden: Tensor
        let hiddenValues: Tensor
        /// −E of the hidden units alone, shape [2^m].
        let hiddenLogWeights: Tensor

        init(_ model: UnrestrictedBoltzmannMachine) {
            let (d, m) = (model.dimension, model.hiddenCount)
            let (j, f) = (model.joint.symmetricCouplings, model.joint.fields)
            let rows = j.narrowed(0, start: 0, length: d)
            visible = rows.narrowed(1, start: 0, length: d)
            between = rows.narrowed(1, start: d, length: m)
            visibleFields = f.narrowed(0, start: 0, length: d)
            hidden = f.narrowed(0, start: d, length: m)
            hiddenValues = model.hiddenValues
            let among = j.narrowed(0, start: d, length: m).narrowed(1, start: d, length: m)
            hiddenLogWeights = 0.5 * (hiddenValues.matmul(among) * hiddenValues).sum(1)
        }

        /// z, shape [batch, m]: what multiplies the hidden values in −E, their own fields included.
        func hiddenFields(of values: Tensor) -> Tensor { values.matmul(between) + hidden }

        /// log Σₕ e^{z·h − E(h)}, shape [batch].
        func logSum(_ z: Tensor) -> Tensor {
            (z.matmul(hiddenValues.transposed()) + hiddenLogWeights).logSumExp(1)
        }
    }
}

/// Hidden units that cannot be summed out.
public enum HiddenUnitError: Error, Hashable, CustomStringConvertible {
    case noVisibleUnits(hidden: Int, units: Int)
    case tooManyHiddenUnits(Int)

    public var description: String {
        switch self {
        case .noVisibleUnits(let hidden, let units):
            "\(hidden) hidden units of \(units): at least one unit must be visible, and none fewer than 0 hidden"
        case .tooManyHiddenUnits(let count):
            "2^\(count) hidden states are too many to sum over, at most \(UnrestrictedBoltzmannMachine.largestHiddenCount) "
                + "hidden units; a RestrictedBoltzmannMachine has no such limit"
        }
    }
}
