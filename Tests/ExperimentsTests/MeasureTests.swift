import Experiments
import Figures
import Foundation
import Testing

private enum Method: String, Codable, Hashable {
    case rm
    case basic = "rmwggis-basic"
}
private struct Chain: Codable, Hashable { var steps: Int, noise: Double }
private struct Twice: Codable { var rate = 1, chain = Rate() }
private struct Rate: Codable { var rate = 2 }
private struct Setting: Codable, Hashable {
    var data = "moons", dimension = 32, rate = 0.5, scale = 2.0, method = Method.basic, hidden = [64, 64], exact = true
    var chain: Chain?
}

@Suite struct LabelsTests {
    /// Order and texts of every kind of value; what is nil adds nothing, a setting within a setting its own keys.
    @Test func aSettingIsItsCodedForm() throws {
        let plain = try Labels(of: Setting())
        #expect(
            plain.description
                == "data: moons, dimension: 32, rate: 0.5, scale: 2, method: rmwggis-basic, hidden: 64×64, exact: true")
        let nested = try Labels(of: Setting(chain: Chain(steps: 5, noise: 1e-3)))
        #expect(
            nested.keys.suffix(3) == ["exact", "steps", "noise"] && nested["noise"] == "0.001" && nested["chain"] == nil
        )
    }

    @Test func aKeyThatStandsTwiceIsRefused() {
        #expect(fault { _ = try Labels(of: Twice()) }.contains("the key 'rate' stands twice"))
        #expect(fault { _ = try Labels(of: 3) }.contains("a setting is coded by keys"))
    }
}

/// kl of two methods and three seeds at β = 1 and 4, and what one diverged.
private func example() -> Measurements {
    func labels(_ method: String) -> Labels {
        var labels = Labels()
        (labels["data"], labels["method"]) = ("moons, noisy", method)
        return labels
    }
    var all = Measurements()
    for (method, offset) in [("rm", 0.0), ("basic", 0.5)] {
        for seed in 1...3 as ClosedRange<UInt64> {
            for beta in ["1", "4"] {
                all.append(
                    Measurement(
                        labels: labels(method), seed: seed, metric: "kl", readOut: ["beta": beta],
                        value: offset + Double(seed) * (beta == "1" ? 1 : 0.1), error: 0.01))
            }
            all.append(Measurement(labels: labels(method), seed: seed, metric: "loss", value: 1 / Double(seed)))
        }
    }
    all.append(Measurement(labels: labels("basic"), seed: 4, metric: "divergedAt", value: 17, status: "diverged: loss"))
    return all
}

@Suite struct MeasurementsTests {
    @Test func theyComeBackFromTheirFile() throws {
        let all = example()
        let text = all.csv
        #expect(
            text.hasPrefix(
                "data,method,seed,metric,beta,value,error,status\n\"moons, noisy\",rm,1,kl,1,1.0,0.01,finished\n"))
        #expect(try Measurements(csv: text, place: "m.csv") == all)
        #expect(try Measurements(csv: text, place: "m.csv").csv == text)
    }

    /// Each damage with its line and what would be right.
    @Test func aDamagedFileIsNamed() {
        let text = example().csv
        func fault(_ text: String) -> String {
            ExperimentsTests.fault { _ = try Measurements(csv: text, place: "m.csv") }
        }
        let lines = text.split(separator: "\n").map(String.init)
        #expect(fault("") == "m.csv: is empty")
        #expect(fault(String(text.dropLast())) == "m.csv: is cut short: its last line does not end")
        #expect(fault("\u{feff}" + text).hasPrefix("m.csv: begins with a byte order mark\n"))
        #expect(
            fault(text.replacingOccurrences(of: "\n", with: "\r\n")).hasPrefix(
                "m.csv: has line ends of Windows (CRLF)\n"))
        #expect(fault(text + lines[1] + "\n") == "m.csv, line 21: stands in line 2 already")
        #expect(fault("a,b\n").hasPrefix("m.csv, line 1: the header is 'a,b', expected labels, seed, metric"))
        let semicolons = text.replacingOccurrences(of: ",", with: ";")
        #expect(fault(semicolons).hasPrefix("m.csv, line 1: the header is"))
        #expect(
            fault(text + "x,rm,1,kl,2,nan,,finished\n")
                == "m.csv, line 21: value is 'nan', expected a finite number with a decimal point")
        #expect(fault(text + "x,rm,1,kl,2,\"1,5\",,finished\n").contains("value is '1,5', expected a finite number"))
        #expect(fault(text + "x,rm,1,kl,2,1.5\n") == "m.csv, line 21: has 6 fields, expected 8 as the header has")
        #expect(
            fault(text + "x,rm,-1,kl,2,1.5,,finished\n")
                == "m.csv, line 21: seed is '-1', expected a whole number from 0")
        #expect(fault(text + "x,r\"m,1,kl,2,1.5,,finished\n") == "m.csv, line 21: has a quote within a field")
        #expect(fault(text + "\"x,rm\n") == "m.csv, line 21: a quoted field does not end: the file is cut short")
    }
}

@Suite struct QueryTests {
    private func query(_ yaml: String) throws -> Query { try decodeDeclaration(Query.self, yaml, place: "shows.yaml") }
    private func answer(_ yaml: String) throws -> QueryResult { try query(yaml).answer(example(), place: "q") }

    @Test func statisticsAreThoseOfTheSeeds() throws {
        let of = "{metric: kl, where: {method: rm}, at: {beta: 1}"
        #expect(try answer(of + "}").value == 2)
        #expect(try answer(of + ", statistic: standard-deviation}").value == 1)
        #expect(try answer(of + ", statistic: standard-error}").value == 1 / 3.0.squareRoot())
        #expect(try answer(of + ", statistic: greatest}").value == 3)
        #expect(try answer(of + ", statistic: count}").value == 3)
        #expect(try answer("{metric: loss, where: {method: rm}, statistic: median}").value == 0.5)
        #expect(try answer("{metric: kl, where: {method: basic}, at: {beta: 1.0}, statistic: diverged}").value == 1)
    }

    /// By seed, so that what seeds have in common falls out: the spread of the difference is 0.
    @Test func differencesAndRatiosArePairedBySeed() throws {
        let difference = try answer("{metric: kl, where: {method: basic}, at: {beta: 1}, minus: {where: {method: rm}}}")
        #expect(difference.values == [0.5, 0.5, 0.5] && difference.diverged == [4])
        let ratio = try answer("{metric: kl, where: {method: rm}, at: {beta: 1}, over: {at: {beta: 4}}}")
        #expect(ratio.values.allSatisfy { abs($0 - 10) < 1e-12 })
    }

    /// ln kl against ln β of the RM rows falls by ln 10 over ln 4, for every seed.
    @Test func slopesAreFittedBySeed() throws {
        let slope = try answer("{metric: kl, where: {method: rm}, slope: {against: beta, logarithmic: true}}")
        #expect(slope.values.count == 3 && slope.values.allSatisfy { abs($0 + log(10) / log(4)) < 1e-12 })
    }

    @Test func whatCannotBeAnsweredIsNamed() {
        func fault(_ yaml: String) -> String { ExperimentsTests.fault { _ = try answer(yaml) } }
        #expect(fault("{metric: kll}").hasPrefix("unknown metric 'kll' in q; the nearest is 'kl'"))
        #expect(
            fault("{metric: kl, where: {methd: rm}}").hasPrefix("unknown label 'methd' in q; the nearest is 'method'"))
        #expect(
            fault("{metric: kl, where: {method: bassic}}").hasPrefix(
                "unknown method 'bassic' in q; the nearest is 'basic'"))
        #expect(
            fault("{metric: kl, where: {method: rm}}")
                == "q: kl was not read out at nothing\n  it was at: beta is 1; beta is 4")
        #expect(
            fault("{metric: kl, at: {beta: 1}}")
                == "q: kl is asked of more than one setting: method is basic, rm\n  say which under 'where'")
        #expect(
            fault("{metric: loss, where: {method: rm}, at: {beta: 1}}").hasSuffix("it has no read-out: leave 'at' out"))
        #expect(
            fault("{metric: kl, were: {method: rm}}").hasPrefix(
                "shows.yaml: unknown key 'were'; the nearest is 'where'"))
        #expect(fault("{where: {method: rm}}") == "shows.yaml: the key 'metric' is missing")
        #expect(fault("{metric: kl, statistic: meen}").hasPrefix("shows.yaml: statistic"))
        #expect(fault("{metric: kl, minus: {}, over: {}}").contains("not both"))
        #expect(fault("{metric: [").hasPrefix("shows.yaml: is no YAML"))
    }
}

@Suite struct VocabularyTests {
    @Test func anEntrySaysHowItsMetricIsShown() throws {
        let words = try Vocabulary(
            yaml: "kl: {title: KL, unit: nats, decimals: 2, better: lower, meaning: distance}", place: "metrics.yaml")
        let kl = try words.entry("kl", place: "x")
        #expect(
            kl.heading == "KL, nats ↓" && kl.text(1.234) == "1.23" && kl.text(-0.001) == "0.00"
                && kl.text(-0.01) == "-0.01")
        #expect(
            fault { _ = try words.entry("kll", place: "shows.yaml") }.hasPrefix(
                "unknown metric 'kll' in shows.yaml; the nearest is 'kl'"))
    }

    @Test func aWrongEntryIsNamed() {
        func fault(_ yaml: String) -> String {
            ExperimentsTests.fault { _ = try Vocabulary(yaml: yaml, place: "metrics.yaml") }
        }
        #expect(fault("kl: {title: KL, decimals: 2, better: less, meaning: m}").hasPrefix("metrics.yaml: kl.better"))
        #expect(
            fault("kl: {title: KL, decimals: 20, better: lower, meaning: m}").contains(
                "decimals is 20, expected 0 to 9"))
        #expect(
            fault("kl: {title: KL, decimals: 2, better: lower}") == "metrics.yaml: kl: the key 'meaning' is missing")
        #expect(
            fault("KL: {title: KL, decimals: 2, better: lower, meaning: m}").contains("'KL' is no name of a metric"))
        #expect(
            fault("kl: {title: KL, decimals: 2, better: lower, meaning: m, units: nats}").contains(
                "unknown key 'units'; the nearest is 'unit'"))
    }
}

@Suite struct TableTests {
    private let vocabulary = try! Vocabulary(
        yaml: """
            kl: {title: KL, unit: nats, decimals: 2, better: lower, meaning: distance}
            loss: {title: loss, decimals: 2, better: neither, meaning: what is minimised}
            nll: {title: NLL, decimals: 2, better: lower, meaning: never measured here}
            """, place: "metrics.yaml")

    private func markdown(_ yaml: String, _ measurements: Measurements = example()) throws -> String {
        try decodeDeclaration(TableDeclaration.self, yaml, place: "shows.yaml").table(
            measurements, vocabulary, place: "shows.yaml"
        ).markdown
    }

    /// Rows in the order of the cells; the best bold within what is compared; a column of ratios has no unit; a control
    /// below.
    @Test func aTableIsItsDeclaration() throws {
        let text = try markdown(
            """
            name: learning
            title: learning
            caption: Over three seeds.
            rows: [method, beta]
            within: [beta]
            columns:
              - {metric: kl}
              - {metric: kl, over: {where: {method: rm}}, title: over RM's, decimals: 1}
              - {metric: kl, statistic: count, title: seeds}
            controls:
              - {title: both together, at: {beta: 1}, pool: [method]}
            """)
        #expect(
            text == """
                | method | beta            | KL, nats ↓      | over RM's | seeds |
                | ------ | --------------- | --------------- | --------- | ----- |
                | rm     | 1               | **2.00 ± 1.00** | 1.0 ± 0.0 | 3     |
                | rm     | 4               | **0.20 ± 0.10** | 1.0 ± 0.0 | 3     |
                | basic  | 1               | 2.50 ± 1.00     | 1.3 ± 0.2 | 3     |
                | basic  | 4               | 0.70 ± 0.10     | 4.1 ± 1.7 | 3     |
                |        | *both together* | 2.25 ± 1.00     | 1.2 ± 0.1 | 3     |

                Left out, since they diverged: basic, 1 seed 4; basic, 4 seed 4.

                Over three seeds.

                """, "\(text)")
    }

    /// What all rows share is said once below; a control stands in for what a column asks, once for each value of `by`; a
    /// column of which nothing was measured is not there.
    @Test func whatRowsShareIsSaidOnce() throws {
        let text = try markdown(
            """
            {name: a, title: a, rows: [data, method], columns: [{metric: kl, at: {beta: 1}, spread: false}, {metric: nll}],
             controls: [{title: sharpened, at: {beta: 4}, by: [method]}]}
            """)
        #expect(
            text == """
                | data         | method | KL, nats ↓ |
                | ------------ | ------ | ---------- |
                | moons, noisy | rm     | 2.00       |
                | moons, noisy | basic  | 2.50       |
                | *sharpened*  | rm     | 0.20       |
                | *sharpened*  | basic  | 0.70       |

                Left out, since they diverged: moons, noisy, basic seed 4.

                """, "\(text)")
        let plain = try markdown(
            "{name: a, title: a, rows: [data, method], columns: [{metric: kl, at: {beta: 1}, spread: false}]}")
        #expect(
            plain == """
                | method | KL, nats ↓ |
                | ------ | ---------- |
                | rm     | 2.00       |
                | basic  | 2.50       |

                All rows: data: moons, noisy.

                Left out, since they diverged: basic seed 4.

                """, "\(plain)")
    }

    /// A cell that has not run leaves a dash, and one that diverged says so.
    @Test func whatIsNotThereIsADash() throws {
        var few = Measurements()
        for row in example().rows where (row.metric == "loss") == (row.labels["method"] == "rm") { few.append(row) }
        var labels = few.rows[0].labels
        labels["method"] = "advanced"
        few.append(Measurement(labels: labels, seed: 1, metric: "divergedAt", value: 3, status: "diverged: loss"))
        let text = try markdown(
            "{name: a, title: a, rows: [method], columns: [{metric: loss}, {metric: kl, at: {beta: 1}}]}", few)
        #expect(
            text.contains("| rm       | 0.61 ± 0.35 | –           |")
                && text.contains("| basic    | diverged    | 2.50 ± 1.00 |")
                && text.contains("| advanced | diverged    | diverged    |"), "\(text)")
    }

    @Test func aWrongDeclarationIsNamed() {
        func fault(_ yaml: String) -> String { ExperimentsTests.fault { _ = try markdown(yaml) } }
        #expect(fault("{name: a, title: a, rows: [method], columns: []}").contains("has 0 columns, expected 1 to 6"))
        #expect(
            fault("{name: a, title: a, rows: [method], columns: [{metric: kll}]}").hasPrefix(
                "unknown metric 'kll' in shows.yaml, table 'a'; the nearest is 'kl'"))
        #expect(
            fault("{name: a, title: a, rows: [method], columns: [{metric: kl, decimal: 2}]}").contains(
                "unknown key 'decimal'; the nearest is 'decimals'"))
        #expect(
            fault("{name: a, title: a, rows: [data], columns: [{metric: kl, at: {beta: 1}}]}").contains(
                "is asked of more than one setting: method is basic, rm"))
        #expect(
            fault("{name: a, title: a, rows: [data], within: [x], columns: [{metric: kl}]}").contains(
                "'x' is none of the rows' labels"))
    }
}

@Suite struct ChartDeclarationTests {
    private let vocabulary = try! Vocabulary(
        yaml: "kl: {title: KL, unit: nats, decimals: 2, better: lower, meaning: distance}", place: "metrics.yaml")

    private func charts(_ yaml: String) throws -> [(name: String, chart: Chart)] {
        try decodeDeclaration(ChartDeclaration.self, yaml, place: "shows.yaml")
            .charts(example(), vocabulary, place: "shows.yaml")
    }

    /// A line a method over β in rising order, its band from the least seed to the greatest; one over both methods.
    @Test func aChartIsItsDeclaration() throws {
        let found = try charts(
            """
            name: beta
            title: read-out
            x: {by: beta, logarithmic: true}
            lines:
              - {metric: kl, by: [method]}
              - {metric: kl, pool: [method], title: both}
            """)
        let chart = try #require(found.first?.chart)
        #expect(found.map(\.name) == ["beta"] && chart.x == .init("beta", isLogarithmic: true))
        #expect(chart.y == .init("KL, nats ↓") && chart.series.map(\.label) == ["rm", "basic", "both"])
        #expect(chart.series[0].x == [1, 4] && chart.series[0].y == [2, (0.1 + 0.2 + 3 * 0.1) / 3])
        #expect(chart.series[1].band == [SIMD2(1.5, 3.5), SIMD2(0.6, 0.5 + 3 * 0.1)])
        #expect(chart.series[2].y[0] == 2.25)
    }

    @Test func aChartForEachValueOfALabelAndFaults() throws {
        let each = "{name: a, title: t, each: [method], x: {by: beta}, lines: [{metric: kl}], band: none}"
        let found = try charts(each)
        #expect(found.map(\.name) == ["a-rm", "a-basic"] && found[1].chart.title == "t: method = basic")
        #expect(found[0].chart.series[0].band == nil && found[0].chart.series[0].label == "kl")
        func fault(_ yaml: String) -> String { ExperimentsTests.fault { _ = try charts(yaml) } }
        #expect(
            fault("{name: a, title: t, x: {by: method}, lines: [{metric: kl, at: {beta: 1}}]}").contains(
                "a horizontal axis needs numbers"))
        #expect(
            fault("{name: a, title: t, x: {by: beta}, lines: [{metric: kl}]}").contains("more than one setting: method")
        )
        #expect(fault("{name: a, title: t, x: {title: b}, lines: [{metric: kl}]}").contains("needs 'by'"))
        #expect(fault("{name: a, title: t, x: {by: beta}, lines: []}").contains("is empty, expected a line or more"))
    }
}

@Suite struct SheetDeclarationTests {
    /// A row a data set and a column a K; what a row's cells share stands before it once, from the first cell that
    /// has it; what is not there is left white.
    @Test func aSheetIsItsDeclaration() throws {
        let cells = ["moons", "rings"].flatMap { data in ["1", "50"].map { (data, $0) } }.enumerated().map {
            var labels = Labels()
            (labels["data"], labels["K"]) = ($1.0, $1.1)
            return CellRecord(
                cell: Cell(index: $0 + 1, labels: labels, seed: 1), status: .finished, measurements: [], timing: nil)
        }
        let sheets = try decodeDeclaration(
            SheetDeclaration.self,
            """
            name: densities
            title: learnt
            pictures: [density]
            before: [{name: truth, title: the truth}]
            rows: [data]
            columns: [K]
            """, place: "shows.yaml"
        ).sheets(cells) { cell, name in
            cell.id == "moons-1-seed1" ? nil : URL(filePath: "/\(cell.id)/\(name).png")
        }
        let sheet = try #require(sheets.first?.sheet)
        #expect(sheets.count == 1 && sheets[0].name == "densities")
        #expect(sheet.rows == ["moons", "rings"] && sheet.columns == ["the truth", "K = 1", "K = 50"])
        #expect(
            sheet.panels.map { $0.map { $0?.path } } == [
                ["/moons-50-seed1/truth.png", nil, "/moons-50-seed1/density.png"],
                ["/rings-1-seed1/truth.png", "/rings-1-seed1/density.png", "/rings-50-seed1/density.png"],
            ])
    }
}
