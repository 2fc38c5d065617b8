import ArgumentParser
import Experiments
import Foundation
import Report

struct ReportCommand<C: Catalogue>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "report",
            abstract:
                "Makes pages to be read in a browser: of all results, of a run, or of two runs beside each other.",
            discussion: """
                Without a run it makes the pages of all results in results/: an index, a page for each replication and one for each of its runs. The page
                of a run is its report.html, which 'run' writes too; that of two is comparison.html in the folder of the first.
                """)
    }

    @Argument(help: "A run folder, or two of one replication.") var runs: [String] = []
    @Option(
        name: [.short, .long],
        help: ArgumentHelp(
            "Where the pages are written (default: build/report, or the run's folder).", valueName: "folder"))
    var output: String?
    @Option(
        help: ArgumentHelp("Where the runs of all results are, a folder for each replication.", valueName: "folder"))
    var results = "results"

    func validate() throws {
        guard runs.count <= 2 else {
            throw ValidationError(
                "\(runs.count) runs are named, expected one, two to be compared, or none for all results")
        }
    }

    func run() throws {
        let folders = runs.map(folder), target = output.map { URL(fileURLWithPath: $0) }
        guard let first = folders.first else {
            let site = Site(
                C.replications, results: URL(fileURLWithPath: results), sources: URL(fileURLWithPath: "Replications"),
                into: target ?? URL(fileURLWithPath: "build/report"))
            return try printLine("report: \(site.write().path)")
        }
        let names = try folders.map(RunFolder.replication)
        if folders.count == 2, names[0] != names[1] {
            throw RunError(
                "\(runs[0]) is a run of \(names[0]), \(runs[1]) is one of \(names[1]): they have nothing to compare",
                cure: "name two runs of one replication")
        }
        try write(Replicate<C>.replication(names[0]), first, folders.dropFirst().first, target)
    }

    private func write(
        _ replication: some Replication, _ a: RunFolder, _ b: RunFolder?, _ target: URL?
    ) throws {
        let plan = try Plan(replication, of: a)
        if let b {
            if let target { try makeFolder(target) }
            let page = try ComparisonReport.write(plan, Plan(replication, of: b), into: target ?? a.url)
            try printLine("report: \(page.path)")
        } else {
            let page = try target.map { try RunReport.write(plan, into: $0) } ?? RunReport.write(plan)
            try printLine("report: \(page.path)")
        }
    }
}

/// Keeps the page of a run that goes on up to date, in little of its time.
final class LiveReport<R: Replication> {
    private let plan: Plan<R>
    /// What is measured of processes is not disturbed.
    private var isOn: Bool
    private var next = Date.distantPast

    init(_ plan: Plan<R>) {
        self.plan = plan
        isOn = !plan.replication.cellsAreProcesses
    }

    /// Writes the page where a cell begins or ends, unless the last time is less than a quarter of a minute ago, or less
    /// than fifty times as long as the page took then.
    func update(_ event: RunProgress) {
        let begin = Date()
        switch event {
        case .started, .ended: guard isOn, begin >= next else { return }
        default: return
        }
        write(isGoing: true)
        let end = Date()
        next = end.addingTimeInterval(max(15, 50 * end.timeIntervalSince(begin)))
    }

    /// Writes the page of a run that has stopped.
    func end() { write(isGoing: false) }

    private func write(isGoing: Bool) {
        do { try RunReport.write(plan, isGoing: isGoing) } catch {
            logger.warning("the page of the run is not written: \(error)")
            isOn = false
        }
    }
}
