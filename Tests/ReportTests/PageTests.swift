import Experiments
import Figures
import Foundation
import NoisyQuadratic
import Report
import RunSupport
import Testing

/// The noisy quadratic with names that mean something in HTML.
private func marked() -> NoisyQuadratic {
    var replication = NoisyQuadratic()
    replication.declarations.shows = """
        tables:
          - name: losses
            title: "<i>losses</i> & 'more'"
            caption: "the \\"least\\" <b>"
            rows: [method, curvature]
            columns: [{metric: loss, title: "</table>", decimals: 4}]
        charts:
          - {name: loss, title: "<svg> & chart", x: {by: iteration}, lines: [{metric: loss, by: [method, curvature]}]}
        sheets:
          - {name: points, title: "<img> points", caption: "by \\"x\\" <u>", pictures: [x], rows: [method], columns: [curvature]}
        """
    replication.declarations.claims = """
        claims:
          - name: low
            claim: The <em>loss</em> is low & stays so.
            source: A "note"
            place: p. <1>
            run: reference
            verdict: undecided
            parts: [{setting: "plain <c>", metric: loss, where: {method: plain, curvature: 1}, below: 99, paper: 3}]
        """
    return replication
}

private func plan(
    _ replication: NoisyQuadratic, _ folder: URL, _ change: (inout RunRequest) throws -> Void = { _ in }
) throws -> Plan<NoisyQuadratic> {
    var request = RunRequest(profile: "smoke", threads: 1)
    request.output = folder
    try change(&request)
    return try Plan(replication, request)
}

/// A page's text, with its lines joined: where one ends means nothing to a browser.
private func page(_ url: URL) throws -> String {
    try String(contentsOf: url, encoding: .utf8).replacing("\n", with: " ")
}

/// The values of an attribute of all elements of a name.
private func attributes(_ name: String, of element: String, in html: String) -> [String] {
    html.matches(of: try! Regex("<\(element) [^>]*?\(name)=\"([^\"]*)\"", as: (Substring, Substring).self))
        .map { String($0.1) }
}

private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error)" }
    return "none"
}

@Suite struct PageTests {
    @Test func aRunsPageShowsAllOfItInOneFile() throws {
        try withFolder { folder in
            let plan = try plan(NoisyQuadratic(), folder)
            let records = try run(plan)
            let html = try page(RunReport.write(plan))
            #expect(html.hasPrefix("<!DOCTYPE html>") && !html.contains("http-equiv"))
            // Style and script are in it; nothing is asked of elsewhere.
            #expect(html.contains("function sortTable") && html.contains("prefers-color-scheme: dark"))
            #expect(attributes("src", of: "script", in: html).isEmpty)
            #expect(!html.contains("src=\"http") && !html.contains("<link rel=\"stylesheet\""))
            // Every measurement has a row; every key of the configuration too.
            let found = records.flatMap(\.measurements).count
            #expect(html.contains("class=\"sortable\""))
            let rows = try #require(html.firstMatch(of: /(?s)class="sortable".*?<\/table>/))
            #expect(rows.0.components(separatedBy: "<tr>").count - 2 >= found)
            for key in ["dimension", "iterations", "learningRate"] {
                #expect(html.contains("<th scope=\"row\">\(key)</th>"))
            }
            #expect(html.contains("<svg class=\"chart\"") && html.contains("--profile smoke --seed 1 --threads 1"))
            #expect(html.contains("<dt>commit</dt><dd>test</dd>"))
            // The same run has the same page.
            #expect(try page(RunReport.write(plan)) == html)
        }
    }

    @Test func namesAreTextAndPicturesHaveOne() throws {
        try withFolder { folder in
            let plan = try plan(marked(), folder)
            try run(plan)
            let html = try page(RunReport.write(plan))
            for tag in ["<i>", "<b>", "<u>", "<em>loss", "<img>", "<svg>", "<1>", "<c>"] {
                #expect(!html.contains(tag), "\(tag)")
            }
            for text in [
                "&lt;i&gt;losses&lt;/i&gt; &amp; &#39;more&#39;", "the &quot;least&quot; &lt;b&gt;", "&lt;/table&gt;",
                "The &lt;em&gt;loss&lt;/em&gt; is low &amp; stays so.", "A &quot;note&quot;, p. &lt;1&gt;",
                "plain &lt;c&gt;",
            ] {
                #expect(html.contains(text), "\(text)")
            }
            let pictures = html.components(separatedBy: "<img ").dropFirst()
            #expect(
                pictures.count == 1 || !FileManager.default.fileExists(atPath: folder.path + "/pictures/points.png"))
            for picture in pictures {
                #expect(picture.contains("alt=\"&lt;img&gt; points. by &quot;x&quot; &lt;u&gt;\""))
            }
            let charts = html.components(separatedBy: "<svg class=\"chart\"").dropFirst()
            #expect(
                charts.count == 1
                    && charts.allSatisfy { $0.contains("aria-label=\"Line chart: &lt;svg&gt; &amp; chart.") })
        }
    }

    @Test func aRunInPartSaysSo() throws {
        try withFolder { folder in
            let first = try plan(NoisyQuadratic(), folder) { $0.selection = try CellSelection("1,3") }
            try run(first)
            #expect(try page(RunReport.write(first)).contains("2 of 4 cells have ended"))
            let going = try page(RunReport.write(first, isGoing: true))
            #expect(going.contains("<meta http-equiv=\"refresh\" content=\"20\">"))
            // One that has ended does not load itself again, whoever says that it goes on.
            let rest = try plan(NoisyQuadratic(), folder) { $0.resume = true }
            try run(rest)
            let whole = try page(RunReport.write(rest, isGoing: true))
            #expect(!whole.contains("cells have ended") && !whole.contains("http-equiv"))
        }
    }

    @Test func aRunOfNothingHasAPage() throws {
        try withFolder { folder in
            let plan = try plan(NoisyQuadratic(), folder) { $0.selection = try CellSelection("1") }
            try run(plan)
            for name in ["measurements.csv", "timing.csv", "metrics.jsonl", "cells"] {
                try FileManager.default.removeItem(at: folder.appendingPathComponent(name))
            }
            let html = try page(RunReport.write(plan))
            #expect(html.contains("0 of 4 cells have ended") && html.contains("0 measurements"))
        }
    }

    @Test func aDamagedRunIsNamedAndItsPageStays() throws {
        try withFolder { folder in
            let plan = try plan(NoisyQuadratic(), folder)
            try run(plan)
            let html = try page(RunReport.write(plan))
            let file = folder.appendingPathComponent("measurements.csv")
            try Data(contentsOf: file).dropLast(9).write(to: file)
            #expect(message { try RunReport.write(plan) }.hasPrefix("\(file.path)"))
            #expect(try page(plan.folder.report) == html)
        }
    }

    @Test func twoRunsStandBesideEachOther() throws {
        try withFolder { folder in
            let a = try plan(NoisyQuadratic(), folder.appendingPathComponent("one"))
            let b = try plan(NoisyQuadratic(), folder.appendingPathComponent("two <2>")) {
                $0.overrides = [try Override("learningRate=0.2")]
            }
            let (first, second) = (try run(a), try run(b))
            let html = try page(ComparisonReport.write(a, b, into: folder))
            #expect(html.contains("<td>learningRate</td>") && !html.contains("<td>iterations</td>"))
            #expect(html.contains("two &lt;2&gt; − one") && !html.contains("<2>"))
            let values = [first, second].map { $0[0].value("loss")! }
            for value in values + [values[1] - values[0]] {
                #expect(html.contains(String(format: "%.4f</", value)), "\(value)")
            }
            // Lines of both, in one chart.
            #expect(html.contains("plain, curvature = 1, one") && html.contains("plain, curvature = 1, two &lt;2&gt;"))
            for address in attributes("src", of: "img", in: html) {
                let path = address.removingPercentEncoding!
                #expect(FileManager.default.fileExists(atPath: folder.appendingPathComponent(path).path), "\(path)")
            }
        }
    }

    @Test func aSiteLinksToWhatIsThere() throws {
        try withFolder { folder in
            var replication = marked()
            replication.declarations.shows = NoisyQuadratic.shows
            let results = folder.appendingPathComponent("results/noisy-quadratic")
            try run(plan(replication, results.appendingPathComponent("reference")))
            // A user's own.
            try run(plan(replication, results.appendingPathComponent("smoke-seed1")))
            let sources = folder.appendingPathComponent("Replications/NoisyQuadratic")
            try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
            try Data("# x\n\n## Departures\n\n1. The sign <b>.\n".utf8).write(
                to: sources.appendingPathComponent("README.md"))
            let site = folder.appendingPathComponent("site")
            let index = try Site(
                [replication], results: folder.appendingPathComponent("results"),
                sources: folder.appendingPathComponent("Replications"), into: site
            ).write()
            #expect(index.path == site.appendingPathComponent("index.html").path)
            let pages = FileManager.default.enumerator(atPath: site.path)!.compactMap { $0 as? String }
                .filter { $0.hasSuffix(".html") }.sorted()
            #expect(pages == ["index.html", "noisy-quadratic.html", "runs/noisy-quadratic/reference/report.html"])
            for name in pages {
                let (html, place) = (try page(site.appendingPathComponent(name)), site.appendingPathComponent(name))
                let links =
                    attributes("href", of: "a", in: html) + attributes("href", of: "link", in: html)
                    + attributes("src", of: "img", in: html) + attributes("src", of: "script", in: html)
                #expect(!links.isEmpty)
                for link in links where !link.hasPrefix("#") && !link.hasPrefix("data:") {
                    let file = place.deletingLastPathComponent().appendingPathComponent(
                        String(link.split(separator: "#")[0]))
                    #expect(FileManager.default.fileExists(atPath: file.path), "\(name): \(link)")
                }
            }
            let own = try page(site.appendingPathComponent("noisy-quadratic.html"))
            #expect(
                own.contains("<li>The sign &lt;b&gt;.</li>") && own.contains("judged on the run <em>reference</em>"))
            let first = try page(index)
            #expect(first.contains("noisy-quadratic.html#claim-low") && first.contains("undecided"))
        }
    }

    @Test func aSiteNeedsResults() {
        let nowhere = URL(fileURLWithPath: "/nowhere/results")
        let site = Site([], results: nowhere, sources: nowhere, into: nowhere)
        #expect(message { _ = try site.write() }.hasPrefix("/nowhere/results: is no folder of results"))
    }
}
