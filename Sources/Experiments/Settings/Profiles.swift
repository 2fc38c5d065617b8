import Foundation
import Yams

/// One `--set key=value`.
public struct Override: Sendable, Equatable, CustomStringConvertible {
    public let key: String
    /// The value as YAML reads it.
    public let value: String

    /// Reads `key=value`; throws `RunError` where there is no key or no `=`.
    public init(_ text: String) throws {
        guard let sign = text.firstIndex(of: "="), sign != text.startIndex else {
            throw RunError("'\(text)' sets nothing; expected key=value, such as batchSize=64")
        }
        key = String(text[..<sign])
        value = String(text[text.index(after: sign)...])
    }

    public var description: String { "\(key)=\(value)" }
}

/// The named settings of a replication: `profiles.yaml`, read.
///
/// ```yaml
/// settings: {batchSize: points an iteration, learningRate: Adam's, iterations: updates of the parameters}
/// defaults: {batchSize: 128, learningRate: 0.0005}
/// quick:
///   summary: four methods on 2spirals, minutes on two cores
///   iterations: 2000
/// paper:
///   summary: the published setting
///   iterations: 100000
/// ```
/// A profile takes `defaults`, then its own keys; together they are every key of the configuration and no other. A map
/// `settings` says in a line what each key means.
package struct Profiles {
    private let place: String
    private let defaults: [(Node, Node)]
    private let profiles: [(name: String, summary: String, settings: [(Node, Node)])]
    /// A line for each key, in the file's order.
    package let meanings: [(key: String, meaning: String)]

    /// Reads the text; `place` names it in messages. Throws `RunError` where it is no YAML, a key stands twice, or a
    /// profile is no map with a summary.
    package init(_ text: String, place: String) throws {
        self.place = place
        let root = try composeMap(text, place: place)
        var meanings: [(key: String, meaning: String)] = []
        var defaults: [(Node, Node)] = []
        var profiles: [(name: String, summary: String, settings: [(Node, Node)])] = []
        for (key, value) in root {
            let name = key.string ?? ""
            guard let map = value.mapping else {
                throw RunError("\(place)\(line(value)): '\(name)' must be a map of settings")
            }
            if name == "settings" {
                meanings = map.map { ($0.key.string ?? "", $0.value.string ?? "") }
            } else if name == "defaults" {
                defaults = Array(map)
            } else {
                guard let summary = map["summary"]?.string else {
                    throw RunError("\(place)\(line(key)): profile '\(name)' needs a summary")
                }
                profiles.append((name, summary, map.filter { $0.key.string != "summary" }))
            }
        }
        self.defaults = defaults
        self.profiles = profiles
        self.meanings = meanings
    }

    /// A row a key of a profile: its value, and what it means. Throws as `configuration`, and where a key of the
    /// configuration has no meaning, or a meaning no key.
    package func table<Configuration: ExperimentConfiguration>(
        _ type: Configuration.Type, profile: String, overrides: [Override] = []
    ) throws -> Table {
        let values = try Self.values(configuration(type, profile: profile, overrides: overrides))
        if let foreign = meanings.first(where: { values[$0.key] == nil }) {
            throw unknownName("key", foreign.key, in: "\(place), settings", among: values.keys.sorted())
        }
        if let bare = values.keys.sorted().first(where: { key in !meanings.contains { $0.key == key } }) {
            throw RunError("\(place), settings: says nothing of the key '\(bare)'")
        }
        return Table(
            columns: ["key", "value", "meaning"],
            rows: meanings.map { [$0.key, values[$0.key]!.description, $0.meaning] })
    }

    /// The fault of a key of `--set` that is none, with what the nearest keys mean.
    private func unknownKey(_ key: String, among keys: [String]) -> RunError {
        let fault = unknownName("key", key, in: "--set", among: keys)
        let lines = meanings.map { "\($0.key): \($0.meaning)" }
        return lines.isEmpty ? fault : RunError(fault.message, cures: ["the keys, and what they mean:"] + lines)
    }

    /// The profiles' names and summaries, in the file's order.
    package var summaries: [(name: String, summary: String)] { profiles.map { ($0.name, $0.summary) } }

    /// A profile's configuration with overrides, validated. Throws `RunError` for an unknown profile or key, a missing
    /// key or a value of the wrong type, and `ConfigurationError` from the validation.
    package func configuration<Configuration: ExperimentConfiguration>(
        _ type: Configuration.Type, profile name: String, overrides: [Override] = []
    ) throws -> Configuration {
        guard let profile = profiles.first(where: { $0.name == name }) else {
            throw unknownName("profile", name, among: profiles.map(\.name))
        }
        var settings = Node.Mapping(defaults)
        for (key, value) in profile.settings { settings[key] = value }

        // The profile alone first, so that a fault of the file is not taken for one of the command line.
        let own = try decode(type, settings, at: "\(place), profile '\(name)'")
        let keys = try Self.values(own).keys.sorted()
        if let foreign = settings.keys.first(where: { !keys.contains($0.string ?? "") }) {
            throw unknownName("key", foreign.string ?? "?", in: "\(place), profile '\(name)'", among: keys)
        }
        guard !overrides.isEmpty else {
            try own.validate()
            return own
        }
        for override in overrides {
            guard keys.contains(override.key) else { throw unknownKey(override.key, among: keys) }
            do { settings[Node(override.key)] = try compose(override.value) ?? Node(override.value) } catch is YamlError
            {
                settings[Node(override.key)] = Node(override.value)
            } catch let fault as RunError { throw RunError("--set \(override.key): \(fault.message)") }
        }
        let configuration = try decode(type, settings, at: "--set")
        try configuration.validate()
        return configuration
    }

    /// A configuration's values by key.
    package static func values(_ configuration: some ExperimentConfiguration) throws -> [String: Value] {
        try JSONDecoder().decode([String: Value].self, from: JSON.encode(configuration))
    }

    private func decode<T: Decodable>(_ type: T.Type, _ settings: Node.Mapping, at place: String) throws -> T {
        do {
            return try YAMLDecoder().decode(type, from: Node.mapping(settings))
        } catch DecodingError.keyNotFound(let key, _) {
            throw RunError("\(place): the key '\(key.stringValue)' is missing")
        } catch DecodingError.typeMismatch(let expected, let context) {
            throw mistyped(expected, context, settings, place)
        } catch DecodingError.valueNotFound(let expected, let context) {
            throw mistyped(expected, context, settings, place)
        } catch DecodingError.dataCorrupted(let context) {
            let key = context.codingPath.first?.stringValue ?? "?"
            throw RunError("\(place): \(key) is \(Self.text(settings[key])): \(context.debugDescription)")
        }
    }

    private func mistyped(
        _ expected: Any.Type, _ context: DecodingError.Context, _ settings: Node.Mapping, _ place: String
    ) -> RunError {
        let key = context.codingPath.first?.stringValue ?? "?"
        let kind =
            switch expected {
            case is any BinaryInteger.Type: "a whole number in range"
            case is any BinaryFloatingPoint.Type: "a number"
            case is Bool.Type: "true or false"
            case is String.Type, is Node.Scalar.Type: "a single value"
            case is Node.Sequence.Type: "a list, such as [a, b]"
            case is Node.Mapping.Type: "a map"
            default: "a value of type \(expected)"
            }
        return RunError("\(place): \(key) is '\(Self.text(settings[key]))', expected \(kind)")
    }

    private static func text(_ node: Node?) -> String {
        switch node {
        case .scalar(let scalar): scalar.string
        case .sequence(let sequence): "[\(sequence.map { text($0) }.joined(separator: ", "))]"
        case .mapping: "a map"
        default: ""
        }
    }
}

/// What a YAML text says; nil where it says nothing. Throws `YamlError`, and `RunError` for an anchor: a short text
/// that repeats it by aliases of aliases has no end.
private func compose(_ text: String) throws -> Node? {
    /// The first in the order of the text, so that no alias is followed.
    func hasAnchor(_ node: Node) -> Bool {
        if node.anchor != nil { return true }
        return switch node {
        case .mapping(let map): map.contains { hasAnchor($0.key) || hasAnchor($0.value) }
        case .sequence(let list): list.contains(where: hasAnchor)
        case .scalar, .alias: false
        }
    }
    let parser = try Parser(yaml: text)
    guard let root = try parser.singleRoot() else { return nil }
    guard !withExtendedLifetime(parser, { hasAnchor(root) }) else {
        throw RunError("YAML's anchors (&name) and aliases (*name) are not taken")
    }
    return root
}

/// The root map of a YAML text. Throws `RunError` with the place and line where it is no YAML or no map, or a key
/// stands twice in a map.
func composeMap(_ text: String, place: String) throws -> Node.Mapping {
    do {
        guard let root = try compose(text)?.mapping else { throw RunError("\(place): must be a map") }
        return root
    } catch let fault as RunError {
        throw fault.message.hasPrefix(place) ? fault : RunError("\(place): \(fault.message)")
    } catch YamlError.duplicatedKeysInMapping(let keys, let context) {
        throw RunError("\(place), line \(context.mark.line): the key '\(keys[0])' stands more than once in one map")
    } catch YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
        YamlError.composer(_, let problem, let mark, _)
    {
        throw RunError("\(place), line \(mark.line): \(problem)")
    } catch let error as YamlError {
        throw RunError("\(place): \(error)")
    }
}

/// ", line 12" for a node whose place is known.
func line(_ node: Node) -> String { node.mark.map { ", line \($0.line)" } ?? "" }
