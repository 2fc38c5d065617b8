import EnergyModels
import Experiments

/// The targets of `PlanarTarget` as a setting, by its names.
public enum KnownTarget: String, Choice {
    case eightGaussians = "8gaussians"
    case gridGaussians = "25gaussians"
    case rings, moons
    case spirals = "2spirals"
    case banana, checkerboard

    public var planar: PlanarTarget { PlanarTarget(rawValue: rawValue)! }
}
