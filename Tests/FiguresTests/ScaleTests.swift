import Foundation
import FoundationXML
import Testing

import Figures

private func scale(_ values: [Double], logarithmic: Bool = false, room: Double = 0) -> Chart.Scale {
    Chart.Scale(values, .init("", isLogarithmic: logarithmic), room: room)
}

@Suite struct ScaleTests {
    @Test func axesEndWhereTheDataEnd() {
        let plain = scale([3, 17, 11])
        #expect(plain.lower == 3 && plain.upper == 17)
        #expect(plain.ticks.map(\.label) == ["5", "10", "15"])
        let wider = scale([0, 100], room: 0.02)
        #expect(wider.lower == -2 && wider.upper == 102)
        #expect(wider.place(-2) == 0 && wider.place(102) == 1 && wider.place(50) == 0.5)
        // What has no place on the axis moves no end.
        #expect(scale([.nan, 1, .infinity, 2]) == scale([1, 2]))
        #expect(scale([-5, 0, 1, 100], logarithmic: true) == scale([1, 100], logarithmic: true))
    }

    @Test func logarithmicTicksArePowersOfTen() {
        #expect(
            scale([1e-3, 1e2], logarithmic: true).ticks.map(\.label) == ["10⁻³", "10⁻²", "10⁻¹", "1", "10", "10²"])
        // Of many decades some are named.
        let many = scale([1e-20, 1e20], logarithmic: true).ticks
        #expect(many.count <= 9 && many.allSatisfy { $0.label == "1" || $0.label == "10" || $0.label.hasPrefix("10") })
        // Within a decade there are too few powers.
        #expect(scale([2, 60], logarithmic: true).ticks.map(\.label) == ["2", "5", "10", "20", "50"])
        #expect(
            scale([0.31, 0.36], logarithmic: true).ticks.map(\.label) == [
                "0.31", "0.32", "0.33", "0.34", "0.35", "0.36",
            ])
    }

    @Test func ticksAreRoundAndTheirLabelsShort() {
        #expect(scale([0, 100_000]).ticks.map(\.label) == ["0", "20,000", "40,000", "60,000", "80,000", "100,000"])
        #expect(
            scale([0, 3e6]).ticks.map(\.label) == [
                "0", "0.5·10⁶", "1.0·10⁶", "1.5·10⁶", "2.0·10⁶", "2.5·10⁶", "3.0·10⁶",
            ])
        #expect(scale([-2e-5, 2e-5]).ticks.map(\.label) == ["-2·10⁻⁵", "-1·10⁻⁵", "0", "1·10⁻⁵", "2·10⁻⁵"])
    }

    @Test func whatCannotBeSpreadHasRoomAboutIt() {
        for values in [[2.0, 2], [0, 0], [0, .leastNonzeroMagnitude], [-1e300, 1e300], [1e308, -1e308], []] {
            for logarithmic in [false, true] {
                let one = scale(values, logarithmic: logarithmic, room: 0.04)
                #expect(one.lower < one.upper && one.lower.isFinite && one.upper.isFinite, "\(values)")
                #expect(one.ticks.allSatisfy { one.lower <= $0.value && $0.value <= one.upper })
            }
        }
    }

    @Test func noTwoOfManySeriesAreDrawnAlike() {
        let styles = (0..<13).map { Chart.Style(ofSeries: $0) }
        #expect(Set(styles.map(\.marker)).count == 13)
        #expect(Set(styles.map { [$0.colour, $0.dashes] }).count == 13)
        #expect(Set(styles.prefix(7).map(\.colour)).count == 7)
    }
}

@Suite struct SVGTests {
    private func chart() throws -> Chart {
        let x = (1...40).map(Double.init)
        return try Chart(
            title: "a < b & \"c\"", x: .init("x"), y: .init("y", isLogarithmic: true),
            series: [
                .init("one's", x: x, y: x, lower: x.map { $0 / 2 }, upper: x.map { $0 * 2 }),
                .init("<script>", x: x, y: x.map { $0 == 20 ? .nan : 2 * $0 }),
            ], levels: [.init("control & floor", 7)])
    }

    @Test func namesAreEscapedAndValuesSaid() throws {
        let text = try chart().svg(isStandalone: true)
        #expect(!text.contains("<script>") && text.contains("&lt;script&gt;"))
        #expect(text.contains("a &lt; b &amp; &quot;c&quot;") && text.contains("one&#39;s"))
        #expect(text.contains("<title>one&#39;s\nx: 3\ny: 3 (1.5 to 6)</title>"))
        #expect(text.contains("<title>control &amp; floor: 7</title>"))
        // It is well-formed, and says what it shows.
        let document = try XMLDocument(xmlString: text)
        let root = try #require(document.rootElement())
        #expect(try root.nodes(forXPath: "/*/@role").first?.stringValue == "img")
        #expect(
            try root.nodes(forXPath: "/*/@aria-label").first?.stringValue
                == "Line chart: a < b & \"c\". Horizontal: x. Vertical: y. Lines: one's; <script>; control & floor.")
        // A gap parts the second line: one path has two beginnings.
        let lines = try root.nodes(forXPath: "//*[local-name()='path'][@class='line']/@d").compactMap(\.stringValue)
        #expect(lines.contains { $0.filter { $0 == "M" }.count == 2 })
        #expect(try root.nodes(forXPath: "//*[local-name()='path'][@class='level']").count == 2)
    }

    @Test func manyPointsAreThinnedToWhatCanBeSeen() throws {
        let x = (0..<100_000).map(Double.init)
        let spike = x.map { $0 == 54_321 ? 9.0 : 0 }
        let chart = try Chart(title: "", x: .init("x"), y: .init("y"), series: [.init("a", x: x, y: spike)])
        let text = chart.svg()
        #expect(text.utf8.count < 40_000)
        // The spike is there: with the axis's room it ends at 1/1.08 of the height.
        let top = 28 + 290 * (1 - (1 - 0.04 / 1.08))
        #expect(text.contains(String(format: " %.1f", top)))
    }

    @Test func aMarkThatCombinesHidesNoBracket() {
        #expect("<\u{301}script\u{301}>".escapedForMarkup == "&lt;\u{301}script\u{301}&gt;")
        #expect("a\u{1B}[31m\u{0}b".escapedForMarkup == "a[31mb")
    }
}
