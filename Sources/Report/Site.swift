import Experiments
import Figures
import Foundation

/// The report of a suite: an index, a page a replication and a page a run, from the runs in a folder of results.
public struct Site {
    private let replications: [any Replication]
    private let results: URL
    private let sources: URL
    private let folder: URL

    /// - Parameters:
    ///   - results: a folder for each replication, with a folder for each of its runs.
    ///   - sources: where the replications' folders are, with their `README.md`.
    ///   - folder: where the pages are written; made where it is missing.
    public init(_ replications: [any Replication], results: URL, sources: URL, into folder: URL) {
        (self.replications, self.results, self.sources, self.folder) = (replications, results, sources, folder)
    }

    /// Writes all pages; the index. Runs that are named after their profile and seed are a user's own and left out.
    ///
    /// - Throws: `RunError` where `results` is missing, a file of a run is damaged, or a page cannot be written.
    public func write() throws -> URL {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: results.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw RunError(
                "\(results.path): is no folder of results",
                cure: "call it where results/ is, or name the folders of runs to be shown")
        }
        try requireReportFolder(folder, with: "report.js")
        try makeFolder(folder)
        try put(Data(Pages.style.utf8), at: "style.css")
        try put(Data(Pages.script.utf8), at: "report.js")
        var parts: [ReplicationView] = []
        for replication in replications { parts.append(try write(replication)) }
        let index = IndexView(parts)
        try put(
            Data(Pages.render("index", index, title: "Energy-based models, replicated", assets: .files(up: 0)).utf8),
            at: "index.html")
        return folder.appendingPathComponent("index.html")
    }

    private func put(_ data: Data, at path: String) throws {
        let file = folder.appendingPathComponent(path)
        try makeFolder(file.deletingLastPathComponent())
        try atomically(replacing: file, by: data)
    }

    /// The runs of a replication by name.
    private func runs(of replication: some Replication) -> [RunFolder] {
        let place = results.appendingPathComponent(replication.name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
        return names.sorted().filter { $0.wholeMatch(of: /.*-seed\d+/) == nil }
            .map { RunFolder(place.appendingPathComponent($0)) }
            .filter { FileManager.default.fileExists(atPath: $0.record.path) }
    }

    /// Writes the pages of a replication's runs, copies what they show, and writes the replication's.
    private func write<R: Replication>(_ replication: R) throws -> ReplicationView {
        let judgements = try replication.judgements(results: results)
        var runs: [RunView] = []
        for run in self.runs(of: replication) {
            let plan = try Plan(replication, of: run)
            var view = try RunView(plan, address: "results/\(replication.name)/\(run.url.lastPathComponent)")
            view.replication = "../../../\(replication.name).html"
            let place = "runs/\(replication.name)/\(view.run)"
            try view.copyFiles(from: run.url, to: folder.appendingPathComponent(place))
            let page = Pages.render("run", view, title: "\(view.name), \(view.run)", assets: .files(up: 3))
            try put(Data(page.utf8), at: "\(place)/report.html")
            runs.append(view)
        }
        let file = sources.appendingPathComponent("\(type(of: replication))/README.md")
        let readme = Readme((try? String(contentsOf: file, encoding: .utf8)) ?? "")
        let view = ReplicationView(replication.name, replication.summary, judgements, runs, readme)
        let page = Pages.render("replication", view, title: view.name, assets: .files(up: 0))
        try put(Data(page.utf8), at: "\(view.name).html")
        return view
    }
}

/// What the page of a replication shows.
struct ReplicationView: Sendable {
    let name: String, summary: String
    let claims: [ClaimView], hasClaims: Bool, tally: Tally
    /// The run of the README's table, else that which most claims are judged on, else the largest.
    let main: RunView?
    /// The README's table and picture; else the main run's first table, and the first picture or chart of any run.
    let table: TableView?
    let hero: FigureView?, heroRun: String?
    let shownCharts: [FigureView], shownPictures: [FigureView]
    let departuresHTML: String?
    let runs: [Run], hasRuns: Bool
    let commands: [CommandView]
    let judgements: [Judgement]

    /// A run in the list of them.
    struct Run: Sendable {
        let name: String, address: String, profile: String, summary: String, contents: String, isMain: Bool
    }

    init(_ name: String, _ summary: String, _ judgements: [Judgement], _ all: [RunView], _ readme: Readme) {
        (self.name, self.summary, self.judgements) = (name, HTML.sentence(summary), judgements)
        claims = judgements.map { ClaimView($0) }
        hasClaims = !claims.isEmpty
        tally = Tally(judgements.map(\.verdict))
        func weight(_ run: RunView) -> (Int, Int, Int) {
            let judged = judgements.count { $0.claim.run == run.run && $0.missing.isEmpty }
            return (readme.table?.run == run.run ? 1 : 0, judged, run.measurementCount)
        }
        let main = all.max { weight($0) < weight($1) }
        self.main = main
        table = main?.tables.first { $0.id == TableView.id(readme.table?.name ?? "") } ?? main?.tables.first
        let found = Self.hero((main.map { [$0] } ?? []) + all.filter { $0.run != main?.run }, readme.picture)
        heroRun = found?.run
        hero = found.map { $0.figure.moved(to: "runs/\(name)/\($0.run)") }
        shownCharts = main?.charts.map { $0.moved(to: "runs/\(name)/\(main!.run)") } ?? []
        shownPictures = main?.pictures.map { $0.moved(to: "runs/\(name)/\(main!.run)") } ?? []
        departuresHTML = readme.departures.map(HTML.blocks)
        runs = all.map { run in
            let counts = [
                ("table", run.tables.count), ("chart", run.charts.count), ("picture", run.pictures.count),
                ("measurement", run.measurementCount),
            ]
            let contents = counts.filter { $0.1 > 0 }.map { "\($0.1) \($0.0)\($0.1 == 1 ? "" : "s")" }
            return Run(
                name: run.run, address: "runs/\(name)/\(run.run)/report.html", profile: run.profile,
                summary: run.profileSummary, contents: contents.joined(separator: ", "), isMain: run.run == main?.run)
        }
        hasRuns = !runs.isEmpty
        let program = ".build/release/replicate"
        commands = [
            CommandView(command: "make replicate-\(name)", meaning: "runs it at the profile quick"),
            CommandView(command: "\(program) settings \(name)", meaning: "lists its settings and what they mean"),
            CommandView(command: "\(program) claims \(name) --evidence", meaning: "judges the claims again"),
            CommandView(command: "\(program) check \(name)", meaning: "compares a small run with the pinned values"),
        ]
    }
}

extension ReplicationView {
    /// The picture of that name, else the first picture, else the first chart of the runs in their order.
    private static func hero(_ runs: [RunView], _ told: Readme.Shown?) -> (figure: FigureView, run: String)? {
        func first(_ figures: (RunView) -> FigureView?) -> (figure: FigureView, run: String)? {
            for run in runs { if let figure = figures(run) { return (figure, run.run) } }
            return nil
        }
        let named = told.flatMap { told in
            first { run in
                guard run.run == told.run else { return nil }
                let ids = [FigureView.id(ofPicture: told.name), FigureView.id(ofChart: told.name)]
                var figure = (run.pictures + run.charts).first { ids.contains($0.id) }
                if !told.text.isEmpty { figure?.alt = told.text }
                return figure
            }
        }
        return named ?? first { $0.pictures.first } ?? first { $0.charts.first }
    }
}

extension FigureView {
    /// The same on a page from which the run lies in this folder.
    fileprivate func moved(to folder: String) -> FigureView {
        var figure = self
        figure.picture = picture.map { "\(folder)/\($0)" }
        figure.links = links.map { Link(address: "\(folder)/\($0.address)", name: $0.name) }
        return figure
    }
}

/// What the index shows.
struct IndexView: Sendable {
    let tally: Tally, claimCount: Int
    let results: [Result], papers: [PaperView]
    let commands: [CommandView]

    struct Result: Sendable {
        let name: String, summary: String, address: String, tally: Tally, hero: FigureView?, heroRun: String?
    }

    struct PaperView: Sendable {
        let id: String, title: String, authors: String, published: String, address: String?, claims: [PaperClaim]
        let tally: Tally
    }

    struct PaperClaim: Sendable {
        let claim: String, place: String, address: String, replication: String, badge: Badge
    }

    init(_ replications: [ReplicationView]) {
        let all = replications.flatMap { view in view.judgements.map { (view.name, $0) } }
        tally = Tally(all.map(\.1.verdict))
        claimCount = all.count
        results = replications.map {
            Result(
                name: $0.name, summary: $0.summary, address: "\($0.name).html", tally: $0.tally, hero: $0.hero,
                heroRun: $0.heroRun)
        }
        var sources = Paper.known
        for (_, judgement) in all where !sources.contains(where: { $0.source == judgement.claim.source }) {
            sources.append(
                Paper(source: judgement.claim.source, title: judgement.claim.source, authors: "", published: ""))
        }
        papers = sources.compactMap { paper in
            let own = all.filter { $0.1.claim.source == paper.source }
            guard !own.isEmpty else { return nil }
            let claims = own.map { name, judgement in
                PaperClaim(
                    claim: judgement.claim.claim, place: judgement.claim.place,
                    address: "\(name).html#claim-\(HTML.identifier(judgement.claim.name))", replication: name,
                    badge: Badge(judgement.verdict))
            }
            return PaperView(
                id: "paper-" + HTML.identifier(paper.source), title: paper.title, authors: paper.authors,
                published: paper.published, address: paper.address, claims: claims, tally: Tally(own.map(\.1.verdict)))
        }
        commands = [
            CommandView(
                command: "make replicate",
                meaning: "sets everything up, builds, runs a first result and says what holds"),
            CommandView(command: ".build/release/replicate list", meaning: "lists the results and their profiles"),
            CommandView(
                command: ".build/release/replicate claims", meaning: "what the papers state, and whether it holds"),
            CommandView(command: "make report", meaning: "makes these pages again"),
        ]
    }
}

/// Throws `RunError` for a folder that holds files and no report: pages would replace what is somebody else's.
///
/// - Parameter mark: a file that every report of the kind has.
func requireReportFolder(_ folder: URL, with mark: String) throws {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    guard let first = names.first, !names.contains(mark) else { return }
    throw RunError(
        "\(folder.path): is not empty and no report: it holds \(first) and no \(mark)",
        cure: "give -o a new or an empty folder")
}
