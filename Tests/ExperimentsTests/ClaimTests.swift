import Experiments
import Foundation
import NoisyQuadratic
import Testing

/// The losses 0.9, 1 and 1.1 of one method, from three seeds; 5 of another, from one; a third that diverged once.
private let measurements: Measurements = {
    func row(_ method: String, _ seed: UInt64, _ value: Double) -> Experiments.Measurement {
        Measurement(labels: ["method": method], seed: seed, metric: "loss", value: value)
    }
    var all = Measurements([
        row("three", 1, 0.9), row("three", 2, 1), row("three", 3, 1.1), row("one", 1, 5), row("part", 1, 0),
        row("part", 2, 0),
    ])
    all.append(
        Measurement(labels: ["method": "part"], seed: 3, metric: "divergedAt", value: 7, status: "diverged: loss"))
    return all
}()

private func judgement(_ parts: String...) throws -> Judgement {
    let rows = parts.map { "      - {setting: s, metric: loss, where: {method: \($0)}" }.joined(separator: "\n")
    let text = "claims:\n  - name: c\n    claim: stated\n    source: a paper\n    place: Table 1\n    run: reference\n"
    let claims = try Claim.read(
        text + "    verdict: holds\n    parts:\n" + rows, place: "claims.yaml", vocabulary: .suite)
    return try Judgement(claims[0], measurements, place: "claims.yaml")
}

@Suite struct ClaimTests {
    /// The mean is 1, its standard error 0.1/√3, and Student's factor for two degrees of freedom 4.303: 0.752 to 1.248.
    @Test func aPartIsJudgedByTheIntervalOverSeeds() throws {
        let found = try judgement(
            "three}, below: 1.3", "three}, below: 1.1", "three}, below: 0.7", "three}, above: 0.7, below: 1.3",
            "three}, above: 1.3",
            "one}, below: 9", "part}, below: 9")
        #expect(found.evidence.map(\.holds) == [true, nil, false, true, false, nil, nil])
        let interval = try #require(found.evidence[0].interval)
        #expect(abs(interval.lowerBound - 0.7516) < 1e-4 && abs(interval.upperBound - 1.2484) < 1e-4)
        #expect(found.evidence[5].text == "s: 5 (1 seed), below 9: undecided")
        #expect(found.evidence[6].text == "s: 0 ± 0 (2 seeds, 1 diverged), below 9: undecided")
        let paper = try judgement("three}, below: 1.3, paper: 1.25").evidence[0]
        #expect(paper.text == "s: 1 ± 0.1 (3 seeds), below 1.3: yes; paper 1.25, -2.5 s.d. from it", "\(paper.text)")
        // From tables of the t distribution.
        for (freedom, factor) in [(1, 12.706), (10, 2.228), (11, 2.201), (20, 2.086), (120, 1.980)] {
            #expect(abs(Judgement.Evidence.studentFactor(freedom) - factor) < 0.01)
        }
    }

    @Test func partsMakeAVerdict() throws {
        let (yes, no, open) = ("three}, below: 1.3", "three}, below: 0.7", "one}, below: 9")
        #expect(try judgement(yes, yes).verdict == .holds)
        #expect(try judgement(no, no).verdict == .doesNotHold)
        #expect(try judgement(yes, no).verdict == .holdsInPart)
        #expect(try judgement(yes, no, open).verdict == .holdsInPart)
        #expect(try judgement(yes, open).verdict == .undecided)
        #expect(try judgement(no, open).verdict == .undecided)
    }

    @Test func aFaultInAClaimIsNamed() {
        func fault(_ part: String, _ more: String = "run: reference", metric: String = "loss") -> String {
            ExperimentsTests.fault {
                _ = try Claim.read(
                    "claims: [{name: c, claim: c, source: s, place: p, verdict: holds, \(more), parts: [{setting: s, metric: \(metric)\(part)}]}]",
                    place: "claims.yaml", vocabulary: .suite)
            }
        }
        #expect(fault(", below: 1") == "none")
        #expect(fault("").contains("needs 'below', 'above' or both"))
        #expect(fault(", below: 1, statistic: median").contains("a claim is judged by the mean over seeds"))
        #expect(
            fault(", below: 1", metric: "lss").hasPrefix("unknown metric 'lss' in claims.yaml; the nearest is 'loss'"))
        #expect(fault(", below: 1, bellow: 2").contains("unknown key 'bellow'; the nearest is 'below'"))
        #expect(fault(", below: 1", "missing: a GPU").contains("a claim has 'run' and 'parts', or 'missing'"))
        #expect(fault(", below: 1", "verdict: perhaps, run: a").contains("claims"))
    }

    /// `claims` prints what comes of them, and `check` compares it with what is written down.
    @Test func commandsJudgeTheRunsAtHand() throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func claims(_ bound: String, _ verdict: String) -> [String: String] {
            [
                "FIXTURE_CLAIMS":
                    "claims: [{name: low, claim: the loss is low, source: a note, place: p. 1, run: reference, verdict: \(verdict), parts: [{setting: plain, metric: loss, where: {method: plain, curvature: 1}, \(bound)}]}]",
                "FIXTURE_EXPECTED":
                    "values: [{metric: loss, where: {method: plain, curvature: 1}, profile: smoke, reference: 0, spread: 0, tolerance: 99, why: w}]",
            ]
        }
        let absent = try Fixture.run(["claims"], in: folder, environment: claims("below: 99", "holds"))
        #expect(
            absent.code == 0 && absent.output.contains("| the loss is low | a note, p. 1 | not tested |"), "\(absent)")
        let run = ["run", "noisy-quadratic", "--profile", "smoke", "--output", "results/noisy-quadratic/reference"]
        let fixture = try Fixture.shell(
            "cd '\(folder.path)' && \"$0\" \"$@\"", run, in: folder, environment: claims("below: 99", "undecided"))
        #expect(fixture.code == 0, "\(fixture.messages)")
        // A run ends with what it says of both.
        #expect(
            fixture.output.contains(
                "within the expected spread: yes (1 of 1 pinned values)\nwhat this run alone says of the papers' claims:\n  low: undecided\n    plain: "
            ), "\(fixture.output)")
        func outcome(_ command: [String], _ bound: String, _ verdict: String) throws -> Outcome {
            try Fixture.shell(
                "cd '\(folder.path)' && \"$0\" \"$@\"", command, in: folder, environment: claims(bound, verdict))
        }
        // One seed decides nothing.
        let one = try outcome(["claims", "--evidence"], "below: 99", "undecided")
        #expect(
            one.output.contains("low: undecided\n  plain: ") && one.output.contains("1 claim: 1 undecided"), "\(one)")
        #expect(try outcome(["check", "noisy-quadratic"], "below: 99", "undecided").code == 0)
        let moved = try outcome(["check", "noisy-quadratic"], "below: 99", "holds")
        #expect(moved.code == 1 && moved.messages.contains("moved: claim 'low' is undecided, was holds\n"), "\(moved)")
        #expect(moved.output.contains("1 of 1 pinned values ok; 1 claim: 1 undecided"))
    }
}
