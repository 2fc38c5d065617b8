import Experiments
import Foundation
import NoisyQuadratic
import Testing

@Suite struct ConfigurationTests {
    private func configuration(
        _ profile: String, _ overrides: String..., text: String = NoisyQuadratic.smoke
    ) throws -> NoisyQuadratic.Configuration {
        try Profiles(text, place: "profiles.yaml").configuration(
            NoisyQuadratic.Configuration.self, profile: profile, overrides: overrides.map { try Override($0) })
    }

    @Test func aProfileTakesDefaultsThenItsOwnThenOverrides() throws {
        let text =
            "defaults: {dimension: 3, learningRate: 5e-4, curvatures: [1], start: zero}\n"
            + "a: {summary: one, iterations: 4, dimension: 8}"
        let plain = try configuration("a", text: text)
        #expect(plain.dimension == 8 && plain.iterations == 4 && plain.learningRate == 0.0005 && plain.start == .zero)
        let changed = try configuration(
            "a", "dimension=9", "curvatures=[2, 3.5]", "start=gaussian", "learningRate=1e-3", text: text)
        #expect(changed.dimension == 9 && changed.curvatures == [2, 3.5] && changed.start == .gaussian)
        #expect(changed.learningRate == 0.001 && changed.iterations == 4)
    }

    @Test func anUnknownNameIsAnsweredByTheNearestAndTheList() {
        let valid = "  valid: curvatures, dimension, iterations, learningRate, start"
        #expect(
            fault { _ = try configuration("smoke", "learningrte=1") } == """
                unknown key 'learningrte' in --set; the nearest is 'learningRate'
                  the keys, and what they mean:
                  dimension: how many coordinates
                  iterations: steps of gradient descent
                  learningRate: their size
                  curvatures: of the quadratic, a cell each
                  start: where x starts
                """)
        #expect(
            fault { _ = try configuration("smke") }
                == "unknown profile 'smke'; the nearest is 'smoke'\n  valid: smoke, long")
        #expect(
            fault { _ = try configuration("smoke", "start=gausian") }
                == "unknown start 'gausian'; the nearest is 'gaussian'\n  valid: zero, gaussian")
        let text = NoisyQuadratic.smoke + "\nextra: {summary: s, iterations: 3, dimesion: 4}"
        #expect(
            fault { _ = try configuration("extra", text: text) }
                == "unknown key 'dimesion' in profiles.yaml, profile 'extra'; the nearest is 'dimension'\n" + valid)
    }

    @Test func aNameThatIsNearNoneIsAnsweredByTheListAlone() {
        #expect(fault { _ = try configuration("foo") } == "unknown profile 'foo'\n  valid: smoke, long")
    }

    /// Nine levels of nine aliases each: a few hundred bytes that say 9⁹ times "x".
    @Test func anchorsAndAliasesAreRefused() {
        var text = "[&a0 [x,x,x,x,x,x,x,x,x]"
        for level in 1...9 {
            text += ", &a\(level) [" + [String](repeating: "*a\(level - 1)", count: 9).joined(separator: ",") + "]"
        }
        let expected = "YAML's anchors (&name) and aliases (*name) are not taken"
        #expect(fault { _ = try configuration("smoke", "curvatures=\(text)]") } == "--set curvatures: \(expected)")
        #expect(
            fault { _ = try Profiles("smoke: {summary: s, x: \(text)]}", place: "p.yaml") } == "p.yaml: \(expected)")
        #expect(
            fault { _ = try configuration("smoke", "curvatures=" + String(repeating: "[", count: 100_000)) }.hasPrefix(
                "--set: curvatures is '[[["))
    }

    @Test func settingsAreListedWithWhatTheyMean() throws {
        func table(_ text: String) throws -> Table {
            try Profiles(text, place: "p.yaml").table(NoisyQuadratic.Configuration.self, profile: "smoke")
        }
        let rows = try table(NoisyQuadratic.smoke).rows
        #expect(rows.count == 5 && rows[1] == ["iterations", "40", "steps of gradient descent"])
        let bare = NoisyQuadratic.smoke.replacingOccurrences(of: "  learningRate: their size\n", with: "")
        #expect(fault { _ = try table(bare) } == "p.yaml, settings: says nothing of the key 'learningRate'")
        let foreign = NoisyQuadratic.smoke.replacingOccurrences(of: "  start: where", with: "  begin: where")
        #expect(fault { _ = try table(foreign) }.hasPrefix("unknown key 'begin' in p.yaml, settings"))
    }

    @Test func seedsGoOnAtZeroAfterTheLargest() {
        #expect(consecutiveSeeds(3, from: .max - 1) == [.max - 1, .max, 0])
        #expect(consecutiveSeeds(2, from: 7) == [7, 8])
    }

    @Test func aValueOfTheWrongTypeIsNamedWithItsKeyAndTheRightType() {
        #expect(
            fault { _ = try configuration("smoke", "dimension=many") }
                == "--set: dimension is 'many', expected a whole number in range")
        #expect(
            fault { _ = try configuration("smoke", "dimension=2.5") }
                == "--set: dimension is '2.5', expected a whole number in range")
        #expect(
            fault { _ = try configuration("smoke", "dimension=") }
                == "--set: dimension is '', expected a whole number in range")
        #expect(
            fault { _ = try configuration("smoke", "learningRate=fast") }
                == "--set: learningRate is 'fast', expected a number")
        #expect(
            fault { _ = try configuration("smoke", "curvatures=3") }
                == "--set: curvatures is '3', expected a list, such as [a, b]")
        #expect(
            fault { _ = try configuration("smoke", "curvatures=[1, two]") }
                == "--set: curvatures is '[1, two]', expected a number")
        #expect(
            fault { _ = try Override("dimension") }
                == "'dimension' sets nothing; expected key=value, such as batchSize=64")
    }

    @Test func valuesThatCannotBeAreNamedByTheValidation() {
        for rate in ["nan", "NaN", ".nan", "-1", "0", "inf", ".inf"] {
            let text = fault { _ = try configuration("smoke", "learningRate=\(rate)") }
            #expect(
                text.hasPrefix("configuration: learningRate is ") && text.hasSuffix("expected a number above 0"),
                "\(rate): \(text)")
        }
        #expect(
            fault { _ = try configuration("smoke", "dimension=0") }
                == "configuration: dimension is 0, expected at least 1")
    }

    @Test func aFaultInTheFileIsNamedWithItsLine() {
        let duplicate = "smoke:\n  summary: s\n  iterations: 3\n  iterations: 4\n"
        #expect(
            fault { _ = try Profiles(duplicate, place: "profiles.yaml") }
                == "profiles.yaml, line 3: the key 'iterations' stands more than once in one map")
        #expect(
            fault { _ = try Profiles("a: {summary: s}\nb: {summary: s}\na: {summary: t}", place: "p.yaml") }
                == "p.yaml, line 1: the key 'a' stands more than once in one map")
        #expect(fault { _ = try Profiles("smoke: [1, 2", place: "p.yaml") }.hasPrefix("p.yaml, line "))
        #expect(
            fault { _ = try Profiles("smoke: 3", place: "p.yaml") }
                == "p.yaml, line 1: 'smoke' must be a map of settings")
        #expect(
            fault { _ = try Profiles("\nsmoke: {a: 1}", place: "p.yaml") }
                == "p.yaml, line 2: profile 'smoke' needs a summary")
        #expect(
            fault { _ = try configuration("a", text: "a: {summary: s, dimension: 1, iterations: 2}") }
                == "profiles.yaml, profile 'a': the key 'learningRate' is missing")
    }

    /// Distances by hand.
    @Test func editDistanceCountsEdits() {
        #expect(editDistance("", "abc") == 3)
        #expect(editDistance("kitten", "sitting") == 3)
        #expect(editDistance("batchSize", "batchSzie") == 1)
        #expect(editDistance("same", "same") == 0)
    }

    @Test func cellSelectionsReadIndicesAndRanges() throws {
        let cells = (1...9).map { Cell(index: $0, labels: ["n": "\($0)"], seed: 1) }
        func selected(_ text: String) throws -> [Int] { try CellSelection(text)(cells).map(\.index) }
        #expect(try selected("3,5-8") == [3, 5, 6, 7, 8])
        #expect(try selected("8,1,8,1-2") == [1, 2, 8])
        #expect(try selected("9-9") == [9])
        for text in ["", "0", "a", "3,", "3-", "-3", "1-2-3", "+3", "3 ", "99999999999999999999"] {
            #expect(fault { _ = try selected(text) }.contains("is no cell; expected indices from 1"), "\(text)")
        }
        #expect(fault { _ = try selected("5-3") } == "the range '5-3' runs backwards; expected 3-5")
        #expect(fault { _ = try selected("2,8-10") }.hasPrefix("there is no cell 10: there are 9 cells"))
    }

    @Test func aCellsIdIsFitForAFileName() {
        let cell = Cell(index: 1, labels: ["data": "2spirals", "method": "rm w/ ggis"], seed: 7)
        #expect(cell.id == "2spirals-rm-w--ggis-seed7")
        #expect(cell.labels["method"] == "rm w/ ggis" && cell.labels["none"] == nil)
    }
}
