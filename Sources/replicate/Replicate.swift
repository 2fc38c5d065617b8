import AdaNCEImages
import Commands
import Experiments
import Foundation
import RMwGGISCost
import RMwGGISSynthetic
import Torch

@main
enum Suite: Catalogue {
    /// Every replication of the suite; a new one is added here.
    static let replications: [any Replication] = [
        RMwGGISSynthetic(), RMwGGISCost(), AdaNCEImages(),
    ]

    static var environment: RunEnvironment {
        RunEnvironment(
            commit: commit(), libraries: ["libtorch": "\(Runtime.version) (\(Runtime.processorCapability))"],
            setThreads: { Runtime.threads = $0 })
    }

    static func main() { Replicate<Suite>.start() }

    /// The commit of the checkout that the executable lies in, with "-dirty" where files differ from it.
    private static func commit() -> String {
        guard let executable = Bundle.main.executableURL else { return "unknown" }
        let git = Process()
        let output = Pipe()
        git.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        git.arguments = [
            "git", "-C", executable.deletingLastPathComponent().path, "describe", "--always", "--dirty", "--abbrev=40",
            "--exclude=*",
        ]
        git.standardOutput = output
        git.standardError = FileHandle.nullDevice
        guard (try? git.run()) != nil, let text = try? output.fileHandleForReading.readToEnd() else { return "unknown" }
        git.waitUntilExit()
        return git.terminationStatus == 0
            ? String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) : "unknown"
    }
}
