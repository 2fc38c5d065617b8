import Foundation

/// A pinned number: a row of `expected.yaml`, a query with what it gave and how far a run may be from that.
///
/// ```yaml
/// values:
///   - profile: smoke
///     metric: loss                       # a query's keys: see Query
///     where: {data: 2spirals, method: rm}
///     seed: 1023                         # of this seed alone; may be left out
///     reference: 25.98
///     spread: 0.11                       # standard deviation over seeds
///     tolerance: 0.4
///     why: four standard deviations
///   - profile: study
///     name: guided flips cost less than all flips
///     metric: secondsPerIteration
///     where: {method: rmwggis-basic}
///     over: {where: {method: rm}}
///     reference: 0.32
///     spread: 0.02
///     tolerance: 0.08
///     why: four standard deviations
///     paper: 0.31                        # the paper's number, and where it stands; may be left out
///     source: Table 2
/// ```
package struct ExpectedValue: Sendable, Decodable {
    package var profile: String
    package var query: Query
    package var seed: UInt64?
    /// What it is called in the report; the query where nothing is said.
    package var name: String?
    /// Our own number, its spread over seeds, and how far from it a run may be.
    package var reference: Double
    package var spread: Double
    package var tolerance: Double
    package var why: String
    package var paper: Double?
    package var source: String?

    /// Reads `expected.yaml`; `place` names the file in messages. Throws `RunError` naming the row and key where one is
    /// missing, unknown or of the wrong type, a tolerance or spread is negative, or a metric is not in the vocabulary.
    package static func read(_ text: String, place: String, vocabulary: Vocabulary) throws -> [ExpectedValue] {
        struct File: Decodable {
            let values: [ExpectedValue]

            init(from decoder: any Decoder) throws {
                try refuseForeignKeys(decoder, ["values"])
                values = try decoder.container(keyedBy: AnyKey.self).decode(
                    [ExpectedValue].self, forKey: AnyKey(stringValue: "values"))
            }
        }
        let values = try decodeDeclaration(File.self, text, place: place).values
        for value in values {
            for metric in [value.query.metric, value.query.minus?.metric, value.query.over?.metric].compactMap({ $0 }) {
                _ = try vocabulary.entry(metric, place: place)
            }
        }
        return values
    }

    private enum Keys: String, CodingKey, CaseIterable {
        case profile, name, seed, reference, spread, tolerance, why, paper, source
    }

    package init(from decoder: any Decoder) throws {
        query = try Query(from: decoder, besides: Keys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: Keys.self)
        profile = try values.decode(String.self, forKey: .profile)
        name = try values.decodeIfPresent(String.self, forKey: .name)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
        func number(_ key: Keys, from least: Double = -.greatestFiniteMagnitude) throws -> Double {
            let number = try values.decode(Double.self, forKey: key)
            guard number.isFinite, number >= least else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: values,
                    debugDescription: "is \(number), expected a number\(least == 0 ? " from 0" : "")")
            }
            return number
        }
        reference = try number(.reference)
        spread = try number(.spread, from: 0)
        tolerance = try number(.tolerance, from: 0)
        why = try values.decode(String.self, forKey: .why)
        paper = try values.contains(.paper) ? number(.paper) : nil
        source = try values.decodeIfPresent(String.self, forKey: .source)
    }

    /// What it is called in the report.
    package var title: String { (name ?? query.description) + (seed.map { ", seed \($0)" } ?? "") }
}
