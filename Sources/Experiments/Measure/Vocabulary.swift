import Foundation
import Yams

/// What each metric is called, in which unit and to how many digits it is shown, and which way is better:
/// `metrics.yaml`, of the suite or of a replication.
///
/// ```yaml
/// kl: {title: "KL(p‖p_θ)", unit: nats, decimals: 3, better: lower, meaning: how many nats a sample costs more than need be}
/// ```
public struct Vocabulary: Sendable, Equatable {
    public enum Direction: String, Codable, Sendable, CaseIterable { case lower, higher, neither }

    /// A metric's line.
    public struct Entry: Codable, Sendable, Equatable {
        /// With the symbol of the paper: what stands in a table's header and at an axis.
        public var title: String
        /// Empty for a pure number.
        public var unit: String
        /// Decimals that are shown, of the value times `factor`.
        public var decimals: Int
        /// Significant digits that are shown in the place of decimals, of numbers over many orders of magnitude.
        public var digits: Int?
        /// What the value is multiplied by to be shown, as 10,000 for a unit of 10⁻⁴.
        public var factor: Double
        public var better: Direction
        /// One line.
        public var meaning: String

        public init(from decoder: any Decoder) throws {
            try refuseForeignKeys(decoder, ["title", "unit", "decimals", "digits", "factor", "better", "meaning"])
            let values = try decoder.container(keyedBy: CodingKeys.self)
            title = try values.decode(String.self, forKey: .title)
            unit = try values.decodeIfPresent(String.self, forKey: .unit) ?? ""
            digits = try values.decodeIfPresent(Int.self, forKey: .digits)
            decimals = digits == nil ? try values.decode(Int.self, forKey: .decimals) : 0
            factor = try values.decodeIfPresent(Double.self, forKey: .factor) ?? 1
            better = try values.decode(Direction.self, forKey: .better)
            meaning = try values.decode(String.self, forKey: .meaning)
            guard 0...9 ~= decimals else { throw DeclarationFault("decimals is \(decimals), expected 0 to 9") }
            if let digits, !(1...9 ~= digits) { throw DeclarationFault("digits is \(digits), expected 1 to 9") }
            guard factor > 0, factor.isFinite else {
                throw DeclarationFault("factor is \(factor), expected a positive number")
            }
        }

        /// The title with its unit and an arrow for which way is better: `KL(p‖p_θ), nats ↓`.
        public var heading: String {
            let arrow =
                switch better {
                case .lower: " ↓"
                case .higher: " ↑"
                case .neither: ""
                }
            return title + (unit.isEmpty ? "" : ", \(unit)") + arrow
        }

        /// The value as it is shown; what rounding leaves of 0 is 0.
        public func text(_ value: Double) -> String {
            let shown = value * factor
            if let digits { return Self.text(shown, digits: digits) }
            let text = String(format: "%.\(decimals)f", shown)
            return text.hasPrefix("-") && !text.contains(where: { "123456789".contains($0) })
                ? String(text.dropFirst()) : text
        }

        /// So many significant digits, as 0.015, 42 or 7.1e12; what is below 10⁻¹² is taken for what rounding leaves of
        /// 0.
        private static func text(_ value: Double, digits: Int) -> String {
            guard abs(value) >= 1e-12 else { return "0" }
            let scientific = String(format: "%.\(digits - 1)e", value).split(separator: "e")
            let exponent = Int(scientific[1])!
            guard -4..<6 ~= exponent else { return "\(scientific[0])e\(exponent)" }
            return String(format: "%.\(max(0, digits - 1 - exponent))f", value)
        }
    }

    private var entries: [String: Entry]

    /// The metrics that every run has, or that several replications measure. The file is the suite's own.
    public static let suite = try! Vocabulary(
        yaml: String(decoding: PackageResources.metrics_yaml, as: UTF8.self), place: "the suite's metrics.yaml")

    /// What stands for the measurements of a cell that diverged.
    static let divergedAt = "divergedAt"

    /// Reads `metrics.yaml`. Throws `RunError` naming line, metric and key where an entry is wrong, or a name is not
    /// lowerCamelCase.
    public init(yaml: String, place: String) throws {
        let isEmpty = yaml.split(separator: "\n").allSatisfy { $0.trimmingPrefix(while: \.isWhitespace).hasPrefix("#") }
        entries = isEmpty ? [:] : try decodeDeclaration([String: Entry].self, yaml, place: place)
        for name in entries.keys.sorted() where !Self.isName(name) {
            throw RunError(
                "\(place): '\(name)' is no name of a metric, expected lowerCamelCase: letters and digits, the first a small letter"
            )
        }
    }

    /// Both together; the other's line where both have one.
    public func merged(with other: Vocabulary) -> Vocabulary {
        var all = self
        all.entries.merge(other.entries) { $1 }
        return all
    }

    /// A metric's line. Throws `RunError` with the nearest name where it is not declared.
    public func entry(_ metric: String, place: String) throws -> Entry {
        guard let entry = entries[metric] else {
            throw unknownName("metric", metric, in: place, among: entries.keys.sorted())
        }
        return entry
    }

    public var names: [String] { entries.keys.sorted() }

    static func isName(_ name: String) -> Bool {
        name.first.map { $0.isASCII && $0.isLowercase } == true
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}
