import Experiments
import Figures
import Foundation

/// The page of a run, `report.html`: its outcome, the claims that it bears on, its settings, tables, charts, pictures,
/// measurements and record, in one file but for the run's own pictures.
public enum RunReport {
    /// How often a page of a run that goes on loads itself again, in seconds.
    static let refresh = 20

    /// Writes the page into the run's folder, from the cells that have ended; where it is.
    ///
    /// - Parameter isGoing: whether the run goes on, so that the page loads itself again; also where another process
    ///   holds one of its cells.
    /// - Throws: `RunError` where a file of the run, or a declaration, is damaged, or the page cannot be written.
    @discardableResult
    public static func write(_ plan: Plan<some Replication>, isGoing: Bool = false) throws -> URL {
        try write(RunView(plan), isGoing: isGoing || plan.isGoing, to: plan.folder.report)
    }

    /// Writes the page into another folder, made where it is missing, with copies of the files that it shows; where it
    /// is.
    ///
    /// - Throws: as `write(_:isGoing:)`.
    public static func write(_ plan: Plan<some Replication>, into folder: URL) throws -> URL {
        let view = try RunView(plan)
        try requireReportFolder(folder, with: "report.html")
        try makeFolder(folder)
        try view.copyFiles(from: plan.folder.url, to: folder)
        return try write(view, isGoing: plan.isGoing, to: folder.appendingPathComponent("report.html"))
    }

    private static func write(_ view: RunView, isGoing: Bool, to file: URL) throws -> URL {
        let page = Pages.render(
            "run", view, title: "\(view.name), \(view.run)", assets: .inline,
            refresh: view.progress != nil && isGoing ? refresh : nil)
        try atomically(replacing: file, by: Data(page.utf8))
        return file
    }
}

/// What the page of a run shows.
struct RunView: Sendable {
    let name: String, run: String, summary: String, profile: String, profileSummary: String
    /// Where the page of the replication is; nil on a page that stands alone.
    var replication: String?
    /// How many cells have ended; nil where all have.
    let progress: String?
    let outcome: Outcome?
    let claims: [ClaimView], tally: Tally
    let settings: SettingsView
    let tables: [TableView], charts: [FigureView], pictures: [FigureView]
    let measurementsHTML: String, measurementCount: Int, isShort: Bool
    let facts: [FactView], commands: [CommandView], files: [FigureView.Link]
    let hasCharts: Bool, hasPictures: Bool, hasTables: Bool, hasClaims: Bool

    /// How the numbers stand to the pinned ones.
    struct Outcome: Sendable {
        let headline: String, kind: String, sign: String, lines: [String]
    }

    /// - Parameter address: how the folder is called in commands.
    init<R: Replication>(_ plan: Plan<R>, address: String? = nil) throws {
        let shown = try plan.shown()
        let verdict = try plan.verdict()
        let record = try RunRecord(in: plan.folder)
        let profiles = try Profiles(
            plan.replication.declarations.profiles, place: "\(plan.replication.name)/profiles.yaml")
        (name, run, summary) = (
            plan.replication.name, plan.folder.url.lastPathComponent, HTML.sentence(plan.replication.summary)
        )
        profile = record.profile
        profileSummary = profiles.summaries.first { $0.name == record.profile }?.summary ?? ""
        let ended = shown.records.count { $0.status != .missing }
        progress =
            ended == shown.records.count ? nil : "\(ended) of \(shown.records.count) cells have ended"
        outcome = Outcome(verdict)
        claims = verdict.judgements.map { ClaimView($0, showsRun: false) }
        tally = Tally(verdict.judgements.map(\.verdict))
        settings = try SettingsView(plan, profiles)
        tables = try TableView.all(of: shown, in: plan.folder)
        charts = try FigureView.charts(of: shown, in: plan.folder)
        pictures = FigureView.sheets(of: shown, in: plan.folder.pictures, address: "pictures/")
        measurementsHTML = Self.measurements(shown)
        measurementCount = shown.measurements.rows.count
        isShort = measurementCount <= 100
        facts = FactView.record(record, shown)
        commands = try CommandView.commands(of: plan, profiles, address: address ?? Self.address(of: plan.folder))
        files = ["measurements.csv", "timing.csv", "metrics.jsonl", "run.json"].filter {
            FileManager.default.fileExists(atPath: plan.folder.url.appendingPathComponent($0).path)
        }.map { FigureView.Link(address: $0, name: $0) }
        (hasCharts, hasPictures) = (!charts.isEmpty, !pictures.isEmpty)
        (hasTables, hasClaims) = (!tables.isEmpty, !claims.isEmpty)
    }

    /// Copies the files that the page shows or links to.
    func copyFiles(from run: URL, to folder: URL) throws {
        let links = (charts + pictures).flatMap(\.links) + files
        for file in links.map(\.address) + pictures.compactMap(\.picture) + tables.compactMap(\.file) {
            guard let data = try? Data(contentsOf: run.appendingPathComponent(file)) else {
                throw RunError("\(run.appendingPathComponent(file).path): cannot be read")
            }
            let copy = folder.appendingPathComponent(file)
            try makeFolder(copy.deletingLastPathComponent())
            try atomically(replacing: copy, by: data)
        }
    }

    /// The folder as it is typed: from the current one where it lies below, else its name alone.
    private static func address(of folder: RunFolder) -> String {
        let here = FileManager.default.currentDirectoryPath + "/"
        return folder.url.path.hasPrefix(here)
            ? String(folder.url.path.dropFirst(here.count)) : folder.url.lastPathComponent
    }

    /// Every measurement, the times of the cells among them, in the columns of `measurements.csv`.
    private static func measurements(_ shown: Shown) -> String {
        let all = shown.measurements
        let (labels, readOuts) = (all.labelKeys, all.readOutKeys)
        let hasErrors = all.rows.contains { $0.error != nil }
        let hasDiverged = all.rows.contains { $0.status != Measurement.finished }
        let rows = all.rows.map { row -> [String] in
            labels.map { row.labels[$0] ?? "" } + ["\(row.seed)", row.metric] + readOuts.map { row.readOut[$0] ?? "" }
                + [String(format: "%.6g", row.value)]
                + (hasErrors ? [row.error.map { String(format: "%.3g", $0) } ?? ""] : [])
                + (hasDiverged ? [row.status] : [])
        }
        let columns =
            labels + ["seed", "metric"] + readOuts + ["value"] + (hasErrors ? ["standard error"] : [])
            + (hasDiverged ? ["status"] : [])
        return HTML.table(Table(columns: columns, rows: rows), name: "Measurements", kind: "sortable")
    }
}

extension RunView.Outcome {
    /// nil where nothing is pinned for the run's profile.
    init?(_ verdict: RunVerdict) {
        guard let check = verdict.check else { return nil }
        let there = check.count - check.absent.count
        guard check.departures.isEmpty else {
            headline = "Not compared with the pinned values of its profile: its settings are others"
            (kind, sign, lines) = ("open", "?", check.departures)
            return
        }
        guard there > 0 else { return nil }
        let isWithin = check.moved.isEmpty
        headline =
            "Within the expected spread: \(isWithin ? "yes" : "no"), \(there - check.moved.count) of \(there) pinned values"
        (kind, sign) = isWithin ? ("holds", "✓") : ("not", "✗")
        lines = check.moved + (check.absent.isEmpty ? [] : ["\(check.absent.count) pinned values were not measured"])
    }
}

extension TableView {
    /// The tables of a run that have rows.
    static func all(of shown: Shown, in folder: RunFolder) throws -> [TableView] {
        try shown.shows.tables.compactMap { declaration in
            let table = try shown.table(declaration)
            guard !table.rows.isEmpty else { return nil }
            let file = "tables/\(declaration.name).md"
            let isThere = FileManager.default.fileExists(atPath: folder.url.appendingPathComponent(file).path)
            return TableView(declaration, table, file: isThere ? file : nil)
        }
    }
}

extension FigureView {
    /// The charts of a run, with links to their files that are there.
    static func charts(of shown: Shown, in folder: RunFolder) throws -> [FigureView] {
        try shown.shows.charts.flatMap { declaration in
            try shown.charts(declaration).map { name, chart in
                let kinds = [("png", "PNG"), ("svg", "SVG"), ("tsv", "data"), ("gp", "script")]
                let links = kinds.compactMap { ending, label -> Link? in
                    let file = "\(name).\(ending)"
                    let url = folder.pictures.appendingPathComponent(file)
                    return FileManager.default.fileExists(atPath: url.path)
                        ? Link(address: "pictures/\(file)", name: label) : nil
                }
                return FigureView(name, chart, links: links)
            }
        }
    }

    /// The sheets that lie in a folder of pictures, with the titles and captions that they were declared with.
    ///
    /// - Parameter address: what stands before their names on the page.
    static func sheets(of shown: Shown, in folder: URL, address: String) -> [FigureView] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
            .filter { $0.hasSuffix(".png") && !$0.hasPrefix(".") }.map { String($0.dropLast(4)) }.sorted()
        return shown.shows.sheets.flatMap { declaration in
            names.compactMap { name -> FigureView? in
                // Of names that begin alike the longest is meant.
                let owner = shown.shows.sheets.filter { name == $0.name || name.hasPrefix($0.name + "-") }
                    .max { $0.name.count < $1.name.count }
                guard owner?.name == declaration.name else { return nil }
                let rest = name.dropFirst(declaration.name.count + 1)
                let part = declaration.each.count == 1 ? "\(declaration.each[0]) = \(rest)" : String(rest)
                return FigureView(
                    name, title: declaration.title + (rest.isEmpty ? "" : ": \(part)"), caption: declaration.caption,
                    picture: folder.appendingPathComponent(name + ".png"), address: "\(address)\(name).png")
            }
        }
    }
}

extension SettingsView {
    /// A run's settings beside those of the profile `paper`, or of its own profile where it has no such, as it is now.
    init<R: Replication>(_ plan: Plan<R>, _ profiles: Profiles) throws {
        let known = profiles.summaries.map(\.name)
        let name = ["paper", plan.request.profile].first(where: known.contains)
        let theirs = try name.map { try Profiles.values(profiles.configuration(R.Configuration.self, profile: $0)) }
        own = "this run (\(plan.request.profile))"
        other = name.map { "profile \($0)" }
        rows = profiles.meanings.compactMap { key, meaning in
            guard let value = plan.values[key] else { return nil }
            let beside = theirs.map { $0[key]?.description ?? "–" }
            return SettingView(
                key: key, own: value.description, other: beside,
                differs: beside.map { $0 != value.description } ?? false,
                meaning: meaning)
        }
        let differing = rows.count { $0.differs }
        summary = "\(rows.count) settings" + (name.map { ", \(differing) other than in the profile \($0)" } ?? "")
        isShort = rows.count <= 16
    }
}

extension FactView {
    /// What `run.json` says, and the cells' times.
    static func record(_ record: RunRecord, _ shown: Shown) -> [FactView] {
        let timings = shown.records.compactMap(\.timing)
        let processors = Set(timings.map(\.processor)).filter { !$0.isEmpty }.sorted()
        let commits = Set(timings.map(\.commit)).subtracting([record.commit]).filter { !$0.isEmpty }.sorted()
        let seconds = timings.reduce(0) { $0 + $1.wallSeconds }
        let facts: [(String, String)] = [
            ("replication", record.replication), ("profile", record.profile), ("seed", "\(record.seed)"),
            ("cells", "\(shown.records.count)"), ("threads a cell", "\(record.threadsPerCell)"),
            ("device", record.device ?? "cpu"), ("commit", record.commit),
            ("other commits that ended cells", commits.joined(separator: ", ")),
            (
                "libraries",
                record.libraries.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
            ),
            ("processors", processors.joined(separator: "; ")),
            ("wall time of all cells", timings.isEmpty ? "" : String(format: "%.0f s", seconds)),
        ]
        let data = (record.data ?? [:]).sorted { $0.key < $1.key }.map { ("SHA-256 of \($0.key)", $0.value) }
        return (facts + data).filter { !$0.1.isEmpty }.map { FactView(name: $0.0, value: $0.1) }
    }
}

extension CommandView {
    /// How a run is made again, and what can be done with it; `address` is its folder.
    static func commands<R: Replication>(
        of plan: Plan<R>, _ profiles: Profiles, address: String
    ) throws -> [CommandView] {
        let (name, profile) = (plan.replication.name, plan.request.profile)
        let isKnown = profiles.summaries.contains { $0.name == profile }
        let theirs =
            isKnown ? try Profiles.values(profiles.configuration(R.Configuration.self, profile: profile)) : [:]
        let overrides = plan.values.sorted { $0.key < $1.key }.filter { theirs[$0.key] != $0.value && isKnown }
            .map { " --set \(quoted("\($0.key)=\($0.value)"))" }.joined()
        let folder = quoted(address), program = ".build/release/replicate"
        return [
            CommandView(
                command:
                    "\(program) run \(name) --profile \(profile) --seed \(plan.seed) --threads \(plan.threadsPerCell)\(overrides) --output again",
                meaning: "runs it again"),
            CommandView(
                command: "\(program) check \(name) --run \(folder)", meaning: "compares it with the pinned values"),
            CommandView(command: "\(program) table \(folder)", meaning: "makes its tables and pictures anew"),
            CommandView(command: "\(program) report \(folder) again", meaning: "puts both beside each other"),
        ]
    }

    /// A word of the shell.
    static func quoted(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_./=,:+@%".unicodeScalars.contains($0))
        }
        return plain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
