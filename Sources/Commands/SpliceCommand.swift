import ArgumentParser
import Experiments
import Foundation

struct SpliceCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "splice",
            abstract: "Makes the parts of Markdown files anew that come from runs and claims.",
            discussion: """
                A part stands between the lines '<!-- claims NAME -->', '<!-- table NAME RUN TABLE -->', '<!-- settings NAME PROFILE -->' \
                or '<!-- summary -->' and the line '<!-- end -->'. With --check nothing is written, and the exit code is 1 where a file is stale.
                """)
    }

    @Argument(help: "Markdown files.") var files: [String]
    @Option(help: ArgumentHelp("Where the runs are, a folder for each replication.", valueName: "folder"))
    var results = "results"
    @Flag(help: "Say which files are stale, and write nothing.") var check = false

    func run() throws {
        let parts = GeneratedParts(C.replications, results: URL(fileURLWithPath: results))
        // All of them are made before one is written: a fault leaves every file as it was.
        let renewed = try files.map { file in
            let url = URL(fileURLWithPath: file)
            guard let old = try? String(contentsOf: url, encoding: .utf8) else {
                throw RunError("\(file): cannot be read as text in UTF-8")
            }
            return try (file: file, url: url, old: old, new: parts.renew(old, place: file))
        }
        let stale = renewed.filter { $0.old != $0.new }
        for document in stale {
            if check {
                Console.shared.write("stale: \(document.file)")
            } else {
                try atomically(replacing: document.url, by: Data(document.new.utf8))
                try printLine("renewed: \(document.file)")
            }
        }
        if check, !stale.isEmpty { throw ExitCode(1) }
    }
}
