import Commands
import Experiments
import Foundation
import NoisyQuadratic

/// The command line with the noisy quadratic; FIXTURE_EXPECTED replaces its pinned values.
@main
enum HarnessFixture: Catalogue {
    static var replications: [any Replication] {
        var replication = NoisyQuadratic()
        if let expected = ProcessInfo.processInfo.environment["FIXTURE_EXPECTED"] { replication.expected = expected }
        return [replication]
    }

    static let environment = RunEnvironment(commit: "fixture", libraries: [:], setThreads: { _ in })

    static func main() { Replicate<HarnessFixture>.start() }
}
