import Commands
import Experiments
import Foundation
import NoisyQuadratic

/// The command line with the noisy quadratic; FIXTURE_EXPECTED replaces its pinned values,
/// FIXTURE_CLAIMS its claims, FIXTURE_DELAY is its delay.
@main
enum HarnessFixture: Catalogue {
    static var replications: [any Replication] {
        var replication = NoisyQuadratic()
        let environment = ProcessInfo.processInfo.environment
        if let expected = environment["FIXTURE_EXPECTED"] { replication.declarations.expected = expected }
        if let claims = environment["FIXTURE_CLAIMS"] { replication.declarations.claims = claims }
        if let delay = environment["FIXTURE_DELAY"].flatMap({ Double($0) }) { replication.delay = delay }
        return [replication]
    }

    static let environment = RunEnvironment(commit: "fixture", libraries: [:], setThreads: { _ in })

    static func main() { Replicate<HarnessFixture>.start() }
}
