/// What a reader sees of a run: `shows.yaml`, the tables, charts and sheets of a replication.
///
/// ```yaml
/// tables: []     # see TableDeclaration
/// charts: []     # see ChartDeclaration
/// sheets: []     # see SheetDeclaration
/// ```
package struct Shows: Sendable {
    package let tables: [TableDeclaration]
    package let charts: [ChartDeclaration]
    package let sheets: [SheetDeclaration]
    package let vocabulary: Vocabulary
    let place: String

    /// - Throws: `RunError` naming file, place and key where a declaration is wrong, a name stands twice, or a metric is
    ///   not in the vocabulary.
    package init(yaml: String, place: String, vocabulary: Vocabulary) throws {
        let file = try decodeDeclaration(File.self, yaml, place: place)
        (tables, charts, sheets) = (file.tables, file.charts, file.sheets)
        (self.vocabulary, self.place) = (vocabulary, place)
        for names in [tables.map(\.name), charts.map(\.name) + sheets.map(\.name)] {
            if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
                throw RunError("\(place): the name '\(twice)' stands twice")
            }
        }
        for table in tables {
            for column in table.columns { try check(column.query, "table '\(table.name)'") }
        }
        for chart in charts {
            for line in chart.lines { try check(line.query, "chart '\(chart.name)'") }
            for control in chart.controls { try check(control.query, "chart '\(chart.name)'") }
        }
    }

    private func check(_ query: Query, _ name: String) throws {
        for metric in [query.metric, query.minus?.metric, query.over?.metric].compactMap({ $0 }) {
            _ = try vocabulary.entry(metric, place: "\(place), \(name)")
        }
    }

    private struct File: Decodable {
        let tables: [TableDeclaration]
        let charts: [ChartDeclaration]
        let sheets: [SheetDeclaration]

        private enum Keys: String, CodingKey, CaseIterable { case tables, charts, sheets }

        init(from decoder: any Decoder) throws {
            try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
            let values = try decoder.container(keyedBy: Keys.self)
            tables = try values.decodeIfPresent([TableDeclaration].self, forKey: .tables) ?? []
            charts = try values.decodeIfPresent([ChartDeclaration].self, forKey: .charts) ?? []
            sheets = try values.decodeIfPresent([SheetDeclaration].self, forKey: .sheets) ?? []
        }
    }
}

extension TableDeclaration {
    /// The text of `tables/name.md`: title, table, caption.
    func markdown(_ table: Table) -> String { "# \(title)\n\n" + table.markdown }
}
