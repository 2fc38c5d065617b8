import Experiments
import Objectives

extension RMwGGISIsing {
    /// How J is learnt.
    public enum Method: String, Choice {
        case rm, rmwrand
        case basic = "rmwggis-basic"
        case advanced = "rmwggis-advanced"
        /// The power ½ of the ratio for its square, and the bounded function: consistent.
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
    }

    /// What moves the chains of the sampling experiment.
    public enum Sampler: String, Choice {
        case gibbs, gwg
        case gwg3 = "gwg-3"
        case gwg5 = "gwg-5"
    }
}

/// A method with all that its name leaves open.
struct LearningRule {
    let method: RMwGGISIsing.Method
    /// Steps of the chains an iteration, where it has chains.
    let steps: Int
    /// s
    let flips: Int
    let siteCount: Int

    /// From a cell's label: a method's name, with `-steps` where it has chains.
    init(label: String, flips: Int, siteCount: Int) {
        let chained = RMwGGISIsing.Method.allCases.first { $0.isPersistent && label.hasPrefix($0.rawValue + "-") }
        method = chained ?? RMwGGISIsing.Method(rawValue: label)!
        steps = chained.map { Int(label.dropFirst($0.rawValue.count + 1))! } ?? 0
        (self.flips, self.siteCount) = (flips, siteCount)
    }

    /// nil for those without flips.
    var ratioMatching: RatioMatching? {
        switch method {
        case .rm: RatioMatching(.exact)
        case .rmwrand: RatioMatching(.uniform(flips: flips))
        case .basic: RatioMatching(.gradientGuided(flips: flips))
        case .advanced: RatioMatching(.gradientGuidedUnweighted(flips: flips))
        case .halfPower: RatioMatching(.exact, ratio: .power(0.5))
        case .basicHalfPower: RatioMatching(.gradientGuided(flips: flips), ratio: .power(0.5))
        case .bounded: RatioMatching(.exact, ratio: .bounded)
        case .pseudoLikelihood, .knownGraph, .pcdGibbs, .pcdGWG: nil
        }
    }

    /// The power of p_data that is learnt, by which J is divided for the second read-out; ¼ for the advanced variant
    /// too, whose fixed point is no exact power.
    var power: Double { ratioMatching?.ratio.learntPower ?? 1 }

    /// c, where the gradient of the loss for a learnt entry is −½ c ⟨sᵢsⱼ⟩ at J = 0: 1 for the likelihood, 4f′(0) for
    /// ratio matching, 4σ(0) for pseudo-likelihood. A penalty in units of c means the same correlation for every
    /// objective.
    var gradientScale: Double {
        guard let ratioMatching else { return method.isPersistent ? 1 : 2 }
        let scale: Double =
            switch ratioMatching.ratio {
            case .squared: 8
            case .power(let k): 4 * k
            case .bounded: 1
            }
        guard case .gradientGuidedUnweighted(let flips) = ratioMatching.estimator else { return scale }
        return scale * Double(flips) / Double(siteCount)
    }

    /// What a penalty is judged by on points that were held out: the exact form of ratio matching with the same
    /// function; for the others the pseudo-likelihood.
    var validation: any BinaryObjective {
        ratioMatching.map { RatioMatching(.exact, ratio: $0.ratio) } ?? PseudoLikelihood()
    }
}
