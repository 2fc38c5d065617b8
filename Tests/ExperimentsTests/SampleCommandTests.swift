import Datasets
import Foundation
import Testing

/// `sample`, as a process.
@Suite final class SampleCommandTests {
    let folder: URL

    init() throws { folder = try temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

    private func sample(_ arguments: String...) throws -> Outcome {
        try Fixture.run(["sample", path("run")] + arguments, in: folder)
    }

    private func trainAll() throws {
        let outcome = try Fixture.run(
            ["run", "noisy-quadratic", "--profile", "smoke", "--output", path("run"), "--threads", "1"], in: folder)
        #expect(outcome.code == 0, "\(outcome.messages)")
    }

    /// By a cell's number or id, the same bytes for the same seed, in the format that the name says.
    @Test func samplesAreDrawnReproducibly() throws {
        try trainAll()
        let first = try sample("--cell", "1", "--count", "20", "-o", path("a.npy"))
        #expect(first.code == 0, "\(first.messages)")
        #expect(
            first.output
                == "\(path("a.npy")): 20 samples of 3 bits, of plain-1-seed1 after iteration 40\n20 walks\n")
        #expect(try sample("--cell", "plain-1-seed1", "--count", "20", "-o", path("b.npy")).code == 0)
        #expect(try sample("--cell", "1", "--count", "20", "--seed", "2", "-o", path("c.csv")).code == 0)
        let bits = try ["a.npy", "b.npy", "c.csv"].map { try SampleFile.bits(folder.appendingPathComponent($0)) }
        #expect(bits[0] == bits[1] && bits[0] != bits[2] && bits[2].count == 20)
    }

    @Test func whatCannotBeSampledIsNamedInALine() throws {
        try trainAll()
        func fault(_ arguments: String...) throws -> String {
            let outcome = try Fixture.run(["sample", path("run")] + arguments + ["-o", path("x.h5")], in: folder)
            #expect(outcome.code == 2 && outcome.output.isEmpty, "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: path("x.h5")))
            return outcome.messages
        }
        #expect(
            try fault().hasPrefix("error: \(path("run")): has 4 cells\n  say which by --cell, its number or its id"))
        #expect(try fault("--cell", "5") == "error: there is no cell 5: there are 4 cells\n")
        #expect(try fault("--cell", "plain-1-seed2").contains("the nearest is 'plain-1-seed1'"))
        #expect(
            try fault("--cell", "1", "--png")
                == "error: \(path("x.h5")): --png is for images, the samples are 100 samples of 3 bits\n")
        let checkpoint = path("run/cells/plain-1-seed1/checkpoint.h5")
        try FileManager.default.removeItem(atPath: checkpoint)
        #expect(
            try fault("--cell", "1").hasPrefix(
                "error: \(path("run")): cell 1 (plain-1-seed1) has no checkpoint: \(checkpoint) is not there\n  run the cell"
            ))
        let none = try Fixture.run(["sample", path("none"), "-o", path("x.h5")], in: folder)
        #expect(none.code == 2 && none.messages == "error: \(path("none")): is no run folder: it has no run.json\n")
        for wrong in [["--count", "0"], ["--steps", "7"], ["--beta", "0"], ["--png", "--force"]] {
            let outcome = try Fixture.run(["sample", path("run"), "-o", path("x.h5")] + wrong, in: folder)
            #expect(outcome.code == 64, "\(wrong): \(outcome)")
        }
    }

    @Test func aFileThatIsThereIsReplacedByForceAlone() throws {
        try trainAll()
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path("a.h5")))
        let kept = try sample("--cell", "1", "-o", path("a.h5"))
        #expect(kept.code == 2 && kept.messages == "error: \(path("a.h5")): is there already\n  --force replaces it\n")
        #expect(try Data(contentsOf: URL(fileURLWithPath: path("a.h5"))) == Data("mine".utf8))
        #expect(try sample("--cell", "1", "-o", path("a.h5"), "--force").code == 0)
        #expect(try SampleFile.bits(URL(fileURLWithPath: path("a.h5"))).count == 100)
    }
}
