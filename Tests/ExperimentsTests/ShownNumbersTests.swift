import Experiments
import Testing

@Suite struct ShownNumbersTests {
    private func entry(_ keys: String) throws -> Vocabulary.Entry {
        let yaml = "x: {title: x, \(keys), better: neither, meaning: a number}"
        return try Vocabulary(yaml: yaml, place: "metrics.yaml").entry("x", place: "a test")
    }

    @Test func digitsAreSignificantOverManyOrdersOfMagnitude() throws {
        let entry = try entry("digits: 2")
        for (value, text) in [
            (0.0146, "0.015"), (9.96, "10"), (14.6, "15"), (-146.0, "-146"), (0, "0"), (3e-17, "0"),
            (7.14e12, "7.1e12"),
            (0.0000312, "3.1e-5"), (0.00032, "0.00032"), (1, "1.0"),
        ] {
            #expect(entry.text(value) == text)
        }
    }

    @Test func decimalsOrDigitsMustBeSaid() throws {
        #expect(throws: RunError.self) { try entry("unit: s") }
        #expect(throws: RunError.self) { try entry("digits: 0") }
        #expect(try entry("decimals: 2").text(-0.001) == "0.00")
    }
}
