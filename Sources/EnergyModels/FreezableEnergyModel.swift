import Torch

/// An energy of which a copy can be taken that no longer changes: the noise distribution of self-adapting
/// noise-contrastive estimation.
public protocol FreezableEnergyModel: EnergyModel {
    associatedtype Frozen: EnergyModel

    /// What decides the energy besides what is learnt, by name: the vectors of power iterations, for one. Restoring a
    /// model assigns these as well as `parameters`.
    var state: Parameters { get }

    /// Brings `state` up to date with the parameters: called once after every training update, and by nothing else.
    func advance()

    /// A copy with weights of its own. Until the parameters or the state change, its energies are the model's to the
    /// bit.
    func frozen() -> Frozen

    /// The copy that has these parameters, as an earlier copy's `parameters` were.
    func frozen(with parameters: Parameters) -> Frozen
}

extension FreezableEnergyModel {
    public var state: Parameters { Parameters([]) }
    public func advance() {}
}
