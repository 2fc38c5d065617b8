import Foundation
import Testing

@Suite struct READMETests {
    /// The energy of Examples/OwnEnergy, which scripts/test-examples builds, trains and samples, stands in README.md to
    /// the letter.
    @Test func theExampleStandsInTheREADME() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let example = try String(
            contentsOf: root.appendingPathComponent("Examples/OwnEnergy/BoltzmannMachine.swift"), encoding: .utf8)
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        #expect(readme.contains("```swift\n" + example + "```\n"))
    }
}
