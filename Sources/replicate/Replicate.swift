import AdaNCEImages
import BuildCommit
import Commands
import Experiments
import Foundation
import NCEFamily
import OuBoltzmann
import OuRBM
import RMwGGISCost
import RMwGGISData
import RMwGGISGraphs
import RMwGGISIsing
import RMwGGISSynthetic
import ScoreMatchingDensities
import Torch

@main
enum Suite: Catalogue {
    /// Every replication of the suite; a new one is added here.
    static let replications: [any Replication] = [
        RMwGGISSynthetic(), RMwGGISCost(), RMwGGISIsing(), RMwGGISGraphs(), RMwGGISData(), OuBoltzmann(), OuRBM(),
        AdaNCEImages(), ScoreMatchingDensities(), NCEFamily(),
    ]

    static var environment: RunEnvironment {
        RunEnvironment(
            commit: buildCommit, libraries: ["libtorch": "\(Runtime.version) (\(Runtime.processorCapability))"],
            setThreads: { Runtime.threads = $0 })
    }

    static func main() { Replicate<Suite>.start() }
}
