import Experiments
import Objectives

/// How the flips of ratio matching are chosen and which function of the ratio is summed over them: one table of names
/// for all replications.
public enum RatioMatchingMethod: String, Choice {
    /// All flips, squared ratios (Lyu 2009).
    case rm
    /// All flips, the power ½ of the ratio, and the bounded function: both learn p_data.
    case halfPower = "rm-power-half"
    case bounded = "rm-bounded"
    /// Few flips, drawn uniformly (RMwRAND of Liu et al. 2023).
    case rmwrand
    /// Few flips, drawn by the gradient and weighted; and drawn so and not weighted (RMwGGIS of Liu et al. 2023).
    case basic = "rmwggis-basic"
    case advanced = "rmwggis-advanced"
    /// The basic form with the power ½, and with the bounded function: ours.
    case basicHalfPower = "rmwggis-power-half"
    case basicBounded = "rmwggis-bounded"

    /// The objective, with s flips a point where it draws any.
    public func objective(flips s: Int) -> RatioMatching {
        switch self {
        case .rm: RatioMatching(.exact)
        case .halfPower: RatioMatching(.exact, ratio: .power(0.5))
        case .bounded: RatioMatching(.exact, ratio: .bounded)
        case .rmwrand: RatioMatching(.uniform(flips: s))
        case .basic: RatioMatching(.gradientGuided(flips: s))
        case .advanced: RatioMatching(.gradientGuidedUnweighted(flips: s))
        case .basicHalfPower: RatioMatching(.gradientGuided(flips: s), ratio: .power(0.5))
        case .basicBounded: RatioMatching(.gradientGuided(flips: s), ratio: .bounded)
        }
    }

    /// Whether all flips are taken, so that s does not matter.
    public var isExact: Bool { self == .rm || self == .halfPower || self == .bounded }

    /// The function of the ratio that is summed.
    public var ratio: RatioFunction { objective(flips: 1).ratio }
}
