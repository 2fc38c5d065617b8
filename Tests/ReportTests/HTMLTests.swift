import Experiments
import Report
import Testing

@Suite struct HTMLTests {
    @Test func namesOfATableAreText() {
        let table = Table(
            columns: ["<b>", "a & b"],
            rows: [["\"quoted\" 'so'", "1.5 ± 0.2"], ["<script>", "**3**"], ["*floor*", "–"]])
        let html = HTML.table(table, name: "x \"<y>\"")
        #expect(html.contains("aria-label=\"x &quot;&lt;y&gt;&quot;\""))
        #expect(html.contains("<th scope=\"col\">&lt;b&gt;</th><th class=\"n\" scope=\"col\">a &amp; b</th>"))
        #expect(html.contains("<td>&quot;quoted&quot; &#39;so&#39;</td><td class=\"n\">1.5 ± 0.2</td>"))
        #expect(html.contains("<td>&lt;script&gt;</td><td class=\"n\"><strong>3</strong></td>"))
        // Controls are set off from what stands above them.
        #expect(html.contains("<tr class=\"control first\"><td><em>floor</em></td><td class=\"n\">–</td></tr>"))
        #expect(!html.contains("<script>"))
    }

    @Test func starsWithinATextAreStars() {
        let html = HTML.table(Table(columns: ["tr Cov g/‖g*‖²"], rows: [["a*b*c"], ["**"]]), name: "")
        #expect(
            html.contains(">tr Cov g/‖g*‖²</th>") && html.contains("<td>a*b*c</td>") && html.contains("<td>**</td>"))
    }

    @Test func sectionsHaveParagraphsAndLists() {
        let html = HTML.blocks(
            """
            Two lines
            of `a < b`.

            1. **First**, see [this](https://example.org/?a&b).
            2. Second
               goes on.

            - [not here](../other.md) <b>
            """)
        #expect(
            html == """
                <p>Two lines of <code>a &lt; b</code>.</p>
                <ol>
                <li><strong>First</strong>, see <a href="https://example.org/?a&amp;b">this</a>.</li>
                <li>Second goes on.</li>
                </ol>
                <ul>
                <li>not here &lt;b&gt;</li>
                </ul>

                """)
    }

    @Test func aReadmeTellsDeparturesTableAndPicture() {
        let readme = Readme(
            """
            # x
            <!-- table x study scores -->
            ![energies
            of two](../../results/x/reference/pictures/heat-maps-32.png) ![b](../../results/x/study/pictures/b.png)
            ## Where it departs
            1. Here.
            ## Limits
            2. Not here.
            """)
        #expect(readme.departures == "1. Here.")
        #expect(readme.table == .init(run: "study", name: "scores"))
        #expect(readme.picture == .init(run: "reference", name: "heat-maps-32", text: "energies of two"))
        let empty = Readme("# x\n\nNothing.")
        #expect(empty.departures == nil && empty.table == nil && empty.picture == nil)
    }
}
