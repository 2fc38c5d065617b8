import Figures
import Foundation

/// A sheet of `shows.yaml`: the cells' pictures side by side, a row and a column for each of some labels, or a column for
/// each of several pictures. Of the seeds the first is shown.
///
/// ```yaml
/// - name: heat-maps
///   title: "exp(−E) on the plane"
///   caption: Softmax of −E over a grid.
///   pictures: [heatmap]            # of the cells, by the names that they were written with
///   before: [truth]                # pictures that the cells of a row share, once at its start
///   where: {variant: paper}
///   rows: [method]
///   columns: [data]                # where there are several pictures, these are columns within them
///   each: [d]                      # a sheet for each value of these labels, which end its name
/// ```
public struct SheetDeclaration: Decodable, Sendable {
    public var name: String
    public var title: String
    public var caption: String
    public var pictures: [Picture]
    public var before: [Picture]
    public var labels: [String: String]
    public var rows: [String]
    public var columns: [String]
    public var each: [String]

    /// A picture of a cell: `samples`, or `{name: samples, title: drawn}`.
    public struct Picture: Decodable, Sendable {
        public var name: String
        public var title: String
    }
}

extension SheetDeclaration {
    /// The sheets of a run's cells; none where no cell belongs to it.
    ///
    /// - Parameter picture: where a cell's picture of this name is; nil where it is not there.
    package func sheets(
        _ cells: [CellRecord], _ picture: (_ cell: Cell, _ name: String) -> URL?
    ) -> [(name: String, sheet: Sheet)] {
        let own = cells.filter { $0.status == .finished && $0.cell.labels.match(labels) }
        return Self.groups(own, each).compactMap { fixed, own in
            let (rows, columns) = (Self.groups(own, self.rows), Self.groups(own, self.columns))
            guard !rows.isEmpty else { return nil }
            let panels = rows.map { row in
                let shared = before.map { shown in row.cells.compactMap { picture($0.cell, shown.name) }.first }
                let own = columns.flatMap { column in
                    let cell = row.cells.first { record in
                        zip(self.columns, column.values).allSatisfy { record.cell.labels[$0] == $1 }
                    }
                    return pictures.map { shown in cell.flatMap { picture($0.cell, shown.name) } }
                }
                return shared + own
            }
            guard panels.contains(where: { $0.contains { $0 != nil } }) else { return nil }
            let (rowNames, columnNames) = (
                rows.map(\.values).names(of: self.rows), columns.map(\.values).names(of: self.columns)
            )
            let titles = columnNames.flatMap { name in
                let isNamed = pictures.count > 1 || (name.isEmpty && !before.isEmpty)
                return pictures.map { [name, isNamed ? $0.title : ""].filter { !$0.isEmpty }.joined(separator: ", ") }
            }
            let heading = zip(each, fixed).map { "\($0) = \($1)" }.joined(separator: ", ")
            // Rows and columns of which no picture is there are left out.
            let all = before.map(\.title) + titles
            let shownRows = rowNames.indices.filter { row in panels[row].contains { $0 != nil } }
            let shownColumns = all.indices.filter { column in panels.contains { $0[column] != nil } }
            let sheet = Sheet(
                title: title + (heading.isEmpty ? "" : ": \(heading)"), rows: shownRows.map { rowNames[$0] },
                columns: shownColumns.map { all[$0] },
                panels: shownRows.map { row in shownColumns.map { panels[row][$0] } })
            return (([name] + fixed).joined(separator: "-"), sheet)
        }
    }

    /// The cells by the values of these labels, in the order of the first; those that lack one are left out.
    private static func groups(_ cells: [CellRecord], _ keys: [String]) -> [(values: [String], cells: [CellRecord])] {
        var groups: [(values: [String], cells: [CellRecord])] = []
        for record in cells {
            let values = keys.compactMap { record.cell.labels[$0] }
            guard values.count == keys.count else { continue }
            if let index = groups.firstIndex(where: { $0.values == values }) {
                groups[index].cells.append(record)
            } else {
                groups.append((values, [record]))
            }
        }
        return groups
    }
}

// MARK: - YAML

extension SheetDeclaration {
    private enum Keys: String, CodingKey, CaseIterable {
        case name, title, caption, pictures, before, `where`, rows, columns, each
    }

    public init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .name)
        title = try values.decode(String.self, forKey: .title)
        caption = try values.decodeIfPresent(String.self, forKey: .caption) ?? ""
        pictures = try values.decode([Picture].self, forKey: .pictures)
        before = try values.decodeIfPresent([Picture].self, forKey: .before) ?? []
        labels = try values.labels(.where)
        rows = try values.decodeIfPresent([String].self, forKey: .rows) ?? []
        columns = try values.decodeIfPresent([String].self, forKey: .columns) ?? []
        each = try values.decodeIfPresent([String].self, forKey: .each) ?? []
        guard !pictures.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .pictures, in: values, debugDescription: "is empty, expected a picture or more")
        }
    }
}

extension SheetDeclaration.Picture {
    private enum Keys: String, CodingKey, CaseIterable { case name, title }

    public init(from decoder: any Decoder) throws {
        if let name = try? decoder.singleValueContainer().decode(String.self) {
            (self.name, title) = (name, name)
            return
        }
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .name)
        title = try values.decodeIfPresent(String.self, forKey: .title) ?? name
    }
}
