import Experiments
import Objectives
import ReplicationShared

extension RMwGGISGraphs {
    /// How an energy of graphs is learnt.
    public enum Method: String, Choice {
        /// Ratio matching, by the names of `RatioMatchingMethod`.
        case rm, rmwrand
        case basic = "rmwggis-basic"
        case advanced = "rmwggis-advanced"
        case halfPower = "rm-power-half"
        case basicHalfPower = "rmwggis-power-half"
        case bounded = "rm-bounded"
        case basicBounded = "rmwggis-bounded"
        case pseudoLikelihood = "pseudo-likelihood"
        /// Persistent contrastive divergence, whose chains go on by Gibbs-with-gradients: the maximum-likelihood rival.
        case pcdGWG = "pcd-gwg"

        /// nil for methods without ratios.
        var ratioMatching: RatioMatchingMethod? { RatioMatchingMethod(rawValue: rawValue) }

        /// What is minimised by methods without chains; s flips a point where they draw any.
        func objective(flips s: Int) -> any BinaryObjective {
            ratioMatching?.objective(flips: s) ?? PseudoLikelihood()
        }

        /// β at which the model is nearest to the data where the energy is free to take any form: the inverse of the power
        /// that is learnt. The advanced form's fixed point is no exact power; 6 is that of its fitted slope, 0.16.
        var ownInverseTemperature: Double {
            self == .advanced ? 6 : 1 / (ratioMatching?.ratio.learntPower ?? 1)
        }

        /// Whether its expectation over draws is another objective than that of all flips.
        var hasOwnExpectation: Bool { [.rm, .halfPower, .bounded, .pseudoLikelihood, .advanced].contains(self) }
    }

    /// Which pairs are bits.
    public enum Nodes: String, Choice {
        /// Those of each graph's own nodes: p(A | n), n drawn from the training graphs.
        case given
        /// Those of so many nodes for every graph, with isolated nodes where it has fewer, which samples lose.
        case padded
    }

    /// What moves the chains of a read-out.
    public enum Sampler: String, Choice {
        /// Systematic sweeps over all pairs.
        case gibbs
        /// As many steps of Gibbs-with-gradients as the sweeps have pairs.
        case gwg
    }

    /// Where the chains of a read-out start.
    public enum Start: String, Choice {
        case coins, empty, complete, training
    }
}
