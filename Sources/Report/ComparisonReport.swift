import Experiments
import Figures
import Foundation

/// The page of two runs of one replication beside each other, `comparison.html`.
public enum ComparisonReport {
    /// Writes the page into a folder that is there; where it is.
    ///
    /// - Throws: `RunError` where a file of a run is damaged, or the page cannot be written.
    @discardableResult
    public static func write<R: Replication>(_ a: Plan<R>, _ b: Plan<R>, into folder: URL) throws -> URL {
        let view = try ComparisonView(a, b, seenFrom: folder)
        let page = Pages.render(
            "comparison", view, title: "\(view.name): \(view.a) and \(view.b)", assets: .inline)
        let file = folder.appendingPathComponent("comparison.html")
        try atomically(replacing: file, by: Data(page.utf8))
        return file
    }
}

/// What the page of two runs shows.
struct ComparisonView: Sendable {
    let name: String, summary: String, a: String, b: String
    let claims: [ClaimPair], hasClaims: Bool
    let settingsHTML: String?, agreeing: String
    let tables: [TableView], charts: [FigureView], pictures: [PicturePair]
    let hasCharts: Bool, hasPictures: Bool
    let note: String

    /// A claim that a run bears on.
    struct ClaimPair: Sendable {
        let claim: String, source: String, place: String, badgeA: Badge?, badgeB: Badge?, evidenceHTML: String
    }

    struct PicturePair: Sendable {
        let title: String, panels: [FigureView]
    }

    init<R: Replication>(_ first: Plan<R>, _ second: Plan<R>, seenFrom folder: URL) throws {
        let names = Self.names(first.folder, second.folder)
        (name, summary, a, b) = (first.replication.name, HTML.sentence(first.replication.summary), names.a, names.b)
        let (shownA, shownB) = (try first.shown(), try second.shown())
        let pair = RunPair(shownA, shownB, names: names)
        claims = Self.claims(try first.verdict().judgements, try second.verdict().judgements, names)
        (settingsHTML, agreeing) = Self.settings(first, second, names)
        tables = try shownA.shows.tables.compactMap { declaration in
            let table = try pair.table(declaration)
            return table.rows.isEmpty ? nil : TableView(declaration, table, file: nil)
        }
        charts = try shownA.shows.charts.flatMap(pair.charts).map { FigureView($0.name, $0.chart) }
        let panels = [(first, shownA, names.a), (second, shownB, names.b)].map { plan, shown, run in
            FigureView.sheets(
                of: shown, in: plan.folder.pictures, address: webAddress(of: plan.folder.pictures, from: folder) + "/"
            ).map { sheet in (sheet, run) }
        }
        pictures = panels[0].compactMap { sheet, run in
            guard let (other, otherRun) = panels[1].first(where: { $0.0.id == sheet.id }) else { return nil }
            return PicturePair(title: sheet.title, panels: [sheet.labelled(run), other.labelled(otherRun)])
        }
        (hasClaims, hasCharts, hasPictures) = (!claims.isEmpty, !charts.isEmpty, !pictures.isEmpty)
        note = pair.note
    }

    /// What the runs are called: their folders' names, told apart where they are the same.
    private static func names(_ a: RunFolder, _ b: RunFolder) -> (a: String, b: String) {
        let (one, two) = (a.url.lastPathComponent, b.url.lastPathComponent)
        return one == two ? ("\(one) (first)", "\(two) (second)") : (one, two)
    }

    private static func claims(
        _ a: [Judgement], _ b: [Judgement], _ names: (a: String, b: String)
    ) -> [ClaimPair] {
        let all = a + b.filter { other in !a.contains { $0.claim.name == other.claim.name } }
        return all.map { judgement in
            let claim = judgement.claim
            let (one, two) = (
                a.first { $0.claim.name == claim.name }, b.first { $0.claim.name == claim.name }
            )
            let rows = claim.parts.compactMap { part -> [String]? in
                func found(_ judgement: Judgement?) -> Judgement.Evidence? {
                    judgement?.evidence.first { $0.part.setting == part.setting }
                }
                let (mine, theirs) = (found(one), found(two))
                guard let any = mine ?? theirs else { return nil }
                return [part.setting, mine?.value ?? "–", theirs?.value ?? "–", part.bounds, any.paper]
            }
            let table = Table(columns: ["setting", names.a, names.b, "holds where", "paper"], rows: rows)
            return ClaimPair(
                claim: claim.claim, source: claim.source, place: claim.place, badgeA: one.map { Badge($0.verdict) },
                badgeB: two.map { Badge($0.verdict) }, evidenceHTML: HTML.table(table, name: "Evidence: \(claim.claim)")
            )
        }
    }

    /// The settings in which the runs differ, and how many agree.
    private static func settings<R: Replication>(
        _ a: Plan<R>, _ b: Plan<R>, _ names: (a: String, b: String)
    ) -> (html: String?, agreeing: String) {
        let own: [(String, String, String)] = [
            ("profile", a.request.profile, b.request.profile), ("seed", "\(a.seed)", "\(b.seed)"),
            ("threads a cell", "\(a.threadsPerCell)", "\(b.threadsPerCell)"),
        ]
        let keys = Set(a.values.keys).union(b.values.keys).sorted()
        let all = own + keys.map { ($0, a.values[$0]?.description ?? "–", b.values[$0]?.description ?? "–") }
        let differing = all.filter { $0.1 != $0.2 }
        let html =
            differing.isEmpty
            ? nil
            : HTML.table(
                Table(columns: ["setting", names.a, names.b], rows: differing.map { [$0.0, $0.1, $0.2] }),
                name: "Settings that differ", kind: "settings")
        return (html, "\(all.count - differing.count) of \(all.count) settings agree.")
    }
}

extension FigureView {
    /// The same under the name of its run.
    fileprivate func labelled(_ run: String) -> FigureView {
        var copy = self
        (copy.title, copy.alt) = (run, "\(run): \(alt)")
        return copy
    }
}

/// Two runs whose measurements are told apart by a label, so that what is declared of one run shows both.
struct RunPair {
    let a: Shown, b: Shown
    let names: (a: String, b: String)
    /// The label's key, and the name of the differences under it.
    private let key: String, difference: String

    init(_ a: Shown, _ b: Shown, names: (a: String, b: String)) {
        (self.a, self.b, self.names) = (a, b, names)
        let taken = Set(a.measurements.labelKeys + b.measurements.labelKeys)
        key = taken.contains("run") ? "compared run" : "run"
        difference = "\(names.b) − \(names.a)"
    }

    /// How differences are made.
    var note: String {
        let seeds = [a, b].map { Set($0.records.map(\.cell.seed)) }
        return seeds[0].isDisjoint(with: seeds[1])
            ? "The runs share no seed: the first of the one is paired with the first of the other, and so on."
            : "Differences are taken seed by seed."
    }

    private func labelled(_ rows: [Measurement], _ name: String) -> [Measurement] {
        rows.map { row in
            var row = row
            row.labels[key] = name
            return row
        }
    }

    /// The measurements of both runs and their differences, those of one setting and read-out together.
    private var measurements: Measurements {
        struct Place: Hashable { let labels: Labels, readOut: [String: String] }
        var order: [Place] = []
        var rows: [Place: (a: [Measurement], b: [Measurement])] = [:]
        for (isSecond, shown) in [(false, a), (true, b)] {
            for row in shown.measurements.rows {
                let place = Place(labels: row.labels, readOut: row.readOut)
                if rows[place] == nil { order.append(place) }
                if isSecond {
                    rows[place, default: ([], [])].b.append(row)
                } else {
                    rows[place, default: ([], [])].a.append(row)
                }
            }
        }
        return Measurements(
            order.flatMap { place in
                let (own, other) = rows[place]!
                return labelled(own, names.a) + labelled(other, names.b) + labelled(differences(own, other), difference)
            })
    }

    /// Second less first, by seed, or in the order of the seeds where they share none.
    private func differences(_ a: [Measurement], _ b: [Measurement]) -> [Measurement] {
        let finished = [a, b].map { rows in
            Dictionary(grouping: rows.filter { $0.status == Measurement.finished }, by: \.metric)
        }
        return finished[0].keys.sorted().flatMap { metric -> [Measurement] in
            let (own, other) = (finished[0][metric]!, finished[1][metric] ?? [])
            let shared = own.compactMap { row in other.first { $0.seed == row.seed }.map { (row, $0) } }
            return (shared.isEmpty ? Array(zip(own, other)) : shared).map { mine, theirs in
                var row = theirs
                (row.value, row.error) = (theirs.value - mine.value, nil)
                return row
            }
        }
    }

    /// A declared table with a row for each run, and one for their difference. Ratios and slopes have no difference.
    func table(_ declaration: TableDeclaration) throws -> Table {
        var own = declaration
        own.rows.append(key)
        own.within?.append(key)
        for index in own.controls.indices { own.controls[index].by.append(key) }
        var table = try own.table(measurements, a.shows.vocabulary, place: "the tables of two runs")
        guard let place = table.columns.firstIndex(of: key) else { return table }
        for row in table.rows.indices where table.rows[row][place] == difference {
            // The numbers stand after the run. What is least or greatest of differences is not the best.
            for column in (place + 1)..<table.columns.count {
                let isRatio = isRatio(table.columns[column], declaration)
                table.rows[row][column] = isRatio ? "" : table.rows[row][column].replacing("**", with: "")
            }
        }
        return table
    }

    private func isRatio(_ heading: String, _ declaration: TableDeclaration) -> Bool {
        declaration.columns.contains { column in
            (column.query.over != nil || column.query.slope != nil) && column.title == heading
        }
    }

    /// A declared chart with the lines of both runs; without controls, which may differ.
    func charts(_ declaration: ChartDeclaration) throws -> [(name: String, chart: Chart)] {
        guard !declaration.isOfLogs || a.hasLogs && b.hasLogs else { return [] }
        var own = declaration
        own.controls = []
        own.lines = declaration.lines.flatMap { line -> [ChartDeclaration.Line] in
            guard let title = line.title else {
                var both = line
                both.by.append(key)
                return [both]
            }
            return [names.a, names.b].map { name in
                var one = line
                one.query.labels[key] = name
                one.title = "\(title), \(name)"
                return one
            }
        }
        let both = Measurements(labelled(a.measurements.rows, names.a) + labelled(b.measurements.rows, names.b))
        return try own.charts(both, a.shows.vocabulary, place: "the charts of two runs") { metric in
            labelled(try a.logged(metric), names.a) + labelled(try b.logged(metric), names.b)
        }
    }
}

/// A relative address of a file or folder on a page in another folder.
func webAddress(of file: URL, from folder: URL) -> String {
    relativePath(of: file, from: folder).addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? ""
}
