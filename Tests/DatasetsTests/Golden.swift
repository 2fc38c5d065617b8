import Foundation
import Testing

/// Files computed by the programs that are to be matched; the rule that made each stands in it.
enum Golden {
    static func load<Content: Decodable>(_ name: String, as: Content.Type = Content.self) throws -> Content {
        let url = try #require(Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
        return try JSONDecoder().decode(Content.self, from: Data(contentsOf: url))
    }
}

/// Bits written as a string of 0 and 1.
func bits(_ text: String) -> [UInt8] { text.utf8.map { $0 - UInt8(ascii: "0") } }

/// The last `count` bits of a hexadecimal number.
func bits(hexadecimal text: String, count: Int) -> [UInt8] {
    let all = text.flatMap { digit in
        let value = UInt8(digit.hexDigitValue!)
        return (0..<4).map { (value >> (3 - $0)) & 1 }
    }
    return Array(all.suffix(count))
}
