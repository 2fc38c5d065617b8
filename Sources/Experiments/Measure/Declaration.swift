import Yams

/// What is wrong with a declared value, to be completed with the place that it stands in.
struct DeclarationFault: Error {
    let what: String
    init(_ what: String) { self.what = what }
}

/// Reads declarations from YAML; a key that they do not know, and what is missing or of another type, is a `RunError`
/// that names file and key.
package func decodeDeclaration<T: Decodable>(_ type: T.Type, _ yaml: String, place: String) throws -> T {
    func path(_ keys: [any CodingKey]) -> String {
        let names = keys.map { key in key.intValue.map { "[\($0 + 1)]" } ?? key.stringValue }
        return names.isEmpty ? "" : ": " + names.joined(separator: ".").replacingOccurrences(of: ".[", with: "[")
    }
    do {
        return try YAMLDecoder().decode(type, from: yaml)
    } catch let error as DecodingError {
        switch error {
        case .keyNotFound(let key, let context):
            throw RunError("\(place)\(path(context.codingPath)): the key '\(key.stringValue)' is missing")
        case .typeMismatch(let type, let context):
            throw RunError("\(place)\(path(context.codingPath)): is no \(type)")
        case .valueNotFound(_, let context):
            throw RunError("\(place)\(path(context.codingPath)): has no value")
        case .dataCorrupted(let context):
            if let fault = context.underlyingError as? DeclarationFault {
                throw RunError("\(place)\(path(context.codingPath)): \(fault.what)")
            }
            if let fault = context.underlyingError as? YamlError { throw RunError("\(place): is no YAML: \(fault)") }
            throw RunError("\(place)\(path(context.codingPath)): \(context.debugDescription)")
        @unknown default: throw RunError("\(place): cannot be read: \(error)")
        }
    } catch let error as DeclarationFault {
        throw RunError("\(place): \(error.what)")
    } catch let error as RunError {
        throw error
    } catch {
        throw RunError("\(place): is no YAML: \(error)")
    }
}

/// Throws `DeclarationFault` where the map that is decoded has a key that is none of these.
func refuseForeignKeys(_ decoder: any Decoder, _ known: [String]) throws {
    let keys = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
    guard let foreign = keys.sorted().first(where: { !known.contains($0) }) else { return }
    let fault = unknownName("key", foreign, among: known)
    throw DecodingError.dataCorrupted(
        .init(
            codingPath: decoder.codingPath, debugDescription: fault.message,
            underlyingError: DeclarationFault(fault.description)))
}

/// A key of any name.
struct AnyKey: CodingKey {
    let stringValue: String
    let intValue: Int?
    init(stringValue: String) { (self.stringValue, intValue) = (stringValue, nil) }
    init(intValue: Int) { (stringValue, self.intValue) = ("\(intValue)", intValue) }
}

/// A label's value in YAML, whichever scalar it is, as labels have it: `0.50` is `0.5`.
struct LabelText: Decodable, Hashable {
    let text: String

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Double.self) {
            text = Labels.text(number)
        } else if let flag = try? value.decode(Bool.self) {
            text = "\(flag)"
        } else {
            text = try value.decode(String.self)
        }
    }
}
