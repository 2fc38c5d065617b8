import Foundation

/// What the README of a replication says that its page says too.
package struct Readme {
    /// The section that tells of departures, without its heading; nil where there is none.
    package let departures: String?
    /// The table and the picture of a run that it shows first.
    package let table: Shown?, picture: Shown?

    /// A table or a picture by the name of its file; what the README says of a picture in its place.
    package struct Shown: Equatable, Sendable {
        package let run: String, name: String, text: String

        package init(run: String, name: String, text: String = "") {
            (self.run, self.name, self.text) = (run, name, text)
        }
    }

    package init(_ text: String) {
        var found: [Substring]?, hasEnded = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !hasEnded {
            if line.hasPrefix("#") {
                hasEnded = found != nil
                if !hasEnded, line.lowercased().contains("depart") { found = [] }
            } else {
                found?.append(line)
            }
        }
        departures = found.map { $0.joined(separator: "\n").trimmingCharacters(in: .whitespacesAndNewlines) }
        table = text.firstMatch(of: /<!-- table \S+ (?<run>\S+) (?<name>\S+) -->/).map {
            Shown(run: String($0.run), name: String($0.name))
        }
        let picture =
            /!\[(?<text>[^\]]*)\]\([^)]*results\/[^\/)]+\/(?<run>[^\/)]+)\/pictures\/(?<name>[^\/)]+)\.png\)/
        self.picture = text.firstMatch(of: picture).map {
            Shown(
                run: String($0.run), name: String($0.name),
                text: $0.text.split(whereSeparator: \.isNewline).joined(separator: " "))
        }
    }
}
