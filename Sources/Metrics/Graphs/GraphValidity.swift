import Datasets
import Torch

/// What a kernel does not see of generated graphs; all are shares of the samples, 0 to 1.
public struct GraphValidity: Sendable, Equatable {
    /// Some node is joined to all others, as in every radius-1 ego graph.
    public let ego: Double
    public let connected: Double
    /// Different graphs up to isomorphism over samples.
    public let unique: Double
    /// Samples that are isomorphic to no training graph.
    public let novel: Double

    /// - Parameters:
    ///   - samples: at least one.
    ///   - trainingClasses: the canonical graphs of the training set.
    public init(of samples: [SimpleGraph], trainingClasses: Set<SimpleGraph>) {
        require(!samples.isEmpty, "the validity of no graph")
        let canonical = samples.map(\.canonical)
        func share(_ count: Int) -> Double { Double(count) / Double(samples.count) }
        ego = share(samples.count(where: \.isEgo))
        connected = share(samples.count(where: \.isConnected))
        unique = share(Set(canonical).count)
        novel = share(canonical.count { !trainingClasses.contains($0) })
    }
}
