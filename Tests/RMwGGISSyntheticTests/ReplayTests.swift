import Experiments
import Foundation
import RMwGGISSynthetic
import Testing

/// Golden files of the released and the community code (PyTorch 2.13, one thread). `2spirals-rand-released` has its
/// draws taken out: uniform draws do not depend on rounding, so ours are the file's on every processor.
private func golden(_ name: String) -> URL {
    Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden")!
}

private func replay(_ file: URL) throws -> (passed: Bool, report: [String]) {
    var lines: [String] = []
    let passed = try RMwGGISSynthetic().replay(golden: file) { lines.append($0) }
    return (passed, lines)
}

/// A file made from a golden one by a change of its JSON.
private func changed(_ name: String, _ change: (inout [String: Any]) -> Void) throws -> URL {
    var object = try JSONSerialization.jsonObject(with: Data(contentsOf: golden(name))) as! [String: Any]
    change(&object)
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("golden-\(UUID().uuidString).json")
    try JSONSerialization.data(withJSONObject: object).write(to: url)
    return url
}

@Suite struct ReplayTests {
    @Test(arguments: ["2spirals-rand-released", "2spirals-ggis_biased-community"])
    func aRecordedRunIsTracedFromItsSeed(_ name: String) throws {
        let (passed, report) = try replay(golden(name))
        #expect(passed, "\(report.joined(separator: "\n"))")
        #expect(report.contains { $0.hasPrefix("draws: ") })
    }

    @Test func aLossBeyondTheToleranceFails() throws {
        let file = try changed("2spirals-rand-released") { object in
            object["iterations"] = 3
            object["loss"] = Array((object["loss"] as! [Double])[..<2]) + [(object["loss"] as! [Double])[2] * 1.0003]
        }
        defer { try? FileManager.default.removeItem(at: file) }
        let (passed, report) = try replay(file)
        #expect(!passed)
        #expect(report.contains { $0.hasPrefix("losses: ") && $0.contains("at iteration 3") && $0.hasSuffix("MISSED") })
    }

    @Test func aLearningRateThatLeavesTheFiniteNumbersMisses() throws {
        let file = try changed("2spirals-ggis_biased-community") { object in
            object["iterations"] = 3
            object["loss"] = Array((object["loss"] as! [Double])[..<3])
            object["draws"] = Array((object["draws"] as! [String])[..<3])
            object["learning_rate"] = 1e300
        }
        defer { try? FileManager.default.removeItem(at: file) }
        let (passed, report) = try replay(file)
        #expect(!passed && report.last?.contains("not finite at iteration 2") == true, "\(report)")
    }

    @Test func anotherDrawInTheFileIsNamedAndInjected() throws {
        let file = try changed("2spirals-ggis_biased-community") { object in
            object["iterations"] = 2
            object["loss"] = Array((object["loss"] as! [Double])[..<2])
            var draws = Array((object["draws"] as! [String])[..<2])
            var bytes = Data(base64Encoded: draws[1])!
            bytes[0] = (bytes[0] + 1) % 32
            draws[1] = bytes.base64EncodedString()
            object["draws"] = draws
        }
        defer { try? FileManager.default.removeItem(at: file) }
        let report = try replay(file).report
        #expect(report.contains { $0.hasPrefix("draws: ours first differ from the file's at iteration 2") })
    }

    @Test func aFileThatIsNoTraceIsNamed() throws {
        func fault(_ url: URL) -> String {
            do { _ = try replay(url) } catch { return "\(error)" }
            return "none"
        }
        let whole = try Data(contentsOf: golden("2spirals-rand-released"))
        let short = FileManager.default.temporaryDirectory.appendingPathComponent("short-\(UUID().uuidString).json")
        try whole[..<(whole.count / 2)].write(to: short)
        defer { try? FileManager.default.removeItem(at: short) }
        #expect(fault(short).contains("was cut short"))
        #expect(fault(URL(fileURLWithPath: "/nonexistent.json")) == "/nonexistent.json: cannot be read")

        for (expected, change) in [
            ("is of format 'ebm-golden/9', expected ebm-golden/1", { $0["format"] = "ebm-golden/9" }),
            ("has no 'format'", { $0["format"] = nil }),
            ("'loss' is missing", { $0["loss"] = nil }),
            ("'loss' has 200 entries for 7 iterations", { $0["iterations"] = 7 }),
            ("'seed' has a value of another type", { $0["seed"] = "x" }),
            ("'num_is_samples' is 33, expected 1 to 32", { $0["num_is_samples"] = 33 }),
            ("'method' is 'ratio'", { $0["method"] = "ratio" }),
            ("'batch_size' is 4611686018427387904, expected 1 to 65536", { $0["batch_size"] = 1 << 62 }),
            ("'hidden_dim' is 2147483648, expected 1 to 4096", { $0["hidden_dim"] = 1 << 31 }),
            (
                "make layers of 8858370048 numbers, expected at most 268435456",
                { ($0["batch_size"], $0["hidden_dim"]) = (65_536, 4096) }
            ),
            ("'parameters_at_start' is empty", { $0["parameters_at_start"] = [Any]() }),
            ("'parameters_at_end' is empty", { $0["parameters_at_end"] = [Any]() }),
            ("'energy_data_mean_std' has 1 entries", { $0["energy_data_mean_std"] = [1.0] }),
            ("'grad_clip' is -1.0", { $0["grad_clip"] = -1.0 }),
            ("3spirals", { $0["data"] = "3spirals" }),
        ] as [(String, (inout [String: Any]) -> Void)] {
            let file = try changed("2spirals-rand-released", change)
            defer { try? FileManager.default.removeItem(at: file) }
            #expect(fault(file).contains(expected), "\(fault(file))")
        }
    }
}
