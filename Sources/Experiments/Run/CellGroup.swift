/// Cells that share some labels.
public struct CellGroup: Sendable {
    /// The labels' values, in the order that they were asked for.
    public let labels: [String]
    public fileprivate(set) var records: [CellRecord]
}

extension [CellRecord] {
    /// The records by the values of these labels, groups and records in the order of their first.
    public func grouped(by keys: [String]) -> [CellGroup] {
        var groups: [CellGroup] = []
        for record in self {
            let labels = keys.map { record.cell.label($0) ?? "" }
            if let index = groups.firstIndex(where: { $0.labels == labels }) {
                groups[index].records.append(record)
            } else {
                groups.append(CellGroup(labels: labels, records: [record]))
            }
        }
        return groups
    }
}
