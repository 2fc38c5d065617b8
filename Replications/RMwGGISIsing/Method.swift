import Experiments
import Objectives
import ReplicationShared

extension RMwGGISIsing {
    /// How J is learnt.
    public enum Method: String, Choice {
        /// Ratio matching, by the names of `RatioMatchingMethod`.
        case rm, rmwrand
        case basic = "rmwggis-basic"
        case advanced = "rmwggis-advanced"
        case halfPower = "rm-power-half"
        case basicHalfPower = "rmwggis-power-half"
        case bounded = "rm-bounded"
        case pseudoLikelihood = "pseudo-likelihood"
        /// Pseudo-likelihood of the true graph's couplings alone: the floor.
        case knownGraph = "known-graph"
        /// Persistent contrastive divergence, for each number of `pcdSteps`.
        case pcdGibbs = "pcd-gibbs"
        case pcdGWG = "pcd-gwg"

        var isPersistent: Bool { self == .pcdGibbs || self == .pcdGWG }

        /// nil for methods without flips.
        var ratioMatching: RatioMatchingMethod? { RatioMatchingMethod(rawValue: rawValue) }
    }

    /// What moves the chains of the sampling experiment.
    public enum Sampler: String, Choice {
        case gibbs, gwg
        case gwg3 = "gwg-3"
        case gwg5 = "gwg-5"
    }
}

/// A method, and how many steps its chains make an iteration where it has chains; coded as one text, `pcd-gibbs-5`.
public struct LearningRule: Encodable, Hashable, Sendable {
    let method: RMwGGISIsing.Method
    /// 0 where there are no chains.
    let steps: Int

    public func encode(to encoder: any Encoder) throws {
        var text = encoder.singleValueContainer()
        try text.encode(method.isPersistent ? "\(method.rawValue)-\(steps)" : method.rawValue)
    }

    /// What is minimised by methods without chains; s flips a point where they draw any.
    func objective(flips s: Int) -> any BinaryObjective {
        method.ratioMatching?.objective(flips: s) ?? PseudoLikelihood()
    }

    /// The power of p_data that is learnt, by which J is divided for the second read-out; ¼ for the advanced variant
    /// too, whose fixed point is no exact power.
    var power: Double { method.ratioMatching?.ratio.learntPower ?? 1 }

    /// c, where the gradient of the loss for a learnt entry is −½ c ⟨sᵢsⱼ⟩ at J = 0: 1 for the likelihood, 4f′(0) for
    /// ratio matching, 4σ(0) for pseudo-likelihood. A penalty in units of c means the same correlation for every
    /// objective.
    ///
    /// - Parameters:
    ///   - s: flips a point.
    ///   - d: sites.
    func gradientScale(flips s: Int, sites d: Int) -> Double {
        guard let matching = method.ratioMatching else { return method.isPersistent ? 1 : 2 }
        let scale: Double =
            switch matching.ratio {
            case .squared: 8
            case .power(let k): 4 * k
            case .bounded: 1
            }
        return matching == .advanced ? scale * Double(s) / Double(d) : scale
    }

    /// What a penalty is judged by on points that were held out: the exact form of ratio matching with the same
    /// function; for the others the pseudo-likelihood.
    var validation: any BinaryObjective {
        method.ratioMatching.map { RatioMatching(.exact, ratio: $0.ratio) } ?? PseudoLikelihood()
    }
}
