import Foundation

/// Makes anew the parts of a Markdown document that come from runs and claims.
///
/// A part stands between two lines, the first of which says what it is, and may be made again at any time:
///
/// ```markdown
/// <!-- claims rmwggis-cost -->
/// <!-- end -->
/// ```
///
/// | first line | what stands there |
/// | --- | --- |
/// | `claims NAME` | every claim of a replication's `claims.yaml` with its evidence and verdict |
/// | `table NAME RUN TABLE` | a table of the replication's `shows.yaml`, of the run `results/NAME/RUN` |
/// | `settings NAME PROFILE` | the profile's keys, their values, and what they mean |
/// | `summary` | for each source of claims how many hold, and the replications that test them |
package struct GeneratedParts {
    private let replications: [any Replication]
    private let results: URL

    /// - Parameters:
    ///   - replications: those that a part may name.
    ///   - results: the folder of runs, one in it for each replication.
    package init(_ replications: [any Replication], results: URL) {
        (self.replications, self.results) = (replications, results)
    }

    /// The document with every part made anew. `place`, the document's name, begins what is said of a fault.
    ///
    /// - Throws: `RunError` for a part that is no such thing or has no end, and for what it names and is not there.
    package func renew(_ document: String, place: String) throws -> String {
        var lines: [Substring] = []
        var open: (line: Int, part: [String])?
        for (index, line) in document.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let place = "\(place):\(index + 1)"
            switch (Self.marker(line), open) {
            case (nil, nil): lines.append(line)
            case (nil, .some): break
            case (["end"]?, nil): throw RunError("\(place): ends a part that has not begun")
            case (["end"]?, let begun?):
                lines += try part(begun.part, place: "\(place), <!-- \(begun.part.joined(separator: " ")) -->")
                    .split(separator: "\n", omittingEmptySubsequences: false)
                lines.append(line)
                open = nil
            case (let part?, nil):
                lines.append(line)
                open = (index + 1, part)
            case (.some, let begun?):
                throw RunError(
                    "\(place): a part begins inside that of line \(begun.line)", cure: "end it: <!-- end -->")
            }
        }
        if let open { throw RunError("\(place):\(open.line): the part has no end", cure: "end it: <!-- end -->") }
        return lines.joined(separator: "\n")
    }

    private static let kinds = ["claims", "table", "settings", "summary", "end"]

    /// The words of a line that is a marker; nil for any other line, other comments among them.
    private static func marker(_ line: Substring) -> [String]? {
        guard line.hasPrefix("<!-- "), line.hasSuffix(" -->") else { return nil }
        let words = line.dropFirst(5).dropLast(4).split(separator: " ").map(String.init)
        return words.first.map(kinds.contains) == true ? words : nil
    }

    private func part(_ words: [String], place: String) throws -> String {
        switch (words[0], words.count) {
        case ("summary", 1): return try summary().markdown
        case ("claims", 2): return try claimsTable(of: replication(words[1], place)).markdown
        case ("table", 4): return try table(words[3], of: replication(words[1], place), run: words[2], place)
        case ("settings", 3): return try settings(of: replication(words[1], place), profile: words[2])
        default:
            throw RunError(
                "\(place): is no part",
                cure: "those that are: claims NAME, table NAME RUN TABLE, settings NAME PROFILE, summary")
        }
    }

    private func replication(_ name: String, _ place: String) throws -> any Replication {
        guard let replication = replications.first(where: { $0.name == name }) else {
            throw unknownName("replication", name, in: place, among: replications.map(\.name))
        }
        return replication
    }

    private func claimsTable(of replication: some Replication) throws -> Table {
        let judgements = try replication.judgements(results: results)
        return Table(
            columns: ["#", "claim (source, place)", "setting here", "evidence", "verdict"],
            rows: judgements.enumerated().map { index, judgement in
                let claim = judgement.claim
                return [
                    "\(index + 1)", "\(claim.claim) (\(claim.source), \(claim.place))", claim.setting ?? "",
                    judgement.shortEvidence, "**\(judgement.verdict.rawValue)**",
                ]
            })
    }

    private func table<R: Replication>(_ name: String, of replication: R, run: String, _ place: String) throws -> String
    {
        let folder = RunFolder(results.appendingPathComponent("\(replication.name)/\(run)"))
        let plan = try Plan(replication, of: folder)
        guard let declaration = plan.shows.tables.first(where: { $0.name == name }) else {
            throw unknownName("table", name, in: place, among: plan.shows.tables.map(\.name))
        }
        let table = try declaration.table(
            Measurements(plan.records().withTimes), plan.shows.vocabulary, place: plan.shows.place)
        return "\(declaration.title), from `results/\(replication.name)/\(run)`:\n\n" + table.markdown
    }

    private func settings<R: Replication>(of replication: R, profile: String) throws -> String {
        let profiles = try Profiles(
            replication.declarations.profiles, place: "\(replication.name)/profiles.yaml")
        return try profiles.table(R.Configuration.self, profile: profile).markdown
    }

    /// A row a source, in the order in which the replications name them.
    private func summary() throws -> Table {
        var sources: [String] = []
        var judged: [String: [(page: String, verdict: Claim.Verdict)]] = [:]
        for replication in replications {
            let page = "[`\(replication.name)`](Replications/\(type(of: replication))/README.md)"
            for judgement in try replication.judgements(results: results) {
                let source = judgement.claim.source
                if judged[source] == nil { sources.append(source) }
                judged[source, default: []].append((page, judgement.verdict))
            }
        }
        return Table(
            columns: ["source", "claims", "hold", "in part", "do not", "undecided", "not tested", "pages"],
            rows: sources.map { source in
                let claims = judged[source]!
                let counts = Claim.Verdict.allCases.map { verdict in claims.count { $0.verdict == verdict } }
                var pages: [String] = []
                for claim in claims where !pages.contains(claim.page) { pages.append(claim.page) }
                return [source] + ([claims.count] + counts).map { "\($0)" } + [pages.joined(separator: ", ")]
            })
    }
}
