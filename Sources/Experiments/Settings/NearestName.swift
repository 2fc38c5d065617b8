/// The fewest insertions, deletions and substitutions of a character, and exchanges of two neighbours, that make one
/// text of the other (optimal string alignment; no stretch is edited twice).
package func editDistance(_ a: String, _ b: String) -> Int {
    let a = Array(a), b = Array(b)
    var beforeLast: [Int] = [], last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
            row.append(least)
        }
        (beforeLast, last) = (last, row)
    }
    return last[b.count]
}

/// The fault of a name that is not among the valid ones: what it is, the nearest valid one where more than half of the
/// longer of the two is alike, and all of them.
public func unknownName(_ kind: String, _ name: String, in place: String = "", among valid: [String]) -> RunError {
    let lowered = name.lowercased()
    let near = valid.map { (name: $0, distance: editDistance(lowered, $0.lowercased())) }
        .filter { 2 * $0.distance < max(lowered.count, $0.name.count) }
    let nearest = near.min { $0.distance < $1.distance }?.name
    let hint = nearest.map { "; the nearest is '\($0)'" } ?? ""
    return RunError(
        "unknown \(kind) '\(name)'\(place.isEmpty ? "" : " in \(place)")\(hint)",
        cure: valid.isEmpty ? "there are none" : "valid: \(valid.joined(separator: ", "))")
}
