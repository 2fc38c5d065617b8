import Foundation

/// What a run says once it has ended: whether its numbers are those that are pinned, and what they say of the papers'
/// claims.
package struct RunVerdict {
    /// How its numbers stand to the pinned ones; nil where nothing is pinned for its profile.
    package let check: CheckReport?
    /// The claims that some of its numbers bear on, each judged by those alone.
    package let judgements: [Judgement]

    /// `within the expected spread: yes (12 of 12 pinned values)`, and what is not, a line each.
    package var lines: [String] {
        var lines: [String] = []
        if let check {
            if check.departures.isEmpty {
                let there = check.count - check.absent.count
                lines.append(
                    "within the expected spread: \(check.moved.isEmpty ? "yes" : "no") (\(there - check.moved.count) of \(there) pinned values)"
                )
                lines += check.moved.map { "  \($0)" }
                if !check.absent.isEmpty { lines.append("  \(check.absent.count) pinned values were not measured") }
            } else {
                lines.append("not compared with the pinned values of its profile:")
                lines += check.departures.map { "  \($0)" }
            }
        }
        if !judgements.isEmpty {
            lines.append("what this run alone says of the papers' claims:")
            for judgement in judgements {
                lines.append("  \(judgement.claim.name): \(judgement.verdict.rawValue)")
                lines += judgement.evidence.map { "    \($0.text)" }
            }
        }
        return lines
    }
}

extension Plan {
    /// The verdict of what has run so far. Throws `RunError` for a damaged file, or a fault of `expected.yaml` or
    /// `claims.yaml`.
    package func verdict() throws -> RunVerdict {
        let records = try records()
        let place = "\(replication.name)/expected.yaml"
        let expected = try ExpectedValue.read(
            replication.declarations.expected, place: place, vocabulary: replication.vocabulary())
        var check: CheckReport?
        if expected.contains(where: { $0.profile == request.profile }) {
            check = try CheckReport(records, profile: request.profile, expected: expected, place: place)
            check?.departures = try departures()
        }
        let measurements = Measurements(records.withTimes)
        let judgements = try replication.claims().compactMap { Judgement($0, ofPartOf: measurements) }
        return RunVerdict(check: check, judgements: judgements)
    }

    /// The settings in which a run is not its profile as it is now, a line each. How many seeds there are is none: it
    /// moves no number but by its spread.
    func departures() throws -> [String] {
        let profiles = try Profiles(
            replication.declarations.profiles, place: "\(replication.name)/profiles.yaml")
        let profile = try Profiles.values(profiles.configuration(R.Configuration.self, profile: request.profile))
        return values.sorted { $0.key < $1.key }.compactMap { key, value in
            guard key != "seeds", let now = profile[key], now != value else { return nil }
            return "\(key) is \(value) in this run, \(now) in the profile '\(request.profile)'"
        }
    }
}
