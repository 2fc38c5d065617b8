import Datasets
import Foundation
import Torch

/// A distribution over the isomorphism classes of n nodes that gives isomorphic labelled graphs one probability, exactly:
/// with m(G) labelled graphs in a class,
///
///     p(G) = m(G) w(G) / Σ m(H) w(H).
public struct ClassDistribution: Sendable {
    public let classes: IsomorphismClasses
    /// log p(G) for each class.
    public let logProbabilities: [Double]

    /// p ∝ e^{w}: from the logarithm of the weight of one labelled graph of each class; −βE of a model.
    ///
    /// - Parameter logWeights: one for each class, finite or −∞.
    public init(_ classes: IsomorphismClasses, logWeights: [Double]) {
        require(
            logWeights.count == classes.representatives.count,
            "\(logWeights.count) weights of \(classes.representatives.count) classes")
        let logs = zip(logWeights, classes.labelledCopies).map { $0 + log(Double($1)) }
        let largest = logs.max()!
        let logSum = largest + log(logs.reduce(0) { $0 + exp($1 - largest) })
        self.classes = classes
        logProbabilities = logs.map { $0 - logSum }
    }

    /// From the probabilities of the classes themselves, which add up to 1.
    public init(_ classes: IsomorphismClasses, probabilities: [Double]) {
        require(probabilities.count == classes.representatives.count, "\(probabilities.count) probabilities")
        (self.classes, logProbabilities) = (classes, probabilities.map { log($0) })
    }

    /// log p of a graph's class.
    ///
    /// - Precondition: the graph has the classes' number of nodes.
    public func logProbability(of graph: SimpleGraph) -> Double {
        guard let number = classes.number(of: graph) else {
            fatalError("a graph of \(graph.nodeCount) nodes among classes of \(classes.nodeCount)")
        }
        return logProbabilities[number]
    }

    /// −Σ p log p, nats.
    public var entropy: Double { -logProbabilities.reduce(0) { $0 + ($1 == -.infinity ? 0 : exp($1) * $1) } }

    /// Σ p (log p − log q), nats: infinite where q is 0 and p is not.
    public func divergence(from q: ClassDistribution) -> Double {
        zip(logProbabilities, q.logProbabilities).reduce(0) { sum, logs in
            logs.0 == -.infinity ? sum : sum + exp(logs.0) * (logs.0 - logs.1)
        }
    }
}
