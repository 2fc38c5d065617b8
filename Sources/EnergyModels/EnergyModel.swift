import Torch

/// An energy E over points x: p(x) ∝ exp(−E(x)). E is low where p is high.
public protocol EnergyModel {
    /// What can be learnt, by name, in a fixed order.
    var parameters: Parameters { get }

    /// Energies, shape [batch], of points x [batch, …]; recorded for gradients to second order.
    func energy(_ x: Tensor) -> Tensor

    /// ∇ₓE(x), of x's shape; a constant: nothing is recorded.
    func inputGradient(_ x: Tensor) -> Tensor

    /// E(x) and ∇ₓE(x) at once; constants.
    func energyAndInputGradient(_ x: Tensor) -> (energy: Tensor, gradient: Tensor)
}

extension EnergyModel {
    /// E(x), shape [batch], without recording anything.
    public func evaluate(_ x: Tensor) -> Tensor { withoutGradients { energy(x) } }

    /// The element type of points: that of the parameters, float32 where there are none.
    public var dtype: DType { realParameter?.dtype ?? .float32 }

    /// Where points lie: with the parameters, on the processor where there are none.
    public var device: Device { realParameter?.device ?? .cpu }

    private var realParameter: Tensor? { parameters.tensors.first { $0.dtype.isFloatingPoint } }

    public func inputGradient(_ x: Tensor) -> Tensor { recordedInputGradient(x) }

    /// `inputGradient` from the recorded energy: right for every model.
    public func recordedInputGradient(_ x: Tensor) -> Tensor { recordedEnergyAndInputGradient(x).gradient }

    public func energyAndInputGradient(_ x: Tensor) -> (energy: Tensor, gradient: Tensor) {
        recordedEnergyAndInputGradient(x)
    }

    /// Both from one record: right for every model.
    public func recordedEnergyAndInputGradient(_ x: Tensor) -> (energy: Tensor, gradient: Tensor) {
        withGradients {
            let variable = x.detached().copied().requiringGradient()
            let energy = energy(variable)
            return (energy.detached(), gradients(of: energy.sum(), withRespectTo: [variable])[0])
        }
    }
}

/// An energy over x ∈ {0, 1}^d, held as floating-point numbers [batch, d].
public protocol BinaryEnergyModel: EnergyModel {
    /// The number of bits, d.
    var dimension: Int { get }

    /// E(x) − E(x₋ᵢ), where x₋ᵢ is x with bit i flipped: the logarithm of p(x₋ᵢ)/p(x).
    ///
    /// - Parameters:
    ///   - x: bits, shape [batch, d].
    ///   - indices: which bits to flip, int64 in 0 ..< d, shape [batch, s]; nil for all of them in order.
    /// - Returns: shape [batch, s], or [batch, d].
    func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor

    /// A sampler's view of these points, in which single bits are flipped one after the other.
    func flipState(_ x: Tensor) -> any FlipState
}

/// A batch of binary chains together with whatever makes the energy of one more flip cheap. It changes in place and
/// records nothing.
public protocol FlipState: AnyObject {
    /// The points, shape [batch, d].
    var x: Tensor { get }

    /// E(x) − E(x₋ᵢ), shape [batch], for one site i of every chain.
    func flipDifference(at site: Int) -> Tensor

    /// Flips bit i of the chains where `accepted`, a boolean tensor [batch], holds. Must follow `flipDifference(at:
    /// i)`.
    func flip(at site: Int, where accepted: Tensor)

    /// Flips bit i of the chains where E(x) − E(x₋ᵢ) > threshold, a tensor [batch]. By default from the two above; a
    /// state that can tell at less cost than that of every chain's difference has its own.
    func flip(at site: Int, whereDifferenceExceeds threshold: Tensor)
}

extension FlipState {
    public func flip(at site: Int, whereDifferenceExceeds threshold: Tensor) {
        flip(at: site, where: flipDifference(at: site) .> threshold)
    }
}

extension BinaryEnergyModel {
    /// `flipDifferences` from the energies of flipped copies: right for every model, and the truth that faster forms
    /// are tested against.
    public func genericFlipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor {
        let indices = indices ?? Self.allIndices(x)
        let (batch, flips) = (x.size(0), indices.size(1))
        let flipped = Self.flippedCopies(x, at: indices).reshaped([batch * flips, x.size(1)])
        return energy(x).unsqueezed(1) - energy(flipped).reshaped([batch, flips])
    }

    public func flipDifferences(_ x: Tensor, at indices: Tensor?) -> Tensor { genericFlipDifferences(x, at: indices) }

    public func flipState(_ x: Tensor) -> any FlipState { EvaluatingFlipState(self, x) }

    /// 0 ..< d for each row of x: int64 [batch, d].
    public static func allIndices(_ x: Tensor) -> Tensor {
        Tensor.range(x.size(1), device: x.device).unsqueezed(0).expanded([x.size(0), x.size(1)])
    }

    /// Copies of x, one for each index, with that bit flipped: [batch, s, d].
    public static func flippedCopies(_ x: Tensor, at indices: Tensor) -> Tensor {
        let (batch, flips, d) = (x.size(0), indices.size(1), x.size(1))
        let copies = x.unsqueezed(1).expanded([batch, flips, d])
        let values = 1 - x.gathered(1, indices)
        return copies.scattered(2, indices.unsqueezed(2), values.unsqueezed(2))
    }
}

/// A binary model by way of its energies alone, whatever faster forms it has.
public struct GenericFlips<Model: BinaryEnergyModel>: BinaryEnergyModel {
    public let model: Model

    public init(_ model: Model) { self.model = model }

    public var parameters: Parameters { model.parameters }
    public var dimension: Int { model.dimension }
    public func energy(_ x: Tensor) -> Tensor { model.energy(x) }
}

/// Any model's `FlipState`: one evaluation of the energy for each site, E(x) being known from the step before.
final class EvaluatingFlipState: FlipState {
    private let model: any BinaryEnergyModel
    let x: Tensor
    private var energy: Tensor
    private var flippedEnergy: Tensor

    init(_ model: some BinaryEnergyModel, _ x: Tensor) {
        self.model = model
        self.x = x.detached().copied()
        energy = model.evaluate(x)
        flippedEnergy = energy
    }

    func flipDifference(at site: Int) -> Tensor {
        withoutGradients {
            let flipped = x.copied()
            let column = flipped.selected(1, site)
            column.assign(1 - column)
            flippedEnergy = model.evaluate(flipped)
            return energy - flippedEnergy
        }
    }

    func flip(at site: Int, where accepted: Tensor) {
        withoutGradients {
            let column = x.selected(1, site)
            column.assign(Tensor.select(accepted, 1 - column, column))
            energy = Tensor.select(accepted, flippedEnergy, energy)
        }
    }
}
