import Foundation

/// Something that a paper states, and what would make it hold as the paper has it: a row of `claims.yaml`.
///
/// ```yaml
/// claims:
///   - name: guided-is-cheaper
///     claim: A training step with ten guided flips takes less time than one with all flips.
///     source: Liu et al. 2023
///     place: abstract; 2022 submission, Table 2
///     setting: 2spirals, batch 128      # here, where it is not the paper's; may be left out
///     run: reference                    # of results/<replication>/, on which it is judged
///     verdict: holds                    # as it was found; `check` compares
///     parts:                            # each a query's keys: see Query
///       - {setting: d = 2048, metric: secondsPerIteration, where: {d: 2048, method: rmwggis}, over: {where: {method: rm}},
///          below: 1, paper: 0.16}       # below, above or both; the paper's number, where it prints one
///   - name: graphs
///     claim: On Ego-small the mean of three MMDs is the best.
///     source: 2022 submission
///     place: Table 3
///     verdict: not tested
///     missing: the experiment on graphs
/// ```
package struct Claim: Decodable, Sendable {
    package var name: String
    package var claim: String
    package var source: String
    package var place: String
    /// The setting in which it is tested here, as far as all parts share it.
    package var setting: String?
    package var run: String?
    package var verdict: Verdict
    package var parts: [Part]
    /// What is missing to test it.
    package var missing: String?

    /// A setting in which it is tested: a number, and where it must lie.
    package struct Part: Decodable, Sendable {
        package var setting: String
        package var query: Query
        package var below: Double?
        package var above: Double?
        package var paper: Double?

        /// `above 0, below 1`.
        package var bounds: String {
            [("above", above), ("below", below)].compactMap { word, bound in
                bound.map { "\(word) \(Judgement.Evidence.number($0))" }
            }.joined(separator: ", ")
        }
    }

    /// What comes of a claim.
    package enum Verdict: String, Decodable, CaseIterable, Sendable {
        case holds
        case holdsInPart = "holds in part"
        case doesNotHold = "does not hold"
        /// The interval over seeds straddles a bound, or there is one seed.
        case undecided
        case notTested = "not tested"
    }

    /// Reads `claims.yaml`; none where the text is empty. Throws `RunError` naming the row and key where one is missing,
    /// unknown or of the wrong type, or a metric is not in the vocabulary.
    package static func read(_ text: String, place: String, vocabulary: Vocabulary) throws -> [Claim] {
        struct File: Decodable {
            let claims: [Claim]

            init(from decoder: any Decoder) throws {
                try refuseForeignKeys(decoder, ["claims"])
                claims = try decoder.container(keyedBy: AnyKey.self).decode(
                    [Claim].self, forKey: AnyKey(stringValue: "claims"))
            }
        }
        guard !text.isEmpty else { return [] }
        let claims = try decodeDeclaration(File.self, text, place: place).claims
        if let twice = claims.first(where: { claim in claims.count { $0.name == claim.name } > 1 }) {
            throw RunError("\(place): the name '\(twice.name)' stands twice")
        }
        for query in claims.flatMap(\.parts).map(\.query) {
            for metric in [query.metric, query.minus?.metric, query.over?.metric].compactMap({ $0 }) {
                _ = try vocabulary.entry(metric, place: place)
            }
        }
        return claims
    }
}

extension Claim {
    private enum Keys: String, CodingKey, CaseIterable {
        case name, claim, source, place, setting, run, verdict, parts, missing
    }

    package init(from decoder: any Decoder) throws {
        try refuseForeignKeys(decoder, Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        name = try values.decode(String.self, forKey: .name)
        claim = try values.decode(String.self, forKey: .claim)
        source = try values.decode(String.self, forKey: .source)
        place = try values.decode(String.self, forKey: .place)
        setting = try values.decodeIfPresent(String.self, forKey: .setting)
        run = try values.decodeIfPresent(String.self, forKey: .run)
        verdict = try values.decode(Verdict.self, forKey: .verdict)
        parts = try values.decodeIfPresent([Part].self, forKey: .parts) ?? []
        missing = try values.decodeIfPresent(String.self, forKey: .missing)
        guard (missing != nil) == parts.isEmpty, (run != nil) == !parts.isEmpty else {
            throw DecodingError.dataCorruptedError(
                forKey: .parts, in: values,
                debugDescription: "a claim has 'run' and 'parts', or 'missing', which says why it is not tested")
        }
    }
}

extension Claim.Part {
    private enum Keys: String, CodingKey, CaseIterable { case setting, below, above, paper }

    package init(from decoder: any Decoder) throws {
        query = try Query(from: decoder, besides: Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        setting = try values.decode(String.self, forKey: .setting)
        below = try values.decodeIfPresent(Double.self, forKey: .below)
        above = try values.decodeIfPresent(Double.self, forKey: .above)
        paper = try values.decodeIfPresent(Double.self, forKey: .paper)
        guard below != nil || above != nil else {
            throw DecodingError.dataCorruptedError(
                forKey: .below, in: values, debugDescription: "needs 'below', 'above' or both")
        }
        guard query.statistic == .mean else {
            throw DecodingError.dataCorruptedError(
                forKey: .below, in: values,
                debugDescription: "a claim is judged by the mean over seeds and its interval")
        }
    }
}
