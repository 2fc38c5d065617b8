/// What a setting is called in measurements, tables and queries: the keys of its coded form in their order, each with
/// its value as text.
///
/// ```swift
/// struct Setting: Codable { var data = "moons", dimension = 32, rate = 0.5 }
/// try Labels(of: Setting())      // data: moons, dimension: 32, rate: 0.5
/// ```
/// A number is the shortest text that reads back the same, a whole one without a point; a list is its values joined by
/// `×`; a setting within a setting adds its own keys in its place. What is nil is left out. Labels are equal where they
/// say the same, in whichever order.
public struct Labels: Hashable, Sendable, CustomStringConvertible {
    /// In the setting's order.
    public private(set) var keys: [String] = []
    private var values: [String: String] = [:]

    public static func == (a: Labels, b: Labels) -> Bool { a.values == b.values }
    public func hash(into hasher: inout Hasher) { hasher.combine(values) }

    public init() {}

    /// Labels by key and text, in order; what is empty is left out.
    init(_ pairs: some Sequence<(String, String)>) {
        for (key, value) in pairs where !value.isEmpty { self[key] = value }
    }

    /// The coded form of a setting. Throws `EncodingError` where it has no keys, or a key twice.
    public init(of setting: some Encodable) throws {
        let encoder = LabelEncoder()
        try setting.encode(to: encoder)
        for (key, value) in encoder.entries {
            guard values[key] == nil else {
                throw EncodingError.invalidValue(
                    setting, .init(codingPath: [], debugDescription: "the key '\(key)' stands twice"))
            }
            self[key] = value
        }
        guard !keys.isEmpty else {
            throw EncodingError.invalidValue(
                setting, .init(codingPath: [], debugDescription: "a setting is coded by keys"))
        }
    }

    /// Those of these keys, in their order.
    subscript(keys: [String]) -> Labels { Labels(keys.compactMap { key in values[key].map { (key, $0) } }) }

    /// A label's text; nil where there is none of that key.
    public subscript(key: String) -> String? {
        get { values[key] }
        set {
            if newValue == nil { keys.removeAll { $0 == key } } else if values[key] == nil { keys.append(key) }
            values[key] = newValue
        }
    }

    /// Whether every label asked for is there with this text.
    func match(_ asked: [String: String]) -> Bool { asked.allSatisfy { values[$0.key] == $0.value } }

    /// `data: moons, dimension: 32`.
    public var description: String { keys.map { "\($0): \(values[$0]!)" }.joined(separator: ", ") }

    /// A number's text: whole ones without a point.
    public static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : "\(number)"
    }
}

extension Labels: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, String)...) { self.init(elements) }
}

/// Codes a setting as keys with texts.
private final class LabelEncoder: Encoder {
    var entries: [(key: String, value: String)] = []
    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        .init(Keyed<Key>(encoder: self))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { List(text: Text()) }
    func singleValueContainer() -> any SingleValueEncodingContainer { Single(text: Text()) }

    private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
        let encoder: LabelEncoder
        var codingPath: [any CodingKey] { [] }

        mutating func encodeNil(forKey key: Key) {}

        mutating func encode(_ value: some Encodable, forKey key: Key) throws {
            let text = TextEncoder()
            try value.encode(to: text)
            if text.inner.entries.isEmpty {
                encoder.entries.append((key.stringValue, text.text.value))
            } else {
                encoder.entries += text.inner.entries
            }
        }

        mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key)
            -> KeyedEncodingContainer<Nested>
        {
            encoder.container(keyedBy: type)
        }
        mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { List(text: Text()) }
        mutating func superEncoder() -> any Encoder { encoder }
        mutating func superEncoder(forKey key: Key) -> any Encoder { encoder }
    }

    /// The text of one value, put together as it is coded.
    final class Text {
        var value = ""
        func append(_ part: String) { value += value.isEmpty ? part : "×" + part }
    }

    /// Codes one value as text, or, where it has keys, as entries of its own.
    private final class TextEncoder: Encoder {
        let text = Text()
        let inner = LabelEncoder()
        let codingPath: [any CodingKey] = []
        let userInfo: [CodingUserInfoKey: Any] = [:]

        func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
            inner.container(keyedBy: type)
        }
        func unkeyedContainer() -> any UnkeyedEncodingContainer { List(text: text) }
        func singleValueContainer() -> any SingleValueEncodingContainer { Single(text: text) }
    }

    private static func append(_ value: some Encodable, to text: Text) throws {
        switch value {
        case let value as Double: text.append(Labels.text(value))
        case let value as Float: text.append(Labels.text(Double("\(value)")!))
        case let value as String: text.append(value)
        case let value as Bool: text.append("\(value)")
        case let value as any BinaryInteger: text.append("\(value)")
        default:
            let encoder = TextEncoder()
            try value.encode(to: encoder)
            text.append(encoder.text.value)
        }
    }

    private struct Single: SingleValueEncodingContainer {
        let text: Text
        var codingPath: [any CodingKey] { [] }
        mutating func encodeNil() {}
        mutating func encode(_ value: some Encodable) throws { try LabelEncoder.append(value, to: text) }
    }

    private struct List: UnkeyedEncodingContainer {
        let text: Text
        var codingPath: [any CodingKey] { [] }
        var count = 0
        init(text: Text) { self.text = text }
        mutating func encodeNil() {}
        mutating func encode(_ value: some Encodable) throws { try LabelEncoder.append(value, to: text) }
        mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
            LabelEncoder().container(keyedBy: type)
        }
        mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { self }
        mutating func superEncoder() -> any Encoder { LabelEncoder() }
    }
}
