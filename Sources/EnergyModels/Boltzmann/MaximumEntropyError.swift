import Foundation

/// Moments that no maximum-entropy model has. Features are counted from 0.
public enum MaximumEntropyError: Error, Hashable, CustomStringConvertible {
    case dimension(Int)
    case momentCount(Int, features: Int)
    case nonFiniteMoment(Int, Double)
    case nonFiniteFeature
    case outOfRange(Int, Double, least: Double, most: Double)
    /// A combination of features that is the same for all states, and how far the moments are from it.
    case dependent([Double], Double)
    /// A combination of features whose mean would have to exceed its largest value.
    case infeasible([Double], wanted: Double, most: Double)
    /// How far the moments still were from those given.
    case boundary(error: Double)
    case notConverged(iterations: Int, error: Double)

    public var description: String {
        switch self {
        case .dimension(let d):
            "2^\(d) states cannot be enumerated: d must be 1 to \(MaximumEntropyModel.largestDimension)"
        case .momentCount(let count, let features): "\(count) moments for \(features) features: give one for each"
        case .nonFiniteMoment(let i, let value): "moment [\(i)] is \(value): moments must be finite"
        case .nonFiniteFeature: "a feature is not finite for some state"
        case .outOfRange(let i, let value, let least, let most):
            "moment [\(i)] is \(value), but feature [\(i)] lies in \(least) … \(most)"
        case .dependent(let direction, let away):
            "no distribution has these moments: the combination \(Self.text(direction)) of the features is the same for all "
                + "states, and the moments' is off by \(away)"
        case .infeasible(let direction, let wanted, let most):
            "no distribution has these moments: the combination \(Self.text(direction)) of the features is at most \(most), and "
                + "would have to average \(wanted)"
        case .boundary(let error):
            "the moments lie on the boundary of what is possible, or too near: some states would have to have probability 0 and "
                + "the multipliers diverge (largest error then: \(error)); move the moments inwards"
        case .notConverged(let iterations, let error):
            "the multipliers did not converge in \(iterations) steps: the largest error of a moment is \(error)"
        }
    }

    /// The largest terms, at most six.
    private static func text(_ direction: [Double]) -> String {
        let terms = direction.enumerated().filter { $0.element != 0 }.sorted { abs($0.element) > abs($1.element) }
        let listed = terms.prefix(6).map { String(format: "%.4g", $0.element) + "·f[\($0.offset)]" }.joined(
            separator: " + ")
        return terms.count > 6 ? listed + " + …" : listed
    }
}
