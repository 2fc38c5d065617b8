import Foundation
import Testing

/// `replicate report`, and the page that `run` writes; as processes.
@Suite final class ReportCommandTests {
    let folder: URL

    init() throws { folder = try temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func run(_ name: String, _ options: [String] = []) throws -> String {
        let path = folder.appendingPathComponent(name).path
        let outcome = try Fixture.run(
            ["run", "noisy-quadratic", "--profile", "smoke", "--output", path] + options, in: folder)
        #expect(outcome.code == 0 && outcome.output.contains("report: \(path)/report.html\n"), "\(outcome)")
        #expect(FileManager.default.fileExists(atPath: path + "/report.html"))
        return path
    }

    @Test func pagesOfOneRunAndOfTwo() throws {
        let (a, b) = (try run("a"), try run("b", ["--seed", "2"]))
        let other = folder.appendingPathComponent("pages").path
        for (arguments, page) in [
            ([a], a + "/report.html"), ([a, "-o", other], other + "/report.html"), ([a, b], a + "/comparison.html"),
            ([a, b, "--output", other], other + "/comparison.html"),
        ] {
            let outcome = try Fixture.run(["report"] + arguments, in: folder)
            #expect(outcome.code == 0 && outcome.output == "report: \(page)\n", "\(outcome)")
            #expect(try String(contentsOfFile: page, encoding: .utf8).contains("</html>"))
        }
        // What the page shows is beside it.
        #expect(FileManager.default.fileExists(atPath: other + "/measurements.csv"))
    }

    @Test func runsOfDifferentReplicationsAreRefused() throws {
        let (a, b) = (try run("a"), try run("b"))
        let record = try String(contentsOfFile: b + "/run.json", encoding: .utf8)
        try record.replacingOccurrences(of: "noisy-quadratic", with: "another").write(
            toFile: b + "/run.json", atomically: true, encoding: .utf8)
        let outcome = try Fixture.run(["report", a, b], in: folder)
        #expect(outcome.code == 2)
        #expect(
            outcome.messages
                == "error: \(a) is a run of noisy-quadratic, \(b) is one of another: they have nothing to compare\n  name two runs of one replication\n"
        )
        let three = try Fixture.run(["report", a, a, a], in: folder)
        #expect(three.code == 64 && three.messages.contains("3 runs are named, expected one, two"))
        let none = try Fixture.run(["report", folder.appendingPathComponent("none").path], in: folder)
        #expect(none.code == 2 && none.messages.contains("is no run folder: it has no run.json"))
        let nowhere = try Fixture.shell("cd '\(folder.path)' && \"$0\" report", [], in: folder)
        #expect(nowhere.code == 2 && nowhere.messages.contains("results: is no folder of results"), "\(nowhere)")
    }

    /// While cells are run the page loads itself again; it does not once the run has stopped.
    @Test func thePageOfARunThatGoesOnRefreshesItself() throws {
        let path = folder.appendingPathComponent("a").path, page = path + "/report.html"
        let going = try Fixture(
            ["run", "noisy-quadratic", "--profile", "smoke", "--output", path], in: folder,
            environment: ["FIXTURE_DELAY": "0.05"])
        wait(for: "no page was written") { FileManager.default.fileExists(atPath: page) }
        let first = try String(contentsOfFile: page, encoding: .utf8)
        #expect(first.contains("0 of 4 cells have ended") && first.contains("http-equiv=\"refresh\""))
        kill(going.process.processIdentifier, SIGINT)
        #expect(try going.wait().code == 130)
        let stopped = try String(contentsOfFile: page, encoding: .utf8)
        #expect(stopped.contains("0 of 4 cells have ended") && !stopped.contains("http-equiv=\"refresh\""))
    }
}
